"""What JSON may nest is the same on every Python, and brackets in texts are no brackets."""

from __future__ import annotations

import json
import threading

import pytest
from iikmc.engine.text_files import MOST_NESTED, BadJson, from_json


def nested(levels: int) -> list[str]:
    """Return texts of so many brackets in brackets, and a last one with more of them in its texts."""
    inner = "[" * (levels - 1) + "]" * (levels - 1)
    return [
        "[" * levels + "]" * levels,
        '{"a":' * levels + "1" + "}" * levels,
        '{"[[\\\\": "{[\\"[[", "b": ' + inner + "}",
    ]


@pytest.mark.parametrize("text", nested(MOST_NESTED))
def test_as_many_as_may_be_are_read(text: str) -> None:
    assert from_json(text) == json.loads(text)


@pytest.mark.parametrize("levels", [MOST_NESTED + 1, 5_000, 50_000])
def test_more_are_refused_on_every_python(levels: int) -> None:
    """Python 3.12 and later read some ten thousand, and what walks them then fails somewhere else."""
    for text in (*nested(levels), "[" * levels):
        with pytest.raises(BadJson, match="its brackets nest too deeply"):
            from_json(text)


def test_they_are_refused_on_a_small_stack() -> None:
    """On threads of 64 kB, where Python's own reader has no room."""
    said: list[str] = []

    def read() -> None:
        try:
            from_json("[" * 100_000)
        except BadJson as error:
            said.append(str(error))

    kept = threading.stack_size(64 << 10)
    try:
        thread = threading.Thread(target=read)
        thread.start()
    finally:
        threading.stack_size(kept)
    thread.join()
    assert said == ["its brackets nest too deeply"]


@pytest.mark.parametrize(
    "text", ['"' + "[" * 1000 + '"', '["' + '\\"' * 1000 + "[" * 1000 + '"]', json.dumps(["\\["] * 1000)]
)
def test_brackets_in_texts_are_none(text: str) -> None:
    assert from_json(text) == json.loads(text)


@pytest.mark.parametrize("end", ["", "\\", '"', "]"])
def test_a_text_that_is_cut_off_is_no_json(end: str) -> None:
    with pytest.raises(BadJson, match="no JSON"):
        from_json('["' + "[" * 1000 + end)
