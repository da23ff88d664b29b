"""The classes' colours keep apart, suggest the cover and are the same on every machine."""

from __future__ import annotations

import hashlib
import itertools
import math
import time

import numpy as np
import pytest
from iikmc.engine.results import palette
from iikmc.engine.results.legend import class_names
from iikmc.engine.results.palette import class_colours
from iikmc.engine.sensors.roles import ROLES as EVERY_ROLE
from iikmc.engine.sensors.roles import USUAL as ROLES
from iikmc.engine.sensors.scale import OFFSET, SCALE

# Reflectances as published for typical covers; not the library's own rows.
TYPICAL = {
    "water": (0.040, 0.045, 0.030, 0.015, 0.008, 0.005),
    "dark forest": (0.020, 0.030, 0.022, 0.220, 0.095, 0.042),
    "crop": (0.030, 0.068, 0.042, 0.420, 0.210, 0.100),
    "dry soil": (0.085, 0.120, 0.160, 0.220, 0.310, 0.265),
    "sand": (0.160, 0.220, 0.290, 0.360, 0.440, 0.400),
    "urban": (0.100, 0.120, 0.135, 0.195, 0.215, 0.185),
    "snow": (0.850, 0.840, 0.820, 0.720, 0.080, 0.070),
    "shrub": (0.048, 0.068, 0.072, 0.215, 0.220, 0.140),
}
# Least Delta E*ab (1976) of any two classes, for covers that differ and for classes that are all alike.
APART = dict.fromkeys(range(2, 13), 20) | {13: 18, 14: 18, 15: 18, 16: 18, 32: 13, 64: 10, 128: 8, 254: 7}
EIGHT_COVERS = [
    (30, 90, 165),
    (15, 75, 45),
    (105, 195, 75),
    (210, 165, 90),
    (255, 240, 180),
    (195, 150, 165),
    (195, 225, 240),
    (120, 135, 60),
]
LEGENDS_SHA256 = "afec7099df7044f4e68db299e44dea8d63bc2f26791be0918136114bf64b0dc6"


def _centres(reflectance):
    return np.round((np.asarray(reflectance, dtype=float) - OFFSET) / SCALE * 64).astype(np.int64)


def _lab(colour):
    """CIELAB (D65), written apart from the module's own."""
    v = np.asarray(colour) / 255
    linear = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    t = np.array(to_xyz) @ linear / [0.95047, 1, 1.08883]
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def _least_difference(colours):
    labs = np.array([_lab(colour) for colour in colours])
    differences = np.sqrt(((labs[:, None] - labs[None]) ** 2).sum(axis=2))
    return differences[np.triu_indices(len(colours), 1)].min()


def _hue(colour):
    _, a, b = _lab(colour)
    return math.degrees(math.atan2(b, a)) % 360


def _chroma(colour):
    return math.hypot(*_lab(colour)[1:])


def _mixed(k):
    """Signatures of k classes around the typical covers."""
    rng = np.random.default_rng(k)
    rows = [list(TYPICAL.values())[i % len(TYPICAL)] for i in range(k)]
    return _centres(np.array(rows) * rng.uniform(0.7, 1.3, (k, 1)) * rng.uniform(0.9, 1.1, (k, 6)))


def _forests(k):
    t = np.linspace(0, 1, k)[:, None]
    return _centres((1 - t) * np.array(TYPICAL["dark forest"]) + t * np.array(TYPICAL["crop"]))


def _minimum_maximum(k):
    """The method's own start: evenly from the darkest to the brightest."""
    return _centres((np.arange(k)[:, None] + 0.5) / k * np.array([0.15, 0.2, 0.25, 0.5, 0.5, 0.4]))


def _identical(k):
    return np.zeros((k, 6), dtype=np.int64)


SERIES = [_mixed, _forests, _minimum_maximum, _identical]


