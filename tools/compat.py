#!/usr/bin/python3
"""Try the plugin in every QGIS that Debian has: 3.22, 3.40 and 3.44, each in a Debian of its own below build/compat.

    sudo /usr/bin/python3 tools/compat.py [--suite trixie] [--fresh] [-- PYTEST ARGUMENTS]

Each suite gets a minimal system (debootstrap) with QGIS and what tools/prepare.py installs for the tests; 4 GB in all,
and kept: a second run needs neither network nor time for them. In each, all of tests/qgis run, and `qgis_process`
clusters the demonstration's scenes, and the genuine ones where IIKMC_SCENES names them. The rasters must be the same
byte for byte, by their values, in all three. Needs root (chroot, mount) and the package debootstrap.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / "build" / "compat"
# Debian's suites and the QGIS of each; forky is testing, whose QGIS changes.
SUITES = {"bookworm": "3.22", "trixie": "3.40", "forky": "3.44"}
_SCRIPTS = Path("/usr/share/debootstrap/scripts")
_FIRST = "python3,ca-certificates,git"
_INSIDE = "/iikmc"
_SCENES = Path(os.environ.get("IIKMC_SCENES", ROOT.parent / "shared" / "scenes"))
# What is done inside; it prints one line that begins so.
_MARK = "@compat "


@dataclass
class Outcome:
    """What came of a suite."""

    suite: str
    versions: str = ""
    tests: str = "not run"
    rasters: str = ""
    good: bool = False
    seconds: float = 0.0


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--suite", action="append", choices=SUITES, default=[], help="this suite alone; may be repeated"
    )
    parser.add_argument("--fresh", action="store_true", help="make the systems anew")
    parser.add_argument("pytest", nargs="*", help="arguments for pytest instead of tests/qgis, behind --")
    options = parser.parse_args(words)
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        print("compat: this needs root and the package debootstrap; run it with sudo.", file=sys.stderr)
        return 2
    outcomes = [tried(suite, options.fresh, options.pytest or ["tests/qgis"]) for suite in options.suite or SUITES]
    table = told(outcomes)
    (HOME / "RESULT.md").write_text(table, encoding="utf-8")
    print(table)
    return 0 if all(one.good for one in outcomes) and len({one.rasters for one in outcomes}) == 1 else 1


def told(outcomes: Sequence[Outcome]) -> str:
    """Return the table of outcomes in Markdown."""
    lines = ["| Debian | versions | tests/qgis | rasters | seconds |", "|---|---|---|---|---:|"]
    for one in outcomes:
        lines.append(f"| {one.suite} | {one.versions} | {one.tests} | {one.rasters or 'none'} | {one.seconds:.0f} |")
    same = len({one.rasters for one in outcomes}) == 1
    return "\n".join([*lines, "", f"Rasters: {'the same' if same else 'NOT the same'} in all.", ""])


def tried(suite: str, fresh: bool, pytest: Sequence[str]) -> Outcome:
    """Try one suite."""
    began, outcome = time.monotonic(), Outcome(suite)
    system = HOME / suite
    try:
        say(f"{suite}: the system")
        if fresh:
            shutil.rmtree(system, ignore_errors=True)
        made(system, suite)
        checkout(system)
        say(f"{suite}: what the tests need")
        inside(system, "/usr/bin/python3 tools/prepare.py test")
        say(f"{suite}: tests")
        done = inside(
            system, f"/usr/bin/python3 tools/test.py {' '.join(pytest)} -p no:cacheprovider", fatal=False, quiet=True
        )
        log = HOME / f"{suite}-tests.txt"
        log.write_text(done.stdout, encoding="utf-8")
        lines = [
            line for line in done.stdout.splitlines() if " passed" in line or " failed" in line or " error" in line
        ]
        outcome.tests = lines[-1].strip("= ") if lines else f"ended with status {done.returncode}, see {log.name}"
        say(f"{suite}: {outcome.tests}")
        say(f"{suite}: qgis_process")
        found = inside(system, "/usr/bin/python3 tools/compat_job.py", quiet=True, fatal=False)
        (HOME / f"{suite}-job.txt").write_text(found.stdout, encoding="utf-8")
        marked = [line for line in found.stdout.splitlines() if line.startswith(_MARK)]
        if marked:
            result = json.loads(marked[-1][len(_MARK) :])
            outcome.versions, outcome.rasters = result["versions"], result["rasters"]
        outcome.good = done.returncode == 0 and found.returncode == 0 and bool(outcome.rasters)
    except subprocess.CalledProcessError as error:
        outcome.tests = f"not run: {error}"
    outcome.seconds = time.monotonic() - began
    return outcome


def say(text: str) -> None:
    """Tell what is done."""
    print(f"== {text}", flush=True)


def made(system: Path, suite: str) -> None:
    """Make a minimal system, unless it is there."""
    if (system / ".made").exists():
        return
    shutil.rmtree(system, ignore_errors=True)
    system.mkdir(parents=True)
    if not (_SCRIPTS / suite).exists():
        # Debian's own debootstrap does not know the names of releases to come.
        (_SCRIPTS / suite).symlink_to("sid")
    run(["debootstrap", "--variant=minbase", f"--include={_FIRST}", suite, str(system), mirror()])
    (system / "etc/apt/sources.list").write_text(f"deb {mirror()} {suite} main\n", encoding="ascii")
    lent(system)
    (system / ".made").touch()


def mirror() -> str:
    """Return the address of the mirror that this machine uses, or Debian's own."""
    told = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    for path in told:
        for word in path.read_text(encoding="utf-8", errors="replace").split() if path.is_file() else ():
            if word.startswith("http") and word.rstrip("/").endswith("/debian"):
                return word
    return "http://deb.debian.org/debian"


