"""The whole benchmark: every part in turn, then the tables. About 35 minutes on 2 cores; --quick takes four."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from . import ROOT, decode, growth, machine, peers, report, settings, stages, whole
from .processes import ProcessError

PARTS = {
    "machine": machine.measure,
    "decode": decode.measure,
    "stages": stages.measure,
    "whole": whole.measure_part,
    "peers": peers.measure,
    "growth": growth.measure,
}


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small scenes: shows that all runs, not how fast")
    parser.add_argument(
        "--only", action="append", choices=PARTS, default=[], metavar="NAME",
        help=f"measure this part alone, again for another one: {', '.join(PARTS)}; the tables show what the others "
        "gave before",
    )  # fmt: skip
    options = parser.parse_args(words)
    wanted = settings.quick() if options.quick else settings.full()
    try:
        for name in options.only or PARTS:
            began = time.perf_counter()
            print(f"== {name}", flush=True)
            PARTS[name](wanted)
            print(f"   took {time.perf_counter() - began:.0f} s", flush=True)
        print("\n" + report.write(wanted))
    except (ProcessError, report.DisagreementError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(f"Written to {wanted.report.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
