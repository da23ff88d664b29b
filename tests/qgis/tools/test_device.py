"""DEVICE in iikmc:cluster: without a card that works the CPU gives the same rasters, and the log says what is wrong."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import pytest

pytest.importorskip("qgis.core")

import processing
from running import Log
from tiny_series import IDS, assert_classes_are_right

pytestmark = pytest.mark.qgis

AUTOMATIC, CPU, GPU = range(3)


def fail(*_, **__):
    raise RuntimeError("cudaErrorUnknown: unknown error")


def cupy(count=lambda: 1, info=lambda: (1 << 33, 1 << 34), **cuda):
    """Return a CuPy that comes as far as it is told to."""
    device = type("Device", (), {"__init__": lambda self, _: None, "__enter__": fail, "__exit__": fail})
    entered = type("Device", (device,), {"__enter__": lambda self: None, "__exit__": lambda self, *_: None})
    runtime = SimpleNamespace(getDeviceCount=count, memGetInfo=info, getDeviceProperties=fail)
    return SimpleNamespace(cuda=SimpleNamespace(Device=cuda.get("device", entered), runtime=runtime))


def run(tiny, output, device):
    log = Log()
    parameters = {"SCENES": [str(tiny)], "K": 3, "OUTPUT": str(output), "DEVICE": device}
    result = processing.run("iikmc:cluster", parameters, feedback=log)
    assert log.errors == []
    assert_classes_are_right(output)
    return result, log


@pytest.mark.parametrize("device", [AUTOMATIC, CPU])
def test_a_small_job_and_the_cpu_never_ask_for_a_card(plugin, tiny, tmp_path, monkeypatch, device):
    monkeypatch.setitem(sys.modules, "cupy", cupy(count=lambda: pytest.fail("somebody asked for a card")))
    _, log = run(tiny, tmp_path, device)
    assert log.warnings == []
    assert not [text for text in log.infos if "GPU" in text or "CuPy" in text]


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (None, "CuPy cannot be imported (ModuleNotFoundError"),
        (cupy(count=fail), "no CUDA device answers (RuntimeError: cudaErrorUnknown: unknown error)"),
        (cupy(count=lambda: 0), "no CUDA device answers (CuPy finds none)"),
        (cupy(info=fail), "no CUDA device answers (RuntimeError: cudaErrorUnknown: unknown error)"),
        (cupy(info=lambda: (1000, 1 << 34)), "the graphics card has too little free memory"),
        (cupy(), "(RuntimeError: cudaErrorUnknown: unknown error)"),
        (SimpleNamespace(), "no CUDA device answers (AttributeError: "),
    ],
)
def test_gpu_without_a_card_that_works(plugin, tiny, tmp_path, monkeypatch, module, words):
    monkeypatch.setitem(sys.modules, "cupy", module)
    _, log = run(tiny, tmp_path / "gpu", GPU)
    assert len(log.warnings) == 1
    assert log.warnings[0].startswith("DEVICE: ")
    assert words in log.warnings[0]
    assert log.warnings[0].endswith("kernel on the CPU gives the same result.")
    run(tiny, tmp_path / "cpu", CPU)
    for name in [f"{scene}_classes.tif" for scene in IDS] + ["signatures.csv", "statistics.csv"]:
        assert (tmp_path / "gpu" / name).read_bytes() == (tmp_path / "cpu" / name).read_bytes()
    record = json.loads((tmp_path / "gpu" / "signatures.json").read_text(encoding="utf-8"))["run"]
    assert record["device"]["card"] is None
    assert "device" not in record["parameters"]


def test_a_cupy_that_breaks_while_it_is_imported(plugin, tiny, tmp_path, monkeypatch):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "cupy.py").write_text("raise OSError('WinError 126')\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    _, log = run(tiny, tmp_path / "out", GPU)
    assert len(log.warnings) == 1
    assert "CuPy cannot be imported (OSError: WinError 126); install it with" in log.warnings[0]


def test_names_of_devices_may_be_text(plugin, tiny, tmp_path):
    assert run(tiny, tmp_path, "1")[0]["ITERATIONS"] == 2
