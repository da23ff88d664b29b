"""The benchmark compares what it says it compares, and tells the truth about it."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from iikmc.engine.errors import Cancelled, NoValidPixels, ParameterError
from iikmc.engine.kernels import choice
from iikmc.engine.kernels.cuda import devices
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.kernels.reference import ReferenceKernel
from iikmc.engine.measuring import bench, contenders
from iikmc.engine.measuring.contenders import Contender
from iikmc.engine.measuring.timings import Lacking
from iikmc.engine.pixels.packing import NumpyPacker
from iikmc.engine.requests import BenchmarkRequest, Request
from iikmc.engine.runs.benchmark import benchmark, part_of
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.scenes.area import Area
from iikmc.engine.scenes.check import check_series
from iikmc.engine.scenes.scene import Strip
from iikmc.engine.scenes.search import find_scenes
from iikmc.engine.scenes.selection import MaskRule, Selection
from iikmc.engine.sensors.roles import ROLES as EVERY_ROLE
from tiny import HAS_NUMBA, ROLES, Recorder, make_scene, product, six_band_noise

RULE = MaskRule((), True)
NO_GPU = Lacking("GPU", "there is none.")


def request_for(paths, output, **options):
    options = {"k": 3, "mask": RULE, "workers": 2, "repeats": 2, "max_iterations": 4, **options}
    return BenchmarkRequest(tuple(map(str, paths)), Path(output), **options)


def ways(*kernels, threads=(1,)):
    """Serial first, then the others."""
    found = [("NumPy", NumpyKernel()), *((kernel.name, kernel) for kernel in kernels)]
    return [Contender(name, kernel, NumpyPacker(), threads, 0.0) for name, kernel in found], [NO_GPU]


def run(paths, output, kernels=(), progress=None, **options):
    return benchmark(request_for(paths, output, **options), progress, ways(*kernels), strip_pixels=500)


def rows_of(result):
    return list(csv.DictReader(io.StringIO(result.table.read_text(encoding="utf-8"))))


class Doubted:
    """What a kernel holds, but `lie` may change each labelling and what it says of it."""

    def __init__(self, held, lie):
        self._held, self._lie = held, lie

    def __getattr__(self, name):
        return getattr(self._held, name)

    def relabel(self, centres, moves=None):
        return self._lie(self._held, self._held.relabel(centres, moves))


class LyingKernel(ReferenceKernel):
    """Holds blocks in a way that does not tell the truth."""

    def hold(self, block, k, labelling=None):
        return Doubted(super().hold(block, k, labelling), self.lie)


class Lying(LyingKernel):
    """Gives one pixel of one block another class, in the last iteration of the second run alone."""

    name = "lying"

    def __init__(self):
        self.calls = 0

    def lie(self, held, change):
        strip = held.block.strip
        if (strip.scene, strip.row) == (0, 0):
            self.calls += 1
            if self.calls == 8:
                held.labels()[5] = held.labels()[5] % 3 + 1
        return change


class Drifting(LyingKernel):
    """Adds one to a sum, which moves a centre and what follows from it."""

    name = "drifting"

    def lie(self, held, change):
        change.tally.total[0, 0] += 64
        return change


class Miscounting(LyingKernel):
    name = "miscounting"

    def lie(self, held, change):
        return replace(change, changed=change.changed + 1)


def test_all_real_ways_give_the_clusterings_own_result(small_series, tmp_path):
    progress = Recorder()
    result = benchmark(request_for(small_series, tmp_path / "out"), progress, strip_pixels=500)
    comparison = result.comparison
    assert comparison.equal
    kernels = ["NumPy", "Numba"] if HAS_NUMBA else ["NumPy"]
    assert [(t.kernel, t.threads) for t in comparison.timings] == [(kernel, n) for kernel in kernels for n in (1, 2)]
    for timing in comparison.timings:
        for stage in ("read", "start", "iterate", "write"):
            assert len(timing.repeats(stage)) == 2
            assert all(seconds > 0 for seconds in timing.repeats(stage))
        assert all(len(steps) == 4 for steps in timing.iterations)
    # The changed pixels and the number of valid ones are those of a clustering with the same parameters.
    same = cluster(Request(tuple(map(str, small_series)), tmp_path / "c", RULE, k=3, max_iterations=4, tolerance=0.0))
    assert result.changed_percent == tuple(step.changed_percent for step in same.fit.iterations)
    assert comparison.pixels == same.pixels
    assert sum(part.audit.valid for part in result.parts) == same.pixels
    assert sum(part.audit.pixels for part in result.parts) == result.all_pixels == 37 * 41 + 64 * 30 + 23 * 57
    assert {path.name for path in (tmp_path / "out").iterdir() if not path.name.startswith("plotly-")} == {
        "benchmark.csv",
        "benchmark.html",
    }
    assert progress.fractions == sorted(progress.fractions)
    assert progress.fractions[-1] == 1.0
    assert progress.warnings == []
    # In the order of time; tiles have 16 rows, and no strip of some 500 pixels has more: 64, 23 and 37 rows.
    assert [part.strips for part in result.parts] == [4, 2, 3]


def test_the_table_is_the_comparison(small_series, tmp_path):
    result = run(small_series, tmp_path, [ReferenceKernel()])
    serial, other, missing = rows_of(result)
    comparison = result.comparison
    assert [serial["kernel"], other["kernel"], missing["kernel"]] == ["NumPy", "reference", "GPU"]
    for row, timing in ((serial, comparison.serial), (other, comparison.timings[1])):
        seconds = [float(row[f"{stage}_s"]) for stage in ("read", "start", "iterate", "write")]
        assert float(row["total_s"]) == pytest.approx(sum(seconds), abs=1e-5)
        assert float(row["mean_iteration_s"]) == pytest.approx(seconds[2] / 4, abs=1e-5)
        assert float(row["pixels_per_second"]) == pytest.approx(
            4 * int(row["pixels"]) / timing.seconds("iterate"), 1e-5
        )
        assert row["equal"] == "yes"
        assert float(row["iterate_median_s"]) == pytest.approx(sum(timing.repeats("iterate")) / 2, abs=1e-5)
    assert float(serial["speed_up_total"]) == 1.0
    ratio = comparison.serial.seconds("iterate") / comparison.timings[1].seconds("iterate")
    assert float(other["speed_up_iterations"]) == pytest.approx(ratio, abs=1e-3)
    assert missing["note"] == "not measured: there is none."
    assert missing["read_s"] == missing["equal"] == ""


def test_a_lying_kernel_is_found_out(small_series, tmp_path):
    progress = Recorder()
    result = run(small_series, tmp_path, [Lying()], progress)
    comparison = result.comparison
    assert not comparison.equal
    assert comparison.best is comparison.serial
    said = f"1 of {comparison.pixels:,} labels differ from serial"
    assert comparison.timings[1].difference == said
    serial, other, _ = rows_of(result)
    assert (serial["equal"], other["equal"], other["note"]) == ("yes", "no", said)
    page = result.page.read_text(encoding="utf-8")
    assert "The results differ" in page
    assert f"<li>lying, 1 thread: {said}</li>" in page
    assert '<span class="bad">DIFFERS</span>' in page
    assert "Same result" not in page
    assert any(said in warning for warning in progress.warnings)
    assert progress.warnings[-1].startswith("The results differ: lying, 1 thread gave another result than serial.")


def test_wrong_centres_and_wrong_counts_are_found_out(small_series, tmp_path):
    result = run(small_series, tmp_path, [Drifting(), Miscounting()], max_iterations=2)
    drifting, miscounting = result.comparison.timings[1:]
    assert re.search(r"\d+ of 3 centres", drifting.difference)
    assert miscounting.difference == "the numbers of pixels that changed class differ from serial"


def test_a_packer_that_reads_something_else_is_found_out(small_series, tmp_path):
    class Wrong(NumpyPacker):
        def pack(self, *arguments):
            found = super().pack(*arguments)
            if found.dn.size:
                found.dn[0, 0] ^= 1
            return found

    numpy = NumpyKernel()
    found = [Contender("NumPy", numpy, NumpyPacker(), (1,), 0.0), Contender("Other", numpy, Wrong(), (1,), 0.0)]
    result = benchmark(request_for(small_series, tmp_path), None, (found, []), strip_pixels=10**6)
    # The pixels that are clustered are those of the last reading, which is the warm-up's too.
    assert not result.comparison.equal
    assert "3 of 3 strips were read with another result" in " ".join(t.difference for t in result.comparison.timings)


def test_a_packer_that_writes_something_else_is_found_out(small_series, tmp_path):
    class Wrong(NumpyPacker):
        def spread(self, *arguments):
            rows = super().spread(*arguments)
            rows[0, 0] ^= 1
            return rows

    numpy = NumpyKernel()
    found = [Contender("NumPy", numpy, NumpyPacker(), (1,), 0.0), Contender("Other", numpy, Wrong(), (1,), 0.0)]
    result = benchmark(request_for(small_series, tmp_path), None, (found, []), strip_pixels=500)
    assert [t.difference for t in result.comparison.timings] == ["", "the rasters differ from serial"]
    assert "All read the same pixels and wrote the same rasters" not in result.page.read_text(encoding="utf-8")


def test_what_makes_times_hard_to_compare_is_told(small_series, tmp_path, monkeypatch):
    usual = run(small_series, tmp_path / "usual").notes
    monkeypatch.setattr(bench, "automatic_budget", lambda: 0)
    monkeypatch.setattr(bench, "available_cores", lambda: 1)
    monkeypatch.setattr(bench.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(bench, "_SHORT_SECONDS", 0.0)
    monkeypatch.setattr(bench, "_UNSTEADY", -1.0)
    # Nine strips keep seven threads busy for two rounds: 4.5 times as fast as one at most.
    result = run(small_series, tmp_path / "out", workers=7)
    division, unsteady, cores, spilled, blas = result.notes
    assert division.startswith("There are 9 strips of work for 7 threads, so these can be at most 4.5 times as fast")
    assert division.endswith("take more scenes for a finer division.")
    assert re.match(r"The runs of one and the same work differ by up to \d+ % \(median against best\)", unsteady)
    assert cores == "WORKERS asks for 7 threads on 1 core."
    assert spilled.startswith("0.1 MB of pixels lay in temporary files, which all iterations read again; lower PIXELS")
    assert blas.startswith("The Python package threadpoolctl is not installed")
    assert [note.split(":")[0] for note in usual] == ["One iteration of serial takes less than 0.1 s"] or (
        len(usual) == 2 and usual[1].startswith("WORKERS asks for 2 threads")
    )
    page = result.page.read_text(encoding="utf-8")
    assert all(f"<li>{note}</li>" in page for note in result.notes)


def test_the_page_says_what_was_done(small_series, tmp_path):
    result = run(small_series, tmp_path, [ReferenceKernel()], pixels=1500)
    page = result.page.read_text(encoding="utf-8")
    assert "<h1>Benchmark on" in page
    assert "each of the 2 runs of each of the 2 ways to calculate gave the same" in page
    assert f"{result.pixels_read:,} of {result.all_pixels:,} pixels" in page
    assert '<td>GPU</td><td class="l" colspan="14">not measured: there is none.</td>' in page
    for text in ("warm", "tolerance is 0", "Start-up is", "minimum-maximum", "One iteration of serial takes less"):
        assert text in page
    assert page.count('<figure class="plot">') == 2
    assert "http://" not in re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)


def test_strips_are_spread_over_all_scenes(tmp_path):
    paths = [
        make_scene(tmp_path, product(day=f"2022051{i}"), np.full((6, 64, 16), 9000), tile=16) for i in range(3)
    ]  # fmt: skip
    scenes = check_series(find_scenes(list(map(str, paths))).scenes, Selection(ROLES, RULE))
    everything = [Strip(i, row, 16) for i in range(3) for row in (0, 16, 32, 48)]
    for pixels in (0, 3 * 64 * 16, 10**9):
        assert part_of(scenes, pixels, 256) == (scenes, everything)
    # 3 strips of 12: the middle one of each scene's four (of an even number, the later).
    used, strips = part_of(scenes, 3 * 256, 256)
    assert used == scenes
    assert strips == [Strip(0, 32, 16), Strip(1, 32, 16), Strip(2, 32, 16)]
    # One pixel less than three strips have: two, and the scene in between is not used.
    used, strips = part_of(scenes, 3 * 256 - 1, 256)
    assert used == [scenes[0], scenes[2]]
    assert strips == [Strip(0, 48, 16), Strip(1, 16, 16)]
    assert part_of(scenes, 1, 256) == ([scenes[1]], [Strip(0, 32, 16)])


def test_strips_of_unequal_size_never_have_more_pixels_than_asked_for(tmp_path):
    # One strip a scene, of 512, 256 and 512 pixels.
    paths = [
        make_scene(tmp_path, product(day=f"2022051{i}"), np.full((6, 16, width), 9000), tile=16)
        for i, width in enumerate((32, 16, 32))
    ]  # fmt: skip
    scenes = check_series(find_scenes(list(map(str, paths))).scenes, Selection(ROLES, RULE))
    # 960 are two average strips, but the first and the last have 1024: the middle one alone is left.
    assert part_of(scenes, 1024, 10**6) == ([scenes[0], scenes[2]], [Strip(0, 0, 16), Strip(1, 0, 16)])
    assert part_of(scenes, 960, 10**6) == ([scenes[1]], [Strip(0, 0, 16)])


def test_strips_beside_the_area_are_not_read(tmp_path):
    path = make_scene(tmp_path / "in", product(), six_band_noise(1, 64, 16), tile=16, origin=(300000.0, 5000000.0))
    # The centres of rows 20 to 39 and columns 0 to 7: strips 1 and 2 of four.
    west, north, south, east = 300000.0, 5000000.0 - 20 * 30, 5000000.0 - 40 * 30, 300000.0 + 8 * 30
    ring = [(west, south), (west, north), (east, north), (east, south), (west, south)]
    area = Area("field", lambda wkt, bounds: [{"type": "Polygon", "coordinates": [ring]}])
    result = run([path], tmp_path / "out", aoi=area)
    assert [(part.strips, part.audit.pixels, part.audit.valid) for part in result.parts] == [(2, 512, 160)]
    assert "Only strips that AOI (field) meets" in result.page.read_text(encoding="utf-8")
    beside = Area("sea", lambda wkt, bounds: [])
    with pytest.raises(NoValidPixels, match="a larger AOI"):
        run([path], tmp_path / "out2", aoi=beside)


def test_a_part_is_clustered_like_a_series_of_its_own(tmp_path):
    dn = six_band_noise(3, 64, 48)
    path = make_scene(tmp_path / "in", product(), dn, tile=16)
    result = run([path], tmp_path / "out", [ReferenceKernel()], pixels=2 * 16 * 48)
    assert [(part.strips, part.audit.valid) for part in result.parts] == [(2, 2 * 16 * 48)]
    # Of four strips the second and the last.
    alone = np.concatenate([dn[:, 16:32], dn[:, 48:64]], axis=1)
    twin = make_scene(tmp_path / "twin", product(), alone, tile=16)
    whole = run([twin], tmp_path / "out2", [ReferenceKernel()])
    assert result.changed_percent == whole.changed_percent
    assert result.comparison.equal
    assert whole.comparison.equal


def test_what_is_lacking_says_why(monkeypatch):
    def fail(*_):
        raise ImportError("Numba needs NumPy 1.26 or less\nmore")

    def pick(device, job, cpu, progress):
        progress.warn("DEVICE: no CUDA device answers (x); install the driver. The numpy kernel gives the same result.")
        return cpu

    monkeypatch.setattr(choice, "numba_kernel", fail)
    monkeypatch.setattr(devices, "pick", pick)
    progress = Recorder()
    found, lacking = contenders.find((1, 2, 3), devices.Job(1000, 3, 6), progress)
    assert [(way.name, way.threads, type(way.packer)) for way in found] == [("NumPy", (1, 2, 3), NumpyPacker)]
    assert lacking == [
        Lacking("Numba", "Numba cannot be used here (ImportError: Numba needs NumPy 1.26 or less)."),
        Lacking("GPU", "no CUDA device answers (x); install the driver. The numpy kernel gives the same result."),
    ]
    assert progress.warnings == []


def test_a_card_is_measured_once_with_all_threads(emulated_cupy, small_series, tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "_good", {})
    result = benchmark(request_for(small_series, tmp_path, k=8), None, strip_pixels=500)
    card = result.comparison.timings[-1]
    assert (card.kernel, card.threads, card.equal) == ("GPU", 2, True)
    assert card.note.endswith(": 100.0 % labelled on the card")
    assert [missing.kernel for missing in result.comparison.lacking] == ([] if HAS_NUMBA else ["Numba"])


class FakeCard(ReferenceKernel):
    """What the benchmark asks a kernel on a graphics card."""

    name = "GPU"
    trouble = ""
    closed = False

    def about(self):
        return {"card": "NVIDIA X", "beside": "numpy", "percent": {"card": 87.5, "through": 0.0, "cpu": 12.5}}

    def close(self):
        self.closed = True


def test_a_card_that_gives_up_has_no_times(small_series, tmp_path):
    card = FakeCard()
    card.trouble = "labelling (CUDARuntimeError: unspecified launch failure)"
    result = run(small_series, tmp_path, [card])
    assert [timing.kernel for timing in result.comparison.timings] == ["NumPy"]
    assert result.comparison.lacking == (NO_GPU, Lacking("GPU", f"it gave up during the measurement: {card.trouble}."))


def test_the_card_and_its_share_of_the_work_are_told(small_series, tmp_path):
    card = FakeCard()
    result = run(small_series, tmp_path, [card])
    note = "NVIDIA X: 87.5 % labelled on the card, 12.5 % by the CPU"
    assert result.comparison.timings[1].note == note
    assert rows_of(result)[1]["note"] == note
    assert f"<li>GPU, 1 thread: {note}.</li>" in result.page.read_text(encoding="utf-8")
    assert card.closed


@pytest.mark.parametrize("stage", ["Reading", "Iterating", "Writing"])
def test_a_cancel_at_any_stage_leaves_nothing(small_series, tmp_path, stage):
    progress = Recorder(stop=lambda told: bool(told.stages) and told.stages[-1].startswith(stage))
    with pytest.raises(Cancelled):
        run(small_series, tmp_path / "new" / "out", [ReferenceKernel()], progress)
    assert progress.stages[-1].startswith(stage)
    assert not (tmp_path / "new").exists()


def test_an_earlier_benchmark_is_replaced_and_other_files_stay(small_series, tmp_path):
    (tmp_path / "benchmark.csv").write_text("old")
    (tmp_path / "mine.txt").write_text("mine")
    run(small_series[:1], tmp_path)
    assert {path.name for path in tmp_path.iterdir() if not path.name.startswith("plotly-")} == {
        "benchmark.csv",
        "benchmark.html",
        "mine.txt",
    }
    assert (tmp_path / "benchmark.csv").read_text(encoding="utf-8").startswith("kernel,threads,")


def test_no_valid_pixel_is_told(tmp_path):
    path = make_scene(tmp_path, product(), np.zeros((6, 8, 8)))
    with pytest.raises(NoValidPixels, match=r"not one pixel of the 1 strip read is valid"):
        run([path], tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"k": 1}, "K is 1; choose a number of classes from 2 to 254."),
        (
            {"roles": EVERY_ROLE[:11]},
            "BANDS chooses 11 bands, expected at most 10, as many as can be clustered exactly; choose fewer.",
        ),
        ({"max_iterations": 0}, "MAX_ITERATIONS is 0; choose a number of iterations from 1 to 2147483647."),
        ({"repeats": 0}, "REPEATS is 0; choose a number from 1 to 100."),
        ({"pixels": -1}, "PIXELS is -1; choose a number of pixels up to 2147483647, or 0 for all."),
        ({"workers": -1}, "WORKERS is -1; choose a number of threads up to 4096, or 0 for one a core."),
    ],
)
def test_wrong_parameters_are_named(tmp_path, options, said):
    with pytest.raises(ParameterError) as error:
        request_for([tmp_path], tmp_path, **options).check()
    assert str(error.value) == said
