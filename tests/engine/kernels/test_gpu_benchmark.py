"""The GPU benchmark without a GPU: its arguments, its checks and its figures; with the card emulated, all of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import emulated_cuda
import numpy as np
import pytest
from iikmc.benchmarks import gpu, gpu_checks, gpu_speed
from iikmc.engine.kernels.cuda import kernel as cuda_kernel
from iikmc.engine.kernels.cuda.card import Card
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.kernels.reference import ReferenceKernel
from iikmc.engine.pixels.block import Block

SCRIPT = Path(gpu.__file__)
SMALL = [
    "--quick",
    "--no-start-up",
    "--pixels",
    "9001",
    "--iterations",
    "3",
    "--repeats",
    "2",
    "--copy-bytes",
    "4096",
    "--large",
    "700",
    "--feed-bytes",
    "4096",
    "--threads",
    "3",
    "--split-iterations",
    "2",
]


def test_the_issue_s_job_is_the_default():
    arguments = gpu.parse([])
    assert (arguments.pixels, arguments.bands, arguments.k) == (115_000_000, 6, 8)
    assert arguments.numpy_iterations > 1
    assert not arguments.no_start_up


@pytest.mark.parametrize(
    "words", [["-k", "1"], ["-k", "255"], ["--bands", "11"], ["--pixels", "0"], ["--repeats", "0"]]
)
def test_impossible_arguments_are_refused(words, capsys):
    with pytest.raises(SystemExit) as caught:
        gpu.parse(words)
    assert caught.value.code == 2
    assert "must be" in capsys.readouterr().err


def test_the_landscape_is_a_function_of_the_seed_alone(monkeypatch):
    monkeypatch.setattr(gpu_checks, "CHUNK", 1000)
    one, other = (gpu_checks.landscape(6, 4321, threads=threads) for threads in (1, 4))
    np.testing.assert_array_equal(one, other)
    assert one.dtype == np.uint16
    assert one.min() > 1000
    # Neighbours are mostly of one cover: two alike are far nearer than two at random.
    steps = np.abs(np.diff(one[0].astype(int)))
    assert np.median(steps) < np.median(np.abs(one[0, :-100].astype(int) - one[0, 100:]))


class Wrong(ReferenceKernel):
    """Loses a pixel where there are nine classes."""

    def hold(self, *arguments):
        held = super().hold(*arguments)
        relabel = held.relabel

        def losing(centres):
            change = relabel(centres)
            held.tally.count[0] -= len(centres) == 9
            return change

        held.relabel = losing
        return held


def test_a_difference_is_found_and_told():
    assert all(
        row["reference"] and row["numpy"] for row in gpu_checks.check_equality(NumpyKernel(), (2, 9), (1, 6), 500)
    )
    rows = gpu_checks.check_equality(Wrong(), (2, 9), (1,), 500)
    assert [row["reference"] for row in rows] == [True, False]
    report = {"about": {}, "start_up": [], "equality": rows, "measured": None, "figures": None}
    assert not gpu.all_equal(report)
    assert "DIFFERENT: k = 9, 1 band" in gpu.table(report)
    assert "1 of 2 combinations equal" in gpu.table(report)


def test_runs_that_differ_anywhere_are_not_equal():
    dn = gpu_checks.landscape(2, 3000)
    start = np.array([[64 * 9000, 64 * 9000], [64 * 15000, 64 * 15000], [64 * 20000, 64 * 20000]])

    def run(kernel, size=3000):
        return gpu_speed.iterate(gpu_speed.hold(kernel, gpu_speed.parts(dn, size), 3), start, 4)

    ours = run(NumpyKernel())
    assert gpu_speed.equal(ours, run(ReferenceKernel(), 700))
    for key in ("changed", "centres", "tally"):
        theirs = run(NumpyKernel())
        if key == "tally":
            theirs[2]["tally"].total[1, 0] += 1
        else:
            theirs[2][key] = theirs[2][key] + 1
        assert not gpu_speed.equal(ours, theirs)
    assert not gpu_speed.equal(ours, ours[:3])


def test_figures_by_hand():
    measured = {
        "pixels": 100_000_000,
        "bands": 6,
        "k": 8,
        "copy_bytes_per_second": 1.3e12,  # 13 bytes a pixel: 10 ps
        "gpu": [{"seconds": s} for s in (0.004, 0.002, 0.002, 0.003)],
        "gpu_in_strips": [{"seconds": s} for s in (0.008, 0.005)],
        "launch": {"none_changes": 0.001, "all_change": 0.003},
        "numpy": [{"seconds": s} for s in (4.0, 1.0, 0.6)],
    }
    assert gpu_speed.figures(measured) == pytest.approx(
        {
            "ps_per_pixel_first": 40,
            "ps_per_pixel": 20,
            "ps_per_pixel_launch": 10,
            "ps_per_pixel_launch_all_change": 30,
            "ps_per_pixel_in_strips": 50,
            "ps_per_pixel_roofline": 10,
            "times_roofline": 2,
            "speed_up_first": 1000,
            "speed_up": 400,  # 1.6 s against 4 ms
        }
    )
    measured["numpy"] = None
    assert gpu_speed.figures(measured)["speed_up"] is None


def test_the_whole_benchmark_on_an_emulated_card(emulated_cupy, tmp_path, capsys, monkeypatch):
    emulated_cupy.free = [1 << 40]
    monkeypatch.setattr(gpu_speed, "STRIP", 2000)
    assert gpu.main([*SMALL, "--json", str(tmp_path / "gpu.json")]) == 0
    report = json.loads((tmp_path / "gpu.json").read_text())
    assert report["about"]["card"] == "emulated card"
    assert len(report["equality"]) == 12
    assert all(row["reference"] and row["numpy"] for row in report["equality"])
    measured = report["measured"]
    assert measured["gpu"][0]["changed"] == 9001
    assert [row["changed"] for row in measured["gpu"]] == [row["changed"] for row in measured["gpu_in_strips"]]
    assert measured["equal_in_strips"]
    assert measured["equal_to_numpy"]
    assert len(measured["numpy"]) == 3
    feeding, other = measured["feeding"], measured["not_resident"]
    assert sorted(feeding) == [
        "bytes",
        *(f"{n}_bytes_per_second" for n in sorted(["engine_1", "engine_2", "engine_3", "pageable", "pinned"])),
    ]
    assert min(feeding.values()) > 0
    assert other["equal"]
    for name in ("passing", "half", "cpu"):
        assert [row["changed"] for row in other[name]] == [row["changed"] for row in measured["gpu"][:2]]
    share = other["half_about"]["percent"]
    assert 0 < share["card"] <= 50
    assert sum(share.values()) == pytest.approx(100)
    said = capsys.readouterr().out
    assert "to the card, pinned" in said
    assert "equality of everything compared: PASS" in said
    assert "12 of 12 combinations equal" in said
    assert "equal to NumPy          True" in said
    assert said.splitlines()[-2].split()[:1] == ["3"]
    # A card that does not give the NumPy kernel's answer is an error of the command.
    monkeypatch.setattr(gpu_speed, "equal", lambda *_: False)
    assert gpu.main(SMALL) == 1
    assert "equality of everything compared: FAIL" in capsys.readouterr().out


def test_start_up_names_every_step(emulated_cupy, capsys):
    assert gpu.main(["--start-up-only"]) == 0
    laps = json.loads(capsys.readouterr().out)
    assert list(laps) == ["engine", "import", "open", "compile", "self_test", "total"]
    assert laps["total"] == pytest.approx(sum(value for name, value in laps.items() if name != "total"))


def test_the_second_start_finds_the_first_ones_cache(monkeypatch):
    caches = []

    def run(command, env, **_):
        assert command[2:] == ["--start-up-only", "-k", "8", "--bands", "6"]
        caches.append((env["CUPY_CACHE_DIR"], Path(env["CUPY_CACHE_DIR"]).is_dir()))
        return subprocess.CompletedProcess(command, 0, f'a line\n{{"total": {len(caches)}}}\n', "")

    monkeypatch.setattr(gpu.subprocess, "run", run)
    assert gpu.start_ups(gpu.parse([])) == [{"total": 1}, {"total": 2}]
    assert caches[0] == caches[1]
    assert caches[0][1]


BARE = """
import runpy, sys
sys.modules["numba"] = None
class Bare:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"rasterio", "threadpoolctl", "qgis", "sklearn", "osgeo"}:
            sys.exit("asked for " + name)
