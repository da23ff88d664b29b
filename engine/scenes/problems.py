"""What is wrong with the scenes of a series, all of it at once: one line a problem, with the scenes counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import SceneError
from .scene import Scene

# As many lines as a message box shows on a small screen, and names as one line has room for.
_MOST_LINES = 10
_MOST_NAMES = 3
_ANY = "…"
"""What stands in a common message where each scene has its own name."""


class Problems:
    """Collects why scenes cannot be used."""

    def __init__(self) -> None:
        self._found: dict[tuple[type[SceneError], str], list[tuple[Scene, SceneError]]] = {}

    @contextmanager
    def of(self, scene: Scene) -> Iterator[None]:
        """Keep what is raised of a scene, and go on."""
        try:
            yield
        except SceneError as error:
            self._found.setdefault((type(error), _common(scene, str(error))), []).append((scene, error))

    def text(self) -> str:
        """Return one line a problem, in the order in which they were met; "" without any."""
        lines = [_line(common, found) for (_, common), found in self._found.items()]
        if len(lines) > _MOST_LINES:
            left = sum(len(found) for found in list(self._found.values())[_MOST_LINES - 1 :])
            lines[_MOST_LINES - 1 :] = [f"{left} more scenes have problems of other kinds."]
        return "\n".join(lines)

    def tell(self) -> None:
        """Raise what was found, if anything was.

        Raises
        ------
        SceneError
            Of the kind that all problems have in common.
        """
        kinds = {kind for kind, _ in self._found}
        if not kinds:
            return
        ((_, first), *_others) = next(iter(self._found.values()))
        raise (kinds.pop() if len(kinds) == 1 else SceneError)(self.text()) from first


def _common(scene: Scene, text: str) -> str:
    """Return a message without what is the scene's own: its name and its place."""
    return text.removeprefix(f"Scene {scene.id}: ").replace(f" in {scene.place}", "").replace(scene.id, _ANY)


def _line(common: str, found: list[tuple[Scene, SceneError]]) -> str:
    if len(found) == 1:
        return str(found[0][1])
    names = [scene.id for scene, _ in found]
    listed, left = names[:_MOST_NAMES], len(names) - _MOST_NAMES
    told = f"{', '.join(listed)} and {left} more" if left > 0 else " and ".join([", ".join(listed[:-1]), listed[-1]])
    return f"{len(found)} scenes: {common} These are {told}."
