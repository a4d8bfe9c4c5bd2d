"""A frame's time, stage by stage: a reader whose parts tell when they are done."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detector.candidates import STAGES as CANDIDATE_STAGES
from detector.candidates import STRAYS, CandidateFinder, Candidates, Mark
from detector.light import Gains
from detector.limits import Limits
from detector.ranker import Ranker, load_ranker
from edge.classifiers import open_classifier
from edge.frame_reader import FrameReader
from models.backends import Backend, Logits
from models.weights_record import catalogue_of

STAGES = ("look", *CANDIDATE_STAGES, "crops", "screen", "network", "around", "track", "encode")
"""`look` judges the picture and asks the tracker where signs should be; `network` is the classifier's, of what its
screen leaves and of boxes beside the doubtful ones; `around` are the crops of surroundings and what they say; `track`
is from there to the message, `encode` makes it JSON."""


class StageClock:
    """Adds up what each stage of a frame takes. Whoever reads a frame begins it, and marks the end of its own stages.

    Attributes:
        frames_ms: Of each frame since the beginning, milliseconds of each of `STAGES`.
    """

    def __init__(self) -> None:
        self.frames_ms: list[list[float]] = []
        self._last_ns = 0
        self._taken_ms = dict.fromkeys(STAGES, 0.0)

    def begin(self) -> None:
        """A frame begins now."""
        self._taken_ms = dict.fromkeys(STAGES, 0.0)
        self._last_ns = time.perf_counter_ns()

    def mark(self, stage: str) -> None:
        """A stage ends now."""
        now_ns = time.perf_counter_ns()
        self._taken_ms[stage] += (now_ns - self._last_ns) / 1e6
        self._last_ns = now_ns

    def end(self) -> float:
        """The frame is done; gives what all of it took, in ms."""
        self.frames_ms.append(list(self._taken_ms.values()))
        return sum(self._taken_ms.values())

    def medians_ms(self) -> dict[str, float]:
        """Of each stage, over all frames."""
        medians = np.median(self.frames_ms, axis=0).round(4).tolist()
        return dict(zip(STAGES, medians, strict=True))


def open_timed_reader(weights: Path, backend: Backend, clock: StageClock) -> FrameReader:
    """As `edge.frame_reader.open_reader`, with a clock in it."""
    catalogue = catalogue_of(weights)
    classifier, _ = open_classifier(catalogue, weights, backend)
    screen, surroundings = classifier.screen, classifier.surroundings
    timed = replace(
        classifier,
        logits=_timed(classifier.logits, clock, "crops", "network"),
        screen=_timed(screen, clock, "crops", "screen") if screen else None,
        surroundings=_timed(surroundings, clock, "around", "around") if surroundings else None,
    )
    return FrameReader(catalogue, timed, _TimedFinder(load_ranker(), clock))


class _TimedFinder(CandidateFinder):
    def __init__(self, ranker: Ranker, clock: StageClock) -> None:
        super().__init__(ranker)
        self._clock = clock

    def find(
        self,
        image: NDArray[np.uint8],
        limit: int,
        mark: Mark | None = None,
        gains: Gains | None = None,
        limits: Limits | None = None,
        turn: int | None = None,
        strays: int = STRAYS,
    ) -> Candidates:
        """As of the base, whose stages are marked."""
        self._clock.mark("look")
        return super().find(image, limit, mark or self._clock.mark, gains, limits, turn, strays)


def _timed(network: Logits, clock: StageClock, before: str, stage: str) -> Logits:
    """A network whose time is that of a stage; what came before it is another's."""

    def timed(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        clock.mark(before)
        answer = network(crops)
        clock.mark(stage)
        return answer

    return timed
