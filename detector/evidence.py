"""What is known of one track's class: evidence that its frames add, and when it is enough.

**Hypotheses.** A track is of one of the catalogue's classes, or no sign at all. Each frame gives the network's
probabilities of all of these; its vote is their logarithm, none below a least one, so that no single frame decides.
Votes weigh by the sign's size: a large view shows more. How sharp it is is no weight of its own: what is smeared the
network is less sure of by itself, by as much as it errs more often (`docs/tracks.md`).

**Dependence.** Thirty frames of one sign are not thirty opinions: light, distance and angle hardly change between
them. So a vote that comes t after the last one counts as 1 - exp(-t / `REFRESHED_S`) of an opinion, and n opinions
whose errors correlate by r are worth n / (1 + (n - 1) r) looks (the effective sample size of Kish, "Survey Sampling",
1965), at most 1 / r however long a sign is seen. The mean vote counts as often as there were looks.

**The rule.** With p_k the probability of class k given all frames so far, a track is confirmed as k when
p_k >= 1 - ERROR_RATE in a frame that shows it, after `CONFIRMING_HITS` frames in which it was seen and in no less than
half of the frames since the first, and with a mean probability of being a sign of at least `LEAST_EXISTENCE`. Where k
is a speed limit, all lower ones together must have no more than ERROR_RATE / `LOWER_LIMIT_CAUTION`.

**The bound.** Under the model above p_k is a martingale: what it will be on average is what it is. So whatever the
moment at which it crosses the threshold first, at that moment the share of wrong classes is 1 - p_k, at most ERROR_RATE
(optional stopping; Doob 1953); waiting for a lucky frame gains nothing. That is one in 1000 confirmations, a fifth of
what is allowed. And of tracks of things that are no sign, of which there are (1 - s) / s for each sign, at most
s / (1 - s) * ERROR_RATE / (1 - ERROR_RATE) are ever confirmed (Ville's inequality on the odds). The bound is as good as
the votes are calibrated and as r is right; `signwatch evaluate tracks` measures what comes of it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ERROR_RATE = 1 / 1000
"""Most that may be left for all other classes and no sign together."""
LOWER_LIMIT_CAUTION = 4.0
"""How much less of it may be left for lower speed limits."""
CONFIRMING_HITS, CONFIRMING_SHARE = 3, 0.5
"""Least number of frames that showed a sign, and least share of those since the first: what is seen now and then is a
pattern of leaves or light, however sure the network is of it then."""
LEAST_EXISTENCE = 0.98
"""Least mean probability that it is a sign at all: yellow leaves can look like a sign in most frames for a second, and
the correlation above knows only of things in general."""
LEAST_PROBABILITY = 1e-3
"""Of a class in one frame's vote."""
LEAST_DOUBT = 0.03
"""Of no sign in one frame's vote, for a thing of up to 32 px: of all the things beside a road that a network was never
shown, it is surely wrong about some. A larger one shows more, and the doubt goes down as its side goes up."""
REFRESHED_S = 0.25
"""Time in which two thirds of what a frame shows is new."""
CORRELATION = 0.3
"""Of votes far apart in time."""
FULL_VOTE_SIDE_PX = 32.0
LEAST_WEIGHT, MOST_WEIGHT = 0.25, 3.0
"""A vote weighs side / 32 px, within these."""
REFUTED_BELOW = 0.01
"""Probability of a confirmed class under which the track can't stay what it is."""
CHANGING_FROM = 0.9
"""Probability of another class from which on it may yet be confirmed as that one instead."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the frames of one track say; the next frame gives a new object."""

    log_votes: NDArray[np.float64]
    """(classes + 1,) weighted sum of logarithms of probabilities, "no sign" last."""
    weight: float
    existence: float
    """Mean probability that it is a sign, weighted alike."""
    opinions: float
    """Votes that would be worth as much, were there no more in common between far ones than between any two signs."""

    @property
    def looks(self) -> float:
        """How many independent votes the frames are worth."""
        return self.opinions / (1 + (self.opinions - 1) * CORRELATION)

    @property
    def posterior(self) -> NDArray[np.float64]:
        """(classes + 1,) probability of each class and, last, of no sign."""
        logs = self.log_votes * (self.looks / self.weight)
        shares = np.exp(logs - logs.max())
        return np.asarray(shares / shares.sum(), np.float64)


def first_vote(class_probabilities: NDArray[np.float32], existence: float, side_px: float) -> Evidence:
    """After the first frame: probabilities (classes,) given that it is a sign, the one that it is, and its side."""
    weight = _weight(side_px)
    return Evidence(weight * _vote(class_probabilities, existence, side_px), weight, existence, 1.0)


def another_vote(
    evidence: Evidence, class_probabilities: NDArray[np.float32], existence: float, side_px: float, elapsed_s: float
) -> Evidence:
    """After one more frame, `elapsed_s` after the last one that voted."""
    weight = _weight(side_px)
    return Evidence(
        evidence.log_votes + weight * _vote(class_probabilities, existence, side_px),
        evidence.weight + weight,
        evidence.existence + (existence - evidence.existence) * weight / (evidence.weight + weight),
        evidence.opinions + 1 - math.exp(-elapsed_s / REFRESHED_S),
    )


def _weight(side_px: float) -> float:
    return min(max(side_px / FULL_VOTE_SIDE_PX, LEAST_WEIGHT), MOST_WEIGHT)


def _vote(class_probabilities: NDArray[np.float32], existence: float, side_px: float) -> NDArray[np.float64]:
    signs = np.maximum(existence * class_probabilities.astype(np.float64), LEAST_PROBABILITY)
    least_doubt = LEAST_DOUBT * min(1.0, FULL_VOTE_SIDE_PX / max(side_px, 1.0))
    return np.asarray(np.log(np.append(signs, max(1 - existence, least_doubt))), np.float64)


def confirmable(evidence: Evidence, lower_limits: Mapping[int, list[int]]) -> int | None:
    """The class of which the evidence is enough, or None. `lower_limits`: of each speed limit, the lower ones."""
    posterior = evidence.posterior
    best = int(posterior[:-1].argmax())
    if posterior[best] < 1 - ERROR_RATE or evidence.existence < LEAST_EXISTENCE:
        return None
    if posterior[lower_limits.get(best, [])].sum() > ERROR_RATE / LOWER_LIMIT_CAUTION:
        return None
    return best
