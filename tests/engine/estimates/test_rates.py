"""The rates of earlier runs: what they say of the next one, and how they are kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from iikmc.engine.estimates import rates
from iikmc.engine.estimates.rates import Job, Run, recall, remember, seconds

# 2 threads; reading: 8 s for 80 M values = 0.2 us a value and thread; rasters 1 s for 10 M pixels = 0.2 us a pixel and
# thread; iterations: 2.4 s for 5 M pixels x 10 iterations x 8 classes x 6 bands = 2 ns a unit and thread; rest 0.5 s.
RUN = Run("numba", 2, 8, 6, 10_000_000, 80_000_000, 5_000_000, 10, 8.0, 2.4, 1.0, 0.5)
SAME = Job(2, 8, 6, 10_000_000, 80_000_000, 5_000_000, "numba")


def test_the_same_run_again_takes_the_same_time():
    assert seconds(SAME, 10, [RUN]) == pytest.approx(8 + 2.4 + 1 + 0.5)


@pytest.mark.parametrize(
    ("change", "iterations", "expected"),
    [
        ({}, 20, 8 + 2 * 2.4 + 1 + 0.5),
        ({"workers": 4}, 10, (8 + 2.4 + 1) / 2 + 0.5),
        ({"workers": 1}, 10, (8 + 2.4 + 1) * 2 + 0.5),
        ({"k": 16}, 10, 8 + 2 * 2.4 + 1 + 0.5),
        ({"n_bands": 3, "values": 50_000_000}, 10, 5 + 1.2 + 1 + 0.5),
        ({"valid": 10_000_000}, 10, 8 + 4.8 + 1 + 0.5),
        ({"pixels": 30_000_000, "values": 240_000_000, "valid": 15_000_000}, 10, 3 * (8 + 2.4 + 1) + 0.5),
        ({"kernel": None}, 10, 11.9),
    ],
)
def test_each_part_grows_with_what_it_depends_on(change, iterations, expected):
    assert seconds(replace(SAME, **change), iterations, [RUN]) == pytest.approx(expected)


def test_nothing_is_told_without_a_run_like_it():
    assert seconds(SAME, 10, []) is None
    assert seconds(replace(SAME, kernel="numpy"), 10, [RUN]) is None


def test_an_open_kernel_is_that_of_the_latest_run():
    slow = replace(RUN, kernel="numpy", iterate=24.0)
    assert seconds(replace(SAME, kernel=None), 10, [RUN, slow]) == pytest.approx(33.5)
    assert seconds(replace(SAME, kernel=None), 10, [slow, RUN]) == pytest.approx(11.9)


def test_the_median_of_three_keeps_one_odd_run_out():
    odd = replace(RUN, read=800.0)
    assert seconds(SAME, 10, [RUN, odd, RUN]) == pytest.approx(11.9)


def test_runs_of_another_size_or_other_classes_count_only_where_nothing_is_nearer():
    small = replace(RUN, pixels=1_000_000, values=8_000_000, valid=500_000, read=8.0, iterate=0.24, write=0.1)
    assert seconds(SAME, 10, [small] * 5) == pytest.approx(80 + 2.4 + 1 + 0.5)
    assert seconds(SAME, 10, [RUN, *[small] * 5]) == pytest.approx(11.9)
    many = replace(RUN, k=80, iterate=12.0)  # half the rate a class
    assert seconds(SAME, 10, [RUN, *[many] * 5]) == pytest.approx(11.9)
    assert seconds(replace(SAME, k=80), 10, [RUN, *[many] * 5]) == pytest.approx(8 + 12 + 1 + 0.5)


class TestKeeping:
    def test_what_is_remembered_is_recalled(self, tmp_path):
        path = tmp_path / "deep" / "rates.json"
        assert recall(path) == []
        remember(RUN, path)
        remember(replace(RUN, k=9), path)
        assert recall(path) == [RUN, replace(RUN, k=9)]
        assert [each.name for each in path.parent.iterdir()] == ["rates.json"]

    def test_the_last_twenty_are_kept(self, tmp_path):
        path = tmp_path / "rates.json"
        for k in range(2, 27):
            remember(replace(RUN, k=k), path)
        assert [run.k for run in recall(path)] == list(range(7, 27))

    def test_small_runs_are_not(self, tmp_path):
        path = tmp_path / "rates.json"
        remember(replace(RUN, pixels=999_999), path)
        assert not path.exists()
        remember(replace(RUN, pixels=1_000_000), path)
        assert len(recall(path)) == 1

    @pytest.mark.parametrize(
        "text", ["", "{", "[]", "null", '{"runs": 3}', '{"runs": [3]}', '{"runs": [{"kernel": "numba"}]}', "\udcff"]
    )
    def test_a_file_that_is_not_ours_is_no_run_and_is_replaced(self, tmp_path, text):
        path = tmp_path / "rates.json"
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
        assert recall(path) == []
        remember(RUN, path)
        assert recall(path) == [RUN]

    @pytest.mark.parametrize("bad", [{"valid": 0}, {"values": "8"}, {"read": -1}, {"iterate": None}])
    def test_numbers_that_cannot_be_are_left_out(self, tmp_path, bad):
        path = tmp_path / "rates.json"
        remember(RUN, path)
        remember(replace(RUN, k=9), path)
        document = json.loads(path.read_text())
        document["runs"][0].update(bad)
        path.write_text(json.dumps(document))
        assert [run.k for run in recall(path)] == [9]

    @pytest.mark.parametrize("what", ["write_text", "replace"])
    def test_what_cannot_be_finished_leaves_nothing_behind(self, tmp_path, monkeypatch, what):
        path = tmp_path / "rates.json"
        remember(RUN, path)

        def full(*arguments, **_):
            if what == "write_text":
                with open(arguments[0], "w") as file:
                    file.write("half")
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(*{"write_text": (Path, "write_text"), "replace": (rates.os, "replace")}[what], full)
        remember(replace(RUN, k=9), path)
        assert [each.name for each in tmp_path.iterdir()] == ["rates.json"]
        assert recall(path) == [RUN]

    def test_where_nothing_can_be_written_nothing_happens(self, tmp_path):
        (tmp_path / "file").touch()
        remember(RUN, tmp_path / "file" / "rates.json")
        assert recall(tmp_path / "file" / "rates.json") == []
