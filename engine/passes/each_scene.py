"""Working through scenes strip by strip without keeping their pixels: reading, work and finishing overlap."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from ..execution.threads import ThreadExecutor
from ..pixels.strips import STRIP_PIXELS, plan_strips
from ..progress import Progress
from ..scenes.files import Handles
from ..scenes.scene import Scene, Strip

P = TypeVar("P")
R = TypeVar("R")


def each_scene(
    scenes: Sequence[Scene],
    work: Callable[[Scene, Strip, Handles], P],
    finish: Callable[[Scene, list[P]], R],
    executor: ThreadExecutor,
    progress: Progress,
    strip_pixels: int = STRIP_PIXELS,
) -> Iterator[tuple[int, R]]:
    """Yield what every scene gives, as the scenes are done, in any order.

    The strips are begun in the order of the scenes, so hardly more scenes are under way at a time than it takes to
    keep the threads busy: what `work` returns lives from a scene's first strip to its last and no longer.

    Parameters
    ----------
    scenes
        Checked scenes.
    work
        Called for each strip, on any thread.
    finish
        Called for each scene with what `work` returned for its strips, top to bottom, on the thread that did the last
        of them, while the others go on with the next scene.
    executor, progress
        Where to work and whom to tell.
    strip_pixels
        Size of a strip; never changes a result.

    Yields
    ------
    (int, R)
        Index of the scene and what `finish` returned.

    Raises
    ------
    SceneError
        A file is damaged.
    Cancelled
        The user cancelled.
    """
    plans = [plan_strips(scene.checked_grid(), number, strip_pixels) for number, scene in enumerate(scenes)]
    gathered: list[list[tuple[int, P]]] = [[] for _ in scenes]
    lock = threading.Lock()
    with Handles() as handles:

        def done(strip: Strip) -> tuple[int, R] | None:
            number = strip.scene
            scene = scenes[number]
            part = work(scene, strip, handles)
            with lock:
                gathered[number].append((strip.row, part))
                if len(gathered[number]) < len(plans[number]):
                    return None
                parts, gathered[number] = gathered[number], []
            # Nobody reads this scene any more; a long series would run out of file handles.
            for path in scene.files:
                handles.close_file(path)
            parts.sort(key=lambda item: item[0])
            return number, finish(scene, [part for _, part in parts])

        for outcome in executor.each(done, [strip for plan in plans for strip in plan], progress):
            if outcome is not None:
                yield outcome
