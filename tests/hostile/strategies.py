"""Hostile texts by the thousand: what `test_fuzz.py` and a longer run with other seeds draw from.

Each strategy gives bytes for one place that the engine reads: anything at all, structured nonsense, and good files that
were cut, flipped, doubled or given another type at some place.
"""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st
from iikmc.engine.results import signatures_file
from iikmc.engine.results.signatures import ClassRecord, Signatures
from iikmc.engine.results.styles import pam_xml, qml

PRODUCT = "LC08_L2SP_190027_20220511_20220601_02_T1"
GROUPS = {
    "PRODUCT_CONTENTS": {"LANDSAT_PRODUCT_ID": PRODUCT, "PROCESSING_LEVEL": "L2SP"},
    "IMAGE_ATTRIBUTES": {"SUN_ELEVATION": "41.5", "SUN_AZIMUTH": "160.25"},
    "LEVEL2_SURFACE_REFLECTANCE_PARAMETERS": {"REFLECTANCE_MULT_BAND_1": "2.75e-05", "REFLECTANCE_ADD_BAND_1": "-0.2"},
}


def _good_signatures() -> dict[str, Any]:
    import numpy as np

    classes = [ClassRecord(j, name, (j, 2, 3), 5, (0.1, 0.2), (0.01, None)) for j, name in ((1, "Water"), (2, "Wood"))]
    signed = Signatures(("red", "nir"), np.array([[64, 128], [320, 640]]), tuple(classes), {"iterations": []})
    document: dict[str, Any] = json.loads(signatures_file.to_json(signed))
    return document


SIGNATURES = _good_signatures()
ODL = "".join(
    f"GROUP = {group}\n" + "".join(f'  {key} = "{value}"\n' for key, value in keys.items()) + f"END_GROUP = {group}\n"
    for group, keys in GROUPS.items()
)
XML = "<LANDSAT_METADATA_FILE>" + "".join(
    f"<{group}>" + "".join(f"<{key}>{value}</{key}>" for key, value in keys.items()) + f"</{group}>"
    for group, keys in GROUPS.items()
)
STYLE = qml(["Water", "Wood & 'meadow'"], [(1, 2, 3), (4, 5, 6)])
CATEGORIES = pam_xml(["Water", "Wood & 'meadow'"])

texts = st.text(st.characters(), max_size=40)
"""Any characters, half pairs too."""
pieces = st.sampled_from(
    ["<", ">", "</", "/>", '"', "'", "=", "&", "&#", "&#x", ";", "[", "{", "}", "]", ",", ":", "\0", "\n", "\t", "\\u",
     "<paletteEntry ", "<Category>", "</Category>", "GROUP = ", "END_GROUP", "NaN", "1e999", "-", "_", "\ufeff",
     "<!DOCTYPE", "<![CDATA[", "value=", "label=", "9" * 5000, "((", "\ud800"]
)  # fmt: skip
"""What the readers look for."""
soup = st.lists(st.one_of(pieces, texts), max_size=30).map("".join)
"""Pieces and texts in any order."""
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), texts,
    st.sampled_from([PRODUCT, "red", "#010203", 10**300, [], {}]),
)  # fmt: skip
"""Values of every type that JSON has."""
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)
"""Documents of any shape."""


def encoded(text: str) -> bytes:
    """Return a text as bytes, half pairs as well."""
    return text.encode("utf-8", "surrogatepass")


def _paths(document: Any) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = [()]
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, inner in items:
        found += [(key, *rest) for rest in _paths(inner)]
    return found


@st.composite
def with_another_value(draw: st.DrawFn, good: dict[str, Any]) -> str:
    """Return the JSON text of a good document with other values, or none, at up to three places."""
    document: Any = copy.deepcopy(good)
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(_paths(document)[1:] or [("x",)]))
        place = document
        for key in way:
            place = place[key]
        if draw(st.booleans()) and draw(st.booleans()):
            del place[last]
        else:
            place[last] = draw(trees)
        if not isinstance(document, dict) or not document:
            break
    return json.dumps(document)


