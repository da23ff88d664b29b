"""Names of classes: edited in one style file, they are in all results of a run with the same classes."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from iikmc.engine.runs.cluster import cluster
from tiny import make_scene, product, read_json

DAYS = ("20220511", "20220628")


@pytest.fixture
def rerun(tmp_path, request_of):
    """Run on two scenes of three covers into the same folder, again and again."""
    scenes = [make_scene(tmp_path, product(day=day), [[8000, 14000, 20000]]) for day in DAYS]
    return lambda k=3, **others: cluster(request_of(*scenes, k=k, **others))


def edit(raster: Path, old: str, new: str, seconds: int) -> None:
    """Rename a class in the style beside a raster, so many seconds after the run."""
    style = raster.with_suffix(".qml")
    text = style.read_text(encoding="utf-8")
    assert f'label="{old}"' in text
    style.write_text(text.replace(f'label="{old}"', f'label="{new}"'), encoding="utf-8")
    os.utime(style, ns=(0, raster.stat().st_mtime_ns + seconds * 10**9))


def labels(raster: Path) -> list[str]:
    return re.findall('label="(.*?)"', raster.with_suffix(".qml").read_text(encoding="utf-8"))


def test_a_name_edited_once_is_everywhere_after_a_rerun(rerun):
    result = rerun()
    assert labels(result.rasters[0]) == ["Class 1", "Class 2", "Class 3"]
    edit(result.rasters[1], "Class 2", "Wald &amp; Wiese", 5)
    again = rerun()
    for raster in again.rasters:
        assert labels(raster) == ["Class 1", "Wald &amp; Wiese", "Class 3"]
    assert [record["name"] for record in read_json(again.signatures)["classes"]] == again_names(again)
    assert "Wald &amp; Wiese" in again.report.read_text(encoding="utf-8")
    # Kept by the run after that too, where no style differs from the signatures.
    assert again_names(rerun()) == ["Class 1", "Wald & Wiese", "Class 3"]


def again_names(result) -> list[str]:
    return list(result.names)


def test_the_last_edit_wins(rerun):
    result = rerun()
    edit(result.rasters[0], "Class 1", "older", 5)
    edit(result.rasters[1], "Class 1", "newer", 9)
    edit(result.rasters[0], "Class 3", "third", 6)
    assert again_names(rerun()) == ["newer", "Class 2", "third"]


@pytest.mark.parametrize("name", ["NDVI > 0.3", "a/b > c", '"quoted" = 1'])
def test_a_name_with_marks_of_xml_is_kept(rerun, name):
    """QGIS writes ">" in a label as it stands, and escapes only the others."""
    result = rerun()
    edit(result.rasters[0], "Class 2", name.replace('"', "&quot;"), 5)
    assert again_names(rerun()) == ["Class 1", name, "Class 3"]


@pytest.mark.parametrize("others", [{"k": 2}, {"roles": ("red", "nir", "swir1")}, {"max_iterations": 1}])
def test_other_classes_do_not_inherit_names(rerun, others):
    result = rerun()
    edit(result.rasters[0], "Class 1", "Water", 5)
    assert again_names(rerun(**others)) == [f"Class {j + 1}" for j in range(others.get("k", 3))]


@pytest.mark.parametrize(
    "damage", ["", "<qgis", "<a><paletteEntry/></a>", '<a><paletteEntry value="1" label=" "/></a>']
)
def test_a_damaged_style_is_replaced(rerun, damage):
    result = rerun()
    result.rasters[0].with_suffix(".qml").write_text(damage, encoding="utf-8")
    again = rerun()
    assert labels(again.rasters[0]) == ["Class 1", "Class 2", "Class 3"]


def test_damaged_signatures_give_the_names_by_default(rerun):
    result = rerun()
    edit(result.rasters[0], "Class 1", "Water", 5)
    text = result.signatures.read_text(encoding="utf-8")
    result.signatures.write_text(text.replace('"classes"', '"other"'), encoding="utf-8")
    assert again_names(rerun()) == ["Class 1", "Class 2", "Class 3"]
