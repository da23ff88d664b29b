"""The whole benchmark: every part in turn, then the tables. About 20 minutes on 2 cores; --quick takes two."""

from __future__ import annotations

import argparse
import sys
import time

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


def main() -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small scenes: shows that all runs, not how fast")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all by default")
    options = parser.parse_args()
    unknown = [name for name in options.parts if name not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]}; the parts are {', '.join(PARTS)}")
    wanted = settings.quick() if options.quick else settings.full()
    try:
        for name in options.parts or PARTS:
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
