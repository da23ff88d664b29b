"""What benchmarks/in_turn.py tells follows from the runs by arithmetic. No time is asserted."""

from __future__ import annotations

import pytest
from iikmc.benchmarks import in_turn


def run_of(read, seconds, digest="a"):
    stages = {"read": read, "start": 0.0}
    return {"stages": stages, "seconds": seconds, "peak_mb": 9.0, "digest": digest, "iterations": []}


def test_ratios_are_those_of_pairs():
    old, new = [run_of(1, 2), run_of(4, 8), run_of(1, 2)], [run_of(2, 3), run_of(4, 9), run_of(3, 4)]
    lines = {line[:20].strip(): line[20:].split() for line in in_turn.table([old, new]).splitlines()}
    assert lines["read"] == ["1.000", "3.000", "2.000"]  # 2, 1 and 3 times
    assert lines["start"] == ["0.000", "0.000", "-"]
    assert lines["whole process"] == ["2.000", "4.000", "1.500"]
    assert in_turn.same_results([old, new])
    assert not in_turn.same_results([old, [run_of(1, 2, "b")]])


def test_a_parameter_is_for_a_named_job():
    assert in_turn.parse(["a", "b", "--job", "cluster", "--set", "INIT=4"]).values == ["INIT=4"]
    with pytest.raises(SystemExit):
        in_turn.parse(["a", "b", "--set", "INIT=4"])
