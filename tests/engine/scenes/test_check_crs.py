"""A CRS is built once for each scene, whatever the number of its files and of the times that it is asked for."""

from __future__ import annotations

import pytest
from iikmc.engine.errors import GridError
from iikmc.engine.scenes.check import check_series
from iikmc.engine.scenes.search import find_scenes
from iikmc.engine.scenes.selection import MaskRule, Selection
from rasterio.crs import CRS
from tiny import ROLES, make_scene, product, six_band_noise

SELECTION = Selection(ROLES, MaskRule(("cloud",), True))


@pytest.fixture
def built(monkeypatch):
    """The CRSs that are built of a text."""
    made, genuine = [], CRS.from_wkt

    def from_wkt(text, *more):
        made.append(genuine(text, *more))
        return made[-1]

    class Counting:
        """In the place of the class, which cannot be changed."""

    Counting.from_wkt = staticmethod(from_wkt)
    monkeypatch.setattr("rasterio.crs.CRS", Counting)
    return made


def test_one_crs_a_scene_and_none_shared(tmp_path, built):
    for day in ("20200101", "20200102", "20200103"):
        make_scene(tmp_path, product(day=day), six_band_noise(1, 20, 20), radsat=0)
    found = find_scenes([tmp_path]).scenes
    for times in (1, 2):
        built.clear()
        scenes = check_series(found, SELECTION)
        assert len(built) == 3, times
        assert len({id(scene.grid.crs) for scene in scenes}) == 3
        assert {scene.grid.crs.to_epsg() for scene in scenes} == {32633}


def test_another_crs_of_one_file_is_found(tmp_path):
    import rasterio

    path = make_scene(tmp_path, product(), six_band_noise(1, 20, 20))
    with rasterio.open(next(path.glob("*_SR_B4.TIF")), "r+") as dataset:
        dataset.crs = CRS.from_epsg(32634)
    with pytest.raises(GridError, match=r"B4.TIF is .*EPSG:32634, but .*_SR_B2.TIF is .*EPSG:32633"):
        check_series(find_scenes([path]).scenes, SELECTION)