sys.meta_path.insert(0, Bare())
sys.modules["cupy"] = None
sys.argv = [SCRIPT, "--no-start-up"]
sys.dont_write_bytecode = True
names = runpy.run_path(SCRIPT)
package = names["package"]
assert all(r["reference"] for r in package("benchmarks.gpu_checks").check_equality(
    package("engine.kernels.numpy_kernel").NumpyKernel(), (3,), (2,), 100))
engine = "engine.kernels."
for name in ("benchmarks.gpu_speed", engine + "selftest", engine + "cuda.devices", engine + "cuda.kernel"):
    package(name)
assert package("benchmarks.gpu_speed").cpu_kernel().name == "numpy"
runpy.run_path(SCRIPT, run_name="__main__")
"""


def test_it_needs_numpy_and_cupy_only(tmp_path):
    """Run it where nothing else can be imported: it comes as far as CuPy, and says what is missing."""
    code = f"SCRIPT = {str(SCRIPT)!r}\n{BARE}"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stderr.strip().startswith("gpu: there is no usable CUDA device here: ModuleNotFoundError: ")
    assert done.returncode == 1


def test_the_launch_alone_leaves_what_it_measured(emulated_cupy):
    dn = gpu_checks.landscape(6, 3001)
    card = Card(0)
    start = 64 * dn[:, :8].astype(np.int64).T
    held = cuda_kernel.CupyKernel(card, None).hold(Block.loose(dn), 8)
    gpu_speed.iterate([held], start, 1)
    before = [what for what, _ in emulated_cupy.traffic].count("launch")
    found = gpu_speed.launch_seconds(card, held, start, 3)
    assert [what for what, _ in emulated_cupy.traffic].count("launch") - before == 6
    assert found.keys() == {"all_change", "none_changes"}
    assert gpu_speed.bandwidth(card, 1000, 3) > 0
    assert isinstance(emulated_cupy, emulated_cuda.Cupy)
