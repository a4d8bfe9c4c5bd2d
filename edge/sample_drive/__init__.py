"""The sample drive: a country road drawn by ourselves, with exact truth for every sign in it.

It lets everything run and be tested where there is neither a camera nor anyone's pictures.
"""

from edge.sample_drive.drawings import draw_sign
from edge.sample_drive.drive import SampleDrive, TrueSign, write_drive

__all__ = ["SampleDrive", "TrueSign", "draw_sign", "write_drive"]
