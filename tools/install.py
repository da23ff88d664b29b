#!/usr/bin/python3
"""Put the plugin into the user's profile of QGIS, or take it out: `make install`, `make uninstall`; PROFILE=NAME.

    install.py [--remove] [PROFILE]      (default: default)

The files are those of the zip. A version that is there is replaced by moving folders, so that QGIS never finds half of
one, and comes back if that fails. A link, as developers make to a checkout, is left alone. Standard library only.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

import build_zip


def homes() -> list[Path]:
    """Return where QGIS 3 and QGIS 4 keep their profiles on this platform."""
    if sys.platform.startswith("win"):
        base = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return [base / "QGIS" / f"QGIS{version}" / "profiles" for version in (3, 4)]


def folders(profile: str) -> list[Path]:
    """Return the plugins' folders of a profile: of each QGIS that has run here, or of QGIS 3 where none has.

    Raises
    ------
    SystemExit
        There are profiles, and none of this name; or the name is no name of a folder.
    """
    if not profile or Path(profile).name != profile or profile in (".", ".."):
        sys.exit(f"install: PROFILE is {profile!r}, expected the name of a profile, such as default.")
    there = [home for home in homes() if home.is_dir()]
    found = [home / profile for home in there if (home / profile).is_dir()]
    if not found and there:
        known = sorted({path.name for home in there for path in home.iterdir() if path.is_dir()})
        if known:
            sys.exit(f"install: there is no profile {profile!r} in {there[0]}; PROFILE may be {', '.join(known)}.")
    return [path / "python" / "plugins" for path in found or [homes()[0] / profile]]


def _refuse_link(target: Path) -> None:
    if target.is_symlink():
        sys.exit(f"install: {target} is a link to {os.readlink(target)}; remove it first if you want a copy there.")


def install(plugins: Path) -> str:
    """Put the plugin into a folder of plugins; return what was done, in a sentence."""
    target = plugins / build_zip.TOP
    _refuse_link(target)
    plugins.mkdir(parents=True, exist_ok=True)
    # Beside the target, for one file system; hidden, and no name of a module, so that QGIS takes neither for a plugin.
    aside = Path(tempfile.mkdtemp(prefix=f".{build_zip.TOP}-", dir=plugins))
    try:
        with zipfile.ZipFile(build_zip.build(aside)) as archive:
            archive.extractall(aside / "new")
        replaced = target.exists()
        if replaced:
            target.replace(aside / "old")
        try:
            (aside / "new" / build_zip.TOP).replace(target)
        except OSError:
            if replaced:
                (aside / "old").replace(target)
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return f"IIkMC {build_zip.version()} is in {target}{', in place of what was there' if replaced else ''}."


def remove(plugins: Path) -> str:
    """Take the plugin out of a folder of plugins; return what was done, in a sentence."""
    target = plugins / build_zip.TOP
    _refuse_link(target)
    if not target.exists():
        return f"IIkMC is not in {plugins}; nothing was removed."
    aside = Path(tempfile.mkdtemp(prefix=f".{build_zip.TOP}-", dir=plugins))
    target.replace(aside / "old")
    shutil.rmtree(aside, ignore_errors=True)
    return f"{target} was removed."


def main(arguments: list[str]) -> None:
    """Run the command line."""
    names = [argument for argument in arguments if argument != "--remove"]
    if len(names) > 1:
        sys.exit("install: say one profile, or none.")
    work = remove if "--remove" in arguments else install
    for plugins in folders(names[0] if names else "default"):
        try:
            print(work(plugins))
        except OSError as error:
            sys.exit(f"install: {plugins} cannot be written ({error}); close QGIS and try again.")
    if work is install:
        print("In QGIS tick IIkMC in Plugins > Manage and Install Plugins > Installed; restart QGIS if it is open.")


if __name__ == "__main__":
    main(sys.argv[1:])
