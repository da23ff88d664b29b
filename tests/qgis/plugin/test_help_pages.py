"""The button Help of each dialog opens the documentation's page of the tool, from the plugin's own folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("qgis.core")

from iikmc.algorithms.shared import help_pages
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QUrl

pytestmark = pytest.mark.qgis

ROOT = Path(__file__).resolve().parents[3]


def file_of(url):
    address = QUrl(url)
    assert address.isLocalFile()
    return Path(address.toLocalFile())


def test_every_algorithm_has_its_page_and_every_link_of_it_leads_somewhere(plugin):
    pages = set()
    for algorithm in QgsApplication.processingRegistry().providerById("iikmc").algorithms():
        page = file_of(algorithm.helpUrl())
        assert f"iikmc:{algorithm.name()}" in page.read_text(encoding="utf-8")
        pages.add(page)
    assert len(pages) == 11
    pages.update(page for page in next(iter(pages)).parents[2].rglob("*.html"))
    assert {page.stem for page in pages} >= {"tutorial", "troubleshooting", "scripting", "method", "RESULTS", "DESIGN"}
    for page in pages:
        for goal in re.findall(r'(?:href|src)="([^"#]+)', page.read_text(encoding="utf-8")):
            assert not (goal.endswith(".md") and "iikmc" in goal), f"{page}: {goal} is no page for a browser"
            if not goal.startswith("http"):
                assert (file_of(goal) if goal.startswith("file:") else page.parent / goal).exists(), f"{page}: {goal}"


def test_pictures_and_tables_are_shown(plugin):
    text = file_of(help_pages.url_of("cluster")).read_text(encoding="utf-8")
    assert QUrl.fromLocalFile(str(ROOT / "docs" / "images" / "cluster-dialog.png")).toString() in text
    assert re.search(r"<td[^>]*>\s*<p[^>]*>.*MASK_SATURATED.*</p></td>", text)


def test_where_the_documentation_is_missing_there_is_no_page(plugin, tmp_path, monkeypatch):
    monkeypatch.setattr(help_pages, "DOCS", tmp_path)
    assert QgsApplication.processingRegistry().algorithmById("iikmc:cluster").helpUrl() == ""


def test_where_nothing_can_be_written_there_is_no_page(plugin, tmp_path, monkeypatch):
    (tmp_path / "iikmc-help").write_text("in the way", encoding="utf-8")
    monkeypatch.setattr(help_pages.QgsProcessingUtils, "tempFolder", lambda: str(tmp_path))
    assert help_pages.url_of("cluster") == ""
