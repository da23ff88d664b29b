"""Sizes, counts and times in words."""

from __future__ import annotations

import pytest
from iikmc.engine.quantities import about, duration, size


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (0, "0 MB"),
        (1, "0.1 MB"),
        (1_490_000, "1.5 MB"),
        (9_900_000, "9.9 MB"),
        (14_400_000, "14 MB"),
        (999_000_000, "999 MB"),
        (999_600_000, "1.0 GB"),
        (2_949_000_000, "2.9 GB"),
        (1_234_000_000_000, "1234.0 GB"),
    ],
)
def test_size(n, words):
    assert size(n) == words


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (0, "0"),
        (7, "7"),
        (99, "99"),
        (1234, "1,200"),
        (53_794, "54,000"),
        (949_999, "950,000"),
        (960_000, "1.0 million"),
        (1_383_460, "1.4 million"),
        (9_960_000, "10 million"),
        (119_016_823, "119 million"),
        (1_234_567_890, "1,235 million"),
    ],
)
def test_about(n, words):
    assert about(n) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.01, "1 s"),
        (9.4, "9 s"),
        (9.6, "10 s"),
        (33, "35 s"),
        (92, "90 s"),
        (93, "2 min"),
        (200, "3 min"),
        (5369, "89 min"),
        (5400, "1.5 h"),
    ],
)
def test_duration(seconds, words):
    assert duration(seconds) == words
