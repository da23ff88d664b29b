"""What a run will take, by hand, and that the log tells it before and after."""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from collections import namedtuple
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from iikmc.engine.choices import EACH_SCENE, TOGETHER
from iikmc.engine.errors import Cancelled
from iikmc.engine.estimates import estimate as module
from iikmc.engine.estimates import preview, rates
from iikmc.engine.estimates.estimate import Manner, estimate, job_of
from iikmc.engine.estimates.preview import disk_size, expected_valid, valid_share
from iikmc.engine.kernels.cuda import devices
from iikmc.engine.kernels.margins import Judging
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.progress import Silent
from iikmc.engine.requests import ClassifyRequest
from iikmc.engine.runs import classify as run_classify
from iikmc.engine.runs import clustering
from iikmc.engine.runs import each as run_each
from iikmc.engine.runs.classify import classify
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.scenes.area import Area, placed
from iikmc.engine.scenes.check import check_series
from iikmc.engine.scenes.scene import PixelGrid, Scene
from iikmc.engine.scenes.search import find_scenes
from iikmc.engine.scenes.selection import MaskRule, Selection
from tiny import ROLES, Recorder, make_tar, product

NO_FLAG = MaskRule((), True)
CLOUD = MaskRule(("cloud",), True)
Disk = namedtuple("Disk", "total used free")


def checked(folder, rule=NO_FLAG, roles=ROLES):
    return check_series(find_scenes([folder]).scenes, Selection(roles, rule))


class TestValidShare:
    def test_a_small_scene_is_counted_whole(self, scene):
        qa = np.full((20, 30), 21824, np.uint16)
        qa[:5] = 1
        qa[5:8] |= 8
        [found] = checked(scene(np.full((20, 30), 9000), qa=qa))
        assert valid_share(found, Selection(ROLES, NO_FLAG)) == 15 / 20
        assert valid_share(found, Selection(ROLES, CLOUD)) == 12 / 20

    def test_without_qa_pixel_fill_of_the_first_band_counts(self, scene):
        dn = np.full((20, 30), 9000)
        dn[:, :6] = 0
        [found] = checked(scene(dn, qa=None))
        assert valid_share(found, Selection(("nir",), NO_FLAG)) == 24 / 30

    def test_a_large_scene_by_a_hundred_of_its_blocks(self, scene):
        # 40 x 40 tiles of 16 x 16, the right quarter of them cloud: 10 of 40 tile columns, and of the ten columns
        # looked at (2, 6, 10, ... 38) the last three (30, 34, 38).
        qa = np.full((640, 640), 21824, np.uint16)
        qa[:, 480:] |= 8
        [found] = checked(scene(np.full((640, 640), 9000), qa=qa, tile=16))
        assert valid_share(found, Selection(ROLES, CLOUD)) == pytest.approx(0.7)

    def test_a_damaged_file_gives_the_most_there_can_be(self, scene):
        folder = scene(np.full((20, 30), 9000))
        [found] = checked(folder)
        path = Path(found.masks[0].path)
        path.write_bytes(path.read_bytes()[:300])
        assert valid_share(found, Selection(ROLES, NO_FLAG)) == 1.0

    def test_an_area_of_interest_takes_its_share(self, scene):
        [found] = checked(scene(np.full((20, 30), 9000)))
        a, _, x, _, e, y = found.grid.transform
        ring = [(x, y), (x + 10 * a, y), (x + 10 * a, y + 20 * e), (x, y + 20 * e), (x, y)]
        half = Area("third", lambda crs, bounds: [{"type": "Polygon", "coordinates": [ring]}])
        assert valid_share(placed(found, half), Selection(ROLES, NO_FLAG)) == pytest.approx(1 / 3)
        beside = Area("beside", lambda crs, bounds: [])
        assert valid_share(placed(found, beside), Selection(ROLES, NO_FLAG)) == 0.0

    def test_all_scenes_together(self, scene, tmp_path):
        scene(np.full((20, 30), 9000), product(day="20220511"))
        scene(np.full((10, 10), 9000), product(day="20220512"), qa=1)
        assert expected_valid(checked(tmp_path), Selection(ROLES, NO_FLAG), 2, Silent()) == 600

    def test_a_cancel_leaves_the_scenes_alone_that_nobody_has_begun_with(self, scene, tmp_path, monkeypatch):
        for day in range(10, 20):
            scene(np.full((20, 30), 9000), product(day=f"202205{day}"))
        begun = []

        def slow(one, selection):
            begun.append(one.id)
            time.sleep(0.3)
            return 1.0

        monkeypatch.setattr(preview, "valid_share", slow)
        with pytest.raises(Cancelled):
            expected_valid(checked(tmp_path), Selection(ROLES, NO_FLAG), 2, Recorder(stop=lambda _: bool(begun)))
        assert len(begun) <= 4


