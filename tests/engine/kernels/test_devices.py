"""Which device is used, and what is said where the card cannot be: at each step, with a CuPy that fails there."""

from __future__ import annotations

import builtins
import sys

import emulated_cuda
import numpy as np
import pytest
from iikmc.engine import choices
from iikmc.engine.kernels import reference
from iikmc.engine.kernels.cuda import devices, nvrtc
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from tiny import Recorder, Subject

JOB = devices.Job(pixels=devices.WORTH // 48, k=8, n_bands=6)
SMALL = devices.Job(pixels=devices.WORTH // 48 - 1, k=8, n_bands=6)


@pytest.fixture(autouse=True)
def untested(monkeypatch):
    monkeypatch.setattr(devices, "_good", {})
    monkeypatch.setattr(sys, "platform", "linux")


def pick(device, job=JOB):
    cpu, progress = NumpyKernel(), Recorder()
    kernel = devices.pick(device, job, cpu, progress)
    assert kernel is cpu or kernel._ledger.fallback is cpu
    return kernel.name, progress


def refused(device=choices.GPU):
    """Return the one line that is said where the card is not used."""
    name, progress = pick(device)
    assert name == "numpy"
    said, other = progress.warnings, progress.notes
    if device == choices.AUTOMATIC:
        said, other = other, said
    assert (len(said), len(other)) == (1, 0)
    assert "\n" not in said[0]
    return said[0]


@pytest.mark.parametrize(("device", "job"), [(choices.CPU, JOB), (choices.AUTOMATIC, SMALL)])
def test_cupy_is_not_imported_in_vain(monkeypatch, device, job):
    imported = []
    ask = builtins.__import__

    def watch(name, *arguments, **options):
        imported.append(name)
        return ask(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", watch)
    name, progress = pick(device, job)
    assert name == "numpy"
    assert not [name for name in imported if name.startswith("cupy")]
    assert progress.notes == progress.warnings == progress.stages == []


@pytest.mark.parametrize("device", [choices.AUTOMATIC, choices.GPU])
def test_a_good_card_is_used_after_one_self_test(emulated_cupy, device):
    name, progress = pick(device)
    assert name == "gpu"
    assert progress.stages == ["Preparing the GPU kernel"]
    assert progress.notes == progress.warnings == []
    assert "launch" in dict(emulated_cupy.traffic)
    emulated_cupy.traffic.clear()
    name, progress = pick(device)
    assert name == "gpu"
    assert progress.stages == []
    assert "launch" not in dict(emulated_cupy.traffic)


def test_asked_for_it_is_used_for_small_jobs_too(emulated_cupy):
    assert pick(choices.GPU, SMALL)[0] == "gpu"


def test_the_picked_kernel_labels(emulated_cupy):
    rng = np.random.default_rng(3)
    dn = rng.integers(7000, 30000, (6, 500)).astype(np.uint16)
    centres = 64 * rng.integers(7000, 30000, (8, 6))
    subject = Subject(dn, 8)
    assert subject.relabel(devices.pick(choices.GPU, JOB, NumpyKernel(), Recorder()), centres) == 500
    assert subject.held.pieces
    np.testing.assert_array_equal(subject.labels, reference.nearest(dn, centres))


def test_of_several_cards_the_one_with_most_free_memory(emulated_cupy, monkeypatch):
    emulated_cupy.free = [1 << 30, 1 << 33, 1 << 33, 1 << 31]
    assert devices.most_free(emulated_cupy) == (1, 1 << 33)
    assert pick(choices.GPU)[0] == "gpu"
    assert list(devices._good) == [1]
    emulated_cupy.free = [1 << 35, 1 << 33, 1 << 33, 1 << 31]
    assert pick(choices.GPU)[0] == "gpu"
    assert list(devices._good) == [1, 0]


def test_a_broken_card_does_not_hide_another(emulated_cupy, monkeypatch):
    ask = emulated_cupy.cuda.runtime.memGetInfo

    def answer():
        if emulated_cupy.current == 0:
            raise RuntimeError("cudaErrorECCUncorrectable")
        return ask()

    monkeypatch.setattr(emulated_cupy.cuda.runtime, "memGetInfo", answer)
    emulated_cupy.free = [1 << 35, 1 << 33]
    assert devices.most_free(emulated_cupy) == (1, 1 << 33)
    emulated_cupy.free = [1 << 35]
    assert "no CUDA device answers (RuntimeError: cudaErrorECCUncorrectable)" in refused()


# --- what fails, and what is said ------------------------------------------------------------------------------------


def test_import_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    said = refused()
    assert said.startswith("DEVICE: CuPy cannot be imported (ModuleNotFoundError: ")
    assert "install it with 'python3 -m pip install \"cupy-cuda12x>=13,<1" in said
    assert said.endswith("The numpy kernel on the CPU gives the same result.")
    assert refused(choices.AUTOMATIC) == (
        "The CPU is used: a graphics card needs the package CuPy, which is not installed."
    )


@pytest.mark.parametrize(("version", "wanted"), [("1.26.4", "<14"), ("2.3.0", "<15")])
def test_the_cupy_that_is_advised_leaves_numpy_alone(monkeypatch, version, wanted):
    monkeypatch.setattr(devices.np, "__version__", version)
    assert f'"cupy-cuda12x>=13,{wanted}"' in devices.advice(devices.IMPORT)


@pytest.mark.parametrize("error", [ImportError("libcudart.so.12: cannot open"), OSError("WinError 126"), SystemError()])
def test_import_broken(monkeypatch, error):
    ask = builtins.__import__

    def fail(name, *arguments, **options):
        if name == "cupy":
            raise error
        return ask(name, *arguments, **options)

    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    monkeypatch.setattr(builtins, "__import__", fail)
    assert f"CuPy cannot be imported ({type(error).__name__}" in refused()


def test_driver_missing():
    emulated = emulated_cuda.Cupy()
    emulated.fail["count"] = RuntimeError("cudaErrorInsufficientDriver: CUDA driver version is insufficient")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "cupy", emulated)
        said = refused()
    assert "no CUDA device answers (RuntimeError: cudaErrorInsufficientDriver: " in said
    assert "NVIDIA driver, version 525 or newer" in said


def test_driver_without_a_card(monkeypatch):
    emulated = emulated_cuda.Cupy()
    emulated.free = []
    monkeypatch.setitem(sys.modules, "cupy", emulated)
    assert "no CUDA device answers (CuPy finds none)" in refused()


def test_memory_taken(monkeypatch):
    emulated = emulated_cuda.Cupy()
    emulated.free = [50_000_000]
    monkeypatch.setitem(sys.modules, "cupy", emulated)
    said = refused()
    assert "too little free memory (50 MB of card 0 are free); close other programs" in said


def test_memory_gone_in_the_self_test(emulated_cupy):
    emulated_cupy.memory = 1000
    assert "too little free memory (OutOfMemoryError: Out of memory allocating" in refused()


def test_compiler_missing(emulated_cupy):
    emulated_cupy.fail["compile"] = RuntimeError("CuPy failed to load libnvrtc.so.12: cannot open shared object file")
    said = refused()
    assert "the GPU kernel does not compile (RuntimeError: CuPy failed to load libnvrtc.so.12" in said
    assert "nvidia-cuda-nvrtc-cu12" in said


@pytest.mark.parametrize("what", ["launch", "get", "set", "empty", "synchronize"])
def test_run_fails(emulated_cupy, what):
    emulated_cupy.fail[what] = RuntimeError("cudaErrorIllegalAddress")
    assert "the GPU kernel does not run (RuntimeError: cudaErrorIllegalAddress); update the" in refused()
    # Nothing is remembered of a failure: a card that works the next time is used.
    emulated_cupy.fail.clear()
    assert pick(choices.GPU)[0] == "gpu"


@pytest.mark.parametrize("wrong", range(3))
def test_wrong_answers(emulated_cupy, monkeypatch, wrong):
    get = emulated_cuda.Array.get
    launches = iter(range(1000))

    def off_by_one(array, stream=None, out=None):
        answer = get(array, stream, out)
        if next(launches) >= 20 and answer.dtype == (np.uint8 if wrong == 2 else np.int64):
            answer[-1 if wrong == 0 else 0] += 1  # changed pixels; a sum; a label
        return answer

    monkeypatch.setattr(emulated_cuda.Array, "get", off_by_one)
    said = refused()
    assert "the graphics card calculates wrongly (its self-test found another answer than the reference" in said
    assert "report this" in said
    assert devices._good == {}


def test_a_card_that_failed_after_its_test_is_not_used(emulated_cupy):
    assert pick(choices.GPU)[0] == "gpu"
    emulated_cupy.fail["info"] = RuntimeError("cudaErrorIllegalAddress")
    assert "no CUDA device answers (RuntimeError: cudaErrorIllegalAddress)" in refused()


def test_on_macos_nothing_is_advised_that_cannot_help(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert "CUDA cards do not work on macOS: choose CPU." in refused()


def test_the_compiler_of_the_pip_package_is_loaded_where_cupy_would_not_look(monkeypatch, tmp_path):
    package = tmp_path / "nvidia" / "cuda_nvrtc"
    for name in ("lib/libnvrtc.so.12", "lib/libnvrtc-builtins.so.12.9", "bin/nvrtc64_120_0.dll"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_bytes(b"no library")
    (package / "__init__.py").write_text("")
    for name in [name for name in sys.modules if name.partition(".")[0] == "nvidia"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    nvrtc.preload()  # what cannot be loaded is left to CuPy
    loaded = []
    monkeypatch.setattr(nvrtc.ctypes, "CDLL", loaded.append)
    nvrtc.preload()
    assert loaded == [str(package / "lib" / "libnvrtc.so.12"), str(package / "bin" / "nvrtc64_120_0.dll")]
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "path_importer_cache", {})
    for name in [name for name in sys.modules if name.partition(".")[0] == "nvidia"]:
        monkeypatch.delitem(sys.modules, name)
    loaded.clear()
    nvrtc.preload()
    assert loaded == []


def test_every_step_has_its_advice():
    for step in devices._FAILED:
        assert devices.advice(step).endswith(".")
