"""What a run's times were measured on."""

from __future__ import annotations

import platform
import sys

from .execution.threads import available_cores
from .memory import free_memory
from .quantities import size


def describe() -> list[tuple[str, str]]:
    """Return (what, value) pairs in words: processor, cores that may be used, free memory, system."""
    return [
        ("Processor", processor()),
        ("Cores that QGIS may use", str(available_cores())),
        ("Free memory", size(free_memory())),
        ("System", platform.platform()),
    ]


def processor() -> str:
    """Return the processor's name, as far as the system tells."""
    if sys.platform.startswith("linux"):
        try:
            with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
                for line in file:
                    name, _, value = line.partition(":")
                    if name.strip() == "model name":
                        return value.strip()
        except OSError:
            pass
    return platform.processor() or platform.machine() or "unknown"
