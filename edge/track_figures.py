"""Figures of tracks over any number of drives, with how far they can be trusted."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detector.track_scoring import DriveScore
from models.evaluation import wilson_interval

LEGIBLE_PX = 32.0
"""Signs that get as large must be confirmed."""
EARLY_PX = 24.0
"""A disc of 0.6 m at 50 m in a picture 1360 px wide."""


def track_figures(drives: Sequence[DriveScore]) -> dict[str, Any]:
    """What the tracker made of drives; a share of nothing is None.

    `signs` counts those that reach 32 px wholly in view, `confirmed` those of them that were confirmed with the right
    class before they left, `early` while they were no larger than 24 px. `wrong` counts confirmations, changes of
    class among them, of a wrong class or on no known sign; `unjudged` those on something too small to be known.
    `switched` counts signs whose confirmed number changed.
    """
    signs = [sign for drive in drives for sign in drive.signs if sign.largest_px >= LEGIBLE_PX]
    followed = [sign for drive in drives for sign in drive.signs if sign.numbers]
    confirmations = [confirmation for drive in drives for confirmation in drive.confirmations]
    judged = [confirmation for confirmation in confirmations if confirmation.judged]
    wrong = [confirmation for confirmation in judged if not confirmation.right]
    sizes = [sign.confirmed_px for sign in signs if sign.confirmed_px is not None]
    empty = [drive for drive in drives if not drive.signs]
    in_empty = [confirmation for drive in empty for confirmation in drive.confirmations if confirmation.judged]
    return {
        "drives": len(drives),
        "frames": sum(drive.frames for drive in drives),
        "signs": len(signs),
        **_share("confirmed", len(sizes), len(signs)),
        **_share("early", sum(size <= EARLY_PX for size in sizes), len(signs)),
        "confirmed_px": [round(float(size), 1) for size in np.percentile(sizes, (5, 50, 95))] if sizes else None,
        "confirmations": len(judged),
        **_share("wrong", len(wrong), len(judged)),
        "wrong_higher_limit": sum(confirmation.higher_limit for confirmation in wrong),
        "wrong_class": sum(confirmation.sign is not None for confirmation in wrong),
        "unjudged": len(confirmations) - len(judged),
        "followed": len(followed),
        **_share("switched", sum(sign.switches > 0 for sign in followed), len(followed)),
        "empty_drives": len(empty),
        "empty_frames": sum(drive.frames for drive in empty),
        "confirmed_in_empty": len(in_empty),
        "tracks": sum(drive.tracks for drive in drives),
    }


def _share(name: str, part: int, whole: int) -> dict[str, Any]:
    interval = [round(edge, 4) for edge in wilson_interval(part, whole)] if whole else None
    return {name: part, f"{name}_share": part / whole if whole else None, f"{name}_interval": interval}
