"""The reports on scenes with classes of their own: of a run of them, and beside the common classes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from iikmc.engine.choices import EACH_SCENE
from iikmc.engine.quality.own_classes import OwnClass, OwnClasses
from iikmc.engine.report import cluster as report_page
from iikmc.engine.report import own_classes
from iikmc.engine.report.each import SceneClasses, render_each
from iikmc.engine.report.pictures import Picture
from iikmc.engine.runs.each import run_in_mode as run
from pages import Page, check_offline, figures, plain
from test_report_cluster import hand_made, short_plotly  # noqa: F401
from tiny import make_scene, product

FIRST, SECOND = "2022-05-11 LC08 190027", "2022-06-28 LC09 190027"


def each_by_hand():
    """Return two scenes with three classes each, the second not converged, and a third without a valid pixel."""
    signed, fit, (first, second), _ = hand_made()
    own = [
        replace(
            signed,
            classes=tuple(replace(c, name=f"Class {c.id} of {one.scene.title}") for c in signed.classes),
            run={**signed.run, "seconds": {"read": seconds, "write": 0.5}},
        )
        for one, seconds in ((first, 1.0), (second, 2.5))
    ]
    third = replace(first.scene, product=replace(first.scene.product, tile="190028"))
    nothing = replace(second.audit, valid=0)
    return [
        SceneClasses(first, fit, own[0]),
        SceneClasses(second, replace(fit, converged=False), own[1]),
        SceneClasses(replace(first, scene=third, audit=nothing)),
    ]


def pictures_by_hand():
    return [*hand_made()[-1], Picture(None, "data:image/png;base64,CCCC", 1, 1)]


@pytest.mark.usefixtures("short_plotly")
def test_report_of_scenes_with_classes_of_their_own():
    text = render_each(each_by_hand(), pictures_by_hand(), 3)
    check_offline(text)
    page = Page(text)
    assert page.headings[0] == "IIkMC: 3 scenes, each on its own in 3 classes"
    assert "63 valid pixels were clustered scene by scene" in page.text
    assert "Classes do not match between scenes. Class 3 of one scene is not class 3 of another" in page.text
    ids = [one.result.scene.id for one in each_by_hand()]
    assert page.table("Date", "Scene", "Valid pixels") == [
        ["Date", "Scene", "Valid pixels", "Iterations", "Changed in the last (%)", "Converged",
         "Classes without a pixel", "Signatures"],
        ["2022-05-11", "LC08 190027", "60", "2", "0.00", "yes", "3", f"{ids[0]}_signatures.json"],
        ["2022-06-28", "LC09 190027", "3", "2", "0.00", "no, stopped at the most", "3", f"{ids[1]}_signatures.json"],
        ["2022-05-11", "LC08 190028", "0", "", "", "no valid pixel", "", ""],
    ]  # fmt: skip
    assert [title for title in page.headings if "LC0" in title] == [FIRST, SECOND, "2022-05-11 LC08 190028"]
    assert "No pixel is valid; there are no classes." in page.text
    curves = figures(text)
    assert [{trace["name"] for trace in one["data"] if "name" in trace} for one in curves] == [
        {"Class 1", "Class 2"}
    ] * 2
    # The times of both scenes together.
    assert page.table("Stage") == [["Stage", "Seconds"], ["read", "3.50"], ["write", "1.00"]]


@pytest.mark.usefixtures("short_plotly")
def test_report_of_such_a_run(tmp_path, request_of):
    scenes = [
        make_scene(tmp_path / "in", product(day=day), dn)
        for day, dn in (("20220511", [[8000] * 3, [12000] * 3]), ("20220628", [[20000] * 3, [30000] * 3]))
    ]
    text = run(request_of(*scenes, k=2, mode=EACH_SCENE)).report.read_text(encoding="utf-8")
    check_offline(text)
    tables = [table for table in Page(text).tables if table[0][:2] == ["Class", "Pixels"]]
    # 8000 DN are 0.02, 12000 0.13, 20000 0.35 and 30000 0.625 of reflectance.
    assert [[row[:4] for row in table[1:]] for table in tables] == [
        [["Class 1", "3", "50.00", "0.0200"], ["Class 2", "3", "50.00", "0.1300"]],
        [["Class 1", "3", "50.00", "0.3500"], ["Class 2", "3", "50.00", "0.6250"]],
    ]


def compared_by_hand(found=None):
    """Return a report's arguments with own classes of the first scene: 1 is common 1, 2 and 3 are common 2."""
    own = (OwnClass(1, 10, 1, 100.0, 100.0), OwnClass(2, 20, 2, 400.0, 400.0), OwnClass(3, 30, 2, 1000.0, None))
    signed, fit, (first, second), pictures = hand_made()
    found = found or OwnClasses(7, False, 60, own, (), (3,), (1,), 15, ((2, 3),), 30)
    return signed, fit, [replace(first, own=found), second], pictures


