"""What is masked by, and the products of some sensors cannot tell: said once for all scenes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..sensors.readings import SATURATED
from .origin import is_landsats
from .scene import Scene
from .selection import MaskRule

_SO = "so nothing is masked by it there"


def untold(scenes: Sequence[Scene], rule: MaskRule) -> list[str]:
    """Return sentences on flags, and on saturation, that the products of some sensors have no word for.

    A scene that lacks the file which its product has for it is another matter, and none of this.
    """
    flags: dict[tuple[str, ...], list[Scene]] = {}
    saturation = []
    for scene in scenes:
        lacking = tuple(name for name in rule.flags if name not in scene.told)
        if scene.masks and lacking:
            flags.setdefault(lacking, []).append(scene)
        # Landsat's products have QA_RADSAT; of others the masks tell it, or nothing does.
        if rule.saturated and SATURATED not in scene.told and not is_landsats(scene):
            saturation.append(scene)
    found = [f"MASK: not told by {_words(some)}, {_SO}: {', '.join(names)}." for names, some in flags.items()]
    if saturation:
        found.append(f"MASK_SATURATED: not told by {_words(saturation)}, {_SO}: saturation.")
    return found


def _words(scenes: Sequence[Scene]) -> str:
    """Return sensors and how many scenes each has."""
    counts = Counter(scene.sensor_name for scene in scenes)
    return ", ".join(f"{sensor} ({count} scene{'s' if count > 1 else ''})" for sensor, count in counts.items())
