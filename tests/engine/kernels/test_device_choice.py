"""DEVICE in whole runs: whatever a card does, or if there is none, the rasters are the CPU's, and the log says why."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import emulated_cuda
import numpy as np
import pytest
from iikmc.engine import choices
from iikmc.engine.kernels import device_choice
from iikmc.engine.kernels.cuda import card as cuda_card
from iikmc.engine.kernels.cuda import devices, ledger
from iikmc.engine.kernels.cuda import kernel as cuda_kernel
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.pixels import store as pixel_store
from iikmc.engine.results.run_record import versions
from iikmc.engine.runs import cluster as run_cluster
from iikmc.engine.runs import clustering
from tiny import Recorder, Subject, listing, read_json

ROOT = Path(__file__).resolve().parents[3]
ALL = {"card": 100.0, "through": 0.0, "cpu": 0.0}


@pytest.fixture(autouse=True)
def untested(monkeypatch):
    monkeypatch.setattr(devices, "_good", {})
    monkeypatch.setattr(sys, "platform", "linux")


@pytest.fixture(autouse=True)
def numpy_kernel(monkeypatch):
    monkeypatch.setattr(clustering, "pick_kernel", lambda *_: NumpyKernel())


def same_files(folder):
    """Return the files that must not depend on the device."""
    found = listing(folder)
    return {name: found[name] for name in found if name.endswith((".tif", ".qml", "signatures.csv", "statistics.csv"))}


@pytest.fixture
def both(request_of, small_series):
    """Run on the CPU and as told; the files must be the same. Returns the run's record and its log."""

    def run(device=choices.GPU, **options):
        request = request_of(*small_series, out="cpu", workers=2, device=choices.CPU, **options)
        run_cluster.cluster(request, strip_pixels=600)
        log = Recorder()
        other = dataclasses.replace(request, output=request.output.with_name("other"), device=device)
        result = run_cluster.cluster(other, log, strip_pixels=600)
        cpu = same_files(request.output)
        assert len(cpu) == 8
        assert same_files(other.output) == cpu
        assert log.fractions[-1] == 1.0
        return read_json(result.signatures)["run"], log

    return run


def on_the_card(record):
    assert record["kernel"] == "gpu"
    assert record["device"]["card"] == "emulated card"
    assert record["device"]["beside"] == "numpy"
    return record["device"]["percent"]


# --- a card that works ------------------------------------------------------------------------------------------------


def test_the_card_does_all_of_it(emulated_cupy, both, tmp_path):
    record, log = both()
    assert on_the_card(record) == ALL
    assert record["versions"]["cupy"] == "13.emulated"
    assert "emulated card (100.0 % of the labelling), CPU" in (tmp_path / "other" / "report.html").read_text("utf-8")
    assert "device" not in record["parameters"]
    assert log.warnings == []
    assert "emulated card and the CPU: 100.0 % of the labelling was done on the card" in log.notes
    assert [text for text in log.stages if text.endswith(" into 3 classes (gpu kernel on emulated card)")]


@pytest.mark.parametrize("start", choices.STARTS)
def test_every_start(emulated_cupy, both, request_of, small_series, start):
    signatures = None
    if start == choices.SIGNATURES_FILE:
        request = request_of(
            *small_series, out="earlier", device=choices.CPU, max_iterations=1, start=choices.PLUS_PLUS
        )
        signatures = run_cluster.cluster(request).signatures
    record, log = both(start=start, signatures=signatures)
    assert on_the_card(record) == ALL
    assert log.warnings == []


def test_the_coarse_start_stays_on_the_cpu(emulated_cupy, both, monkeypatch):
    kernels = []
    iterate = clustering.iterate_loose

    def watch(parts, start, stop, kernel, *others):
        kernels.append(kernel.name)
        return iterate(parts, start, stop, kernel, *others)

    monkeypatch.setattr(clustering, "iterate_loose", watch)
    both(start=choices.COARSE_TO_FINE)
    assert set(kernels) == {"numpy"}
    assert len(kernels) % 2 == 0  # as many on the CPU as beside the card


