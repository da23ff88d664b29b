"""The style and metadata texts say exactly the classes' values, names and colours."""

from __future__ import annotations

import shutil
import subprocess
from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio
from iikmc.engine.results.styles import pam_xml, qml
from rasterio.transform import from_origin

NAMES = ["Class 1", 'Fields <2> & "meadows"', "Été – 水"]
COLOURS = [(1, 2, 3), (255, 0, 16), (120, 130, 140)]


def test_qml_lists_the_classes_from_1_with_label_and_opaque_colour():
    entries = ElementTree.fromstring(qml(NAMES, COLOURS)).findall("./pipe/rasterrenderer/colorPalette/paletteEntry")
    assert [entry.attrib for entry in entries] == [
        {"value": "1", "label": NAMES[0], "color": "#010203", "alpha": "255"},
        {"value": "2", "label": NAMES[1], "color": "#ff0010", "alpha": "255"},
        {"value": "3", "label": NAMES[2], "color": "#78828c", "alpha": "255"},
    ]


def test_qml_never_averages_classes():
    pipe = ElementTree.fromstring(qml(NAMES, COLOURS)).find("pipe")
    assert pipe.find("rasterrenderer").attrib["type"] == "paletted"
    resampling = pipe.find("provider/resampling").attrib
    assert resampling["zoomedInResamplingMethod"] == resampling["zoomedOutResamplingMethod"] == "nearestNeighbour"
    assert set(pipe.find("rasterresampler").attrib) == {"maxOversampling"}


def test_qml_of_254_classes_lists_them_all():
    text = qml([f"c{i}" for i in range(1, 255)], [(i, i, i) for i in range(1, 255)])
    values = [int(entry.attrib["value"]) for entry in ElementTree.fromstring(text).iter("paletteEntry")]
    assert values == list(range(1, 255))


def test_qml_wants_one_name_per_colour():
    with pytest.raises(ValueError, match="2 names for 3 colours"):
        qml(NAMES[:2], COLOURS)


def test_pam_names_no_data_and_then_the_classes():
    band = ElementTree.fromstring(pam_xml(NAMES)).find("PAMRasterBand")
    assert band.attrib == {"band": "1"}
    assert [category.text for category in band.iter("Category")] == ["No data", *NAMES]


@pytest.mark.skipif(shutil.which("gdalinfo") is None, reason="gdalinfo is not installed")
def test_gdal_reads_the_names_of_the_metadata_file(tmp_path):
    path = tmp_path / "classes.tif"
    profile = {"driver": "GTiff", "width": 2, "height": 2, "count": 1, "dtype": "uint8", "nodata": 0}
    with rasterio.open(path, "w", crs="EPSG:32611", transform=from_origin(5e5, 5e6, 30, 30), **profile) as raster:
        raster.write(np.array([[[0, 1], [2, 3]]], dtype=np.uint8))
    path.with_name("classes.tif.aux.xml").write_text(pam_xml(NAMES), encoding="utf-8")
    told = subprocess.run(["gdalinfo", str(path)], check=True, capture_output=True).stdout.decode("utf-8")
    listed = told.split("Categories:")[1].splitlines()[1:5]
    assert [line.strip() for line in listed] == [f"{i}: {name}" for i, name in enumerate(["No data", *NAMES])]


@pytest.mark.parametrize("bad", ["a\x00b", "a\x1fb", "a\ud800b", "a\ufffeb", "a\nb"])
def test_characters_that_xml_forbids_become_spaces(bad):
    text = qml([bad], [(1, 2, 3)]).encode("utf-8").decode("utf-8")
    assert next(ElementTree.fromstring(text).iter("paletteEntry")).attrib["label"] == "a b"
    assert ElementTree.fromstring(pam_xml([bad])).findall(".//Category")[1].text == "a b"
