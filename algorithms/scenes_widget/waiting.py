"""Waits for work beside the window: the window goes on living, and after a while says what it waits for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

from qgis.PyQt import sip
from qgis.PyQt.QtCore import QEventLoop, Qt, QTimer
from qgis.PyQt.QtWidgets import QApplication, QProgressDialog, QWidget

from ...engine.errors import Cancelled
from ...engine.progress import check_cancelled
from ..shared.i18n import tr
from .background import Job
from .paths import is_choosable, is_file_of_scene

if TYPE_CHECKING:
    from ...engine.progress import Progress

R = TypeVar("R")

_MOMENT = 0.04
"""Seconds for which a window may stand still: less than two frames of a film, and most work is done by then."""
_PATIENCE = 500
"""Milliseconds after which a wait shows itself, with a button to end it."""
_POLL = 20
"""Milliseconds between two looks whether the work is done."""


def choosable_of(paths: Sequence[str], parent: QWidget) -> list[str]:
    """Return those of dropped or pasted paths that can be scenes; a file's name tells, for a folder the disk is asked.

    Nothing if the user does not want to wait for the disk.
    """
    if all(is_file_of_scene(path) for path in paths):
        return list(paths)
    try:
        return waited_for(lambda job: _choosable(paths, job), tr("Looking at what was added…"), parent)
    except Cancelled:
        return []


def _choosable(paths: Sequence[str], progress: Progress) -> list[str]:
    found = []
    for path in paths:
        check_cancelled(progress)
        if is_choosable(path):
            found.append(path)
    return found


class _Owner:
    """Who wants the answer; the work counts as cancelled when it is gone."""


def waited_for(work: Callable[[Progress], R], text: str, parent: QWidget | None = None) -> R:
    """Return what `work` returns, done in a thread while the window lives.

    Parameters
    ----------
    work
        It must not hold a widget, and touches nothing of QGIS. Its errors are raised here.
    text
        What is being done, for whoever waits longer than a moment.
    parent
        The window that waits; by default the active one.

    Raises
    ------
    Cancelled
        The user does not want to wait.
    """
    owner = _Owner()
    job = Job(work, owner)
    if not job.wait(_MOMENT):
        _live(job, text, parent or QApplication.activeWindow())
    if not job.over:
        job.cancel()
        raise Cancelled(tr("Cancelled while this was going on: {work}").format(work=text))
    if job.error is not None:
        raise job.error
    return cast(R, job.result)


def _live(job: Job, text: str, parent: QWidget | None) -> None:
    """Let the window live until the work is over or no longer wanted."""
    loop, timer, patience = QEventLoop(), QTimer(), QTimer()
    timer.timeout.connect(lambda: loop.quit() if job.over else None)
    timer.start(_POLL)
    patience.setSingleShot(True)
    patience.timeout.connect(loop.quit)
    patience.start(_PATIENCE)
    # Not to be pressed twice: what the user does in this half a second waits.
    loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
    patience.stop()
    if job.over:
        return
    waiting = QProgressDialog(text, tr("Cancel"), 0, 0, parent)
    waiting.setWindowModality(Qt.WindowModality.WindowModal)
    waiting.setAutoReset(False)
    waiting.show()
    # The window behind it may be closed by whoever, and it with it.
    timer.timeout.connect(lambda: loop.quit() if sip.isdeleted(waiting) or waiting.wasCanceled() else None)
    try:
        loop.exec()
    finally:
        timer.stop()
        if not sip.isdeleted(waiting):
            waiting.close()
            waiting.deleteLater()
