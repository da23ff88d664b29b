"""The list of scenes as part of a dialog, whichever of QGIS's two classes for such parts it is asked for through."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any

from qgis.core import QgsProcessingContext
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QWidget

from ...engine.errors import ParameterError
from .line import ScenesLine
from .look import Question
from .panel import ScenesPanel


class ScenesPart:
    """What the wrapper of the list does: a `ScenesPanel` in a dialog, a `ScenesLine` in a cell of the batch table.

    To be mixed into a `QgsAbstractProcessingParameterWidgetWrapper`.
    """

    widget: Any

    def made(self, batch: bool) -> QWidget:
        """Return the widget that this dialog needs."""
        self._others: dict[str, Any] = {}
        self._algorithm: Any = None
        if batch:
            widget: QWidget = ScenesLine()
        else:
            widget = ScenesPanel()
            # Held weakly: in a circle, either could be destroyed by whichever thread collects the garbage.
            own = weakref.ref(self)

            def question(paths: tuple[str, ...]) -> Question:
                wrapper = own()
                return Question(paths) if wrapper is None else wrapper._question(paths)

            widget.question_of = question
        widget.changed.connect(self._announce)
        return widget

    def postInitialize(self, wrappers: Iterable[Any]) -> None:
        """Listen to the dialog's other widgets: the hint's estimate depends on them."""
        if not isinstance(self.widget, ScenesPanel):
            return
        own = self.parameterDefinition().name()  # type: ignore[attr-defined]
        self._others = {wrapper.parameterDefinition().name(): wrapper for wrapper in wrappers}
        self._others.pop(own, None)
        for wrapper in self._others.values():
            wrapper.widgetValueHasChanged.connect(self._look)
        # Asked for now: a project's layers may change, and the widgets with them, when the algorithm is there no more,
        # and the definition would lead to where it was.
        self._algorithm = self.parameterDefinition().algorithm()  # type: ignore[attr-defined]
        self.widget.hint.spoken = getattr(self._algorithm, "spoken", str)
        self._look()

    def _announce(self) -> None:
        self.widgetValueHasChanged.emit(self)  # type: ignore[attr-defined]

    def _look(self, *_: Any) -> None:
        self.widget.look()

    def _question(self, paths: tuple[str, ...]) -> Question:
        """Return what the hint shall tell of the paths, with the other widgets as they stand."""
        algorithm = self._algorithm
        if not hasattr(algorithm, "looked_for") or sip.isdeleted(algorithm):
            return Question(paths)
        values = {name: wrapper.parameterValue() for name, wrapper in self._others.items()}
        try:
            return Question(paths, *algorithm.looked_for(values, QgsProcessingContext()))
        except ParameterError:
            return Question(paths)  # an expression, say, which only the run can evaluate; what is wrong the run tells
