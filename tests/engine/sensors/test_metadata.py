"""The offsets of Sentinel-2 from its metadata, by genuine texts and by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest
from iikmc.engine.sensors.metadata import Metadata, elements_of, values_of
from iikmc.engine.sensors.readings import Values
from iikmc.engine.sensors.sheet_file import shipped

S2 = next(sheet for sheet in shipped() if sheet.key == "sentinel2_l2a")
BLUE = S2.bands[0].roles["blue"]
TEN_THOUSAND = "<BOA_QUANTIFICATION_VALUE unit='none'>10000</BOA_QUANTIFICATION_VALUE>"


def values(inside, layer=BLUE):
    return values_of(S2, layer, Metadata(elements=elements_of(f"<?xml version='1.0'?><n1:A>{inside}</n1:A>")))


def test_without_a_list_of_offsets_there_is_none():
    assert values(TEN_THOUSAND) == Values(Fraction(1, 10_000), Fraction(0), 0)


def test_each_band_has_its_own_offset():
    offsets = "".join(f'<BOA_ADD_OFFSET band_id="{n}">{-1000 - n}</BOA_ADD_OFFSET>' for n in range(13))
    assert values(TEN_THOUSAND + offsets).offset == Fraction(-1001, 10_000)
    assert values(TEN_THOUSAND + offsets, S2.bands[0].roles["swir2"]).offset == Fraction(-1012, 10_000)


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ("", "0 elements BOA_QUANTIFICATION_VALUE, expected one"),
        (TEN_THOUSAND * 2, "2 elements BOA_QUANTIFICATION_VALUE"),
        (TEN_THOUSAND.replace("10000", "0"), "BOA_QUANTIFICATION_VALUE is 0"),
        (TEN_THOUSAND.replace("10000", "-1"), "scale -1"),
        (TEN_THOUSAND.replace("10000", "nan"), "is 'nan', expected a number"),
        (TEN_THOUSAND.replace("10000", "9" * 5000), "expected a number"),
        (TEN_THOUSAND + '<BOA_ADD_OFFSET band_id="0">-1000</BOA_ADD_OFFSET>', "BOA_ADD_OFFSET of band_id 1"),
        (TEN_THOUSAND + '<BOA_ADD_OFFSET band_id="1">much</BOA_ADD_OFFSET>', "BOA_ADD_OFFSET is 'much'"),
    ],
)
def test_what_does_not_tell_the_scale(inside, words):
    with pytest.raises(ValueError, match=words):
        values(inside)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no element"),
        ("words", "no element"),
        ("<a><b>1</b>", "ends before its element 'a'"),
        ("<a></b>", "'b' is closed, but not open"),
        ("<a/></a>", "'a' is closed, but not open"),
        ("<a></a><b></b>", "behind its end"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "a declaration"),
        ("<a><![CDATA[1]]></a>", "a declaration"),
        ("<a><!-- b", "ends in a comment"),
        ("<a>" * 100, "nest too deeply"),
        (f"<a {'x' * 5000}></a>", "attributes of 5,001 characters"),
    ],
)
def test_what_is_no_metadata(text, words):
    with pytest.raises(ValueError, match=words):
        elements_of(text)


def test_attributes_entities_and_comments():
    found = elements_of("<x:a><!-- <b>0</b> --><x:b c='1' d=\"&lt;\">2 &amp; 3</x:b><b/></x:a>")
    assert [(one.attributes, one.text) for one in found["b"]] == [({"c": "1", "d": "<"}, "2 & 3"), ({}, "")]


def test_time_grows_with_the_length_alone():
    for text in ("<!--" * 200_000, "<a" * 200_000, "<a b=" * 200_000, "x" * 1_000_000):
        with pytest.raises(ValueError, match=r"it ends|no element|is closed|attributes"):
            elements_of(text)
