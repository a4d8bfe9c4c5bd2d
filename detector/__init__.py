"""Where signs are in a frame, and what they become over time: colour, shape, ranking, crops, detections, tracks."""
