"""Every table of a run as pandas and R's `read.csv` read it: unchanged, with numbers as numbers, and no formula in it.

R is not needed: `read_like_r` follows what R's manual says of `read.csv`, `scan` and `type.convert`. pandas reads them
itself where it is installed.
"""

from __future__ import annotations

import math
import re

import pytest
from finished_runs import CLASSES, FIRST, SECOND, run_of_four
from iikmc.engine.map_requests import AccuracyRequest, MergeRequest, NamesRequest, ReferencePoints, SeriesRequest
from iikmc.engine.runs.accuracy import assess_accuracy
from iikmc.engine.runs.merge import merge
from iikmc.engine.runs.names import give_names
from iikmc.engine.runs.series import follow_series
from iikmc.engine.text_files import to_csv

NAMES = ("=HYPERLINK(1)", "Feld, \"nass\" # 'a'", "-Wald é 水", "+49")
"""What spreadsheets take for formulas, and marks that end a cell, a text or a line for some readers."""
READ = ("'=HYPERLINK(1)", "Feld, \"nass\" # 'a'", "'-Wald é 水", "+49")
"""A quote stands before what would be a formula; +49 is a number as it is."""
NUMBERS = {
    "signatures.csv": ("class_id", "pixels", "mean_red", "std_red"),
    "statistics.csv": ("class_id", "pixels", "hectares", "percent_of_valid"),
    "series.csv": ("class_id", "pixels", "hectares", "percent_of_valid"),
    "matrix.csv": ("map_id", "total"),
}


def read_like_r(text):
    """Return the columns of a CSV as R's `read.csv` gives them with its defaults, but for `check.names`.

    `scan` with sep="," and quote="\\"": a cell that begins with a quote ends at the next one that is not doubled; no
    escapes, no comments, no space stripped from texts. `type.convert`: a column is logical, integer or double where
    each of its cells is (space around them allowed), with empty cells and NA missing; else it is text, in which only
    NA is missing.
    """
    cells, row, rows, at = "", [], [], 0
    quoted = False
    while at < len(text):
        mark = text[at]
        if quoted:
            if mark == '"' and text[at + 1 : at + 2] == '"':
                cells, at = cells + mark, at + 1
            elif mark == '"':
                quoted = False
            else:
                cells += mark
        elif mark == '"':
            assert cells == "", f"a quote amid a cell, which scan takes for text: {text[max(at - 30, 0) : at + 30]!r}"
            quoted = True
        elif mark == ",":
            row, cells = [*row, cells], ""
        elif mark == "\n":
            rows, row, cells = [*rows, [*row, cells]], [], ""
        else:
            cells += mark
        at += 1
    assert (quoted, row, cells) == (False, [], ""), "the last line does not end"
    head, *body = rows
    assert {len(row) for row in body} == {len(head)}, "fill=TRUE would make up cells"
    return {name: converted([row[place] for row in body]) for place, name in enumerate(head)}


def converted(column):
    """Return a column as `type.convert` does it."""
    stripped = [cell.strip() for cell in column]
    known = [cell for cell in stripped if cell not in ("", "NA")]
    if all(cell in ("T", "F", "TRUE", "FALSE", "true", "false") for cell in known):
        return [None if cell in ("", "NA") else cell in ("T", "TRUE", "true") for cell in stripped]
    if all(re.fullmatch(r"[+-]?[0-9]+", cell) and abs(int(cell)) < 2**31 for cell in known):
        return [None if cell in ("", "NA") else int(cell) for cell in stripped]
    if all(re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", cell) for cell in known):
        return [None if cell in ("", "NA") else float(cell) for cell in stripped]
    return [None if cell == "NA" else cell for cell in column]


def read_with_pandas(text, tmp_path):
    pandas = pytest.importorskip("pandas")
    (tmp_path / "table.csv").write_bytes(text.encode("utf-8"))
    frame = pandas.read_csv(tmp_path / "table.csv")
    return {name: [None if pandas.isna(cell) else cell for cell in frame[name].tolist()] for name in frame.columns}


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Return name -> text of the tables of a named run, of what was merged of it, of its series and its accuracy."""
    folder = tmp_path_factory.mktemp("tables")
    result = run_of_four(folder / "scenes", folder / "run")
    rows = [["class", "name"], *([number, name] for number, name in enumerate(NAMES, 1))]
    (folder / "names.csv").write_text(to_csv(rows), encoding="utf-8")
    give_names(NamesRequest(folder / "run", folder / "names.csv"))
    rows = [["class", "to", "name"], [1, 1, NAMES[0]], [2, 2, NAMES[1]], [3, 3, NAMES[2]], [4, 3, NAMES[2]]]
    (folder / "legend.csv").write_text(to_csv(rows), encoding="utf-8")
    merge(MergeRequest(folder / "run", folder / "merged", folder / "legend.csv", workers=1))
    follow_series(SeriesRequest(tuple(result.rasters), folder / "series", workers=1))
    import rasterio

    raster = next(path for path in result.rasters if FIRST in path.name)
    with rasterio.open(raster) as dataset:
        places = [dataset.xy(row, column) for row, column in ((0, 0), (0, 2), (1, 1), (1, 3))]
    points = ReferencePoints(*map(list, zip(*places)), dataset.crs.to_wkt(), ["1", "2", "3", "3"], None)
    assess_accuracy(AccuracyRequest((raster,), points, 0, folder / "matrix.csv", folder / "accuracy.html"))
    found = {f"{kind} {name}": folder / kind / name for kind in ("run", "merged") for name in list(NUMBERS)[:2]}
    found.update({"series series.csv": folder / "series" / "series.csv", "accuracy matrix.csv": folder / "matrix.csv"})
    return {name: path.read_bytes().decode("utf-8") for name, path in found.items()}


TABLES = ("run signatures.csv", "run statistics.csv", "merged signatures.csv", "merged statistics.csv",
          "series series.csv", "accuracy matrix.csv")  # fmt: skip


@pytest.fixture(params=["R", "pandas"])
def read(request, tmp_path):
    return read_like_r if request.param == "R" else lambda text: read_with_pandas(text, tmp_path)


@pytest.mark.parametrize("name", TABLES)
def test_names_are_read_as_they_were_written_and_numbers_as_numbers(tables, read, name):
    columns = read(tables[name])
    kind, file = name.split()
    texts = columns["map_name" if kind == "accuracy" else "class_name"]
    wanted = READ[:3] if kind == "merged" else READ
    assert {text for text in texts if text} - {"total"} == set(wanted)
    for number in NUMBERS[file]:
        assert all(cell is None or (isinstance(cell, (int, float)) and math.isfinite(cell)) for cell in columns[number])
        assert any(cell is not None for cell in columns[number])


@pytest.mark.parametrize("name", TABLES)
def test_no_cell_is_a_formula(tables, name):
    columns = read_like_r(tables[name])
    cells = [cell for column in columns.values() for cell in column if isinstance(cell, str)]
    assert [cell for cell in [*columns, *cells] if re.match(r"[=+\-@\t\r]", cell) and cell != "+49"] == []


def test_the_numbers_are_those_of_the_rasters(tables, read):
    columns = read(tables["run statistics.csv"])
    counted = {FIRST: 0, SECOND: 0}
    for scene, number, pixels in zip(columns["scene"], columns["class_id"], columns["pixels"]):
        counted[scene] += 1
        assert pixels == (CLASSES[scene] == number).sum()
    assert counted == {FIRST: 4, SECOND: 4}
