"""Machine code on the disk: a damaged file is compiled anew, and the loops' modules are loaded anew with it."""

from __future__ import annotations

import os
import sys
import time

import numpy as np
import pytest
from iikmc.engine.compiled import cache

numba = pytest.importorskip("numba")


@pytest.fixture
def own_cache(monkeypatch, tmp_path):
    """The loops loaded from a folder of the test's own; those of other tests are back afterwards."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    before = load_anew()
    yield tmp_path
    load_anew()
    for name, module in before.items():
        sys.modules[f"{cache.__package__}.{name}"] = module
        setattr(sys.modules[cache.__package__], name, module)


def load_anew():
    """Forget the loops, as another process would not know them, and return them."""
    found = {}
    for name in cache.loaded():
        found[name] = sys.modules.pop(f"{cache.__package__}.{name}")
        vars(sys.modules[cache.__package__]).pop(name, None)
    return found


def spread():
    """Put two labels back on the grid, in compiled loops."""
    out = np.zeros(9, np.uint8)
    cache.load_module("pixels").spread(np.array([0b01000000, 0b10000000], np.uint8), np.array([7, 9], np.uint8), out)
    return out.tolist()


EXPECTED = [0, 7, 0, 0, 0, 0, 0, 0, 9]


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[: len(data) // 3], lambda data: b"\x80" * 99])
def test_damaged_machine_code_is_compiled_anew(own_cache, damage):
    assert cache.forgiving(spread) == EXPECTED
    files = sorted(own_cache.rglob("*.nb?"))
    assert files
    sound = {path: path.read_bytes() for path in files}
    for path in files:
        path.write_bytes(damage(sound[path]))
    load_anew()
    assert cache.forgiving(spread) == EXPECTED
    # Compiled code is not the same to the byte twice; that it is whole again is seen from its size.
    assert all(path.stat().st_size > len(sound[path]) / 2 for path in files)


def test_a_wrong_answer_of_old_machine_code_is_asked_for_again_without_it(own_cache):
    assert spread() == EXPECTED
    seen = []

    def make():
        seen.append((cache.load_module("loops"), sys.modules[f"{cache.__package__}.chunk"]))
        if len(seen) == 1:
            raise ArithmeticError("another answer")
        return "right"

    assert cache.forgiving(make) == "right"
    assert all(old is not new for old, new in zip(*seen))
    assert list(own_cache.rglob("*.nbc")) == []


def test_what_fails_without_machine_code_is_not_tried_again(own_cache):
    seen = []

    def make():
        seen.append(None)
        raise SystemError("broken")

    with pytest.raises(SystemError):
        cache.forgiving(make)
    assert len(seen) == 1


def test_a_missing_package_costs_no_machine_code(own_cache):
    assert spread() == EXPECTED

    def make():
        raise ModuleNotFoundError("No module named 'numba'", name="numba")

    with pytest.raises(ModuleNotFoundError):
        cache.forgiving(make)
    assert list(own_cache.rglob("*.nbc"))


def test_machine_code_of_other_versions_goes_when_nobody_has_loaded_it_for_long(tmp_path):
    day = 86_400
    ages = {"0123abcd": 100, "89abcdef": 61, "00000000": 59, "fedcba98": 0, "mine": 100, "0123abcde": 100}
    for name, days in ages.items():
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "deep" / "loops.label-1.nbc").write_bytes(b"code")
        os.utime(tmp_path / name, (time.time() - days * day,) * 2)
    (tmp_path / "11111111").write_text("a file", encoding="utf-8")
    os.utime(tmp_path / "11111111", (time.time() - 100 * day,) * 2)
    cache._clear_unused(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["00000000", "fedcba98", "mine", "0123abcde", "11111111"]
    )
    cache._clear_unused(tmp_path / "none")
    # What is loaded counts as used, however old it is.
    os.utime(tmp_path / "00000000", (time.time() - 100 * day,) * 2)
    assert cache._writable(tmp_path / "00000000") == tmp_path / "00000000"
    cache._clear_unused(tmp_path)
    assert (tmp_path / "00000000" / "deep").is_dir()
