"""Pixels beyond the budget go to files, and come back the same."""

from __future__ import annotations

import os
import shutil
import tempfile

import numpy as np
import pytest
from areas import area, box
from iikmc.engine.errors import MemoryBudgetError, ParameterError, SceneError
from iikmc.engine.machine import free_memory
from iikmc.engine.pixels import store as pixel_store
from iikmc.engine.pixels.store import PixelStore, SpilledPixels
from iikmc.engine.runs.cluster import cluster
from tiny import Recorder, make_scene, product, six_band_noise, spoil


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(pixel_store, "_in_memory", lambda _: False)
    return folder


def test_budget_by_hand(own_temporary_folder):
    # 100 pixels may turn out valid: 312 bytes are set aside for labels, keys and masks.
    dn = np.arange(1, 101, dtype=np.uint16).reshape(2, 50)
    with PixelStore(312 + 200, 100, 2, own_temporary_folder) as store:
        assert store.keep(dn) is dn
        assert store.spilled == 0
        held = store.keep(dn)
        assert isinstance(held, SpilledPixels)
        assert store.spilled == 200
        np.testing.assert_array_equal(held.open(), dn)
        assert held.path.stat().st_size == 200
        assert held.path.is_relative_to(own_temporary_folder)
    assert os.listdir(own_temporary_folder) == []


def test_too_small_a_disk_is_told_before_anything_is_read(own_temporary_folder, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12, 3 * 10**9))
    with pytest.raises(MemoryBudgetError) as told:
        PixelStore(500 * 10**6, 10**9, 6, own_temporary_folder)
    text = str(told.value)
    assert text.startswith("MEMORY: with 500 MB for the pixels up to 12.0 GB must go to ")
    assert "which has 3.0 GB free; raise MEMORY" in text


def test_a_temporary_folder_that_takes_no_files_is_told(own_temporary_folder, monkeypatch):
    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pixel_store.tempfile, "mkdtemp", refuse)
    with PixelStore(0, 100, 2, own_temporary_folder) as store, pytest.raises(MemoryBudgetError) as told:
        store.keep(np.ones((2, 50), np.uint16))
    assert str(told.value) == (
        f"MEMORY: pixels beyond the 0 MB in memory cannot be written to {own_temporary_folder} (Permission denied); "
        "raise MEMORY or free some space."
    )


def test_a_disk_that_does_not_tell_its_size_is_no_obstacle(own_temporary_folder, monkeypatch):
    def refuse(_):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(shutil, "disk_usage", refuse)
    with PixelStore(0, 100, 2, own_temporary_folder) as store:
        assert store.keep(np.full((2, 50), 7, np.uint16)).open().tolist() == [[7] * 50] * 2


def test_a_disk_that_fills_up_is_told(own_temporary_folder, monkeypatch):
    dn = np.ones((2, 50), np.uint16)
    with PixelStore(0, 100, 2, own_temporary_folder) as store:
        store.keep(dn)
        shutil.rmtree(store._folder)
        with pytest.raises(MemoryBudgetError, match=r"^MEMORY: pixels beyond the 0 MB in memory cannot be written"):
            store.keep(dn)


