"""The hint below the list of scenes: what was found and what a run will take, looked up beside the window."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from qgis.PyQt.QtCore import Qt, QTimer, pyqtSignal
from qgis.PyQt.QtGui import QResizeEvent
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStyle, QWidget

from ..shared.i18n import tr
from . import words
from .background import Job
from .look import Answer, Looker, Question

_PAUSE = 250
"""Milliseconds without a further change before anything is looked for: a spin box is turned in steps."""
_POLL = 50
"""Milliseconds between two looks for the answer."""
_PATIENCE = 400
"""Milliseconds after which an old hint gives way to the word that a new one is being looked for."""
_BREAK_AFTER = re.compile(r"[_/\\](?![_/\\])(?=\w)")
"""Where names of files and folders may go on in the next line."""


class WrappedText(QLabel):
    """Text over as many lines as it needs, all of it visible.

    A plain QLabel in a scroll area loses its last lines, and cuts off names of files that are wider than itself.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)
        # Names of files come from the disk: they are no rich text.
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)

    def show_text(self, text: str) -> None:
        """Replace the text."""
        self.setText(_BREAK_AFTER.sub(lambda found: found.group() + "\u200b", text))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        # A label counts the least height that it has been given in: without this it would never shrink again.
        self.setMinimumHeight(0)
        self.setFixedHeight(self.heightForWidth(self.width()) if self.text() else 0)


class ScenesHint(QWidget):
    """Tells what lies behind the chosen paths; the last question counts, answers to earlier ones are dropped."""

    answered = pyqtSignal(object)
    """The `Answer`, once for each question that was not superseded."""

    def __init__(self, look: Callable[[Question, Job], Answer] | None = None) -> None:
        super().__init__()
        self._look = look or Looker()
        self._question: Question | None = None
        self._shown: tuple[str, ...] = ()
        self._job: Job | None = None
        self.spoken: Callable[[str], str] = str
        """Puts the words of the dialog into the engine's messages."""

        self.icon = QLabel()
        side = self.style().pixelMetric(QStyle.PixelMetric.PM_SmallIconSize)
        warning = self.style().standardIcon(QStyle.StandardPixmap.SP_MessageBoxWarning)
        self.icon.setPixmap(warning.pixmap(side, side))
        self.icon.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.text = WrappedText()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.text, 1)
        self._say("")

        self._pause = self._timer(_PAUSE, self._begin)
        self._patience = self._timer(_PATIENCE, self._say_looking)
        self._poll = self._timer(_POLL, self._collect, again=True)

    def ask(self, question: Question) -> None:
        """Look for the answer to a question, instead of to any earlier one."""
        if question == self._question:
            return
        self._forget()
        self._question = question
        if not question.paths:
            self._say("")
            self._shown = ()
            return
        if question.paths == self._shown:
            self._patience.start()  # what is shown is still nearly right
        else:
            self._say_looking()
        self._pause.start()

    def _begin(self) -> None:
        question, look = self._question, self._look
        if question is not None:
            # First: while the thread starts, Python may collect a dialog that nobody holds any more, with its timers.
            self._poll.start()
            self._job = Job(lambda job: look(question, job), self)

    def _collect(self) -> None:
        job = self._job
        if job is None:
            return
        if not job.over:
            if job.fraction and not self._shown:
                self._say_looking(job.fraction)
            return
        self._stop()
        if job.error is not None:
            self._show(Answer(problem=tr("The scenes cannot be looked at: {error}").format(error=_words(job.error))))
        else:
            self._show(job.result)

    def _show(self, answer: Answer) -> None:
        question = self._question
        if question is None:
            return
        self._shown = question.paths
        parts = words.lines(answer, question.plan)
        if answer.problem:
            parts.append(answer.problem)
        parts = [self.spoken(part) for part in parts]
        tip = self.spoken("\n".join((*answer.doubts, *answer.notes, answer.problem)).strip())
        self._say("\n".join(parts), problem=bool(answer.problem or answer.doubts), tip=tip)
        self.answered.emit(answer)

    def _say_looking(self, fraction: float = 0.0) -> None:
        self._shown = ()
        text = tr("Looking at the scenes…")
        self._say(f"{text} {fraction:.0%}" if fraction else text)

    def _say(self, text: str, problem: bool = False, tip: str = "") -> None:
        self.icon.setVisible(problem)
        self.text.show_text(text)
        self.text.setToolTip(tip)
        self.setVisible(bool(text))

    def _forget(self) -> None:
        if self._job is not None:
            self._job.cancel()
        self._stop()

    def _stop(self) -> None:
        self._job = None
        for timer in (self._pause, self._patience, self._poll):
            timer.stop()

    def _timer(self, milliseconds: int, what: Callable[[], Any], again: bool = False) -> QTimer:
        timer = QTimer(self)
        timer.setInterval(milliseconds)
        timer.setSingleShot(not again)
        timer.timeout.connect(what)
        return timer


def _words(error: Exception) -> str:
    return str(error).strip() or type(error).__name__
