"""Messages in the words of the dialog: the captions of its fields in place of the names that scripts use."""

from __future__ import annotations

import re
from collections.abc import Iterable

from qgis.core import QgsProcessingParameterDefinition

from . import window


def caption(definition: QgsProcessingParameterDefinition) -> str:
    """Return what a dialog calls a parameter, without what stands in brackets behind it."""
    text: str = definition.description()
    return text.partition(" (")[0].strip() or definition.name()


class Spoken:
    """Puts the captions of an algorithm's parameters into messages."""

    def __init__(self, definitions: Iterable[QgsProcessingParameterDefinition]) -> None:
        self._captions = {one.name(): caption(one) for one in definitions}
        names = "|".join(sorted(map(re.escape, self._captions), key=len, reverse=True))
        # A word by itself: no part of a path, of a file's name, or of another name such as QA_PIXEL.
        self._names = re.compile(rf"(?<![\w/\\.\-'\"])({names})(?![\w/\\'\"\-]|[.:][\w/\\])") if names else None

    def __call__(self, text: str) -> str:
        """Return a message with captions for names; with the names as they are where there is no window."""
        if self._names is None or not window.is_there():
            return text
        return self._names.sub(lambda found: f"'{self._captions[found.group()]}'", text)
