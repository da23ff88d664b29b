#!/usr/bin/python3
"""Build the zip that QGIS installs: dist/iikmc-<version>.zip, one folder `iikmc/`.

    build_zip.py [FOLDER]      (default: dist)

What goes in is an allow-list, taken from the working tree's tracked files, so that nothing left lying about is shipped.
Order and dates are fixed by the commit: the same tree gives the same zip.
"""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
TOP = "iikmc"

# With every page that a shipped page has a link to.
PAGES = ("README.md", "CHANGELOG.md", "DESIGN.md", "CONTRIBUTING.md", "benchmarks/RESULTS.md")
FILES = ("__init__.py", "metadata.txt", "LICENSE", "requirements.txt", *PAGES)
FOLDERS = {
    "engine": (".py", ".json"),
    "algorithms": (".py",),
    "iikmc_plugin": (".py",),
    "docs": (".md", ".png"),
    "i18n": (".qm",),
    "icons": (".svg", ".png"),
    "models": (".model3",),
}


def is_shipped(name: str) -> bool:
    """Tell whether a path inside the repository, with slashes, belongs into the zip."""
    path = PurePosixPath(name)
    if name in FILES or len(path.parts) < 2:
        return name in FILES
    return path.suffix in FOLDERS.get(path.parts[0], ()) and not any(part.startswith(".") for part in path.parts)


def _git(*arguments: str) -> str:
    # Asked to trust this folder alone: a container's root often reads another user's clone.
    command = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"build_zip: git cannot list the files of {ROOT} ({done.stderr.strip()}); build from a git clone.")
    return done.stdout


def shipped_files() -> list[str]:
    """Return the paths that go into the zip, sorted; warns of files that git does not know yet."""
    tracked = _git("ls-files", "-z").split("\0")
    others = _git("ls-files", "-z", "--others", "--exclude-standard").split("\0")
    unknown = [name for name in others if is_shipped(name)]
    if unknown:
        print(f"build_zip: left out because git does not track them: {', '.join(unknown)}", file=sys.stderr)
    return sorted(name for name in tracked if is_shipped(name) and (ROOT / name).is_file())


def version() -> str:
    """Return the version that metadata.txt gives."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "metadata.txt", encoding="utf-8")
    found = parser["general"]["version"]
    if not re.fullmatch(r"\d+\.\d+\.\d+", found):
        sys.exit(f"build_zip: version={found} in metadata.txt; plugins.qgis.org wants three numbers such as 1.2.3.")
    return found


def _date() -> tuple[int, int, int, int, int, int]:
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH") or _git("log", "-1", "--format=%ct"))
    return time.gmtime(max(seconds, 315532800))[:6]  # a zip knows no date before 1980


def build(folder: Path) -> Path:
    """Write the zip into a folder and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{TOP}-{version()}.zip"
    date = _date()
    part = target.with_suffix(".part")
    with zipfile.ZipFile(part, "w") as archive:
        for name in shipped_files():
            entry = zipfile.ZipInfo(f"{TOP}/{name}", date)
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, (ROOT / name).read_bytes())
    part.replace(target)
    return target


if __name__ == "__main__":
    made = build(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist")
    print(f"{made} ({made.stat().st_size // 1024} kB)")
