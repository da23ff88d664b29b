"""Writing a report, and the plotting library that its plots need beside it."""

from __future__ import annotations

from ..installing import in_short
from ..progress import Progress
from ..report import html
from ..results.staging import Destinations, Staging


def write_page(files: Staging | Destinations, name: str, text: str, progress: Progress) -> None:
    """Write a page; where it has plots, the library beside it as well, once a folder.

    Parameters
    ----------
    files
        Where the results are made.
    name
        Of the file; of chosen files the parameter.
    text
        Of `html.page`.
    progress
        Who is told if there is no library.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    files.write_text(name, text)
    if not html.has_plots(text) or (isinstance(files, Destinations) and not files.wants(name)):
        return
    beside, script = html.library_name(), html.library()
    if beside is None or script is None:
        progress.note(f"{html.NO_PLOTS} Most installations of QGIS have it; {in_short(['plotly'])}.")
    elif isinstance(files, Destinations):
        files.write_beside(name, beside, script)
    else:
        files.write_text(beside, script)