def test_the_temporary_folder_is_avoided_where_it_is_itself_memory(own_temporary_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(pixel_store, "_in_memory", lambda _: True)
    other = tmp_path / "other"
    other.mkdir()
    with PixelStore(0, 100, 2, other) as store:
        assert store.keep(np.ones((2, 50), np.uint16)).path.is_relative_to(other)
    assert os.listdir(other) == []


def test_free_memory_is_that_of_the_system():
    free = free_memory()
    assert 10 * 2**20 < free < 2**45
    assert pixel_store.automatic_budget() < free


def read(folder):
    import rasterio

    rasters = {}
    for path in sorted(folder.glob("*.tif")):
        with rasterio.open(path) as dataset:
            rasters[path.name] = dataset.read(1).tobytes()
    return rasters


def test_a_spilled_run_gives_the_same_rasters_and_leaves_nothing(tmp_path, request_of, own_temporary_folder):
    paths = [make_scene(tmp_path, product(day=day), six_band_noise(seed, 400, 600), tile=16)
             for seed, day in enumerate(("20200101", "20200201"))]  # fmt: skip
    notes = []

    class Listener:
        def note(self, text):
            notes.append((text, len(list(own_temporary_folder.rglob("*.dn")))))

        report = stage = warn = lambda *_: None

        def cancelled(self):
            return False

    ample = cluster(request_of(*paths, out="ample", k=5), strip_pixels=20_000)
    # 480 000 pixels need 5.8 MB for DN and 1.5 MB beside them: a third of the DN fit.
    scarce = cluster(request_of(*paths, out="scarce", k=5, memory=3), Listener(), strip_pixels=20_000)
    spilled = [files for text, files in notes if "temporary files (MEMORY)" in text]
    assert len(spilled) == 1
    assert spilled[0] > 5
    assert read(scarce.output) == read(ample.output)
    np.testing.assert_array_equal(scarce.fit.centres, ample.fit.centres)
    assert os.listdir(own_temporary_folder) == []


def test_masks_of_whole_strips_are_set_aside(own_temporary_folder):
    # 100 pixels may turn out valid in strips of 800: 300 bytes of labels and keys, 100 of masks.
    dn = np.ones((2, 50), np.uint16)
    for budget, spilled, least in ((400 + 200, 0, 0), (400 + 199, 200, 1)):
        with PixelStore(budget, 100, 2, own_temporary_folder, 800) as store:
            store.keep(dn)
            assert store.spilled == spilled
        assert pixel_store.expected_use(budget, 100, 50, 2, 800) == (356, least)
        # What is wanted for something else is the pixels' no more.
        with PixelStore(budget + 40, 100, 2, own_temporary_folder, 800, 40) as store:
            store.keep(dn)
            assert store.spilled == spilled
        assert pixel_store.expected_use(budget + 40, 100, 50, 2, 800, 40) == (396, least)


def test_a_small_area_of_interest_needs_little_memory_and_disk(tmp_path, request_of, monkeypatch):
    path = make_scene(tmp_path, product(), six_band_noise(1, 600, 600), tile=16)
    zone, _ = area(box(path, 100, 100, 120, 300), box(path, 500, 500, 520, 520))
    ample = cluster(request_of(path, aoi=zone, out="ample"), strip_pixels=20_000)
    assert ample.pixels == 20 * 200 + 20 * 20
    # Keys and labels of 360 000 pixels and their masks would take 1.1 MB, their values 4.3 MB; the disk is full.
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12, 0))
    with pytest.raises(MemoryBudgetError):
        cluster(request_of(path, memory=1), strip_pixels=20_000)
    progress = Recorder()
    scarce = cluster(request_of(path, aoi=zone, memory=1), progress, strip_pixels=20_000)
    assert not [note for note in progress.notes if "temporary files" in note]
    assert read(scarce.output) == read(ample.output)


def test_an_error_leaves_no_spilled_pixels(tmp_path, request_of, own_temporary_folder):
    good = make_scene(tmp_path, product(), six_band_noise(1, 300, 600), tile=16)
    bad = make_scene(tmp_path, product(day="20210101"), six_band_noise(2, 300, 600), tile=16)
    spoil(bad / f"{bad.name}_SR_B7.TIF")
    with pytest.raises(SceneError, match="damaged"):
        cluster(request_of(good, bad, memory=1), strip_pixels=20_000)
    assert os.listdir(own_temporary_folder) == []


def test_a_negative_budget_is_refused(tmp_path, request_of):
    with pytest.raises(ParameterError, match=r"^MEMORY is -1 MB; choose a size up to 128000000 MB, or 0"):
        request_of(tmp_path, memory=-1).check()
