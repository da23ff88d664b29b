"""Which bands are taken: the chosen ones if all scenes have them, else the usual ones that all have."""

from __future__ import annotations

from dataclasses import replace

import pytest
from iikmc.engine.errors import ParameterError, SceneError
from iikmc.engine.requests import Request
from iikmc.engine.scenes import shared_bands
from iikmc.engine.scenes.search import find_scenes
from iikmc.engine.scenes.shared_bands import settle
from iikmc.engine.sensors.roles import ROLES, USUAL
from tiny import Recorder, make_scene, product, six_band_noise

PLANET = ("blue", "green", "red", "nir")
WIDE = ("blue", "green", "red", "nir", "coastal", "yellow", "green1", "rededge1")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes")
    for day in ("20220511", "20220612", "20220714"):
        make_scene(folder, product(day=day), six_band_noise(1, 4, 4))
    return find_scenes([folder]).scenes


@pytest.fixture
def scenes(found, monkeypatch):
    """Return a function that lets the sensors of three scenes record these bands."""

    def of(*recorded):
        known = dict(zip((scene.id for scene in found), recorded))
        monkeypatch.setattr(shared_bands, "recorded", lambda scene: known[scene.id])
        return found[: len(recorded)]

    return of


def test_a_sensor_records_its_bands_also_where_a_file_is_missing(found):
    assert shared_bands.recorded(replace(found[0], bands={"blue": "x"})) == (*USUAL, "coastal")
    assert settle((), found) == USUAL


def test_without_a_choice_the_usual_ones_that_all_scenes_have(scenes, tmp_path):
    progress = Recorder()
    assert settle((), scenes(USUAL, USUAL), progress) == USUAL
    assert progress.notes == []
    some = scenes(USUAL, PLANET, WIDE)
    assert settle((), some, progress) == PLANET
    assert progress.notes == [
        f"BANDS is empty: blue, green, red, nir are taken, as Landsat 8 OLI of {some[1].id} has no swir1, swir2, and "
        "some are missing from 1 more scene."
    ]
    request = Request(("x",), tmp_path).settled(some)
    assert request.roles == PLANET
    assert request.parameters()["bands"] == list(PLANET)
    assert request.settled(scenes(USUAL)).roles == PLANET


def test_what_is_chosen_is_taken_if_all_have_it(scenes):
    chosen = ("red", "nir", "coastal", "rededge1")
    assert settle(chosen, scenes(WIDE, ROLES)) == chosen
    some = scenes(WIDE, ROLES, PLANET)
    with pytest.raises(SceneError) as refused:
        settle(chosen, some)
    assert str(refused.value) == (
        f"Scene {some[2].id}: its sensor, Landsat 8 OLI, has no coastal, rededge1 band; the bands that all scenes have "
        "are blue, green, red, nir; leave coastal, rededge1 out of BANDS, or leave the scene out."
    )
    with pytest.raises(SceneError, match="choose SIGNATURES without coastal, rededge1, or leave the scene out"):
        settle(chosen, some, chosen_by="SIGNATURES")


def test_scenes_that_share_nothing_usual(scenes):
    some = scenes(("swir1", "yellow"), ("blue", "yellow"))
    with pytest.raises(ParameterError, match=r"^BANDS is empty, .*there is none, as .* has no .*; choose of yellow\.$"):
        settle((), some)
    with pytest.raises(ParameterError, match="leave scenes out"):
        settle((), scenes(("swir1",), ("blue",)))
    with pytest.raises(SceneError, match="there is none that all scenes have"):
        settle(("blue",), scenes(("swir1",), ("blue",)))
