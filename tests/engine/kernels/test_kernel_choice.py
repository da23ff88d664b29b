"""Which kernel is taken, and what is said where it is not the compiled one."""

from __future__ import annotations

import builtins
import importlib.util
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from iikmc.engine.compiled import cache
from iikmc.engine.compiled.background import Part
from iikmc.engine.errors import Cancelled
from iikmc.engine.installing import in_short
from iikmc.engine.kernels import choice, numba_kernel, selftest
from iikmc.engine.kernels.cells.choice import with_cells
from iikmc.engine.kernels.cells.kernel import CellsKernel
from iikmc.engine.kernels.cells.numpy_work import NumpyWork
from iikmc.engine.kernels.choice import pick_kernel
from iikmc.engine.kernels.moves import MoveLog
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.kernels.reference import ReferenceKernel, nearest
from iikmc.engine.machine import cache_folder
from iikmc.engine.pixels.block import Block
from iikmc.engine.pixels.packing import NumpyPacker
from tiny import Recorder

needs_numba = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="Numba is not installed")


@pytest.fixture(autouse=True)
def choose_anew(monkeypatch):
    monkeypatch.setattr(choice, "_parts", choice._Parts())
    # The user's own machine code stays, whatever a test makes of it.
    monkeypatch.setattr(cache, "_forget", lambda: False)


def pick():
    """Return what labels when all has been made that can be, and whom it was told."""
    progress = Recorder()
    kernel = pick_kernel(progress)
    choice._parts.chosen.wait()
    choice.tell(kernel, progress)
    return getattr(kernel, "present", kernel), progress


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
        f"Numba is not installed ({in_short(['numba'])}): the NumPy kernel gives the same result, several times slower."
    ]
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
    assert again.name == "numpy"
    assert later.notes == progress.notes
    assert later.stages == []


class Meddled:
    """The reference kernel, whose answers pass through other hands."""

    def __init__(self, prune=True, keys=None):
        pass

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
    monkeypatch.setattr(numba_kernel, "NumbaKernel", lambda keys: ReferenceKernel())
    monkeypatch.setattr(choice, "_seconds", lambda kernel, _: 0.004 if kernel.name == "reference" else 0.002)
    picked, progress = pick()
    assert picked.name == "numpy"
    assert progress.notes == ["The NumPy kernel is used: Numba's takes 2.0 times as long here."]


@needs_numba
def test_numba_is_taken_where_it_works_and_is_faster(monkeypatch):
    monkeypatch.setattr(choice, "_seconds", lambda kernel, _: 1.0 if kernel.name == "numba" else 2.0)
    monkeypatch.setattr(choice, "_WORTH_TELLING", 1e9)
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


@pytest.fixture
def compiling(monkeypatch):
    """A Numba kernel that is not compiled yet, and takes until the event is set."""
    gate = threading.Event()

    def make():
        gate.wait(30.0)
        return ReferenceKernel()

    monkeypatch.setattr(cache, "is_compiled", lambda name: False)
    monkeypatch.setattr(choice, "find_spec", lambda name: "found")
    monkeypatch.setattr(choice._parts, "chosen", Part(make))
    monkeypatch.setattr(choice._parts, "packer", Part(NumpyPacker))
    yield gate
    gate.set()


def test_nothing_is_compiled_for_a_run_that_numpy_does_sooner(compiling):
    kernel = pick_kernel()
    packer = choice.pick_packer(kernel)
    choice.begin(kernel, choice.labelling_seconds(10_000_000, 8, 2))
    choice.await_kernel(kernel, 10.0, Recorder())
    assert kernel.name == "numpy"
    assert choice.expected_name(kernel) == "numpy"
    assert (kernel.part.wanted, packer.part.wanted) == (False, False)


def test_what_is_compiled_for_a_long_run_arrives_in_it_and_one_line_says_so(compiling, monkeypatch):
    monkeypatch.setattr(choice, "_WORTH_TELLING", 0.0)
    kernel, progress = pick_kernel(), Recorder()
    packer = choice.pick_packer(kernel)
    choice.begin(kernel, choice.labelling_seconds(100_000_000, 8, 2))
    assert (kernel.part.wanted, packer.part.wanted) == (True, True)
    assert kernel.name == "numpy"
    assert choice.expected_name(kernel) == "numba"
    compiling.set()
    choice.await_kernel(kernel, 30.0, progress)
    assert kernel.name == "reference"
    assert choice.was_compiled_meanwhile(kernel)
    assert progress.stages == ["Waiting for Numba to compile (first time only)"]
    choice.tell(kernel, progress)
    choice.tell(kernel, progress, ended=True)
    assert len(progress.notes) == 1
    assert progress.notes[0].startswith("Numba compiled for 0 s (first time only)")
    # The next run has it from the start, and nothing to tell.
    later = Recorder()
    assert pick_kernel(later).name == "reference"
    assert later.notes == []
    assert not choice.was_compiled_meanwhile(pick_kernel())


