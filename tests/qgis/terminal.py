"""qgis_process as a user starts it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Debian's script of that name passes an option that the program does not know.
PROGRAM = shutil.which("qgis_process.bin") or shutil.which("qgis_process")


class Terminal:
    """A fresh user profile with the plugin enabled."""

    def __init__(self, folder: Path):
        (folder / "plugins").mkdir()
        (folder / "runtime").mkdir(mode=0o700)
        (folder / "plugins" / "iikmc").symlink_to(ROOT, target_is_directory=True)
        self.environment = {
            # Not the caller's: the program looks there for the Python whose modules it uses.
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "QT_QPA_PLATFORM": "offscreen",
            "QGIS_PLUGINPATH": str(folder / "plugins"),
            "XDG_RUNTIME_DIR": str(folder / "runtime"),
        }

    def start(self, *arguments, **environment):
        return subprocess.Popen(
            [PROGRAM, *map(str, arguments)],
            env={**self.environment, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments, stdin="", **environment):
        """Return (exit code, stdout, stderr)."""
        process = self.start(*arguments, **environment)
        out, err = process.communicate(stdin, timeout=300)
        return process.returncode, out, err

    def cluster(self, *values, **environment):
        return self("run", "iikmc:cluster", "--", *values, **environment)
