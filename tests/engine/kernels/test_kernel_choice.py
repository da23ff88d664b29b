"""Which kernel is taken, and what is said where it is not the compiled one."""

from __future__ import annotations

import builtins
import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from iikmc.engine.compiled import cache
from iikmc.engine.kernels import choice, numba_kernel, selftest
from iikmc.engine.kernels.choice import pick_kernel
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.kernels.reference import ReferenceKernel
from iikmc.engine.machine import cache_folder
from tiny import Recorder

needs_numba = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="Numba is not installed")


@pytest.fixture(autouse=True)
def choose_anew(monkeypatch):
    monkeypatch.setattr(choice, "_chosen", None)


def pick():
    progress = Recorder()
    return pick_kernel(progress), progress


def raising(error):
    def fail(*_):
        raise error

    return fail


@needs_numba
@pytest.mark.parametrize("name", ["loops", "pixels"])
def test_qgis_sees_the_loops_come_and_can_drop_them_with_the_plugin(monkeypatch, name):
    """QGIS wraps `__import__` and forgets, when a plugin goes, the modules that came that way."""
    qualified = f"iikmc.engine.compiled.{name}"
    cache.load_module(name)
    monkeypatch.delattr(sys.modules["iikmc.engine.compiled"], name)
    monkeypatch.delitem(sys.modules, qualified)
    seen, imported = [], builtins.__import__

    def watch(asked, globals=None, locals=None, fromlist=(), level=0):
        module = imported(asked, globals, locals, fromlist, level)
        seen.extend(f"{module.__name__}.{item}" for item in fromlist or ())
        return module

    monkeypatch.setattr(builtins, "__import__", watch)
    module = cache.load_module(name)
    monkeypatch.undo()
    assert qualified in seen
    assert module.__name__ == qualified


def test_without_numba_the_numpy_kernel_is_taken_and_one_line_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.delitem(sys.modules, "iikmc.engine.compiled.loops", raising=False)
    monkeypatch.delitem(sys.modules, "iikmc.engine.compiled.chunk", raising=False)
    monkeypatch.setattr(cache, "is_compiled", lambda name: False)
    kernel, progress = pick()
    assert kernel.name == "numpy"
    assert progress.stages == []  # such as "Preparing the Numba kernel"
    assert progress.notes == [
        "Numba is not installed: the NumPy kernel gives the same result, several times slower."
    ]  # fmt: skip
    assert progress.warnings == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ImportError("Numba needs NumPy 1.23 or less"), "ImportError: Numba needs NumPy 1.23 or less"),
        (SystemError("initialization of _internal failed\nmore"), "SystemError: initialization of _internal failed"),
        (ModuleNotFoundError("No module named 'llvmlite'", name="llvmlite"), "ModuleNotFoundError: No module named"),
        (RuntimeError(), "(RuntimeError)"),
    ],
)
def test_a_broken_numba_is_not_used(monkeypatch, error, said):
    monkeypatch.setattr(numba_kernel, "load_module", raising(error))
    kernel, progress = pick()
    assert kernel.name == "numpy"
    assert len(progress.notes) == 1
    assert said in progress.notes[0]
    assert "\n" not in progress.notes[0]
    # Asked again, nothing is tried again, and it is said again: each run has its own log.
    again, later = pick()
    assert again is kernel
    assert later.notes == progress.notes
    assert later.stages == []


class Meddled:
    """The reference kernel, whose answers pass through other hands."""

    def hold(self, block, k, labelling=None):
        held = ReferenceKernel().hold(block, k, labelling)
        relabel = held.relabel
        held.relabel = lambda centres, moves=None: self.meddle(held, relabel(centres, moves))
        return held


class Wrong(Meddled):
    """Gets one pixel of the last class wrong."""

    name = "wrong"

    def meddle(self, held, change):
        last = np.flatnonzero(held.labels() == len(held.tally.count))
        held.labels()[last[:1]] = 1
        return change


