"""What travels to a worker arrives there as it was, and nothing but records of the engine is made of it."""

from __future__ import annotations

import re
import zlib
from collections import namedtuple
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from iikmc.engine.errors import MemoryBudgetError, OutputError, SceneError, SchedulerError
from iikmc.engine.execution import wire
from iikmc.engine.pixels.survey import Need
from iikmc.engine.scenes.scene import Strip
from iikmc.engine.scenes.selection import MaskRule

THINGS = [
    None, True, 3, 2**70, -1.5, float("inf"), "Wald & Flur", "a/\udce4.tif", b"\0\xff", (), (1, (2, [3])),
    {"a": {1: 2}}, {(1, 2): None}, {1, 2}, frozenset({"x"}), Path("/scenes/a b"), date(2020, 2, 29),
    datetime(2020, 2, 29, 12, 30), Fraction(11, 22), Need.SAMPLE, Strip(3, 256, 128), MaskRule(("cloud",), True),
    np.float64(0.1), np.uint16(7), re.compile("LC0[89]", re.IGNORECASE | re.ASCII),
]  # fmt: skip


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: type(thing).__name__)
def test_things_arrive_as_they_were(thing):
    found = wire.loads(wire.dumps(thing))
    assert type(found) is type(thing)
    assert found == thing


@pytest.mark.parametrize("dtype", ["uint8", "int64", "uint64", "float32", "bool", ">u2"])
def test_arrays_arrive_as_they_were_and_can_be_changed(dtype):
    array = np.arange(24).reshape(2, 3, 4).astype(dtype)[:, ::2]
    found = wire.loads(wire.dumps((array, array)))
    assert found[0] is found[1]
    assert found[0].dtype == array.dtype
    assert np.array_equal(found[0], array)
    found[0][:] = 0


@pytest.mark.parametrize("kind", [SceneError, OutputError, MemoryBudgetError, SchedulerError])
def test_errors_arrive_with_their_words(kind):
    found = wire.loads(wire.dumps(kind("OUTPUT: no.")))
    assert (type(found), str(found)) == (kind, "OUTPUT: no.")


def test_a_record_met_again_is_written_once_and_found_again():
    many = tuple(Strip(0, row, 1) for row in range(1000))
    centres = np.random.default_rng(1).integers(0, 1 << 22, (254, 6))
    one = wire.dumps([(strip, centres) for strip in many])
    assert len(one) < len(zlib.compress(centres.tobytes(), 1)) + 12_000
    found = wire.loads(wire.dumps([many[3], many[4], many[3]]))
    assert found == [many[3], many[4], many[3]]
    assert found[0] is found[2]


@pytest.mark.parametrize(
    "thing",
    [object(), lambda: 1, Path, namedtuple("Pair", "a b")(1, 2), np.array([None]), open, OSError("x"), 1j],
    ids=lambda thing: type(thing).__name__,
)
def test_what_does_not_travel_is_refused_where_it_begins(thing):
    with pytest.raises(TypeError):
        wire.dumps([thing])


@pytest.mark.parametrize("name", ["os:system", "errors:first_line", "execution.wire:_Reader", "subprocess:Popen"])
def test_nothing_but_records_of_the_engine_is_made(name):
    real = wire.dumps(Strip(1, 2, 3))
    plain = zlib.decompress(real)
    head = plain[8:].replace(b"scenes.scene:Strip", name.encode())
    forged = zlib.compress(len(head).to_bytes(8, "big") + head)
    with pytest.raises((ValueError, ImportError)):
        wire.loads(forged)
