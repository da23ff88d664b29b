"""The tools as several tests call them, and what their tables hold."""

from __future__ import annotations

import csv

from iikmc.engine.requests import AuditRequest, ClassifyRequest
from iikmc.engine.runs.audit import audit_scenes
from iikmc.engine.runs.classify import classify
from iikmc.engine.scenes.selection import MaskRule
from iikmc.engine.sensors.flags import DEFAULT_FLAGS
from tiny import ROLES

# QA_PIXEL of Landsat 8 pixels that are one thing each (USGS LSDS-1619).
LAND, DILATED, CIRRUS, CLOUD, SHADOW, SNOW, WATER = 21824, 21762, 54596, 22280, 23888, 30048, 21952
HEAD = [
    "scene", "date", "sensor", "pixels", "outside_aoi", "fill", "dilated_cloud", "cirrus", "cloud", "cloud_shadow",
    "snow_or_ice", "water", "saturated", "masked", "valid", "valid_percent", "out_of_range", "note",
    "clipped",
]  # fmt: skip


def audit_of(scenes, out, flags=DEFAULT_FLAGS, saturated=True, roles=ROLES, progress=None, area=None, **options):
    return audit_scenes(
        AuditRequest(tuple(map(str, scenes)), out, MaskRule(tuple(flags), saturated), tuple(roles), area, 2),
        progress,
        **options,
    )


def rows_of(result):
    rows = list(csv.reader(result.table.read_text(encoding="utf-8").splitlines()))
    assert rows[0] == HEAD
    return [dict(zip(HEAD, row)) for row in rows[1:]]


def apply_to(scenes, signatures, out, flags=(), saturated=True, progress=None, area=None, **options):
    options = {"kernel": None, "strip_pixels": 10**9, **options}
    request = ClassifyRequest(
        tuple(map(str, scenes)), out, MaskRule(flags, saturated), area, workers=2, signatures=signatures
    )
    return classify(request, progress, **options)
