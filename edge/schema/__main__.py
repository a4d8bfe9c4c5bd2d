"""Writes the schema file anew: `python -m edge.schema`."""

from edge.schema import FRAME_SCHEMA_PATH, frame_schema_text

FRAME_SCHEMA_PATH.write_text(frame_schema_text(), encoding="utf-8")