class TestDiskSize:
    def test_files_of_the_scene_and_no_others(self, scene):
        folder = scene(np.full((20, 30), 9000))
        expected = sum(path.stat().st_size for path in folder.iterdir())
        (folder / "notes.txt").write_text("mine")
        (folder / f"{folder.name}_ANG.txt").write_text("12345")
        [found] = find_scenes([folder]).scenes
        assert disk_size(found) == expected + 5

    def test_a_bundle_is_its_file(self, scene, tmp_path):
        bundle = make_tar(scene(np.full((20, 30), 9000)), tmp_path / "bundle.tar")
        [found] = find_scenes([bundle]).scenes
        assert disk_size(found) == bundle.stat().st_size

    def test_what_is_gone_counts_nothing(self, scene):
        folder = scene(np.full((20, 30), 9000))
        [found] = find_scenes([folder]).scenes
        shutil.rmtree(folder)
        assert disk_size(found) == 0


def grid_scene(pixels: int) -> Scene:
    """Return a scene of 1 x `pixels` pixels that exists nowhere, with QA_PIXEL and QA_RADSAT."""
    from iikmc.engine.sensors.products import leading_product_id
    from iikmc.engine.sensors.readings import BandFile, MaskFile, Values

    identifier = leading_product_id(product())
    assert identifier is not None
    grid = PixelGrid(pixels, 1, (30, 0, 0, 0, -30, 0), None, 1)
    values = Values(Fraction("0.0000275"), Fraction("-0.2"), 0)
    bands = {role: BandFile(f"{role}.TIF", 1, values) for role in ROLES}
    quality, saturation = (MaskFile(name, 1, name, {}, {}) for name in ("QA_PIXEL", "QA_RADSAT"))
    return Scene(identifier, "/nowhere", bands, (quality,), saturation, grid=grid)


@pytest.fixture
def disk(monkeypatch):
    """Give the temporary folder so many free bytes."""

    def give(free):
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(0, 0, free))
        monkeypatch.setattr(module, "spill_parent", lambda _: Path("/spill"))

    give(1 << 40)
    return give


class TestEstimate:
    """Two scenes of 50 M pixels, 60 M of them valid, 6 bands: 12 bytes a pixel and 3.125 beside."""

    SCENES = (grid_scene(50_000_000), grid_scene(50_000_000))

    def of(self, budget, scenes=SCENES, valid=60_000_000, start="minimum-maximum", most=100, runs=(), **manner):
        job = job_of(scenes, valid, Selection(ROLES, NO_FLAG), 8, 2, "numba")
        return estimate(scenes, job, Manner(start, most, **manner), budget, Path("/out"), runs)

    def test_what_fits(self, disk):
        found = self.of(2_000_000_000)
        assert (found.scenes, found.pixels, found.valid) == (2, 100_000_000, 60_000_000)
        assert found.memory == 60_000_000 * 15.125 == 907_500_000
        assert found.spilled == found.short == 0
        assert found.results == 133_333_333
        assert found.seconds is None
        assert found.sentence == (
            "Estimate for 2 scenes: about 60 million valid pixels of 100 million; 908 MB for the pixels, of 2.0 GB "
            "of memory that may be used; rasters of at most 133 MB; its time can be told after a run of a "
            "million pixels or more on this computer."
        )

    def test_what_spills(self, disk):
        # 3.125 bytes of each of the 100 M pixels are set aside: 500 - 312.5 MB are left for 720 MB of values.
        found = self.of(500_000_000)
        assert found.spilled == 720_000_000 - 187_500_000 == 532_500_000
        assert "; 908 MB for the pixels, of which 532 MB go to temporary files in /spill; " in found.sentence

    def test_margins_and_rejected_pixels_take_a_byte_each_while_scenes_are_written(self, disk):
        # Of both scenes, as one is judged while others are written; of one where each is clustered on its own.
        found = self.of(500_000_000, judging=Judging.of(True, 0.1))
        assert found.memory == 907_500_000 + 200_000_000
        assert found.spilled == 720_000_000
        assert found.results == 266_666_667
        assert self.of(500_000_000, judging=Judging.of(True, None)).memory == 907_500_000 + 100_000_000
        assert self.of(500_000_000, judging=Judging.of(False, 0.1), each=True).memory == (907_500_000 + 100_000_000) / 2

    def test_what_the_disk_may_lack(self, disk):
        # Were all pixels valid: 1200 MB of values, 187.5 MB of them in memory.
        disk(1_000_000_000)
        found = self.of(500_000_000)
        assert found.short == 1_012_500_000 - 1_000_000_000
        assert "; 908 MB for the pixels, for which /spill may lack 12 MB; " in found.sentence

    def test_time(self, disk):
        # Half the pixels of each kind took 8 + 2.4 + 1 s and 0.5 s for the rest, see test_rates.
        run = rates.Run("numba", 2, 8, 6, 50_000_000, 400_000_000, 30_000_000, 10, 8.0, 2.4, 1.0, 0.5)
        found = self.of(2_000_000_000, runs=[run])
        assert found.iterations == 10
        assert found.seconds == pytest.approx(2 * 11.4 + 0.5)
        assert found.sentence.endswith("; about 25 s for 10 iterations, judged by earlier runs on this computer.")
        assert self.of(2_000_000_000, start="coarse-to-fine", runs=[run]).iterations == 3
        assert self.of(2_000_000_000, most=4, runs=[run]).seconds == pytest.approx(2 * (9 + 0.96) + 0.5)

    def test_each_scene_on_its_own_takes_the_memory_of_the_largest(self, disk):
        # 60 of 80 M pixels are valid, so 37.5 of the larger scene's 50 M; 156.25 MB beside, 43.75 left for 450 MB.
        scenes = (grid_scene(30_000_000), grid_scene(50_000_000))
        found = self.of(200_000_000, scenes, each=True)
        assert found.memory == 37_500_000 * 15.125
        assert found.spilled == 450_000_000 - 43_750_000
        assert found.results == round(80_000_000 * 4 / 3)

    def test_comparing_iterates_once_more(self, disk):
        run = rates.Run("numba", 2, 8, 6, 50_000_000, 400_000_000, 30_000_000, 10, 8.0, 2.4, 1.0, 0.5)
        found = self.of(2_000_000_000, runs=[run], compare=True)
        assert found.iterations == 10
        assert found.seconds == pytest.approx(2 * (11.4 + 2.4) + 0.5)
        for same in ({"each": True, "compare": True}, {"scenes": self.SCENES[:1], "compare": True}):
            plain = {name: value for name, value in same.items() if name != "compare"}
            assert self.of(2_000_000_000, runs=[run], **same) == self.of(2_000_000_000, runs=[run], **plain)

    def test_only_the_files_that_are_read_count(self):
        whole, bare = self.SCENES[0], replace(self.SCENES[0], masks=(), saturation=None)
        for rule, values in ((NO_FLAG, 8 + 6), (MaskRule((), False), 7 + 6)):
            assert job_of((whole, bare), 1, Selection(ROLES, rule), 8, 2).values == values * 50_000_000
        assert job_of((whole,), 1, Selection(("red", "nir"), NO_FLAG), 8, 2).values == 4 * 50_000_000


