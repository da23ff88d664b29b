"""What lies behind the chosen paths, and what a run on it will take: asked in a thread, for the dialog."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine import choices
from ...engine.progress import Span
from ..shared import packages

if TYPE_CHECKING:
    from ...engine.estimates.estimate import Estimate
    from ...engine.progress import Progress
    from ...engine.scenes.scene import Scene


@dataclass(frozen=True)
class Wanted:
    """What an algorithm will ask of the scenes, as its dialog stands."""

    bands: tuple[str, ...] | None = None
    """BANDS, empty for what all scenes have; None where the bands come from elsewhere."""
    flags: tuple[str, ...] | None = None
    """MASK; None where nothing is known of the mask, so that only what is there is looked for."""
    saturated: bool = True
    """MASK_SATURATED."""
    needs_flags: bool = True
    """Whether a scene without QA_PIXEL is refused when flags are chosen."""
    sheet: str = ""
    """SHEET."""


@dataclass(frozen=True)
class Plan:
    """What else the time and memory of a clustering depend on."""

    k: int
    """K."""
    start: str = choices.MINIMUM_MAXIMUM
    """INIT."""
    max_iterations: int = choices.DEFAULT_MAX_ITERATIONS
    """MAX_ITERATIONS."""
    each: bool = False
    """MODE: whether each scene is clustered on its own."""
    compare: bool = False
    """COMPARE."""
    workers: int = 0
    """WORKERS."""
    memory: int = 0
    """MEMORY."""
    output: str = ""
    """OUTPUT."""
    has_area: bool = False
    """Whether AOI is given, which the estimate does not know."""


@dataclass(frozen=True)
class Question:
    """What the dialog wants to know."""

    paths: tuple[str, ...]
    """The chosen paths."""
    wanted: Wanted = field(default_factory=Wanted)
    """What the scenes must have."""
    plan: Plan | None = None
    """For an estimate; None where there is none to give."""


@dataclass(frozen=True)
class Answer:
    """What was found."""

    gone: tuple[str, ...] = ()
    """Paths that do not exist."""
    scenes: tuple[Scene, ...] = ()
    """The scenes, in order; with their grids if they were checked."""
    bands: tuple[str, ...] = ()
    """The bands that a run takes; none where they come from elsewhere."""
    size: int = 0
    """Bytes of their files."""
    valid: int | None = None
    """About how many pixels are valid; None if that was not asked or cannot be told."""
    doubts: tuple[str, ...] = ()
    """Which scenes look as if they were not scaled as they should be, in the words of a run's log."""
    notes: tuple[str, ...] = ()
    """What was left out."""
    problem: str = ""
    """Why a run would be refused, in the engine's words."""
    estimate: Estimate | None = None
    """What a run will take."""


class _Listening(Span):
    """Keeps the warnings, and passes on whether the answer is still wanted."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(progress, 0.0, 1.0)
        self.notes: list[str] = []

    def warn(self, text: str) -> None:
        """Keep it."""
        self.notes.append(text)


class Looker:
    """Answers questions, and answers the next one faster where only what is done with the scenes has changed."""

    def __init__(self) -> None:
        self._known: tuple[object, Answer] | None = None

    def __call__(self, question: Question, progress: Progress) -> Answer:
        """Answer; any thread may ask.

        Raises
        ------
        Cancelled
            The answer is no longer wanted.
        """
        text = packages.import_problem()
        if text:
            return Answer(problem=text)
        key = (question.paths, question.wanted)
        known = self._known
        if known is not None and known[0] == key:
            answer = known[1]
        else:
            answer = _scenes(question, progress)
            # Only what is whole is kept: the user may mend a file and look again.
            self._known = None if answer.problem else (key, answer)
        return _with_estimate(answer, question)


def _scenes(question: Question, progress: Progress) -> Answer:
    from ...engine.errors import Cancelled, IIkMCError
    from ...engine.estimates.preview import disk_size, glance
    from ...engine.progress import check_cancelled
    from ...engine.runs.frame import tell_doubts
    from ...engine.scenes.check import check_series
    from ...engine.scenes.problems import Problems
    from ...engine.scenes.search import find_scenes
    from ...engine.scenes.selection import MaskRule, Selection
    from ...engine.scenes.shared_bands import settle
    from ...engine.sensors.roles import USUAL

    gone = []
    for path in question.paths:
        check_cancelled(progress)
        if not os.path.exists(path):
            gone.append(path)
    wanted = question.wanted
    scenes: list[Scene] = []
    listening, doubting = _Listening(progress), _Listening(progress)
    size, valid, problem, problems = 0, 0, "", Problems()
    bands: tuple[str, ...] = ()
    try:
        found = find_scenes(question.paths, progress, wanted.sheet or None)
        scenes = found.scenes
        listening.notes += found.notes
        bands = () if wanted.bands is None or wanted.flags is None else settle(wanted.bands, scenes)
        for number, scene in enumerate(found.scenes):
            check_cancelled(progress)
            progress.report(number / len(found.scenes))
            size += disk_size(scene)
            if wanted.flags is None:
                continue
            own = bands or tuple(scene.bands) or USUAL
            rule = MaskRule(wanted.flags, wanted.saturated)
            needed = rule if wanted.needs_flags else MaskRule((), wanted.saturated)
            chosen_by = "SIGNATURES" if wanted.bands is None else "BANDS"
            with problems.of(scene):
                [scenes[number]] = check_series([scene], Selection(own, needed), chosen_by, listening)
                seen = glance(scenes[number], Selection(own, rule), listening)
                valid += round(seen.share * scenes[number].checked_grid().pixels)
                tell_doubts(scene, [seen.doubt] if seen.doubt else [], doubting)
        problem = problems.text()
    except Cancelled:
        raise
    except IIkMCError as error:
        problem = str(error)
    told = None if problem or wanted.flags is None else valid
    doubts, notes = tuple(doubting.notes), tuple(listening.notes)
    return Answer(tuple(gone), tuple(scenes), bands, size, told, doubts, notes, problem)


def _with_estimate(answer: Answer, question: Question) -> Answer:
    from dataclasses import replace

    from ...engine.estimates import rates
    from ...engine.estimates.estimate import Manner, estimate, job_of
    from ...engine.machine import available_cores
    from ...engine.pixels.store import budget_of
    from ...engine.scenes.selection import MaskRule, Selection

    plan, wanted = question.plan, question.wanted
    if plan is None or answer.valid is None or not answer.bands or wanted.flags is None:
        return answer
    rule = MaskRule(wanted.flags, wanted.saturated)
    workers = plan.workers or available_cores()
    job = job_of(answer.scenes, answer.valid, Selection(answer.bands, rule), plan.k, workers)
    manner = Manner(plan.start, plan.max_iterations, plan.each, plan.compare)
    told = estimate(answer.scenes, job, manner, budget_of(plan.memory), Path(plan.output), rates.recall())
    return replace(answer, estimate=told)
