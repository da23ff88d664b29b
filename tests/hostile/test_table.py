"""Every hostile case ends in the right answer or in one clear sentence, and in time."""

from __future__ import annotations

import importlib.util
from collections import Counter

import pytest
from table import KINDS, Case, load, within

CASES = load()
HAS_QGIS = importlib.util.find_spec("qgis") is not None


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_case(case: Case, tmp_path, request):
    if case.needs_qgis:
        if not HAS_QGIS:
            pytest.skip("QGIS is not here")
        request.getfixturevalue("plugin")
    with within(case.seconds):
        case.check(tmp_path)


def test_names_are_one_each():
    doubled = [name for name, count in Counter(case.name for case in CASES).items() if count > 1]
    assert doubled == []


def test_every_kind_has_cases():
    count = Counter(case.kind for case in CASES)
    assert [kind for kind in KINDS if count[kind] < 4] == []
    assert len(CASES) >= 150
