"""The scenes of the last run, so that the next tool gets them with one click."""

from __future__ import annotations

from collections.abc import Iterable

from qgis.core import QgsSettings

KEY = "iikmc/last_run_scenes"


def remember(paths: Iterable[str]) -> None:
    """Keep the paths that a run was given, in the user's settings."""
    QgsSettings().setValue(KEY, list(paths))


def recall() -> list[str]:
    """Return the paths that the last run was given; nothing before the first."""
    kept = QgsSettings().value(KEY)
    # Settings give a list of one text back as that text.
    return [kept] if isinstance(kept, str) else [str(path) for path in kept or ()]