@pytest.mark.usefixtures("short_plotly")
def test_comparison_with_each_scene_on_its_own():
    text = report_page.render(*compared_by_hand())
    check_offline(text)
    page = Page(text)
    assert "On their own, classes end without a pixel in 0 of 1 scene, a common class that is held has no class" in (
        page.text
    )
    assert "and in 1 of 1 scene at least one class is most like a common class of another number." in page.text
    assert "Clustered on their own, the scenes would give 50 % of the pixels another class number" in page.text
    assert page.table("Date", "Scene", "Iterations alone")[1:] == [
        ["2022-05-11", "LC08 190027", "7 (not converged)", "none", "1: 3", "1: 1", "25.00", "1", "50.00"]
    ]
    # Same number: (10 x 100 + 20 x 400) / 30 = 300 DN; nearest: (1000 + 8000 + 30000) / 60 = 650 DN. 1000 DN are
    # 0.0275 of reflectance.
    assert page.table("Date", "Scene", "Same number, mean (reflectance)")[1:] == [
        ["2022-05-11", "LC08 190027", "0.0083", "300.0", "0.0179", "650.0", "0.0275", "1000.0", "3"]
    ]
    assert page.table("Date", "Scene", "Own 1") == [
        ["Date", "Scene", "Own 1", "Own 2", "Own 3"],
        ["2022-05-11", "LC08 190027", "1", "2", "2"],
    ]
    # Own 2 and 3 share a class, and 3 has another number than it.
    assert "<u>2</u>" in text
    assert "<u><b>2</b></u>" in text
    bars = next(figure for figure in figures(text) if figure["layout"].get("barmode") == "group")
    assert [(trace["name"], trace["y"]) for trace in bars["data"]] == [
        ("Same number", [0.00825]),
        ("Nearest", [0.017875]),
    ]


@pytest.mark.usefixtures("short_plotly")
def test_an_own_class_without_a_pixel_or_a_distance_by_number():
    own = (OwnClass(2, 60, 1, 8.0, None),)
    found = OwnClasses(2, True, 60, own, (1, 3), (), (2,), 0, (), 0)
    page = Page(report_page.render(*compared_by_hand(found)))
    assert page.table("Date", "Scene", "Own 1")[1][2:] == ["-", "1", "-"]
    assert page.table("Date", "Scene", "Iterations alone")[1][2:5] == ["2", "2: 1, 3", "none"]
    assert page.table("Date", "Scene", "Same number, mean (reflectance)")[1][2:6] == ["", "", "0.0002", "8.0"]


@pytest.mark.usefixtures("short_plotly")
def test_many_classes_are_not_listed_one_by_one(monkeypatch):
    monkeypatch.setattr(own_classes, "_MOST_LISTED", 2)
    page = Page(report_page.render(*compared_by_hand()))
    assert not any("Own 1" in table[0] for table in page.tables)
    assert "Of more than 2 classes it is not listed which is most like which." in page.text
    assert page.table("Date", "Scene", "Iterations alone")


@pytest.mark.usefixtures("short_plotly")
def test_no_comparison_where_none_was_asked_for():
    page = Page(report_page.render(*hand_made()))
    assert not any("on its own" in plain(title).lower() for title in page.headings)
    assert "on their own" not in page.text.lower()
