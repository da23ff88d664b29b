"""The page of an assessment: its numbers, its words where nothing can be told, and nothing from outside."""

from __future__ import annotations

import json
import sys

import pytest
from classified_rasters import EARLY, centre, write_classified
from iikmc.engine.map_requests import AccuracyRequest, ReferencePoints
from iikmc.engine.runs.accuracy import assess_accuracy
from pages import Page, check_offline, figures


def page_of(tmp_path, classes, points, names=None):
    """Return the text of the page of points (column, class) in a raster of one row."""
    raster = write_classified(tmp_path, EARLY, [classes], names=names)
    x, y = zip(*(centre(0, column) for column, _ in points))
    reference = ReferencePoints(x, y, "EPSG:32633", [str(one) for _, one in points])
    assess_accuracy(AccuracyRequest((raster,), reference, report=tmp_path / "r.html", workers=1))
    return (tmp_path / "r.html").read_text(encoding="utf-8")


@pytest.fixture
def text(tmp_path):
    """Return the page of 9 pixels of class 1 and one of class 2; 3 of 4 and 1 of 2 points are right."""
    points = [(0, 1), (1, 1), (2, 1), (3, 2), (9, 2), (9, 1)]
    return page_of(tmp_path, [1] * 9 + [2], points, {1: "Wald", 2: "Wasser & <Eis>"})


def test_numbers_by_hand(text):
    page = Page(text)
    check_offline(text)
    assert page.headings[0] == "Accuracy of 1998-03-08 LT05 190027"
    # 0.9 x 0.75 + 0.1 x 0.5, ± 1.96 x the root of 0.81 / 16 + 0.01 / 4
    assert "Overall accuracy 0.725 ± 0.452 (95 % interval), from 6 points." in page.text
    # Producer's: 6.75 / 7.25 and 0.5 / 2.75 pixels; areas: 0.725 and 0.275 of 0.9 ha.
    assert page.table("Class", "Points")[1:] == [
        ["1 Wald", "4", "0.750 ± 0.490", "0.931 ± 0.133", "90.00", "0.81", "0.65 ± 0.41"],
        ["2 Wasser & <Eis>", "2", "0.500 ± 0.980", "0.182 ± 0.412", "10.00", "0.09", "0.25 ± 0.41"],
    ]
    matrices = [table for table in page.tables if table[0][0] == "Map \\ reference"]
    assert matrices[0][1:] == [
        ["1 Wald", "3", "1", "4"],
        ["2 Wasser & <Eis>", "1", "1", "2"],
        ["Total", "4", "2", "6"],
    ]
    assert matrices[1][1] == ["1 Wald", "0.6750", "0.2250", "0.9000"]
    assert page.table("Date", "Raster")[1] == ["1998-03-08", EARLY, "6"]
    assert "2 points lie in a pixel that another point lies in too" in page.text


def test_what_cannot_be_told_is_said(tmp_path):
    text = page_of(tmp_path, [1, 1, 2, 3], [(0, 1), (1, 1), (3, 3)])
    page = Page(text)
    rows = page.table("Class", "Points")
    assert rows[2][1:4] == ["0", "not estimable", "not estimable"]
    assert rows[2][-1] == "not estimable"
    assert rows[3][2] == "1.000 ± ?"
    assert "its interval not estimable" in page.text
    for figure in figures(text):
        assert "NaN" not in json.dumps(figure)


def test_without_plotly_the_tables_are_there(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly", None)
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    text = page_of(tmp_path, [1, 2], [(0, 1), (1, 2)])
    assert len(text) < 50_000
    assert "Error matrix" in text
