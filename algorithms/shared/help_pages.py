"""The documentation as pages for a browser: what the button Help of a dialog opens, without a network."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from qgis.core import QgsProcessingUtils
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtGui import QTextDocument

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
# What pages of the documentation have links to and lies outside.
_OTHERS = ("*.md", "benchmarks/RESULTS.md")
_LINK = re.compile(r"(\]\()(?!https?:|#)([^)#\s]+)")
_STYLE = (
    "<style>body{font-family:sans-serif!important;font-size:11pt!important;max-width:60rem;margin:2rem!important}"
    "table{border-collapse:collapse}td,th{border-style:solid;border-width:1px;border-color:#ccc;padding:.3rem}"
    "td{vertical-align:top}pre{font-family:monospace;margin:0}img{max-width:100%;height:auto}</style>"
)


def url_of(name: str) -> str:
    """Return where the page of an algorithm lies, made anew for this session; "" where that cannot be."""
    if not (DOCS / "algorithms" / f"{name}.md").is_file():
        return ""
    folder = Path(QgsProcessingUtils.tempFolder()) / "iikmc-help"
    try:
        sources = {*DOCS.rglob("*.md"), *(path for pattern in _OTHERS for path in ROOT.glob(pattern))}
        for source in sources:
            target = folder / source.relative_to(ROOT).with_suffix(".html")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(_page(source, sources), encoding="utf-8")
    except OSError:
        return ""
    return str(QUrl.fromLocalFile(str(folder / "docs" / "algorithms" / f"{name}.html")).toString())


def _page(source: Path, sources: Collection[Path]) -> str:
    """Return a page as HTML; links go on working from wherever it is put beside the other pages."""

    def link(found: re.Match[str]) -> str:
        goal = (source.parent / found.group(2)).resolve()
        if goal in sources:
            return found.group(1) + re.sub(r"\.md$", ".html", found.group(2))
        return found.group(1) + str(QUrl.fromLocalFile(str(goal)).toString(QUrl.ComponentFormattingOption.FullyEncoded))

    document = QTextDocument()
    document.setMarkdown(_LINK.sub(link, source.read_text(encoding="utf-8")))
    return str(document.toHtml()).replace("</head>", _STYLE + "</head>", 1)
