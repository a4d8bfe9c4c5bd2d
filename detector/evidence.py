"""What is known of one track: whether it is a sign at all, and which; what its frames add, and when it is enough.

**Whether it is a sign.** A network that was shown 43 signs and some clutter is over-confident about clutter that it was
never shown: of the detections of which it is .9 sure, one in five is a sign. So its log odds o in a frame are taken for
a log likelihood ratio of `ODDS_SHARE` o - `ODDS_SHIFT` (Platt scaling: Platt, "Probabilistic outputs for support vector
machines", 1999; the two numbers by logistic regression on street frames that the network hasn't learnt from,
`docs/tracks.md`), and odds of `PRIOR_ODDS` stand before the first one: less where the first view is larger than
`SUDDEN_PX`, since a sign that one drives towards has been seen from farther away, and less where a frame shows more
than `OFTEN_ALIKE` of its class. How sure it is beyond .9999 counts: that tells most of what is no sign.

**Which sign it is.** Each frame gives the network's probabilities of the catalogue's classes, given that it is a sign;
its vote is their logarithm, none below a least one, so that no single frame decides. A small view doesn't show which:
it counts by its side.

**Dependence.** Thirty frames of one sign are not thirty opinions: light, distance and angle hardly change between
them. So a vote that comes t after the last one counts as 1 - exp(-t / `REFRESHED_S`) of an opinion, and n opinions
whose errors correlate by r are worth n / (1 + (n - 1) r) looks (the effective sample size of Kish, "Survey Sampling",
1965), at most 1 / r however long a sign is seen. The mean vote, to which large views add more, counts as often as there
were looks. How sharp a view is is no weight of its own: what is smeared the network is less sure of by itself, by as
much as it errs more often.

**The rule.** A track is confirmed as class k in a frame that shows it, after `CONFIRMING_HITS` frames in which it was
seen and in no less than half of the frames since the first, when it is a sign with a probability of
1 - `NO_SIGN_RATE`, and given that, k with 1 - `WRONG_CLASS_RATE`; where k is a speed limit, all lower ones together
must have no more than a `LOWER_LIMIT_CAUTION`th of the latter.

**The bound.** Under the model above a probability given all frames so far is a martingale: what it will be on average
is what it is. So whatever the moment at which it crosses the threshold first, at that moment the share of wrong ones
is what is missing to 1 (optional stopping; Doob 1953); waiting for a lucky frame gains nothing. Of the confirmations,
one in 400 is no sign and one in 1000 another sign: together one in 286. The bound is as good as the votes are
calibrated and as r is right; `signwatch evaluate tracks` measures what comes of it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NO_SIGN_RATE = 1 / 400
"""Most that may be left for its being no sign."""
WRONG_CLASS_RATE = 1 / 1000
"""Most that may be left for all other classes, given that it is a sign."""
LOWER_LIMIT_CAUTION = 4.0
"""How much less of it may be left for lower speed limits."""
CONFIRMING_HITS, CONFIRMING_SHARE = 3, 0.5
"""Least number of frames that showed a sign, and least share of those since the first: what is seen now and then is a
pattern of leaves or light, however sure the network is of it then."""
ODDS_SHARE, ODDS_SHIFT = 0.6, 1.3
"""From the network's log odds of a sign to a log likelihood ratio."""
PRIOR_ODDS = math.exp(-2.0)
"""Of what begins a track; of the tracks on drives made from street frames one in four or five is a sign."""
OFTEN_ALIKE, ONE_MORE_ODDS, MOST_MORE = 2, 2 / 163, 2
"""Of 686 times that a street frame of GTSDB shows a class, it shows it once 523 times, twice 161 times and three times
twice: so often is there one more where there are two. What repeats, as the insulators of a pylon do, is no sign. It
counts for two more at most: over a motorway's lanes a limit may hang four or five times."""
SUDDEN_PX = 64.0
"""Side of a first view above which the prior odds go down with its area."""
LEAST_EXISTENCE, LEAST_DOUBT = 1e-3, 2e-7
"""Of a sign and of no sign in one frame: so much that no frame is enough by itself to confirm one."""
LEAST_PROBABILITY = 1e-4
"""Of a class in one frame's vote."""
REFRESHED_S = 0.25
"""Time in which two thirds of what a frame shows is new."""
CORRELATION = 0.3
"""Of votes far apart in time."""
FULL_VIEW_PX = 32.0
"""Side of a sign of which a frame shows wholly which it is."""
LEAST_WEIGHT, MOST_WEIGHT = 0.1, 3.0
"""A vote weighs (side / 32 px)^2, as many pixels as there are, within these."""
LEAST_LEGIBLE = 0.2
"""What a vote on the class counts at least, however small the sign."""
REFUTED_BELOW = 0.01
"""Probability of a confirmed class under which the track can't stay what it is."""
CHANGING_FROM = 0.9
"""Probability of another class from which on it may yet be confirmed as that one instead."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the frames of one track say; the next frame gives a new object."""

    sign_votes: float
    """Weighted sum of log likelihood ratios of its being a sign."""
    class_votes: NDArray[np.float64]
    """(classes,) sum of logarithms of probabilities, weighted by size and by how legible they were."""
    weight: float
    opinions: float
    """Votes that would be worth as much, were there no more in common between far ones than between any two signs."""
    prior_odds: float
    """Of its being a sign, before any vote."""

    @property
    def looks(self) -> float:
        """How many independent votes the frames are worth."""
        return self.opinions / (1 + (self.opinions - 1) * CORRELATION)

    @property
    def log_odds(self) -> float:
        """Of its being a sign at all."""
        return math.log(self.prior_odds) + self.looks * self.sign_votes / self.weight

    @property
    def existence(self) -> float:
        """Probability that it is a sign at all."""
        return 1 / (1 + math.exp(-self.log_odds))

    @property
    def class_shares(self) -> NDArray[np.float64]:
        """(classes,) probability of each, given that it is a sign."""
        logs = self.class_votes * (self.looks / self.weight)
        shares = np.exp(logs - logs.max())
        return np.asarray(shares / shares.sum(), np.float64)

    @property
    def posterior(self) -> NDArray[np.float64]:
        """(classes,) probability of each class; what is missing to 1 is that it is no sign."""
        return self.existence * self.class_shares


