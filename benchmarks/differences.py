"""Two folders of results compared byte for byte, but for what tells the time.

Times are what no run repeats: the date of the run, wall seconds, and what a benchmark derives from them. They are cut
out of a file's text where they stand; all else of it stays as it is, so that a blank more is a difference. The memory
that happens to be free is no result either, nor is the order in which scenes that are read side by side are done.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

FILE, PAGE, LOG = "files", "pages", "logs"
KINDS = (FILE, PAGE, LOG)
"""What is counted apart: results that programs read, pages for people, and what a run says."""
_LOG_NAME = "log.txt"
_TIME = b"TIME"

_NUMBER = rb"-?\d[\d.,e+-]*"
_JSON = (
    (re.compile(rb'("finished": )"[^"]*"'), rb"\1TIME"),
    (re.compile(rb'("seconds": )' + _NUMBER), rb"\1TIME"),
    # Results of iikmc:benchmark.
    (re.compile(rb'("(?:BEST|SPEED_UP|WHOLE_SPEED_UP|PIXELS_PER_SECOND)": ).*?(?=,?\n)'), rb"\1TIME"),
)
_STAGES = re.compile(rb'"seconds": \{[^}]*\}')
_FREE_MEMORY = (re.compile(rb"\d[\d.]* [MG]B(?= (?:of memory )?that may be used)"), b"SIZE")
_HTML = (
    _FREE_MEMORY,
    (re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\+00:00|Z)"), _TIME),
    (re.compile(rb"(?<=Time: )[^<]*(?=</p>)"), _TIME),
)
# A table whose last column is headed "Seconds", and the last cell of a row.
_TIMED_TABLE = re.compile(rb"<table><thead><tr>(?:(?!</tr>).)*>Seconds</th></tr></thead>.*?</table>", re.DOTALL)
_LAST_CELL = re.compile(rb"<td[^>]*>[^<]*</td>(?=</tr>)")
_TEXT_LOG = (
    _FREE_MEMORY,
    # Estimates go by the speed of earlier runs.
    (re.compile(rb"\d[\d.]* (?:s|min|h)(?= for \d+ iterations, judged|, judged)"), _TIME),
    (re.compile(rb"(?<=info: Took )[^;\n]*(?=;)"), _TIME),
)
# Scenes that are read at the same time are told of as they end.
_SCENES_READ = re.compile(rb"(?m)(?:^info: .* pixels are valid \(.*\n){2,}")
_MADE_OF_TIMES = ("benchmark.html",)
"""Pages of which only that they are there is compared."""


def kind_of(path: Path) -> str:
    """Return as which of `KINDS` a file counts."""
    if path.name == _LOG_NAME:
        return LOG
    return PAGE if path.suffix == ".html" else FILE


def without_times(name: str, data: bytes) -> bytes:
    """Return what a file of this name tells apart from times."""
    if name in _MADE_OF_TIMES:
        return b""
    if name.endswith(".json"):
        return _STAGES.sub(lambda found: re.sub(rb"(?<=: )" + _NUMBER, _TIME, found[0]), _replaced(data, _JSON))
    if name.endswith(".html"):
        return _TIMED_TABLE.sub(lambda found: _LAST_CELL.sub(b"<td>TIME</td>", found[0]), _replaced(data, _HTML))
    if name == "benchmark.csv":
        return _benchmark_table(data)
    return _log(data) if name == _LOG_NAME else data


def _replaced(data: bytes, rules: tuple[tuple[re.Pattern[bytes], bytes], ...]) -> bytes:
    for pattern, replacement in rules:
        data = pattern.sub(replacement, data)
    return data


def _benchmark_table(data: bytes) -> bytes:
    """Return the benchmark's table with a mark in the filled cells of the columns of times."""
    head, *rows = list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))
    timed = {number for number, name in enumerate(head) if name.endswith(("_s", "_second")) or "speed_up" in name}
    cut = [[_TIME.decode() if cell and n in timed else cell for n, cell in enumerate(row)] for row in rows]
    return "\n".join(map(repr, [head, *cut])).encode()


def _log(data: bytes) -> bytes:
    if b"stage: Looking which kernels" in data:  # a benchmark, whose other lines tell times and what is fastest
        return b"\n".join(line for line in data.splitlines() if line.startswith(b"stage: "))
    return _SCENES_READ.sub(lambda found: b"".join(sorted(found[0].splitlines(True))), _replaced(data, _TEXT_LOG))


@dataclass(frozen=True)
class Compared:
    """What two folders have in common."""

    number: int
    """Files compared, and those that only one of the two has."""
    different: dict[str, str]
    """Path inside the folder -> how it differs, in one line."""

    def count(self, kind: str) -> int:
        """Return how many files of one of `KINDS` differ."""
        return sum(kind_of(Path(name)) == kind for name in self.different)


def compare(old: Path, new: Path) -> Compared:
    """Compare all files of two folders."""
    left, right = _names(old), _names(new)
    different = dict.fromkeys(left - right, "is only in old")
    different.update(dict.fromkeys(right - left, "is only in new"))
    for name in left & right:
        how = difference(old / name, new / name)
        if how:
            different[name] = how
    return Compared(len(left | right), dict(sorted(different.items())))


def _names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def difference(old: Path, new: Path) -> str:
    """Return how two files differ, in one line; empty where they do not."""
    one, two = old.read_bytes(), new.read_bytes()
    if one == two:
        return ""
    one, two = without_times(old.name, one), without_times(new.name, two)
    return "" if one == two else _where(one, two)


def _where(one: bytes, two: bytes) -> str:
    """Return where two different texts part, and how they go on."""
    at = next((n for n, (a, b) in enumerate(zip(one, two)) if a != b), min(len(one), len(two)))
    if b"\0" in one or b"\0" in two:
        return f"byte {at} of {len(one)} and {len(two)}"
    begin = max(one.rfind(b"\n", 0, at) + 1, at - 30)
    old, new = (text[begin : at + 50].split(b"\n")[0].decode("utf-8", "replace") for text in (one, two))
    return f"line {one.count(bytes([10]), 0, at) + 1}: {old!r} became {new!r}"