def lent(system: Path) -> None:
    """Give a system what this one needs to reach packages: proxies, certificates, pip's configuration."""
    for path in Path("/etc/apt/apt.conf.d").glob("*"):
        if path.is_file() and "Acquire" in path.read_text(encoding="utf-8", errors="replace"):
            shutil.copy(path, system / "etc/apt/apt.conf.d" / path.name)
    for name in ("etc/pip.conf", "etc/ssl/certs/ca-certificates.crt", "etc/resolv.conf"):
        if Path("/", name).is_file():
            (system / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(Path("/", name), system / name)


def checkout(system: Path) -> None:
    """Copy what git tracks into a system; what was built there stays."""
    target = system / _INSIDE.strip("/")
    target.mkdir(exist_ok=True)
    for path in target.iterdir():
        if path.name not in ("build", ".venv", ".git"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, names.split("\0")):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)
    # Tests of the zip and of the documentation ask git what is tracked.
    commands = "git init -q . && git add -A && git -c user.name=x -c user.email=x@y commit -qm state --allow-empty"
    inside(system, commands, quiet=True)


def inside(system: Path, command: str, fatal: bool = True, quiet: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a command in the checkout of a system; its mounts are its own, and gone with it however it ends."""
    root = shlex.quote(str(system))
    mounts = [
        f"mount -t proc proc {root}/proc",
        f"mount --rbind /dev {root}/dev",
        f"mount -t tmpfs tmpfs {root}/dev/shm",  # noqa: S108 - the system's own
    ]
    for folder, name in ((_SCENES, "scenes"), (_SCENES.parent / "sensors", "sensors")):
        if folder.is_dir():
            (system / name).mkdir(exist_ok=True)
            mounts.append(f"mount --bind -o ro {shlex.quote(str(folder))} {root}/{name}")
    into = f'exec chroot {root} /bin/sh -c \'cd {_INSIDE} && exec sh -c "$0"\' "$0"'
    lent = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "http", "no_"))}
    environment = {**lent, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}
    if _SCENES.is_dir():
        environment.update(IIKMC_SCENES="/scenes", IIKMC_SENSORS="/sensors")
    script = " && ".join([*mounts, into])
    return run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, command],
        environment=environment, fatal=fatal, quiet=quiet,
    )  # fmt: skip


def run(
    command: Sequence[str], environment: dict[str, str] | None = None, fatal: bool = True, quiet: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run a command."""
    return subprocess.run(
        list(command), env=environment, text=True, check=fatal, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if quiet else None, stderr=subprocess.STDOUT if quiet else None,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
