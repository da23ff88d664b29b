"""What an executor that works in other processes has to know of the tasks: where they belong, and what they leave.

What a worker holds is a cache. What it left there can be made again by doing the same tasks again, in the same turns,
and a strip that is labelled once more begins with the centres of its last labelling that was counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..execution.executor import Task
from ..kernels.kernel import Change
from ..pixels.block import Tally
from ..pixels.survey import Survey, combine
from .site import COMMON, Plan, SeriesSite
from .tasks import ClassifyStrip, JudgeStrip, LabelStrip, ReadStrip, StripRead, WriteScene

# The turns in which tasks are done again.
_READ, _CLASSIFIED, _LABELLED, _JUDGED = "1 read", "1 classified", "2 labelled ", "3 judged"


@dataclass(frozen=True)
class Standing:
    """What labelling some strips came to, in whole numbers that do not depend on what was there before."""

    shelf: str
    """Where the labels lie."""
    changed: int
    """Pixels whose class changed."""
    tally: Tally
    """Members and sums of all labels of these strips."""


def gathered(tasks: Sequence[Task[Any]], answers: Sequence[Any], site: SeriesSite) -> tuple[Any, ...]:
    """Put the answers of a job together at the worker, as far as they add up: little travels.

    Parameters
    ----------
    tasks, answers
        In the same order.
    site
        Where they were done.
    """
    found: list[Any] = []
    standing: dict[str, Standing] = {}
    surveys: list[Survey] = []
    for task, answer in zip(tasks, answers):
        if isinstance(task, LabelStrip):
            tally = site.shelved(task.strip, task.shelf).tally
            before = standing.get(task.shelf) or Standing(task.shelf, 0, Tally.zero(*tally.total.shape))
            before.tally.add(tally)
            standing[task.shelf] = replace(before, changed=before.changed + answer.changed)
        elif isinstance(answer, StripRead):
            surveys.append(answer.survey)
            found.append(replace(answer, survey=Survey()))
        else:
            found.append(answer)
    if surveys:
        first = next(i for i, answer in enumerate(found) if isinstance(answer, StripRead))
        found[first] = replace(found[first], survey=combine(surveys, site.plan.n_bands))
    return (*found, *standing.values())


class Errands:
    """Knows, at the client, what was done of a plan so far."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._past: dict[int, dict[str, list[Task[Any]]]] = {}
        self._standing: dict[tuple[str, frozenset[int]], Tally] = {}
        self._new: list[Standing] = []
        self._read = Tally.zero(plan.k, plan.n_bands)

    def scene_of(self, task: Any) -> int:
        """Return the scene that a task belongs to."""
        strip = getattr(task, "strip", None)
        return int(task.scene if strip is None else strip.scene)

    def pixels_of(self, task: Any) -> int:
        """Return the pixels of the grid that a task looks at; none where that says nothing of its time."""
        strip = getattr(task, "strip", None)
        return 0 if strip is None else strip.height * self._plan.scenes[strip.scene].checked_grid().width

    def go_together(self, tasks: Iterable[Any]) -> bool:
        """Tell whether tasks are so short that all those for one worker go there at once."""
        return not any(isinstance(task, (ReadStrip, ClassifyStrip, JudgeStrip, WriteScene)) for task in tasks) and bool(
            self._past
        )

    def stays(self, tasks: Iterable[Any]) -> bool:
        """Tell whether tasks leave something at the worker that others need."""
        return any(_leaves(task) for task in tasks)

    def again(self, scenes: Iterable[int]) -> tuple[tuple[Any, ...], ...]:
        """Return what must be done again for scenes whose worker is lost, by turns."""
        turns: dict[str, list[Any]] = {}
        for scene in scenes:
            for turn, tasks in self._past.get(scene, {}).items():
                turns.setdefault(turn, []).extend(
                    # How the centres moved is known of the labels before alone, which are lost.
                    replace(task, moves=None) if isinstance(task, LabelStrip) else task
                    for task in tasks
                )
        return tuple(tuple(turns[turn]) for turn in sorted(turns))

    def counted(self, tasks: Iterable[Any], answers: Iterable[Any]) -> list[Any]:
        """Count the answers of a job, and return those that the caller gets now."""
        fresh: dict[tuple[int, str], list[Any]] = {}
        for task in tasks:
            turn, scene = _leaves(task), self.scene_of(task)
            if turn is not None:
                fresh.setdefault((scene, turn), []).append(task)
            elif isinstance(task, WriteScene):
                # What is kept for a raster is handed out once, to that which is written now.
                for kept in (_CLASSIFIED, _JUDGED):
                    self._past.get(scene, {}).pop(kept, None)
        for (scene, turn), done in fresh.items():
            self._past.setdefault(scene, {})[turn] = done
        now = []
        for answer in answers:
            if isinstance(answer, Standing):
                self._new.append(answer)
                continue
            if isinstance(answer, StripRead) and answer.change is not None:
                self._read.add(answer.change.tally)
            now.append(answer)
        return now

    def settled(self, tasks: Iterable[Any]) -> list[Any]:
        """Return the answers that all tasks of a pass give together, once all are done."""
        new, self._new = self._new, []
        if not new:
            return []
        shelf, whole = new[0].shelf, Tally.zero(self._plan.k, self._plan.n_bands)
        for one in new:
            whole.add(one.tally)
        key = (shelf, frozenset(self.scene_of(task) for task in tasks))
        before = self._standing.get(key)
        if before is None:
            before = self._read if shelf == COMMON else Tally.zero(self._plan.k, self._plan.n_bands)
        self._standing[key] = whole.copy()
        change = Tally(whole.count - before.count, whole.total - before.total)
        return [Change(sum(one.changed for one in new), change)]


def _leaves(task: Any) -> str | None:
    """Return the turn in which a task is done again, if it leaves something."""
    if isinstance(task, LabelStrip):
        return f"{_LABELLED}{task.shelf}"
    return {ReadStrip: _READ, ClassifyStrip: _CLASSIFIED, JudgeStrip: _JUDGED}.get(type(task))