class TestLog:
    def test_the_estimate_is_told_first_and_the_true_figures_last(self, small_series, request_of, monkeypatch):
        kept = []
        monkeypatch.setattr(rates, "recall", lambda: [])
        monkeypatch.setattr(rates, "remember", kept.append)
        recorder = Recorder()
        result = cluster(request_of(*small_series, flags=("cloud",)), recorder)
        grids = 37 * 41 + 64 * 30 + 23 * 57
        first, last = recorder.notes[0], recorder.notes[-1]
        # 4748 pixels; a small scene is counted whole, but for saturation and single bands.
        guess = expected_valid(result.scenes, Selection(ROLES, CLOUD), 2, Silent())
        assert result.pixels <= guess <= 1.1 * result.pixels
        assert re.match(
            r"Estimate for 3 scenes: about \d,\d00 valid pixels of 4,700; 0\.1 MB for the pixels, of ", first
        )
        assert abs(int(re.search(r"about (\S+)", first)[1].replace(",", "")) - guess) <= 50
        assert re.fullmatch(
            rf"Took \d+\.\d s: reading \d+\.\d s, {len(result.fit.iterations)} iterations \d+\.\d s, "
            rf"rasters \d+\.\d s, everything else \d+\.\d s; {result.pixels:,} valid pixels took 0\.1 MB; "
            r"the rasters have 0\.1 MB\.",
            last,
        )
        [run] = kept
        assert (run.k, run.n_bands, run.workers, run.pixels, run.valid) == (3, 6, 1, grids, result.pixels)
        assert run.values == 8 * grids
        assert run.iterations == len(result.fit.iterations)
        assert run.kernel in ("numba", "numpy")

    @pytest.mark.parametrize(("worth", "device", "said"), [
        (10**9, "automatic", "about 2 s for"), (1, "automatic", "about 5 s for"),
        (10**9, "GPU", "about 5 s for"), (1, "CPU", "about 2 s for"),
    ])  # fmt: skip
    def test_the_rates_are_a_card_s_only_where_one_will_be_tried(
        self, small_series, request_of, monkeypatch, worth, device, said
    ):
        grids = 37 * 41 + 64 * 30 + 23 * 57
        runs = [
            rates.Run(kernel, 1, 3, 6, grids, 8 * grids, grids, 1, seconds, 0.0, 0.0, 0.0)
            for kernel, seconds in (("numpy", 2.0), ("gpu", 5.0))
        ]
        monkeypatch.setattr(rates, "recall", lambda: runs)
        monkeypatch.setattr(devices, "WORTH", worth)
        monkeypatch.setattr(clustering, "pick_kernel", lambda *_: NumpyKernel())
        monkeypatch.setitem(sys.modules, "cupy", None)
        recorder = Recorder()
        cluster(request_of(*small_series, device=device, max_iterations=1), recorder)
        [estimate] = [note for note in recorder.notes if note.startswith("Estimate for")]
        assert said in estimate

    @pytest.mark.parametrize("how", ["together", "each", "classify"])
    def test_looking_at_the_scenes_counts_as_time_taken_and_not_as_a_rate(
        self, small_series, request_of, monkeypatch, tmp_path, how
    ):
        kept, late, usable_scenes, now = [], [], clustering.usable_scenes, time.perf_counter

        def usable(*arguments, **_):
            late.append(1000.0)
            return usable_scenes(*arguments)

        cluster(request_of(*small_series, max_iterations=1, out="before"))
        monkeypatch.setattr(rates, "remember", kept.append)
        monkeypatch.setattr(time, "perf_counter", lambda: now() + sum(late))
        monkeypatch.setattr(clustering, "usable_scenes", usable)
        monkeypatch.setattr(run_classify, "usable_scenes", usable)
        recorder = Recorder()
        if how == "classify":
            paths = tuple(map(str, small_series))
            signatures = tmp_path / "before" / "signatures.json"
            result = classify(ClassifyRequest(paths, tmp_path / "out", NO_FLAG, signatures=signatures), recorder)
        else:
            mode = EACH_SCENE if how == "each" else TOGETHER
            result = run_each.run_in_mode(request_of(*small_series, mode=mode, max_iterations=1), recorder)
        assert float(re.match(r"Took (\d+\.\d) s", recorder.notes[-1])[1]) >= 1000
        if how != "each":
            assert json.loads(result.signatures.read_text())["run"]["seconds"]["prepare"] >= 1000
        assert [run.rest < 1000 for run in kept] == [True] * (how == "together")

    def test_a_run_that_spills_says_so(self, small_series, request_of, monkeypatch):
        monkeypatch.setattr(rates, "recall", lambda: [])
        from iikmc.engine.pixels import store as pixel_store

        monkeypatch.setattr(pixel_store, "automatic_budget", lambda: 20_000)
        recorder = Recorder()
        cluster(request_of(*small_series), recorder)
        assert "go to temporary files in " in recorder.notes[0]
        assert "valid pixels took 0.1 MB, of which 0.1 MB in temporary files; " in recorder.notes[-1]

    def test_the_labelling_done_while_reading_is_no_measure_of_an_iteration(
        self, small_series, request_of, monkeypatch, tmp_path
    ):
        kept = []
        monkeypatch.setattr(rates, "remember", kept.append)
        cluster(request_of(*small_series, max_iterations=1))
        again = request_of(*small_series, start="signatures file", signatures=tmp_path / "out" / "signatures.json")
        result = cluster(replace(again, output=tmp_path / "again"))
        assert len(result.fit.iterations) > 1
        assert [run.iterations for run in kept] == [1, len(result.fit.iterations) - 1]

    def test_a_classification_tells_its_own(self, small_series, request_of, monkeypatch, tmp_path):
        cluster(request_of(*small_series))
        # All time is 4 s of reading for as many values, and 2 s for an iteration of as many pixels and 3 classes.
        grids = 37 * 41 + 64 * 30 + 23 * 57
        run = rates.Run("numpy", 1, 3, 6, grids, 8 * grids, grids, 1, 4.0, 2.0, 0.0, 0.0)
        monkeypatch.setattr(rates, "recall", lambda: [run])
        recorder = Recorder()
        request = ClassifyRequest(
            tuple(map(str, small_series)), tmp_path / "again", NO_FLAG, workers=1,
            signatures=tmp_path / "out" / "signatures.json",
        )  # fmt: skip
        result = classify(request, recorder, NumpyKernel())
        share = expected_valid(result.scenes, Selection(ROLES, NO_FLAG), 2, Silent()) / grids
        assert share > 0.9
        first, last = recorder.notes[0], recorder.notes[-1]
        assert re.fullmatch(
            r"Estimate for 3 scenes: about 4,\d00 valid pixels of 4,700, none of which is kept; rasters of at most "
            r"0\.1 MB; at most about 6 s, judged by earlier clusterings here\.",
            first,
        )
        assert re.fullmatch(rf"Took \d+\.\d s for {result.pixels:,} valid pixels; the rasters have 0\.1 MB\.", last)
