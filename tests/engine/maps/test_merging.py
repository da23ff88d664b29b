"""Classes that become others, and the sieve: pixel by pixel, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from iikmc.engine.maps.merging import EIGHT, FOUR, lookup, merge_labels, sieve, table_of


def test_every_value_has_a_place_and_what_is_no_class_stays():
    table = lookup([2, 2, 7])
    assert table[[0, 1, 2, 3, 255]].tolist() == [0, 2, 2, 7, 255]
    assert (table.dtype, table.shape) == (np.uint8, (256,))
    assert table_of({255: 4})[[254, 255]].tolist() == [254, 4]
    labels = np.array([[1, 3], [0, 2]], np.uint8)
    assert merge_labels(labels, [2, 2, 7]).tolist() == [[2, 7], [0, 2]]
    assert merge_labels(labels, []) is labels


def sieved(rows, least, neighbours=FOUR):
    classes = np.array(rows, np.uint8)
    before = classes.copy()
    found = sieve(classes, least, neighbours)
    np.testing.assert_array_equal(classes, before)
    return found.tolist()


def test_a_small_patch_joins_its_largest_neighbour():
    # The pixel of class 2 touches class 1 (7 pixels) and class 3 (4 pixels).
    rows = [[1, 1, 3, 3], [1, 2, 3, 3], [1, 1, 1, 1]]
    assert sieved(rows, 2) == [[1, 1, 3, 3], [1, 1, 3, 3], [1, 1, 1, 1]]
    # A patch of as many pixels as were asked for stays.
    rows = [[1, 1, 1, 1], [1, 2, 2, 1], [1, 1, 1, 1]]
    assert sieved(rows, 2) == rows
    assert sieved(rows, 3) == [[1] * 4] * 3
    assert sieved(rows, 0) == sieved(rows, 1) == rows


def test_pixels_that_meet_at_a_corner_are_one_patch_of_eight_neighbours_alone():
    rows = [[2, 1, 1, 1], [1, 2, 1, 1], [1, 1, 1, 1]]
    assert sieved(rows, 2, FOUR) == [[1] * 4] * 3
    assert sieved(rows, 2, EIGHT) == rows
    assert sieved(rows, 3, EIGHT) == [[1] * 4] * 3


def test_nodata_is_neither_eaten_nor_does_it_grow():
    # One pixel of nodata in a class; a lonely class amid nodata; a small class beside a lot of nodata.
    rows = [[1, 1, 1, 0, 0, 0], [1, 0, 1, 0, 3, 0], [1, 1, 2, 0, 0, 0]]
    assert sieved(rows, 4) == [[1, 1, 1, 0, 0, 0], [1, 0, 1, 0, 3, 0], [1, 1, 1, 0, 0, 0]]


def test_what_is_unclassified_is_neither_eaten_nor_does_it_grow():
    rows = [[1, 1, 1, 255, 255], [1, 255, 1, 255, 255], [1, 1, 2, 255, 255]]
    assert sieved(rows, 3) == [[1, 1, 1, 255, 255], [1, 255, 1, 255, 255], [1, 1, 1, 255, 255]]


def test_a_limit_above_the_whole_raster_changes_nothing():
    rows = [[1, 2], [2, 1]]
    assert sieved(rows, 5) == rows
    assert sieved(rows, 10**9) == rows


@pytest.mark.parametrize("neighbours", [FOUR, EIGHT])
def test_after_it_no_patch_is_small_that_had_a_large_neighbour(neighbours):
    """By counting patches alone: each of those left is large, or all that touch it were small."""
    classes = np.random.default_rng(3).integers(0, 3, (60, 50)).astype(np.uint8)
    classes[20:40, 10:40] = 1
    found = sieve(classes, 12, neighbours)
    np.testing.assert_array_equal(found == 0, classes == 0)
    assert np.count_nonzero(found != classes) > 100
    np.testing.assert_array_equal(sieve(found, 1, neighbours), found)
