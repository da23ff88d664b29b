"""Runs a piece of work as a process of its own, and measures that process.

Whoever measures keeps small: on Linux a child's peak memory begins at that of the process that started it, so the
parts of the benchmark hold no pixels themselves.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import ROOT
from .settings import BUILD

# Where tools/prepare.py puts a current Numba and the peers.
FAST = ROOT / "build" / "packages"
WITHOUT_NUMBA = Path(__file__).resolve().parent / "without_numba"
PEERS_VENV = BUILD / "venv"
# Compiled code of the benchmark's own, so that the user's stays as it is.
CACHE = BUILD / "cache"


class ProcessError(RuntimeError):
    """A measured process failed; the message holds the end of what it said."""


@dataclass(frozen=True)
class Measured:
    """What the operating system tells of an ended process and the children it waited for."""

    seconds: float
    """Wall time from start to end."""
    user: float
    """Processor seconds of its own."""
    system: float
    """Processor seconds of the system on its behalf."""
    peak_mb: float
    """Peak resident memory in 10**6 bytes, mapped files included."""
    output: str
    """What it printed."""

    def figures(self) -> dict[str, float]:
        """Return the numbers alone."""
        return {"seconds": self.seconds, "user": self.user, "system": self.system, "peak_mb": self.peak_mb}


def measure(command: Sequence[str], env: Mapping[str, str] | None = None, cwd: Path = ROOT) -> Measured:
    """Run a command to its end.

    Raises
    ------
    ProcessError
        It ended with another status than 0.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as out:
        began = time.perf_counter()
        process = subprocess.Popen(
            list(command), cwd=cwd, env=dict(env) if env is not None else None, stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
        out.seek(0)
        text = out.read()
    if process.returncode:
        tail = "\n".join(text.strip().splitlines()[-15:])
        raise ProcessError(f"{' '.join(command)[:200]} ended with status {process.returncode}:\n{tail}")
    # Linux counts kibibytes, macOS bytes.
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    return Measured(seconds, usage.ru_utime, usage.ru_stime, peak, text)


_MARK = "@result "


def call(
    module: str, function: str, arguments: Mapping[str, Any], python: str | None = None, numba: bool = True
) -> dict[str, Any]:
    """Call ``benchmarks.<module>.<function>(**arguments)`` in a process of its own.

    Parameters
    ----------
    module, function, arguments
        What to call; arguments and the returned dict travel as JSON.
    python
        The interpreter; that of the caller, with the engine's packages, by default.
    numba
        Whether the engine finds Numba, the benchmark's own; no Numba at all otherwise.

    Returns
    -------
    dict
        What the function returned, with the process's figures as "process".
    """
    code = (
        f"import json, sys; from benchmarks import {module} as m; "
        f"print({_MARK!r} + json.dumps(m.{function}(**json.loads(sys.argv[1]))))"
    )
    env = environment(first=FAST if numba else WITHOUT_NUMBA) if python is None else environment()
    measured = measure([python or sys.executable, "-c", code, json.dumps(dict(arguments))], env)
    line = next(line for line in reversed(measured.output.splitlines()) if line.startswith(_MARK))
    return {**json.loads(line[len(_MARK) :]), "process": measured.figures()}


def environment(base: Mapping[str, str] | None = None, first: Path | None = None) -> dict[str, str]:
    """Return the variables of a measured process.

    Parameters
    ----------
    base
        Variables to start from; those of the caller by default.
    first
        A folder whose modules come before the system's.
    """
    env = dict(os.environ if base is None else base)
    env["XDG_CACHE_HOME"] = str(CACHE)
    if base is None:
        env["PYTHONPATH"] = str(first or "")
    return env


def peers_python() -> str | None:
    """Return the interpreter of the peers' environment; None where it is not installed."""
    python = PEERS_VENV / "bin" / "python"
    return str(python) if python.exists() else None