def test_spilled_pixels(emulated_cupy, both, monkeypatch):
    monkeypatch.setattr(pixel_store, "automatic_budget", lambda: 30_000)
    record, log = both()
    assert on_the_card(record) == ALL
    assert [text for text in log.notes if text.endswith("of pixels lie in temporary files (MEMORY)")]


def test_pixels_that_do_not_fit_the_card(emulated_cupy, both, monkeypatch):
    monkeypatch.setattr(devices, "_LEAST_BYTES", 0)
    emulated_cupy.free = [40_000]
    record, log = both()
    share = on_the_card(record)
    assert 0 < share["card"] < 100
    assert sum(share.values()) == pytest.approx(100)
    assert log.warnings == []


@pytest.mark.parametrize("start", [choices.MINIMUM_MAXIMUM, choices.SIGNATURES_FILE])
def test_automatic_takes_the_card_as_soon_as_enough_is_read(
    emulated_cupy, both, request_of, small_series, monkeypatch, start
):
    signatures = None
    if start == choices.SIGNATURES_FILE:
        request = request_of(*small_series, out="earlier", device=choices.CPU, max_iterations=1)
        signatures = run_cluster.cluster(request).signatures
    monkeypatch.setattr(devices, "WORTH", 2000 * 3 * 6)
    seen = []
    counted = device_choice.DeviceChoice.counted

    def watch(self, pixels):
        counted(self, pixels)
        if pixels and self._device == choices.AUTOMATIC:
            seen.append((pixels, self.kernel.name))

    monkeypatch.setattr(device_choice.DeviceChoice, "counted", watch)
    record, log = both(choices.AUTOMATIC, start=start, signatures=signatures)
    assert {name for pixels, name in seen if pixels < 2000} == {"numpy"}
    assert {name for pixels, name in seen if pixels >= 2000} == {"gpu"}
    assert on_the_card(record)["card"] > 0
    assert log.warnings == []


# --- none that works --------------------------------------------------------------------------------------------------


def cpu_only(record, log, words):
    assert record["kernel"] == "numpy"
    assert record["device"] == {"card": None, "beside": None, "percent": {}}
    assert "cupy" not in record["versions"]
    assert len(log.warnings) == 1
    assert words in log.warnings[0]
    assert log.warnings[0].startswith("DEVICE: ")
    assert log.warnings[0].endswith("The numpy kernel on the CPU gives the same result.")


def test_without_cupy(both, monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    cpu_only(*both(), "CuPy cannot be imported")


def test_automatic_without_cupy_says_so_without_a_warning(both, monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.setattr(devices, "WORTH", 1)
    record, log = both(choices.AUTOMATIC)
    assert record["kernel"] == "numpy"
    assert log.warnings == []
    assert len([text for text in log.notes if text.startswith("The CPU is used: a graphics card needs")]) == 1


def test_with_a_cupy_that_breaks_while_it_is_imported(both, monkeypatch, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "cupy.py").write_text("raise OSError('libcudart.so.12: cannot open shared object file')\n")
    monkeypatch.syspath_prepend(tmp_path / "broken")
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    cpu_only(*both(), "CuPy cannot be imported (OSError: libcudart.so.12: cannot open")


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("count", "no CUDA device answers"),
        ("stream", "does not compile"),
        ("compile", "does not compile"),
        ("launch", "does not run"),
        ("set", "does not run"),
        ("get", "does not run"),
    ],
)
def test_a_card_that_fails_its_test(emulated_cupy, both, what, words):
    emulated_cupy.fail[what] = RuntimeError("cudaErrorUnknown: unknown error")
    if what == "stream":
        words = "no CUDA device answers"
    cpu_only(*both(), f"{words} (RuntimeError: cudaErrorUnknown: unknown error)")


def test_a_card_that_calculates_wrongly(emulated_cupy, both, monkeypatch):
    get = emulated_cuda.Array.get

    def off_by_one(array, stream=None, out=None):
        answer = get(array, stream, out)
        if answer.dtype == np.int64:
            answer[0] += 1
        return answer

    monkeypatch.setattr(emulated_cuda.Array, "get", off_by_one)
    cpu_only(*both(), "the graphics card calculates wrongly")