def loops_on_cells(error=None):
    """Return what comes in the place of loops on cells."""

    def make():
        if error is not None:
            raise error
        return NumpyWork()

    return Part(make)


def test_where_cells_will_label_their_loops_are_compiled_and_the_kernel_is_not(compiling):
    kernel, cells, progress = with_cells(pick_kernel()), loops_on_cells(), Recorder()
    choice.begin(kernel, 100.0, cells)
    assert choice.expected_name(kernel) == "numba"
    choice.await_kernel(kernel, 30.0, progress)
    assert (cells.settled, kernel.part.wanted, choice._parts.packer.wanted) == (True, False, True)
    assert kernel.name == "numba"
    assert isinstance(kernel.present, CellsKernel)
    # The next run of this process has them from the start.
    later = with_cells(pick_kernel())
    choice.begin(later, 100.0, cells)
    assert later.name == "numba"
    assert not later.part.wanted


def test_where_loops_on_cells_cannot_be_made_the_kernel_is(compiling):
    kernel, cells = with_cells(pick_kernel()), loops_on_cells(ArithmeticError("another answer"))
    choice.begin(kernel, 100.0, cells)
    assert cells.wait(30.0)
    compiling.set()
    choice.await_kernel(kernel, 30.0, Recorder())
    assert kernel.part.wanted
    assert kernel.name == "reference"


def test_a_kernel_whose_machine_code_is_there_is_loaded_and_the_loops_on_cells_too(compiling, monkeypatch):
    monkeypatch.setattr(cache, "is_compiled", lambda name: True)
    kernel, cells = pick_kernel(), loops_on_cells()
    choice.begin(kernel, 100.0, cells)
    assert kernel.coming.cells is None
    assert (kernel.part.wanted, cells.wanted) == (True, True)


def test_a_run_waits_no_longer_in_all_than_is_allowed_and_goes_on(compiling, monkeypatch):
    monkeypatch.setattr(choice, "_LONGEST_WAIT", 0.3)
    monkeypatch.setattr(choice, "_WORTH_TELLING", 0.2)
    kernel, progress = pick_kernel(), Recorder()
    choice.begin(kernel, 100.0)
    began = time.monotonic()
    for _ in range(3):
        choice.await_kernel(kernel, 100.0, progress)
    assert 0.3 <= time.monotonic() - began < 2.0
    assert kernel.name == "numpy"
    assert progress.notes == []
    choice.tell(kernel, progress, ended=True)
    assert "; so far NumPy did its work" in progress.notes[0]


def test_a_run_never_waits_longer_than_numpy_would_take(compiling):
    kernel = pick_kernel()
    choice.begin(kernel, 100.0)
    began = time.monotonic()
    choice.await_kernel(kernel, 0.1, Recorder())
    assert 0.1 <= time.monotonic() - began < 2.0


def test_a_cancel_is_answered_while_numba_compiles(compiling):
    kernel = pick_kernel()
    choice.begin(kernel, 100.0)
    began = time.monotonic()
    with pytest.raises(Cancelled):
        choice.await_kernel(kernel, 100.0, Recorder(lambda progress: progress.stages))
    assert time.monotonic() - began < 2.0


@needs_numba
def test_loops_with_keys_are_made_when_they_would_pay(monkeypatch):
    wanted = []
    monkeypatch.setattr(choice._parts.keys, "want", lambda: wanted.append(None))
    dn = np.random.default_rng(1).integers(7000, 30000, (6, 5000), np.uint16)
    centres = np.random.default_rng(2).integers(7000 * 64, 30000 * 64, (8, 6))
    kernel, log = numba_kernel.NumbaKernel(keys=choice._parts.keys_are_ready), MoveLog()
    held = kernel.hold(Block.loose(dn), 8)
    held.relabel(centres, log.follow(centres))
    assert wanted == []
    # So small a move puts hardly a pixel in doubt: now keys would pay.
    for _ in range(2):
        centres = centres + 1
        held.relabel(centres, log.follow(centres))
    assert wanted
    assert not held.knows_gaps
    assert np.array_equal(held.labels(), nearest(dn, centres))
    choice._parts.keys.value = True
    held.relabel(centres, log.follow(centres))
    assert held.knows_gaps


def test_where_it_is_asked_for_runs_begin_when_the_compiled_loops_are_ready(compiling, monkeypatch):
    monkeypatch.setenv(choice.WAIT_VARIABLE, "1")
    compiling.set()
    kernel = pick_kernel()
    assert kernel.name == "reference"
    assert choice.fastest_packer() is choice._parts.packer.value
