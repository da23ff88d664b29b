"""Models and scripts of users go on working: what they rely on is written down, and the writing may only grow."""

from __future__ import annotations

import copy
import importlib
import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("qgis.core")

from qgis.core import QgsApplication

pytestmark = pytest.mark.qgis

TOOLS = Path(__file__).resolve().parents[3] / "tools"


@pytest.fixture(scope="module")
def freeze():
    sys.path.insert(0, str(TOOLS))
    yield importlib.import_module("freeze")
    sys.path.remove(str(TOOLS))


@pytest.fixture
def now(freeze, plugin):
    return freeze.interface(QgsApplication.processingRegistry().providerById("iikmc"))


@pytest.fixture
def frozen(freeze):
    return json.loads(freeze.FROZEN.read_text(encoding="utf-8"))


def test_nothing_that_users_rely_on_has_changed(freeze, frozen, now):
    assert freeze.broken(frozen, now) == []


def test_what_is_new_is_written_down_too(freeze, now):
    assert freeze.FROZEN.read_text(encoding="utf-8") == freeze.text(now), "run make freeze and commit the file"


def _k(told):
    return next(one for one in told["iikmc:cluster"]["parameters"] if one["name"] == "K")


BREAKS = {
    "an id": lambda told: told.pop("iikmc:audit"),
    "a group": lambda told: told["iikmc:audit"].update(group="other"),
    "a name": lambda told: _k(told).update(name="CLASSES"),
    "a parameter": lambda told: told["iikmc:cluster"]["parameters"].pop(),
    "an order": lambda told: told["iikmc:cluster"]["parameters"].reverse(),
    "a type": lambda told: _k(told).update(type="string"),
    "a default": lambda told: _k(told).update(default=9),
    "the type of a default": lambda told: _k(told).update(default=8.0),
    "a flag": lambda told: _k(told).update(optional=True),
    "a narrower range": lambda told: _k(told).update(maximum=100),
    "fewer options": lambda told: told["iikmc:cluster"]["parameters"][2].update(options=5),
    "an output": lambda told: told["iikmc:cluster"]["outputs"].pop("REPORT"),
    "the type of an output": lambda told: told["iikmc:cluster"]["outputs"].update(REPORT="outputFile"),
    "what must be given now": lambda told: told["iikmc:cluster"]["parameters"].append(
        {**_k(told), "name": "NEW", "default": None}
    ),
}
GROWS = {
    "an algorithm": lambda told: told.update({"iikmc:new": told["iikmc:audit"]}),
    "a parameter with a default": lambda told: told["iikmc:cluster"]["parameters"].append({**_k(told), "name": "NEW"}),
    "a wider range": lambda told: _k(told).update(maximum=300, minimum=1),
    "more options": lambda told: told["iikmc:cluster"]["parameters"][2].update(options=7),
    "an output": lambda told: told["iikmc:cluster"]["outputs"].update(NEW="outputFile"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_a_change_is_told(freeze, frozen, what):
    told = copy.deepcopy(frozen)
    BREAKS[what](told)
    assert len(freeze.broken(frozen, told)) == 1, what


@pytest.mark.parametrize("what", GROWS)
def test_growth_is_no_change(freeze, frozen, what):
    told = copy.deepcopy(frozen)
    GROWS[what](told)
    assert freeze.broken(frozen, told) == [], what