class Miscounting(Meddled):
    """Counts one change too many."""

    name = "miscounting"

    def meddle(self, held, change):
        return replace(change, changed=change.changed + 1)


class Misadding(Meddled):
    """Tells of one member too many, though its own tally is right."""

    name = "misadding"

    def meddle(self, held, change):
        change.tally.count[0] += 1
        return change


@pytest.mark.parametrize("kernel", [Wrong, Miscounting, Misadding])
def test_a_kernel_that_fails_its_self_test_is_not_used(monkeypatch, kernel):
    with pytest.raises(ArithmeticError, match="another answer"):
        selftest.check(kernel())
    monkeypatch.setattr(numba_kernel, "NumbaKernel", kernel)
    picked, progress = pick()
    assert picked.name == "numpy"
    assert progress.notes[0].startswith("Numba cannot be used here (ArithmeticError: its self-test found another")


def test_right_kernels_pass_the_self_test():
    selftest.check(ReferenceKernel())
    selftest.check(NumpyKernel())


def test_the_slower_kernel_is_not_used(monkeypatch):
    monkeypatch.setattr(numba_kernel, "NumbaKernel", ReferenceKernel)
    monkeypatch.setattr(choice, "_seconds", lambda kernel: 0.004 if kernel.name == "reference" else 0.002)
    picked, progress = pick()
    assert picked.name == "numpy"
    assert progress.notes == ["The NumPy kernel is used: Numba's takes 2.0 times as long here."]


@needs_numba
def test_numba_is_taken_where_it_works_and_is_faster(monkeypatch):
    monkeypatch.setattr(choice, "_seconds", lambda kernel: 1.0 if kernel.name == "numba" else 2.0)
    picked, progress = pick()
    assert picked.name == "numba"
    assert progress.notes == []


@needs_numba
def test_loading_leaves_numbas_settings_as_they_were(monkeypatch):
    import numba

    monkeypatch.setattr(numba.config, "CACHE_DIR", "/somewhere")
    monkeypatch.setattr(cache, "_folder", lambda wished: Path(wished))
    monkeypatch.setattr(cache, "_writable", lambda folder: folder / "else")
    seen = []

    def record(name):
        seen.append(numba.config.CACHE_DIR)

    monkeypatch.setattr(cache, "_imported", record)
    cache.load_module("numba_not_yet_loaded")
    assert [Path(path) for path in seen] == [Path("/somewhere/else")]
    assert numba.config.CACHE_DIR == "/somewhere"
    monkeypatch.setattr(cache, "_imported", raising(SystemError("broken")))
    with pytest.raises(SystemError):
        cache.load_module("numba_not_yet_loaded")
    assert numba.config.CACHE_DIR == "/somewhere"


def test_machine_code_is_kept_apart_by_source_in_the_users_own_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = cache._folder(None)
    assert folder.parent == tmp_path / "iikmc" / "numba"
    assert cache._folder(str(tmp_path / "wished")) == tmp_path / "wished" / folder.name
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert cache_folder() == tmp_path / "local" / "iikmc" / "numba"


def test_a_folder_that_cannot_be_written_is_replaced_by_a_temporary_one(tmp_path):
    good = cache._writable(tmp_path / "a" / "b")
    assert good == tmp_path / "a" / "b"
    assert list(good.iterdir()) == []
    (tmp_path / "file").write_text("in the way")
    other = cache._writable(tmp_path / "file" / "below")
    assert other.is_dir()
    assert tmp_path not in other.parents
    other.rmdir()


def test_whether_machine_code_is_there_is_seen_without_loading_it(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert not cache.is_compiled("relabel_some")
    folder = cache._folder(str(tmp_path)) / "kernels_0"
    folder.mkdir(parents=True)
    (folder / "numba_loops.relabel_some-1.py311.1.nbc").write_bytes(b"")
    assert cache.is_compiled("relabel_some")
    assert not cache.is_compiled("relabel_keyed")