# --- one that works no more -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["set", "launch", "get", "synchronize"])
@pytest.mark.parametrize("when", ["before", "iterating", "writing"])
def test_a_card_that_fails_in_the_run(emulated_cupy, both, monkeypatch, what, when):
    tells = device_choice.DeviceChoice.tell
    counts = iter(range(1000))

    def fail():
        emulated_cupy.fail[what] = RuntimeError("cudaErrorLaunchFailure")

    def iterate(self, *arguments):
        if self.site.kernel.name == "gpu" and when == "iterating":
            fail()
        return iterated(self, *arguments)

    def tell(self, progress):
        tells(self, progress)
        if self.kernel.name == "gpu" and when == "writing" and next(counts) == 0:
            fail()

    def pick(*arguments):
        kernel = picked(*arguments)
        if kernel.name == "gpu" and when == "before":
            fail()
        return kernel

    picked, iterated = devices.pick, clustering.Clustering.fit
    monkeypatch.setattr(clustering.Clustering, "fit", iterate)
    monkeypatch.setattr(device_choice.DeviceChoice, "tell", tell)
    monkeypatch.setattr(devices, "pick", pick)
    record, log = both()
    if when == "writing" and what in ("set", "launch"):
        assert log.warnings == []  # nothing of it is needed any more
        return
    assert len(log.warnings) == 1
    doing = [ledger.UPLOADING, ledger.LABELLING, ledger.FETCHING][["before", "iterating", "writing"].index(when)]
    if when == "before" and what in ("launch", "get"):
        doing = ledger.LABELLING
    assert log.warnings[0] == (
        f"DEVICE: emulated card failed while {doing} (RuntimeError: cudaErrorLaunchFailure); the numpy kernel on the "
        "CPU went on, and the result is the same."
    )
    assert record["device"]["card"] == "emulated card"


# --- nothing in vain --------------------------------------------------------------------------------------------------

BARE = """
import importlib.util, sys
from pathlib import Path
class Bare:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"cupy", "cupyx", "cuda", "nvidia"}:
            sys.exit("asked for " + name)
sys.meta_path.insert(0, Bare())
sys.modules['numba'] = None  # its compiling would take longer than the run
sys.dont_write_bytecode = True
root, out, device, *scenes = sys.argv[1:]
spec = importlib.util.spec_from_file_location("iikmc", root + "/__init__.py", submodule_search_locations=[root])
sys.modules["iikmc"] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
from iikmc.engine.requests import Request
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.scenes.selection import MaskRule
print(cluster(Request(tuple(scenes), Path(out), k=3, mask=MaskRule((), False), device=device)).pixels)
assert not {name.partition(".")[0] for name in sys.modules} & {"cupy", "cupyx", "nvidia"}
"""


@pytest.mark.parametrize(("device", "said"), [("automatic", ""), ("CPU", ""), ("GPU", "asked for cupy")])
def test_no_gpu_package_is_imported_in_vain(small_series, tmp_path, device, said):
    command = [sys.executable, "-c", BARE, str(ROOT), str(tmp_path / "out"), device, *map(str, small_series)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.stderr.strip() == said
    assert (done.returncode, done.stdout.strip().isdigit()) == ((1, False) if said else (0, True))


def test_versions_name_what_took_part(emulated_cupy):
    found = versions(cuda_kernel.CupyKernel(cuda_card.Card(0), NumpyKernel()))
    assert found["cupy"] == "13.emulated"
    assert "cupy" not in versions(NumpyKernel())


def test_holding_is_no_more_than_an_offer(emulated_cupy):
    kernel = cuda_kernel.CupyKernel(cuda_card.Card(0), NumpyKernel())
    subject = Subject(np.full((6, 100), 9000), 8)
    assert subject.hold(kernel).pieces
    assert not subject.labels.any()
    emulated_cupy.memory = 0
    other = Subject(np.full((6, 100), 9000), 8)
    assert not other.hold(kernel).pieces
    centres = np.full((8, 6), 64 * 9000)
    assert [one.relabel(kernel, centres) for one in (subject, other)] == [100, 100]
