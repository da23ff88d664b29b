"""Sizes, counts and times in words."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from iikmc.engine.quantities import about, counted, duration, size


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


@pytest.mark.parametrize(
    ("count", "words", "text"),
    [
        (0, ("scene",), "0 scenes"),
        (1, ("scene",), "1 scene"),
        (2, ("scene",), "2 scenes"),
        (1234, ("scene",), "1,234 scenes"),
        (1, ("class", "classes"), "1 class"),
        (3, ("class", "classes"), "3 classes"),
    ],
)
def test_counted(count, words, text):
    assert counted(count, *words) == text


def test_no_text_leaves_the_number_of_things_to_the_reader():
    """Neither "scene(s)" nor "class(es)" stands in any text that is shipped; "(s)" after a space is the unit."""
    root = Path(__file__).resolve().parents[3]
    paths = [path for folder in ("engine", "algorithms", "iikmc_plugin") for path in (root / folder).rglob("*.py")]
    texts = [
        (path, node.value)
        for path in paths
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert len(texts) > 1000
    assert [(path, text) for path, text in texts if re.search(r"[a-z]\((s|es)\)|^\((s|es)\)", text)] == []
