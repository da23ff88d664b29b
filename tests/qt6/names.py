"""Say which of the Qt names on standard input PyQt6 lacks: JSON of [module, "Class.Scope.name"]."""

from __future__ import annotations

import importlib
import json
import sys


def lacking(module: str, name: str) -> bool:
    """Tell whether a name is not there."""
    thing = importlib.import_module(f"PyQt6.{module}") if module else importlib.import_module("PyQt6")
    for part in name.split("."):
        if not hasattr(thing, part):
            return True
        thing = getattr(thing, part)
    return False


if __name__ == "__main__":
    # A package's own modules, such as sip, are attributes once they are imported.
    importlib.import_module("PyQt6.sip")
    sys.stdout.write(json.dumps([item for item in json.load(sys.stdin) if lacking(*item)]))
