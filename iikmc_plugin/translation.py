"""The translation of the plugin's texts: which language, and its file."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsApplication, QgsSettings
from qgis.PyQt.QtCore import QCoreApplication, QLocale, QTranslator

FOLDER = Path(__file__).resolve().parents[1] / "i18n"
"""Where the compiled translations lie, such as iikmc_de.qm."""


def language() -> str:
    """Return the code of the language QGIS speaks, such as "de", "pt_BR" or "C".

    In QGIS's window that is what its menus use, `--lang` included. qgis_process and scripts load no translation of
    their own: there the language of the user's settings counts if it overrides the system's, else the system's.
    """
    # Not QCoreApplication's: within QGIS that one is no QgsApplication to Python.
    application = QgsApplication.instance()
    shown = application.translation() if application is not None else ""
    if shown:
        return str(shown)
    settings = QgsSettings()
    chosen = settings.value("locale/userLocale", "", type=str)
    if chosen and settings.value("locale/overrideFlag", False, type=bool):
        return str(chosen)
    return str(QLocale().name())


def file_of(code: str) -> Path | None:
    """Return the translation of a language, or of the language without its country; None where there is none."""
    candidates = (FOLDER / f"iikmc_{name}.qm" for name in (code, code.replace("-", "_").partition("_")[0]))
    return next((path for path in candidates if path.is_file()), None)


def install(code: str) -> QTranslator | None:
    """Have all texts translated from now on, until `remove`; return None where there is no translation.

    The caller keeps the translator, because Qt does not.
    """
    path = file_of(code)
    translator = QTranslator()
    if path is None or not translator.load(str(path)):
        return None
    QCoreApplication.installTranslator(translator)
    return translator


def remove(translator: QTranslator) -> None:
    """Have the texts in English again."""
    QCoreApplication.removeTranslator(translator)
