"""A full run of the benchmarks as a page of Markdown."""

from collections.abc import Sequence
from typing import Any

Row = Sequence[object]


def performance_page(run: dict[str, Any], picture: str) -> str:
    """The page of a run, as `signwatch bench report` keeps it, with its plots in a picture of that name beside it."""
    machine = run["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    parts = [
        "# Performance",
        f"Measured on {run['date']} by `{run['command']}`, which made this page: {machine['processor']}, "
        f"{machine['cores']} cores, {machine['system']}; {versions}. What is compared was timed in the same run and in "
        "turns, after a warm-up. Where the machine had other work, times are longer than they need be, and the 99th "
        "percentile much longer; ratios change less.",
        f"![Plots of the figures below]({picture})",
        *(write(run[name]) for name, write in SECTIONS.items() if name in run),
    ]
    if run["left_out"]:
        lines = [f"- `{name}`: {reason}" for name, reason in run["left_out"].items()]
        parts.append("## Left out\n\n" + "\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _pipeline(facts: dict[str, Any]) -> str:
    width, height = facts["size"]
    text = (
        f"## A whole frame\n\n`signwatch bench pipeline`: from a frame of {width}x{height} to its labelled signs, "
        f"decoding excluded ({facts['source']}, {facts['backend']}). The first row of each part is the loop that reads "
        "recordings, from each message to the next; the second a frame by itself, to its message as it goes out. The "
        "others are YOLO11n's architecture with random weights, from the frame to its boxes, without tracking, on "
        "pictures of that size (square, or fitted to the frame); `cpu ms` is the processor time of all cores together, "
        "and the last column how many times as fast the loop is. One pinned core stands for a small vehicle computer, "
        "as far as it can."
    )
    if facts["precision"]:
        text += " " + "; ".join(f"{name} computes in {kind}" for name, kind in facts["precision"].items()) + "."
    rows = _pipeline_rows(facts, f"{facts['cores']} cores")
    if "one_core" in facts:
        rows += _pipeline_rows(facts["one_core"], "one core")
    parts = [text, _table(("", "frames/s", "ms median", "p90", "p99", "cpu ms", "times"), rows)]
    parts += _reasons(facts)
    parts.append("### Where a frame's time goes\n\nBy itself, stage by stage, at the median. " + _STAGES)
    parts.append(_table(("stage", "ms"), [(name, f"{value:.2f}") for name, value in facts["stages_ms"].items()]))
    if "recording" in facts:
        recording = facts["recording"]
        decoding_ms = 1e3 / recording["decoding_frames_per_second"]
        parts.append(
            f"### Recordings\n\nFrom the file, as `signwatch process` reads it: {recording['frames_per_second']:.1f} "
            f"frames/s, {recording['of_decoding']:.0%} of the {recording['decoding_frames_per_second']:.1f} that "
            f"decoding alone gives. Of a frame decoded and read one after the other, decoding is "
            f"{decoding_ms / (decoding_ms + facts['ms_median']):.0%}."
        )
    return "\n\n".join(parts)


_STAGES = (
    "`look` judges the picture and says where signs are expected; `shrink` to `place` are the candidate stage; "
    "`screen`, `network` and `around` are LiteRT's, the latter with its crops; `track` is from there to the message; "
    "`encode` makes it JSON."
)


def _pipeline_rows(facts: dict[str, Any], where: str) -> list[Row]:
    latency = facts["latency_ms"]
    alone = {"frames_per_second": 1e3 / latency["median"]} | {f"ms_{name}": value for name, value in latency.items()}
    rows = {"signwatch": facts, "… a frame by itself": alone, **facts["peer_rows"]}
    return [
        (
            f"{name}, {where}",
            f"{row['frames_per_second']:.1f}",
            *_times(row),
            f"{row['cpu_ms_median']:.1f}" if "cpu_ms_median" in row else "",
            f"{facts['times_peers'][name]:.1f}" if name in facts["peers"] else "",
        )
        for name, row in rows.items()
    ]


def _detector(facts: dict[str, Any]) -> str:
    text = (
        "## The candidate stage beside others\n\n`signwatch bench detector`: contours of one HSV mask, and MSER of how "
        f"red or blue the picture is, on the same pictures ({facts['compared_on']}). What share of the signs their "
        "boxes find is told of real frames only."
    )
    rows = [
        (name, *_times(row), f"{row['boxes_median']:.0f}", "" if row["recall"] is None else f"{row['recall']:.0%}")
        for name, row in facts["compared"].items()
    ]
    worst = [
        (name, *_times(row), f"{row['cpu_ms_median']:.2f}", f"{row['times_drive']:.2f}")
        for name, row in facts["kinds"].items()
    ]
    return "\n\n".join(
        [
            text,
            _table(("", "ms median", "p90", "p99", "boxes", "signs found"), rows),
            "Pictures that were made to be slow, by the processor time of all cores beside that of the drive:",
            _table(("picture", "ms median", "p90", "p99", "cpu ms", "of drive"), worst),
        ]
    )


def _classifier(facts: dict[str, Any]) -> str:
    rows = [
        (row["backend"], row["batch"], f"{row['crops_per_second']:,.0f}", *_times(row))
        for row in facts["rows"]
        if row["batch"] in (1, 64)
    ]
    ratios = ", ".join(f"{name} {ratio:.1f}" for name, ratio in facts["int8_times_at_64"].items() if ratio is not None)
    parts = [
        "## The network, by what runs it\n\n`signwatch bench classifier`: `keras` is one traced function, "
        "`keras-predict` is `model.predict`.",
        _table(("", "crops at once", "crops/s", "ms median", "p90", "p99"), rows),
    ]
    if ratios:
        parts.append(f"Of 64 at once, `litert-int8` does so many times as many: {ratios}.")
    return "\n\n".join(parts + _reasons(facts))


def _wire(facts: dict[str, Any]) -> str:
    rows = [
        (name, *(f"{row[key]:.2f}" for key in ("ms_median", "ms_p90", "ms_p99")), f"{row['messages_per_second']:,.0f}",
         f"{row['sender_cpu_ms']:.3f}", f"{row['bytes']:,}")
        for name, row in facts["ways"].items()
    ]  # fmt: skip
    return "\n\n".join(
        [
            f"## The wire\n\n`signwatch bench wire`: a frame's message with {facts['signs']} signs to a second process "
            f"that parses it. Latency at {facts['rate']:g} messages/s, throughput of bursts. imagezmq sends the "
            "frame's picture along, as JPEG or raw.",
            _table(("", "ms median", "p90", "p99", "messages/s", "sender's cpu ms", "bytes"), rows),
            *_reasons(facts),
        ]
    )


def _live(facts: dict[str, Any]) -> str:
    (width, height), names = facts["size"], {"capture_to_subscriber_ms": "capture to subscriber"}
    names["capture_to_message_ms"] = "capture to message"
    rows = [(name, *(f"{value:.1f}" for value in facts[key].values())) for key, name in names.items()]
    return "\n\n".join(
        [
            f"## Live\n\n`signwatch bench live`: {width}x{height} at {facts['fps']:g} frames/s over HTTP, in three "
            f"processes, {facts['seconds']:g} s.",
            _table(("ms", "median", "p90", "p99", "most"), rows),
            f"{facts['captured']} frames captured, {facts['published']} published, {facts['dropped']} dropped; first "
            f"message {facts['start_to_first_message_s']:.2f} s after the start.",
        ]
    )


def _service(facts: dict[str, Any]) -> str:
    names = {
        "one_core": f"one core, {facts['clients']} clients",
        "two_cores": "two workers",
        "reloading": "network loaded for each request",
    }
    rows = [
        (name, f"{facts[key]['per_second']:,.1f}", *_times(facts[key])) for key, name in names.items() if facts.get(key)
    ]
    return "\n\n".join(
        [
            "## Answers to single pictures over HTTP\n\n`signwatch bench service`:",
            _table(("", "answers/s", "ms median", "p90", "p99"), rows),
        ]
    )


def _start(facts: dict[str, Any]) -> str:
    rows = [
        (name, *(f"{row[key]:.3f}" for key in ("median", "p90", "least")))
        for name, row in facts["milestones_s"].items()
    ]
    return "\n\n".join(
        [
            f"## The start\n\n`signwatch bench start`: seconds from the start of a process, {facts['runs']} runs of "
            "each. The first rows are processes of their own, to their end; the last ones `signwatch run`, to its "
            "first message.",
            _table(("", "median", "p90", "least"), rows),
            *_reasons(facts),
        ]
    )


SECTIONS = {
    "pipeline": _pipeline,
    "detector": _detector,
    "classifier": _classifier,
    "wire": _wire,
    "live": _live,
    "service": _service,
    "start": _start,
}
"""Each benchmark of a full run, in this order, and what writes its section."""


def _times(row: dict[str, Any]) -> list[str]:
    return [f"{row[key]:.2f}" for key in ("ms_median", "ms_p90", "ms_p99")]


def _reasons(facts: dict[str, Any]) -> list[str]:
    return [f"{name} left out: {reason}" for name, reason in facts["left_out"].items()]


def _table(columns: Sequence[str], rows: Sequence[Row]) -> str:
    sides = ["---", *["--:"] * (len(columns) - 1)]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in (columns, sides, *rows))
