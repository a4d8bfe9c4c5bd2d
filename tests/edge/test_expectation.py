from tests.edge.expectation import FRAMES, compared, read_drive

FEW = 3
"""Frames that may differ: a track is confirmed a frame sooner or later on another processor."""


def test_the_sample_drives_signs_are_read_as_they_were() -> None:
    facts = compared(read_drive()).facts()
    said = f"{facts}; where that is meant, `python -m tests.edge.expectation` writes it down anew"
    assert facts["frames"] == FRAMES
    assert facts["changed"] == 0 and facts["differing"] <= FEW, said