def test_names_count_from_1():
    assert class_names(3) == ["Class 1", "Class 2", "Class 3"]
    assert len(set(class_names(254))) == 254


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize("k", APART)
def test_classes_keep_apart(series, k):
    colours = class_colours(series(k), ROLES)
    assert len(colours) == k
    assert _least_difference(colours) >= APART[k]


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize("k", [1, 8, 254])
def test_no_class_looks_like_the_canvas_or_black(series, k):
    for colour in class_colours(series(k), ROLES):
        assert all(type(level) is int and 0 <= level <= 255 for level in colour)
        assert _least_difference([colour, (255, 255, 255)]) >= 10
        assert _least_difference([colour, (0, 0, 0)]) >= 22


@pytest.mark.parametrize("only", [False, True], ids=["among the others", "as the only class"])
def test_colours_suggest_the_cover(only):
    rows = _centres(list(TYPICAL.values()))
    colours = [class_colours(row[None], ROLES)[0] for row in rows] if only else class_colours(rows, ROLES)
    legend = dict(zip(TYPICAL, colours))
    light = {name: _lab(colour)[0] for name, colour in legend.items()}
    assert 240 <= _hue(legend["water"]) <= 300
    assert light["water"] < 50
    assert 120 <= _hue(legend["dark forest"]) <= 175
    assert light["dark forest"] < 40
    assert 110 <= _hue(legend["crop"]) <= 150
    assert light["crop"] > light["dark forest"] + 20
    assert 50 <= _hue(legend["dry soil"]) <= 90
    assert 60 <= _hue(legend["sand"]) <= 100
    assert light["sand"] > light["dry soil"] + 10
    assert _chroma(legend["urban"]) < 30
    assert legend["urban"][0] == max(legend["urban"])
    assert light["snow"] > 80
    assert 180 <= _hue(legend["snow"]) <= 280
    assert 95 <= _hue(legend["shrub"]) <= 125


def test_all_classes_of_a_green_scene_but_the_margins_stay_green():
    greens = [colour for colour in class_colours(_forests(8), ROLES) if 100 <= _hue(colour) <= 185]
    assert len(greens) >= 7


def test_colours_follow_the_signatures_and_not_their_order():
    centres = _mixed(40)
    order = np.random.default_rng(3).permutation(40)
    colours = class_colours(centres, ROLES)
    assert class_colours(centres[order], ROLES) == [colours[i] for i in order]


def test_the_order_of_the_bands_does_not_matter():
    order = [3, 0, 5, 1, 4, 2]
    assert class_colours(_mixed(12)[:, order], [ROLES[i] for i in order]) == class_colours(_mixed(12), ROLES)


def test_the_signatures_are_left_alone():
    centres = _mixed(8)
    before = centres.copy()
    class_colours(centres, ROLES)
    np.testing.assert_array_equal(centres, before)


@pytest.mark.parametrize("n_bands", range(1, 7))
def test_every_choice_of_bands_works(n_bands):
    for columns in itertools.combinations(range(6), n_bands):
        roles = [ROLES[i] for i in columns]
        assert _least_difference(class_colours(_mixed(12)[:, columns], roles)) >= APART[12]


@pytest.mark.parametrize("roles", [("blue", "green", "red", "nir"), ("green", "red", "nir"), ("red", "nir", "swir1")])
def test_common_band_choices_still_tell_water_from_forest_and_soil(roles):
    columns = [ROLES.index(role) for role in roles]
    names = ["water", "dark forest", "dry soil"]
    water, forest, soil = class_colours(_centres([TYPICAL[name] for name in names])[:, columns], roles)
    assert 230 <= _hue(water) <= 300
    assert 120 <= _hue(forest) <= 180
    assert 30 <= _hue(soil) <= 100


@pytest.mark.parametrize(
    ("extra", "like"),
    [("coastal", "blue"), ("green1", "green"), ("rededge1", "red"), ("rededge3", "nir"), ("nir_broad", "nir")],
)
def test_a_band_stands_for_the_usual_one_that_is_missing(extra, like):
    columns = [ROLES.index(role) for role in ROLES if role != like]
    roles = [ROLES[i] for i in columns]
    centres = _mixed(12)
    whole = np.column_stack([centres[:, columns], centres[:, ROLES.index(like)]])
    assert class_colours(whole, [*roles, extra]) == class_colours(centres, ROLES)


