"""Translation of the texts a user sees.

`make translations` collects the texts from the calls of :func:`tr`, so each is a plain literal, with the values put in
afterwards: ``tr("{count} entries").format(count=count)``. The call stands where the text is used, inside a function:
while a module is imported, no translation is loaded yet.
"""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication

CONTEXT = "IIkMC"
"""What the texts are filed under in the translations' files."""


def tr(text: str) -> str:
    """Return `text` in the user's language."""
    return str(QCoreApplication.translate(CONTEXT, text))
