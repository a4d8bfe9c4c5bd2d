"""The command line: `signwatch COMMAND`.

Exit status 0: done; 1: the work failed; 2: wrong usage. An error is one line on standard error.
"""

from edge.cli.group import SignwatchGroup, version_option

COMMANDS = {
    "run": ("edge.cli.run:command", "Read signs from a camera or stream, live, and publish them."),
    "process": ("edge.cli.process:command", "Read signs from recordings or pictures."),
    "archive": ("edge.cli.archive:command", "Read a fleet's recordings into tables, on many cores or machines."),
    "listen": ("edge.cli.listen:command", "Subscribe, and print what is published."),
    "drive-state": ("edge.cli.drive_state:command", "Show which rules are in force, live from a publisher."),
    "serve": ("edge.cli.serve:command", "Serve a page, and HTTP, that read the signs in pictures."),
    "report": ("edge.cli.report:command", "Show an archive as one HTML page."),
    "replay": ("edge.cli.replay:command", "Publish again what `run --record` recorded."),
    "demo": ("edge.cli.demo:command", "Make a sample drive and run it through everything."),
    "data": ("edge.cli.data:command", "Fetch GTSRB and GTSDB, or take them from a folder."),
    "explore": ("edge.cli.explore:command", "Show what is in a data set, as an HTML report."),
    "train": ("edge.cli.train:command", "Train the classifier on GTSRB."),
    "compare": ("edge.cli.compare:command", "Train other networks beside ours, and compare them."),
    "evaluate": ("edge.cli.evaluate:command", "Measure the classifier and the detector."),
    "export": ("edge.cli.export:command", "Write the classifier as SavedModel, LiteRT (float, int8) or ONNX."),
    "bench": ("edge.cli.bench:command", "Measure how fast parts are, and the whole way to a subscriber."),
    "calibrate": ("edge.cli.calibrate:command", "Find out what the camera is; print a board for it."),
    "doctor": ("edge.cli.doctor:command", "Check camera, weights, ports, clock: ok, or what to do."),
    "keys": ("edge.cli.keys:command", "Make keys for a wire that other machines can reach."),
}
"""Each command's name, where it is, and what `--help` says of it."""

main = SignwatchGroup(
    "signwatch",
    COMMANDS,
    help="Reads traffic signs from a vehicle's camera, live, and publishes them over ZeroMQ.",
    params=[version_option()],
)

__all__ = ["main"]
