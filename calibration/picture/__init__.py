"""Whether a camera's picture can be trusted: what is wrong with it, in a word each.

===========  ==================================================================
`measures`   light, detail and sharpness of one picture
`rules`      what of it is wrong, and for how long before it is said
`frozen`     the same picture again
`dirt`       what stays where it is while the scene moves: dirt on the lens
`judge`      all of it over a drive's pictures
===========  ==================================================================
"""

from calibration.picture.judge import PictureJudge, judge_still
from calibration.picture.rules import REASONS

__all__ = ["REASONS", "PictureJudge", "judge_still"]
