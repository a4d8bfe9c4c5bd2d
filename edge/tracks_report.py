"""The report of `signwatch evaluate tracks`: figures, and the tracks that went wrong as picture strips."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.track_scoring import Confirmation, DriveScore
from edge.following import THUMBNAIL_PX, Followed
from edge.report import BAD, SERIES, Plot, Report, Section, percent
from edge.track_figures import EARLY_PX, LEGIBLE_PX
from models.catalogue import Catalogue

SHARES = (
    ("signs that reach 32 px, confirmed before they left", "confirmed", "signs"),
    ("… while they were no larger than 24 px", "early", "signs"),
    ("confirmations that are wrong", "wrong", "confirmations"),
    ("confirmed signs that changed their number", "switched", "followed"),
)
"""What is said, its name among the figures, and what it is a share of."""
STRIP = 14
"""Pictures of one track."""
SHOWN = 40
"""Strips of each sort."""


def share_text(figures: dict[str, Any], name: str) -> str:
    """A share with its 95 % interval."""
    if figures[f"{name}_interval"] is None:
        return "-"
    low, high = figures[f"{name}_interval"]
    return f"{percent(figures[f'{name}_share'])} ({percent(low)} to {percent(high)})"


def fill(
    page: Report,
    drives: Sequence[Followed],
    clips: Sequence[Followed],
    parts: dict[str, dict[str, Any]],
    catalogue: Catalogue,
) -> None:
    """Fill the page from what was followed and its figures by part: all, held_out, clips."""
    figures = parts["all"]
    section = page.section(
        "In short",
        "A real frame is shrunk about the point that the car drives towards and grows until it has about its own size, "
        "with shake, blur, noise and compression, 30 frames a second; in the last half second the camera turns away. "
        "Frames that taught nothing stand apart. Intervals are 95 % (Wilson).",
    )
    section.tiles(
        [
            (percent(figures["confirmed_share"]), f"of {figures['signs']} signs confirmed with the right class"),
            (percent(figures["early_share"]), f"confirmed while no larger than {EARLY_PX:g} px"),
            (f"{figures['wrong']} of {figures['confirmations']}", "confirmations wrong"),
            (str(figures["wrong_higher_limit"]), "limits confirmed as a higher one"),
            (percent(figures["switched_share"]), "of confirmed signs changed their number"),
            (str(figures["confirmed_in_empty"]), f"confirmed in {figures['empty_drives']} drives without signs"),
        ]
    )
    titles = {"all": "all drives", "held_out": "frames that taught nothing", "clips": "real recordings"}
    section.table(
        ["what", *titles.values()],
        [[text, *(_counted(parts[part], name, of) for part in titles)] for text, name, of in SHARES]
        + [
            [text, *(str(parts[part][name]) for part in titles)]
            for text, name in (
                ("drives", "drives"),
                ("frames", "frames"),
                ("limits confirmed as a higher one", "wrong_higher_limit"),
                ("drives without signs", "empty_drives"),
                ("confirmed in them", "confirmed_in_empty"),
                ("confirmed on what is too small to be known", "unjudged"),
            )
        ],
    )
    scores = [drive.score for drive in drives]
    page.section("When", "How large a sign was, in pixels, when it was confirmed.").plots(
        [Plot(lambda axes: _draw_sizes(axes, scores))]
    )
    everything = [*drives, *clips]
    _strips(
        page.section("Not confirmed", f"Signs that reached {LEGIBLE_PX:g} px and were not confirmed as what they are."),
        [
            (pictures, f"{drive.name}: {catalogue[sign.class_id].name}, up to {sign.largest_px:.0f} px")
            for drive in everything
            for number, sign in enumerate(drive.score.signs)
            if sign.largest_px >= LEGIBLE_PX and sign.confirmed_s is None
            for pictures in [drive.sign_pictures.get(number, [])]
        ],
    )
    for title, text, judged in (
        ("Confirmed by mistake", "How each track looked until it was confirmed.", True),
        ("Too small to be known", "GTSDB marks no sign under 16 px, so these may be signs or not.", False),
    ):
        _strips(
            page.section(title, text),
            [
                (drive.track_pictures[wrong.number], f"{drive.name}: {_said(wrong, drive.score, catalogue)}")
                for drive in everything
                for wrong in drive.score.confirmations
                if not wrong.right and wrong.judged is judged
            ],
        )
    _strips(
        page.section("Changed their number", "Signs that more than one confirmed track followed."),
        [
            (drive.sign_pictures.get(number, []), f"{drive.name}: tracks {', '.join(map(str, sign.numbers))}")
            for drive in everything
            for number, sign in enumerate(drive.score.signs)
            if sign.switches
        ],
    )


def _counted(figures: dict[str, Any], name: str, of: str) -> str:
    return f"{figures[name]} of {figures[of]}: {share_text(figures, name)}"


def _said(wrong: Confirmation, score: DriveScore, catalogue: Catalogue) -> str:
    true = catalogue[score.signs[wrong.sign].class_id].name if wrong.sign is not None else "no known sign"
    side = float(np.sqrt(wrong.box_xywh_px[2] * wrong.box_xywh_px[3]))
    return (
        f"confirmed as {catalogue[wrong.class_id].name}, is {true}; frame {wrong.frame}, "
        f"{side:.0f} px, {percent(wrong.confidence)} sure"
    )


def _strips(section: Section, strips: list[tuple[list[NDArray[np.uint8]], str]]) -> None:
    if not strips:
        section.lines(["None."])
    for pictures, caption in strips[:SHOWN]:
        section.sheet(_strip(pictures), caption)


def _strip(pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """At most `STRIP` of them side by side, spread evenly from the first to the last."""
    rows = np.unique(np.linspace(0, len(pictures) - 1, min(STRIP, len(pictures))).round().astype(int))
    gap = np.full((THUMBNAIL_PX, 2, 3), 255, np.uint8)
    return np.asarray(cv2.hconcat([part for row in rows.tolist() for part in (pictures[row], gap)]), np.uint8)


def _draw_sizes(axes: Any, scores: Sequence[DriveScore]) -> None:
    sizes = [sign.confirmed_px for score in scores for sign in score.signs if sign.confirmed_px is not None]
    axes.hist(sizes, bins=np.arange(8, 64, 2), color=SERIES[0])
    axes.axvline(EARLY_PX, color=BAD, linewidth=0.9, linestyle="--")
    axes.set_xlabel("side of the sign, px")
    axes.set_ylabel("signs")