def test_ten_bands_and_none_of_the_usual_ones():
    centres = _mixed(12)
    more = np.column_stack([centres, centres[:, [2, 3, 0, 1]]])
    roles = [*ROLES, "coastal", "yellow", "rededge1", "nir_broad"]
    assert _least_difference(class_colours(more, roles)) >= APART[12]
    assert _least_difference(class_colours(centres[:, :2], EVERY_ROLE[9:11])) >= APART[12]


def test_one_band_goes_from_dark_to_bright():
    colours = class_colours(_centres(np.linspace(0.01, 0.6, 7)[:, None]), ["nir"])
    lightness = [_lab(colour)[0] for colour in colours]
    assert lightness == sorted(lightness)


@pytest.mark.parametrize("value", [-(10**6), 0, 65535 * 64, 10**9])
def test_impossible_numbers_still_get_colours(value):
    assert len(set(class_colours(np.full((20, 6), value, dtype=np.int64), ROLES))) == 20


@pytest.mark.parametrize(
    ("shape", "roles"),
    [((0, 6), ROLES), ((255, 6), ROLES), ((3, 5), ROLES), ((3, 0), ()), ((3, 2), ("red", "red")), ((3, 1), ("tir",))],
)
def test_what_does_not_fit_is_refused(shape, roles):
    with pytest.raises(ValueError, match="expected"):
        class_colours(np.zeros(shape, dtype=np.int64), roles)


def test_254_classes_take_less_than_a_second():
    class_colours(_identical(2), ROLES)
    start = time.process_time()
    class_colours(_mixed(254), ROLES)
    assert time.process_time() - start < 1.5  # 0.6 s here; the margin is for a busy machine


def test_the_legend_is_the_same_on_every_machine():
    """Pins the answer: a change here changes the colours of users' old signatures."""
    assert class_colours(_centres(list(TYPICAL.values())), ROLES) == EIGHT_COVERS
    many = repr([class_colours(series(k), ROLES) for series in SERIES[1:] for k in (16, 100)])
    assert hashlib.sha256(many.encode()).hexdigest() == LEGENDS_SHA256


def test_no_number_of_the_tables_is_near_a_tie():
    """The last bits of a machine's power and logarithm (1e-12 here) cannot change a rounded number."""
    levels = range(0, 256, palette._STEP)
    colours = [*itertools.product(levels, levels, levels), *palette._RAMP, *(entry[2] for entry in palette._LIBRARY)]
    numbers = np.array([palette._exact_point(colour) for colour in colours if len(set(colour)) > 1]) * 100
    assert np.abs(numbers - np.floor(numbers) - 0.5).min() > 1e-8
    greys = np.array([palette._exact_point((level, level, level)) for level in range(256)]) * 100
    assert np.abs(greys[:, 1:]).max() < 0.1  # rounds to 0
    assert np.abs(greys[:, 0] - np.floor(greys[:, 0]) - 0.5).min() > 1e-8


def test_distances_of_the_table_never_exceed_delta_e():
    rng = np.random.default_rng(0)
    for first, second in rng.integers(0, 256, (300, 2, 3)):
        inside = math.dist(palette._exact_point(tuple(first)), palette._exact_point(tuple(second)))
        assert inside <= math.dist(_lab(first), _lab(second)) + 1e-3


def test_the_search_cannot_fail_at_half_the_spread():
    """The proof's premise, that the table holds k colours at the stated distance, checked for every k."""
    points = palette._table()[1]
    chosen = [0]
    nearest = ((points - points[0]) ** 2).sum(axis=1)
    for stated in palette._spread()[1:]:
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
        members = points[chosen]
        squares = ((members[:, None] - members[None]) ** 2).sum(axis=2)
        assert squares[np.triu_indices(len(chosen), 1)].min() >= stated**2
