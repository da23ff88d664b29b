"""QGIS shows a raster with our style beside it as unique values, with our labels and colours."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core", reason="QGIS's Python is not here")

import numpy as np
import rasterio
from iikmc.engine.results.legend import class_names
from iikmc.engine.results.styles import pam_xml, qml
from qgis.core import QgsRasterLayer
from rasterio.transform import from_origin

pytestmark = pytest.mark.qgis

NAMES = ["Class 1", 'Fields <2> & "meadows"', "Été – 水"]
COLOURS = [(1, 2, 3), (255, 0, 16), (120, 130, 140)]


def _write(folder, names, colours):
    path = folder / "scene_classes.tif"
    profile = {"driver": "GTiff", "width": 16, "height": 16, "count": 1, "dtype": "uint8", "nodata": 0}
    with rasterio.open(path, "w", crs="EPSG:32611", transform=from_origin(5e5, 5e6, 30, 30), **profile) as raster:
        raster.write((np.arange(256) % (len(names) + 1)).astype(np.uint8).reshape(1, 16, 16))
        raster.write_colormap(1, {value: (*colour, 255) for value, colour in enumerate(colours, start=1)})
    path.with_suffix(".qml").write_text(qml(names, colours), encoding="utf-8")
    path.with_name(path.name + ".aux.xml").write_text(pam_xml(names), encoding="utf-8")
    return path


def _shown(layer):
    return [(c.value, c.label, c.color.getRgb()) for c in layer.renderer().classes()]


def test_the_style_beside_the_raster_is_the_layers_default(qgis_app, tmp_path):
    layer = QgsRasterLayer(str(_write(tmp_path, NAMES, COLOURS)), "classes")
    assert layer.isValid()
    assert layer.renderer().type() == "paletted"
    assert layer.renderer().opacity() == 1
    assert _shown(layer) == [(i, n, (*c, 255)) for i, (n, c) in enumerate(zip(NAMES, COLOURS), start=1)]


def test_resampling_is_nearest_neighbour_both_ways(qgis_app, tmp_path):
    layer = QgsRasterLayer(str(_write(tmp_path, NAMES, COLOURS)), "classes")
    assert layer.resampleFilter().zoomedInResampler() is None
    assert layer.resampleFilter().zoomedOutResampler() is None
    assert not layer.dataProvider().isProviderResamplingEnabled()
    method = layer.dataProvider().ResamplingMethod.Nearest
    assert layer.dataProvider().zoomedInResamplingMethod() == method
    assert layer.dataProvider().zoomedOutResamplingMethod() == method


def test_254_classes_load(qgis_app, tmp_path):
    colours = [(i, 255 - i, 7) for i in range(1, 255)]
    layer = QgsRasterLayer(str(_write(tmp_path, class_names(254), colours)), "classes")
    assert _shown(layer) == [(i, f"Class {i}", (i, 255 - i, 7, 255)) for i in range(1, 255)]


def test_qgis_keeps_what_it_does_not_find_in_the_style_at_its_defaults(qgis_app, tmp_path):
    path = _write(tmp_path, NAMES, COLOURS)
    styled = QgsRasterLayer(str(path), "classes")
    path.with_suffix(".qml").unlink()
    plain = QgsRasterLayer(str(path), "classes")
    assert styled.flags() == plain.flags()
    assert styled.hasScaleBasedVisibility() is False
    assert styled.blendMode() == plain.blendMode()
    assert styled.brightnessFilter().contrast() == plain.brightnessFilter().contrast() == 0
    assert styled.hueSaturationFilter().saturation() == plain.hueSaturationFilter().saturation() == 0
    assert styled.dataProvider().sourceHasNoDataValue(1)
