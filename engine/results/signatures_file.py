"""Signatures: the classes' centres and statistics, saved so that they can be applied again bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import GRID
from ..choices import MAX_K
from ..colours import colour_of, css_colour
from ..errors import SignatureError, shown
from ..sensors.roles import MOST_BANDS, ROLES
from ..sensors.scale import OFFSET, SCALE
from ..text_files import BadJson, Unreadable, read_json, writable
from ..text_files import to_csv as csv_text
from ..text_files import to_json as json_text
from .signatures import ClassRecord, Signatures

if TYPE_CHECKING:
    from ..arrays import Grid64

FORMAT = "iikmc-signatures"
VERSION, MERGED_VERSION = 1, 2
"""Without and with the key "merged", which a reader of version 1 must not overlook."""
# A centre is a mean of uint16, or a user's own number within that range.
_MAX_CENTRE = 65535 * GRID


def to_json(signatures: Signatures) -> str:
    """Return the text of signatures.json."""
    document = {
        "format": FORMAT,
        "version": MERGED_VERSION if signatures.merged else VERSION,
        "bands": list(signatures.roles),
        "scale": SCALE,
        "offset": OFFSET,
        "grid": GRID,
        "centres": [[int(value) for value in centre] for centre in signatures.centres],
        **({"merged": list(signatures.merged)} if signatures.merged else {}),
        "classes": [
            {
                "id": record.id,
                "name": record.name,
                "colour": css_colour(record.colour),
                "pixels": record.pixels,
                "mean": list(record.mean),
                "std": list(record.std),
            }
            for record in signatures.classes
        ],
        "run": signatures.run,
    }
    return json_text(document)


def to_csv(signatures: Signatures) -> str:
    """Return the text of signatures.csv: one class a row, means and deviations in reflectance, centres in DN.

    A class that several were merged into has no one centre, and nothing in these columns.
    """
    roles = signatures.roles
    head = ["class_id", "class_name", "colour", "pixels"]
    rows: list[list[object]] = [
        [*head, *(f"{what}_{role}" for what in ("mean", "std", "centre_dn") for role in roles)],
    ]
    centres: dict[int, list[list[object]]] = {}
    for number, centre in zip(signatures.class_of_centre, signatures.centres):
        centres.setdefault(number, []).append([int(value) / GRID for value in centre])
    for record in signatures.classes:
        own = centres[record.id]
        rows.append(
            [record.id, record.name, css_colour(record.colour), record.pixels]
            + [_short(value) for value in record.mean]
            + [_short(value) for value in record.std]
            + (own[0] if len(own) == 1 else [""] * len(roles))
        )
    return csv_text(rows)


def _short(value: float | None) -> str:
    # Six decimals: a 1/64 DN is 4.3e-7 of reflectance.
    return "" if value is None else f"{value:.6f}"


def read_centres(path: Path, roles: Sequence[str], k: int | None = None) -> Grid64:
    """Read the centres of a signatures file and check that they fit.

    Parameters
    ----------
    path
        A signatures.json.
    roles
        The bands of the run.
    k
        Number of classes of the run; None to accept any.

    Returns
    -------
    (k, n_bands) int64
        In 1/64 DN.

    Raises
    ------
    SignatureError
        It is no signatures file, or of other bands, scale, version or number of classes.
    """
    document = _checked_document(path)
    bands = document.get("bands")
    if bands != list(roles):
        raise SignatureError(
            f"SIGNATURES: {path} is of the bands {_listed(bands)}, but BANDS chooses {_listed(list(roles))}; "
            "choose the same bands."
        )
    centres = _centres(path, document, len(roles))
    if k is not None and centres.shape[0] != k:
        raise SignatureError(
            f"SIGNATURES: {path} has {centres.shape[0]} {'centres' if 'merged' in document else 'classes'}, but K is "
            f"{k}; set K to {centres.shape[0]}."
        )
    return centres


def read_names(path: Path, k: int) -> list[str]:
    """Read the names of the classes of a signatures file.

    Raises
    ------
    SignatureError
        It is no signatures file, or has not k names.
    """
    classes = _read_document(path).get("classes")
    records = [record for record in classes if isinstance(record, dict)] if isinstance(classes, list) else []
    names = [writable(record["name"]) for record in records if isinstance(record.get("name"), str)]
    if len(names) != k:
        raise SignatureError(f"SIGNATURES: the classes in {path} are damaged; expected {k} with a name each.")
    return names


def read_run(path: Path) -> dict[str, Any]:
    """Read what a signatures file tells of its run; nothing if it tells nothing.

    Raises
    ------
    SignatureError
        It is no signatures file.
    """
    run = _read_document(path).get("run")
    return run if isinstance(run, dict) else {}


def read(path: Path) -> Signatures:
    """Read a signatures file whole: centres, bands, and the classes with their names and colours.

    Parameters
    ----------
    path
        A signatures.json; names and colours may have been edited.

    Raises
    ------
    SignatureError
        It is no signatures file, of other bands, scale or version, or damaged; the message says where.
    """
    document = _checked_document(path)
    bands = document.get("bands")
    known = [role for role in ROLES if isinstance(bands, list) and role in bands]
    if not 1 <= len(known) <= MOST_BANDS or bands != known:
        raise SignatureError(
            f"SIGNATURES: {path} is of the bands {_listed(bands)}, expected 1 to {MOST_BANDS} of {', '.join(ROLES)} in "
            "this order; use a file that this version of IIkMC wrote."
        )
    centres = _centres(path, document, len(known))
    merged = _merged(path, document, len(centres))
    ids = sorted(set(merged)) or list(range(1, len(centres) + 1))
    rows = document.get("classes")
    if not isinstance(rows, list) or len(rows) != len(ids):
        found = len(rows) if isinstance(rows, list) else "no list of"
        wanted = f"{len(ids)} in merged" if merged else f"{len(centres)} centres"
        raise SignatureError(
            f"SIGNATURES: {path} describes {found} classes, but has {wanted}; "
            f"there must be one class with id, name and colour for each{' of them' if merged else ' centre'}."
        )
    classes = tuple(_class_record(path, row, number, len(known)) for number, row in zip(ids, rows))
    run = document.get("run")
    return Signatures(tuple(known), centres, classes, run if isinstance(run, dict) else {}, merged)


def _merged(path: Path, document: dict[str, Any], k: int) -> tuple[int, ...]:
    """Return the class of each of k centres, none where classes were not merged."""
    if document.get("version") == VERSION:
        return ()
    ids = document.get("merged")
    if not isinstance(ids, list) or len(ids) != k or not all(type(one) is int and 1 <= one <= MAX_K for one in ids):
        raise SignatureError(
            f"SIGNATURES: merged in {path} is damaged; expected {k} numbers of classes from 1 to {MAX_K}, one a centre."
        )
    return tuple(ids)


def _class_record(path: Path, row: object, number: int, n_bands: int) -> ClassRecord:
    """Return one class of a file, checked."""

    def wrong(what: str, value: object, wanted: str) -> SignatureError:
        return SignatureError(f"SIGNATURES: class {number} in {path} has the {what} {shown(value)}; {wanted}.")

    if not isinstance(row, dict) or row.get("id") != number or type(row["id"]) is not int:
        found = row.get("id") if isinstance(row, dict) else None
        raise wrong("id", found, f"the ids must be those of the centres in their order, so {number} here")
    name, colour, pixels = row.get("name"), row.get("colour"), row.get("pixels", 0)
    name = writable(name) if isinstance(name, str) else name
    if not isinstance(name, str) or not name.strip():
        raise wrong("name", name, "expected a text")
    levels = colour_of(colour) if isinstance(colour, str) else None
    if levels is None:
        raise wrong("colour", colour, "expected six hexadecimal digits such as #1f78b4")
    if type(pixels) is not int or pixels < 0:
        raise wrong("number of pixels", pixels, "expected a whole number from 0")
    spread: list[tuple[float | None, ...]] = []
    for key in ("mean", "std"):
        values = row.get(key)
        if values is None:
            values = [None] * n_bands
        if not isinstance(values, list) or len(values) != n_bands or not all(map(_is_number, values)):
            raise wrong(key, values, f"expected {n_bands} numbers, one a band")
        spread.append(tuple(values))
    return ClassRecord(number, name, levels, pixels, spread[0], spread[1])


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _checked_document(path: Path) -> dict[str, Any]:
    """Return the document of a signatures file of this version, scale, offset and grid."""
    document = _read_document(path)
    versions = (VERSION, MERGED_VERSION)
    for key, expected in (("version", versions), ("scale", (SCALE,)), ("offset", (OFFSET,)), ("grid", (GRID,))):
        if document.get(key) not in expected:
            raise SignatureError(
                f"SIGNATURES: {path} has {key} {shown(document.get(key))}, expected "
                f"{' or '.join(map(repr, expected))}; use a file that this version of IIkMC wrote."
            )
    return document


def _read_document(path: Path) -> dict[str, Any]:
    try:
        document = read_json(path)
    except Unreadable as error:
        raise SignatureError(
            f"SIGNATURES: {path} cannot be read ({error}); choose the signatures.json of an earlier run."
        ) from error
    except BadJson as error:
        raise SignatureError(
            f"SIGNATURES: {path} is not a signatures file ({error}); choose the signatures.json of an earlier run."
        ) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise SignatureError(
            f"SIGNATURES: {path} is not a signatures file (no format {FORMAT!r} in it); "
            "choose the signatures.json of an earlier run."
        )
    return document


def _centres(path: Path, document: dict[str, Any], n_bands: int) -> Grid64:
    rows = document.get("centres")
    good = (
        isinstance(rows, list)
        and 2 <= len(rows) <= 254
        and all(
            isinstance(row, list)
            and len(row) == n_bands
            and all(type(value) is int and 0 <= value <= _MAX_CENTRE for value in row)
            for row in rows
        )
    )
    if not good:
        raise SignatureError(
            f"SIGNATURES: the centres in {path} are damaged; expected 2 to 254 rows of {n_bands} whole numbers "
            f"from 0 to {_MAX_CENTRE}."
        )
    return np.array(rows, np.int64)


def _listed(bands: object) -> str:
    if not isinstance(bands, list) or not bands:
        return "none"
    text = ", ".join(str(band) for band in bands if isinstance(band, str))
    # Names of bands, of whatever version; anything else as it would stand in a program, and cut.
    return text if text.isprintable() and len(text) <= 200 and text.count(",") + 1 == len(bands) else shown(bands)
