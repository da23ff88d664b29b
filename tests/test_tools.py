"""The scripts behind make: they install only what is missing, and say what to do where they cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PREPARE = ROOT / "tools" / "prepare.py"

pytestmark = pytest.mark.skipif(
    not Path("/usr/bin/python3").exists(), reason="the scripts use the distribution's Python, which is not here"
)


@pytest.fixture
def machine(tmp_path):
    """Return a function that runs prepare.py on a machine of stand-ins for apt-get, dpkg-query and sudo."""
    folder, log = tmp_path / "bin", tmp_path / "log"
    folder.mkdir()
    log.write_text("")

    def command(name, text):
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)

    def run(purpose, installed=None, commands=("apt-get", "sudo"), apt_fails=False):
        if installed is not None:
            lines = "".join(f"{name} installed\\n" for name in installed)
            command("dpkg-query", f"printf '{lines}'")
        if "apt-get" in commands:
            command("apt-get", f'echo "apt-get $*" >> {log}\nexit {int(apt_fails)}')
        if "sudo" in commands:
            command("sudo", 'exec "$@"')
        command("env", 'exec /usr/bin/env "$@"')
        done = subprocess.run(
            ["/usr/bin/python3", str(PREPARE), purpose], capture_output=True, text=True, env={"PATH": str(folder)}
        )
        return done, log.read_text().splitlines()

    return run


def _packages(purpose):
    code = f"import prepare; print(*prepare.PACKAGES[{purpose!r}], *prepare.OPTIONAL.get({purpose!r}, ()))"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=PREPARE.parent).stdout.split()


def test_a_machine_that_has_everything_is_left_alone(machine):
    done, log = machine("demo", installed=_packages("demo"))
    assert (done.returncode, done.stdout, log) == (0, "", [])


def test_only_the_missing_packages_are_installed_after_an_update(machine):
    there = [name for name in _packages("demo") if name not in ("qgis", "python3-rasterio")]
    done, log = machine("demo", installed=there)
    assert done.returncode == 0, done.stderr
    update, install = log
    assert update.endswith(" update")
    assert install.endswith(" install -y --no-install-recommends qgis python3-rasterio")
    assert "qgis python3-rasterio" in done.stdout


def test_threadpoolctl_is_asked_for_and_done_without_where_it_cannot_be_had(machine):
    there = [name for name in _packages("demo") if name != "python3-threadpoolctl"]
    done, log = machine("demo", installed=there)
    assert log[1].endswith(" install -y --no-install-recommends python3-threadpoolctl")
    assert len(log) == 2
    done, log = machine("demo", installed=there, apt_fails=True)
    assert done.returncode == 0, done.stderr
    assert "apt-get could not install the packages" in done.stderr


def test_a_failing_apt_ends_the_run_with_one_sentence(machine):
    done, log = machine("demo", installed=[], apt_fails=True)
    assert done.returncode == 1
    assert "apt-get could not install the packages" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(log) == 2


def test_qts_tools_for_translators_are_installed_for_them_alone_and_if_they_can_be_had(machine):
    done, log = machine("translations", installed=[])
    assert done.returncode == 0, done.stderr
    assert log[1].endswith(" install -y --no-install-recommends qttools5-dev-tools")
    for purpose in ("demo", "test", "bench", "check"):
        assert "qttools5-dev-tools" not in _packages(purpose)
    done, log = machine("translations", installed=[], apt_fails=True)
    assert done.returncode == 0
    assert "apt-get could not install the packages" in done.stderr


def test_without_apt_the_missing_things_are_named(machine):
    done, _ = machine("demo", commands=())
    assert done.returncode == 1
    assert "this needs apt-get (Debian 12 or newer, Ubuntu 22.04 or newer), which is not here" in done.stderr
    assert "qgis" in done.stderr  # no qgis_process on this PATH
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root needs no sudo")
def test_without_sudo_the_command_for_root_is_told(machine):
    done, log = machine("demo", installed=[], commands=("apt-get",))
    assert done.returncode == 1
    assert "as root, run 'apt-get update && apt-get install qgis " in done.stderr
    assert log == []


def test_an_unknown_purpose_is_refused(machine):
    done, _ = machine("party")
    assert done.returncode == 1
    assert "demo, test, check" in done.stderr


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_lists_its_targets():
    done = subprocess.run(["make", "-s", "-C", str(ROOT), "help"], capture_output=True, text=True)
    assert done.returncode == 0
    targets = [line.split("\t")[0] for line in done.stdout.splitlines() if line.startswith("make ") and "\t" in line]
    for target in ("help", "demo", "test", "check", "docs", "pictures", "zip", "clean"):
        assert f"make {target}" in targets
