"""The proof that two checkouts give the same results finds what differs, and nothing but times is left out of it."""

from __future__ import annotations

import json

import pytest
from iikmc.benchmarks import cases, differences, same_results
from iikmc.benchmarks.processes import ProcessError

RECORD = {
    "finished": "2026-01-02T03:04:05+00:00",
    "pixels": 12,
    "iterations": [{"changed_percent": 1.5, "seconds": 0.1}],
}
PAGE = """<p class="note">2026-01-02T03:04:05+00:00 · IIkMC 1</p>
<p>12 valid pixels. Time: read 0.1 s, write 2.0 s.</p>
<table><thead><tr><th scope="col">Class</th></tr></thead><tbody><tr><td class="n">0.10</td></tr></tbody></table>
<table><thead><tr><th scope="col">Stage</th><th scope="col" class="n">Seconds</th></tr></thead>
<tbody>
<tr><td>read</td><td class="n">0.10</td></tr>
</tbody></table>
"""
TABLE = "kernel,threads,read_s,pixels,pixels_per_second,speed_up_total,equal\nNumPy,1,0.5,12,24,1.0,yes\n"
LOG = """info: 21 MB for the pixels, of 14.0 GB of memory that may be used; about 1 s for 10 iterations, judged by runs.
info: Took 0.6 s: reading 0.1 s, rasters 0.5 s; 12 valid pixels took 0.9 MB; the rasters have 0.1 MB.
"""
SCENES_READ = "info: a: 5 of 6 pixels are valid (83.3 %)\ninfo: b: 6 of 6 pixels are valid (100.0 %)\n"


def signatures(read=0.25, **more):
    run = {**RECORD, "seconds": {"read": read, "write": 1e-3}, **more}
    return json.dumps({"centres": [[1, 2]], "run": run}, indent=1)


@pytest.fixture
def pair(tmp_path):
    """Return a function that writes a file of two texts or bytes and tells how they differ."""

    def differing(name, one, two):
        for folder, content in (("old", one), ("new", two)):
            path = tmp_path / folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        found = differences.compare(tmp_path / "old", tmp_path / "new")
        assert found.number == 1
        return found.different.get(name, "")

    return differing


@pytest.mark.parametrize(
    ("name", "text", "other"),
    [
        ("signatures.json", signatures(), signatures(12.5, finished="2027-02-03T04:05:06+00:00")),
        ("signatures.json", signatures(), signatures(iterations=[{"changed_percent": 1.5, "seconds": 3}])),
        ("report.html", PAGE, PAGE.replace('<td>read</td><td class="n">0.10', '<td>read</td><td class="n">9.00')),
        ("report.html", PAGE, PAGE.replace("read 0.1 s", "read 9.9 s").replace("2026-01", "2027-02")),
        ("benchmark.csv", TABLE, TABLE.replace("0.5,12,24,1.0", "0.7,12,17,1.1")),
        ("benchmark.html", PAGE, "other figures"),
        ("log.txt", LOG, LOG.replace("14.0 GB", "900 MB").replace("1 s for", "2 min for").replace("0.6 s", "7.1 s")),
        ("log.txt", SCENES_READ, "".join(reversed(SCENES_READ.splitlines(True)))),
        (
            "audit.html",
            "takes 5.5 MB, of 13.5 GB that may be used now",
            "takes 5.5 MB, of 14.0 GB that may be used now",
        ),
        ("results.json", '{\n "BEST": "a",\n "SPEED_UP": 1.5\n}\n', '{\n "BEST": "b, 2",\n "SPEED_UP": 2\n}\n'),
    ],
)
def test_times_are_no_difference(pair, name, text, other):
    assert text != other
    assert pair(name, text, other) == ""


@pytest.mark.parametrize(
    ("name", "text", "other"),
    [
        ("signatures.json", signatures(), signatures(pixels=13)),
        ("signatures.json", signatures(), signatures(iterations=[{"changed_percent": 1.6, "seconds": 0.1}])),
        ("signatures.json", signatures(), signatures().replace('"write"', '"put"')),
        ("signatures.json", signatures(), signatures() + " "),
        ("report.html", PAGE, PAGE.replace('<tr><td class="n">0.10', '<tr><td class="n">0.11')),
        ("report.html", PAGE, PAGE.replace("12 valid", "13 valid")),
        ("benchmark.csv", TABLE, TABLE.replace(",12,", ",13,")),
        ("benchmark.csv", TABLE, TABLE.replace("0.5", "")),
        ("log.txt", LOG, LOG.replace("12 valid", "13 valid")),
        ("log.txt", LOG, LOG.replace("21 MB", "22 MB")),
        ("log.txt", LOG, "".join(reversed(LOG.splitlines(True)))),
        ("statistics.csv", "a,1 s\n", "a,2 s\n"),
        ("a_classes.qml", "<a/>", "<a />"),
    ],
)
def test_all_else_is_a_difference(pair, name, text, other):
    assert pair(name, text, other).startswith("line ")


def test_one_byte_of_a_raster_is_found_and_told(pair):
    raster = bytes(range(256)) * 4
    assert pair("a_classes.tif", raster, raster) == ""
    assert pair("a_classes.tif", raster, raster[:700] + b"\7" + raster[701:]) == "byte 700 of 1024 and 1024"
    assert pair("a_classes.tif", raster, raster[:-1]) == "byte 1023 of 1024 and 1023"


def test_a_file_that_is_missing_is_found_and_kinds_are_counted_apart(tmp_path):
    for folder, names in (("old", ["a.csv", "b.html", "log.txt"]), ("new", ["a.csv", "log.txt", "sub/c.tif"])):
        for name in names:
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(folder if name == "log.txt" else "same", encoding="utf-8")
    found = differences.compare(tmp_path / "old", tmp_path / "new")
    assert found.number == 4
    assert found.different == {
        "b.html": "is only in old",
        "log.txt": "line 1: 'old' became 'new'",
        "sub/c.tif": "is only in new",
    }
    assert [found.count(kind) for kind in differences.KINDS] == [1, 1, 1]
    told = same_results.summary([("case", "numpy", found)])
    assert told.splitlines()[0] == "numpy: case/b.html: is only in old"
    assert told.endswith("4 compared; differing: 1 files, 1 pages, 1 logs")
    assert len(same_results.table([("case", "numpy", found)]).splitlines()) == 2


def test_a_run_with_another_kernel_proves_nothing(tmp_path):
    with pytest.raises(ProcessError, match="tell of none"):
        same_results.check_kernel(tmp_path, "numpy")
    (tmp_path / "signatures.json").write_text(signatures(kernel="numpy"), encoding="utf-8")
    same_results.check_kernel(tmp_path, "numpy")
    with pytest.raises(ProcessError, match="numba was asked for; the runs tell of numpy"):
        same_results.check_kernel(tmp_path, "numba")


@pytest.mark.scenes
def test_cases_have_names_of_their_own_and_take_what_earlier_ones_left(real_scenes, tmp_path):
    found = cases.every_case(cases.prepare(real_scenes, tmp_path / "inputs"), tmp_path / "run")
    folders = [str(case.folder) for case in found]
    assert len(set(folders)) == len(folders)
    assert {case.algorithm.partition(":")[2] for case in found} == {
        "cluster", "classify", "audit", "suggestk", "transitions", "benchmark",
    }  # fmt: skip
    for number, case in enumerate(found):
        for name in ("SIGNATURES", "BEFORE", "AFTER"):
            taken = case.values.get(name)
            assert taken is None or any(taken.startswith(f"{folder}/") for folder in folders[:number]), case.name
