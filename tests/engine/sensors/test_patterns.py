"""Patterns of a user's own sheet: none that can hang a search is taken, and plain ones are."""

from __future__ import annotations

import pytest
from iikmc.engine.sensors.checks import Fault, pattern
from iikmc.engine.sensors.sheet_file import generic, shipped


@pytest.mark.parametrize(
    "text",
    [
        "((?:a+))+x",
        "(?:a|a)*x",
        "(?:a|aa)+x",
        "(?:(?:a)+)+x",
        "(?:a*)*x",
        "(?:a?){30}x",
        "a?" * 40 + "a" * 40,
        r"\w*" * 6 + "x",
        "(?:[)a]+)+x",
        r"(?:\)a+)+x",
        "(?:a|a)" * 40 + "x",
        "a{0,9}" * 9 + "x",
    ],
)
def test_a_pattern_that_can_take_for_ever_is_refused(text: str) -> None:
    with pytest.raises(Fault, match=r"product is .*expected"):
        pattern(text, "product")


@pytest.mark.parametrize(
    "text",
    [
        r"(?P<tile>\w+)_(?P<acquired>\d{8})_.+",
        r"[+*?{}()|]+_\d{8}",
        r"(?:_\d{1,2})?x(?:ab){3}",
        r"\(a+\)+",
    ],
)
def test_a_plain_pattern_is_taken(text: str) -> None:
    assert pattern(text, "product").pattern == text


def test_the_sheets_that_ship_are_taken() -> None:
    assert len(shipped()) == 6
    assert generic().described
