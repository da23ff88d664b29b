"""Whether two checkouts give the same results: every tool, on real scenes, with Numba and without it.

    /usr/bin/python3 -m benchmarks.same_results OLD NEW

Both run through QGIS, so that nothing but the tools' names, parameters and files must have stayed. All runs write to
the same places, because results name files. What differs is listed after the table, and the results of both stay in
the work folder. The exit status is 1 where anything differs and 2 where something could not be run.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from . import cases, differences
from .checkouts import KERNELS, Checkout, packages, place
from .differences import KINDS, Compared
from .processes import ProcessError
from .settings import BUILD, GENUINE

PYTHON = "/usr/bin/python3"
_IN_QGIS = Path(__file__).resolve().parent / "in_qgis.py"
_MOST_SHOWN = 40


def run_all(checkout: Checkout, kernel: str, numba: Path, work: Path, wanted: Sequence[cases.Case]) -> Path:
    """Run all cases in one process of QGIS's Python; return the folder of what they left.

    Raises
    ------
    ProcessError
        The process failed, or another kernel than this one did the work.
    """
    run, kept = work / "run", work / "results" / f"{checkout.name}, {kernel}"
    for folder in (run, kept):
        shutil.rmtree(folder, ignore_errors=True)
    run.mkdir(parents=True)
    jobs = work / "jobs.json"
    jobs.write_text(json.dumps([case.job() for case in wanted]), encoding="utf-8")
    began = time.perf_counter()
    done = subprocess.run(
        [PYTHON, str(_IN_QGIS), str(jobs)], cwd=work, env=checkout.environment(kernel, numba, wait=True),
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-25:])
        raise ProcessError(f"{checkout.name} ended with status {done.returncode}:\n{tail}")
    check_kernel(run, kernel)
    print(f"   {checkout.name}, {kernel}: {len(wanted)} cases in {time.perf_counter() - began:.0f} s", flush=True)
    kept.parent.mkdir(exist_ok=True)
    run.rename(kept)
    return kept


def check_kernel(run: Path, kernel: str) -> None:
    """Check in the records of the runs that this kernel did the work.

    Raises
    ------
    ProcessError
        It did not, or there is no record.
    """
    used = {json.loads(path.read_text(encoding="utf-8"))["run"]["kernel"] for path in run.rglob("*signatures*.json")}
    if used != {kernel}:
        raise ProcessError(f"the kernel {kernel} was asked for; the runs tell of {', '.join(sorted(used)) or 'none'}.")


def table(rows: Sequence[tuple[str, str, Compared]]) -> str:
    """Return a line per case and kernel: what was compared, and what differs."""
    width = max(len(case) for case, _, _ in rows)
    lines = [f"{'case':{width}}  kernel  compared  differing: " + "  ".join(KINDS)]
    for case, kernel, found in rows:
        counts = "  ".join(f"{found.count(kind) or '-':>{len(kind)}}" for kind in KINDS)
        lines.append(f"{case:{width}}  {kernel:6}  {found.number:8}             {counts}")
    return "\n".join(lines)


def summary(rows: Sequence[tuple[str, str, Compared]]) -> str:
    """Return what differs, each with how, and the sums."""
    told = [f"{kernel}: {case}/{name}: {how}" for case, kernel, found in rows for name, how in found.different.items()]
    if len(told) > _MOST_SHOWN:
        told[_MOST_SHOWN:] = [f"... and {len(told) - _MOST_SHOWN} more"]
    sums = ", ".join(f"{sum(found.count(kind) for _, _, found in rows)} {kind}" for kind in KINDS)
    return "\n".join([*told, f"{sum(found.number for _, _, found in rows)} compared; differing: {sums}"])


def compare_all(options: argparse.Namespace) -> list[tuple[str, str, Compared]]:
    """Run everything with both checkouts and return what was found: case, kernel, comparison."""
    work = options.work.resolve()
    shutil.rmtree(work / "inputs", ignore_errors=True)
    old, new = place("old", options.old, work), place("new", options.new, work)
    numba = packages((old, new))
    wanted = cases.every_case(cases.prepare(options.scenes.resolve(), work / "inputs"), work / "run")
    rows = []
    for kernel in options.kernel or KERNELS:
        left, right = (run_all(checkout, kernel, numba, work, wanted) for checkout in (old, new))
        rows += [(one.name, kernel, differences.compare(left / one.name, right / one.name)) for one in wanted]
    return rows


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path, help="checkout whose results count as right")
    parser.add_argument("new", type=Path, help="checkout to compare with it")
    parser.add_argument("--scenes", type=Path, default=GENUINE, help="folder of real scene folders (%(default)s)")
    parser.add_argument("--work", type=Path, default=BUILD / "same_results", help="where all goes (%(default)s)")
    parser.add_argument("--kernel", choices=KERNELS, action="append", help="this one alone; both by default")
    return parser.parse_args(words)


def main() -> int:
    """Run the command line; return its exit status."""
    try:
        rows = compare_all(parse())
    except (OSError, ProcessError) as error:
        print(f"same_results: {error}", file=sys.stderr)
        return 2
    print(f"\n{table(rows)}\n\n{summary(rows)}")
    return 1 if any(found.different for _, _, found in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