def first_vote(class_probabilities: NDArray[np.float32], existence: float, side_px: float) -> Evidence:
    """After the first frame: probabilities (classes,) given that it is a sign, the one that it is, and its side."""
    weight = _weight(side_px)
    return Evidence(
        weight * _sign_vote(existence),
        weight * _class_vote(class_probabilities, side_px),
        weight,
        1.0,
        PRIOR_ODDS * (SUDDEN_PX / max(side_px, SUDDEN_PX)) ** 2,
    )


def another_vote(
    evidence: Evidence, class_probabilities: NDArray[np.float32], existence: float, side_px: float, elapsed_s: float
) -> Evidence:
    """After one more frame, `elapsed_s` after the last one that voted."""
    weight = _weight(side_px)
    return Evidence(
        evidence.sign_votes + weight * _sign_vote(existence),
        evidence.class_votes + weight * _class_vote(class_probabilities, side_px),
        evidence.weight + weight,
        evidence.opinions + 1 - math.exp(-elapsed_s / REFRESHED_S),
        evidence.prior_odds,
    )


def _weight(side_px: float) -> float:
    return min(max((side_px / FULL_VIEW_PX) ** 2, LEAST_WEIGHT), MOST_WEIGHT)


def _sign_vote(existence: float) -> float:
    sure = min(max(existence, LEAST_EXISTENCE), 1 - LEAST_DOUBT)
    return ODDS_SHARE * math.log(sure / (1 - sure)) - ODDS_SHIFT


def _class_vote(class_probabilities: NDArray[np.float32], side_px: float) -> NDArray[np.float64]:
    legible = min(max(side_px / FULL_VIEW_PX, LEAST_LEGIBLE), 1.0)
    return np.asarray(legible * np.log(np.maximum(class_probabilities.astype(np.float64), LEAST_PROBABILITY)))


def confirmable(evidence: Evidence, lower_limits: Mapping[int, list[int]], alike: int = 1) -> int | None:
    """The class of which the evidence is enough, or None.

    Args:
        evidence: Of one track.
        lower_limits: Of each speed limit, the lower ones.
        alike: Tracks that the frame shows and that are most likely of its class, this one among them.
    """
    shares = evidence.class_shares
    best = int(shares.argmax())
    log_odds = evidence.log_odds + min(max(0, alike - OFTEN_ALIKE), MOST_MORE) * math.log(ONE_MORE_ODDS)
    if log_odds < math.log(1 / NO_SIGN_RATE - 1) or shares[best] < 1 - WRONG_CLASS_RATE:
        return None
    if shares[lower_limits.get(best, [])].sum() > WRONG_CLASS_RATE / LOWER_LIMIT_CAUTION:
        return None
    return best
