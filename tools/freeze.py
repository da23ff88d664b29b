#!/usr/bin/python3
"""Write down what models and scripts of users rely on, in tests/qgis/plugin/frozen.json: `make freeze`.

Ids, parameters with their types, defaults, flags, ranges and order, and outputs. The file may only grow: algorithms,
outputs, options and parameters behind the others are added; nothing is changed or taken away, and this tool refuses to.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

FROZEN = Path(__file__).resolve().parents[1] / "tests" / "qgis" / "plugin" / "frozen.json"
# What else counts of a parameter, where its type has it; each is a plain number, text or yes or no.
_PLAIN = ("extension", "allowMultiple", "minimumNumberInputs", "multiLine", "parentLayerParameterName")
# No limit, as QGIS says it.
_UNLIMITED = 1e300


def _limit(value: float) -> float | None:
    return None if abs(value) >= _UNLIMITED or abs(value) >= 2**31 - 1 else value


def _parameter(parameter: Any) -> dict[str, Any]:
    flags, flag = parameter.flags(), parameter.Flag
    told = {
        "name": parameter.name(),
        "type": parameter.type(),
        "default": parameter.defaultValue(),
        "advanced": bool(flags & flag.FlagAdvanced),
        "optional": bool(flags & flag.FlagOptional),
        "hidden": bool(flags & flag.FlagHidden),
    }
    told.update({name: getattr(parameter, name)() for name in _PLAIN if hasattr(parameter, name)})
    if hasattr(parameter, "minimum"):
        told.update(minimum=_limit(parameter.minimum()), maximum=_limit(parameter.maximum()))
    if hasattr(parameter, "options") and parameter.type() == "enum":
        told["options"] = len(parameter.options())  # their captions may be put better, and are translated
    return told


def interface(provider: Any) -> dict[str, Any]:
    """Return what users rely on of each algorithm, by its id."""
    return {
        algorithm.id(): {
            "group": algorithm.groupId(),
            "parameters": [_parameter(parameter) for parameter in algorithm.parameterDefinitions()],
            "outputs": {output.name(): output.type() for output in algorithm.outputDefinitions()},
        }
        for algorithm in sorted(provider.algorithms(), key=lambda algorithm: algorithm.id())
    }


def _fits(key: str, before: Any, now: Any) -> bool:
    """Tell whether a property may be so now: ranges may widen and options be added, all else stays."""
    if key == "minimum":
        return now is None or (before is not None and now <= before)
    if key == "maximum":
        return now is None or (before is not None and now >= before)
    if key == "options":
        return bool(now >= before)
    return bool(now == before and type(now) is type(before))


def broken(frozen: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return what a model or script from before would trip over, a line each."""
    said = []
    for name, before in frozen.items():
        if name not in now:
            said.append(f"{name} is gone")
            continue
        if now[name]["group"] != before["group"]:
            said.append(f"{name}: the group was {before['group']}, is {now[name]['group']}")
        names = [parameter["name"] for parameter in now[name]["parameters"]]
        kept = [parameter["name"] for parameter in before["parameters"]]
        if names[: len(kept)] != kept:
            said.append(f"{name}: the parameters began {kept}, are {names}")
            continue
        for old, new in zip(before["parameters"], now[name]["parameters"]):
            said += [
                f"{name}: {key} of {old['name']} was {value!r}, is {new.get(key)!r}"
                for key, value in old.items()
                if key not in new or not _fits(key, value, new[key])
            ]
        for new in now[name]["parameters"][len(kept) :]:
            if not new["optional"] and new["default"] is None:
                said.append(f"{name}: {new['name']} is new, and scripts from before do not give it")
        outputs = now[name]["outputs"]
        said += [
            f"{name}: output {key} was {kind}, is {outputs.get(key)}"
            for key, kind in before["outputs"].items()
            if outputs.get(key) != kind
        ]
    return said


def text(told: dict[str, Any]) -> str:
    """Return the file's text."""
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Bring the file up to date, unless something else than growth would be written."""
    import build_model
    from qgis.core import QgsApplication

    application = QgsApplication([], False)
    application.initQgis()
    build_model.load_plugin()
    now = interface(QgsApplication.processingRegistry().providerById("iikmc"))
    said = broken(json.loads(FROZEN.read_text(encoding="utf-8")), now) if FROZEN.is_file() else []
    if said:
        print("\n".join([f"freeze: {FROZEN.name} may only grow:", *said]), file=sys.stderr)
    else:
        FROZEN.write_text(text(now), encoding="utf-8")
    return 1 if said else 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # leaving QGIS in good order may crash with a Python provider in its registry
