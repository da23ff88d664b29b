"""Working through scenes strip by strip without keeping their pixels: reading, work and writing overlap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from ..execution.executor import Executor, Task
from ..progress import Progress
from ..scenes.scene import Strip

A = TypeVar("A")


def each_scene(
    executor: Executor,
    strips: Sequence[Strip],
    work: Callable[[Strip], Task[Any]],
    finish: Callable[[int], Task[Any]],
    progress: Progress,
) -> Iterator[Any]:
    """Yield the answers of the tasks for every strip, and of one task more for each scene when its strips are done.

    The strips are begun in the order given, and a scene that is done is finished before anything else is begun; so
    hardly more scenes are under way at a time than it takes to keep the threads busy.

    Parameters
    ----------
    executor
        Hands the work out.
    strips
        By scene and row.
    work
        Returns the task of a strip, whose answer has the strip as its `strip`.
    finish
        Returns the last task of a scene, whose answer has none.
    progress
        Whom to tell.

    Raises
    ------
    SceneError
        A file is damaged.
    Cancelled
        The user cancelled.
    """
    left = Counter(strip.scene for strip in strips)

    def follow(answer: Any) -> list[Task[Any]]:
        strip = getattr(answer, "strip", None)
        if strip is None:
            return []
        left[strip.scene] -= 1
        return [] if left[strip.scene] else [finish(strip.scene)]

    return executor.run([work(strip) for strip in strips], progress, follow)
