"""Is there a window of QGIS, which must not stand still, or none, as in qgis_process and in scripts?"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from qgis import utils
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QThread

from ...engine.progress import Silent

if TYPE_CHECKING:
    from ...engine.progress import Progress

R = TypeVar("R")


def is_there() -> bool:
    """Tell whether QGIS has a window that its user sees; one that stands in for it, as in tests of scripts, is none."""
    if utils.iface is None:
        return False
    return getattr(utils.iface.mainWindow(), "isVisible", bool)() is True


def beside(work: Callable[[Progress], R], text: str) -> R:
    """Return what `work` returns, which may ask a slow disk; the window, if it would wait for that, stays alive.

    Parameters
    ----------
    work
        What to do, in any thread: it touches nothing of QGIS. Its errors are raised here.
    text
        What is being done, for the user who waits.

    Raises
    ------
    Cancelled
        The user does not want to wait.
    """
    application = QgsApplication.instance()
    if not is_there() or application is None or QThread.currentThread() != application.thread():
        return work(Silent())
    # Here, because it makes widgets, which qgis_process has none of.
    from ..scenes_widget.waiting import waited_for

    return waited_for(work, text)