@st.composite
def damaged(draw: st.DrawFn, good: bytes) -> bytes:
    """Return a good file with bytes flipped, cut out, put in or doubled."""
    data = bytearray(good)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        how = draw(st.sampled_from(("flip", "cut", "end", "put", "double")))
        if how == "flip" and at < len(data):
            data[at] ^= draw(st.integers(1, 255))
        elif how == "cut":
            del data[at : at + draw(st.integers(1, 50))]
        elif how == "end":
            del data[at:]
        elif how == "put":
            data[at:at] = encoded(draw(soup))
        else:
            data[at:at] = data[at : at + draw(st.integers(1, 300))] * draw(st.integers(1, 3))
    return bytes(data)


encodings = st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-7", "cp037"))


def _files(good: list[bytes], *more: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    text = st.tuples(st.sampled_from(good), encodings).map(lambda pair: pair[0].decode().encode(pair[1]))
    return st.one_of(st.binary(max_size=300), soup.map(encoded), st.sampled_from(good).flatmap(damaged), text, *more)


_document = {"LANDSAT_METADATA_FILE": GROUPS}
mtl_files = _files(
    [encoded(text) for text in (ODL, XML, json.dumps(_document))],
    with_another_value(_document).map(encoded),
    trees.map(lambda tree: encoded(json.dumps({"LANDSAT_METADATA_FILE": tree}))),
)
"""Metadata files."""
SAFE = "S2B_MSIL2A_20220703T100029_N0400_R122_T33TVN_20220703T121527"
MTD = (
    f'<?xml version="1.0"?><n1:P xmlns:n1="x"><PRODUCT_URI>{SAFE}.SAFE</PRODUCT_URI><!-- -->'
    '<BOA_QUANTIFICATION_VALUE unit="none">10000</BOA_QUANTIFICATION_VALUE>'
    + "".join(f'<BOA_ADD_OFFSET band_id="{n}">-1000</BOA_ADD_OFFSET>' for n in range(13))
    + "</n1:P>"
)
mtd_files = _files([encoded(MTD)])
"""MTD_MSIL2A.xml of Sentinel-2."""
SHEET = {
    "format": "iikmc-sensor", "version": 1, "title": "Kite", "product": "(?P<platform>KITE)_(?P<acquired>[0-9]{8})",
    "platforms": {"KITE": {"name": "Kite imager"}}, "files": ["red|nir|mask"], "extensions": ["tif"],
    "bands": [{"roles": {"red": "red", "nir": {"file": "nir", "band": 1}}}],
    "values": {"fill": 0, "scale": "0.0001", "offset": "-0.1"},
    "masks": [{"file": "mask", "bits": {"cloud": 4}, "classes": {"fill": [255]}, "planes": {"water": [2]}}],
    "refuse": [{"group": "platform", "like": "KYTE", "why": "is {platform}"}], "tile": "{platform}",
}  # fmt: skip
sheet_files = _files([encoded(json.dumps(SHEET))], with_another_value(SHEET).map(encoded))
"""Sensor sheets."""
signature_files = _files(
    [encoded(json.dumps(SIGNATURES))],
    with_another_value(SIGNATURES).map(encoded),
    trees.map(lambda tree: encoded(json.dumps(tree))),
)
"""Signatures files."""
style_files = _files([encoded(STYLE)])
"""QGIS styles."""
category_files = _files([encoded(CATEGORIES)])
"""GDAL's metadata files."""
product_ids = st.one_of(
    texts,
    damaged(encoded(PRODUCT)).map(lambda data: data.decode("utf-8", "replace")),
    st.from_regex(r"L[A-Z]0[0-9]_L[12][A-Z]{2}_\d{6}_\d{8}_\d{8}_0[0-3]_(T1|T2|RT|A1)[_.]?.{0,8}", fullmatch=True),
)
"""Names of files, of products and nearly so."""
class_names = st.lists(st.one_of(texts, soup), min_size=1, max_size=6)
"""Names that a user gives."""
