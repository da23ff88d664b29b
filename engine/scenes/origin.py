"""Whose products scenes are, for messages."""

from __future__ import annotations

from .scene import Scene


def is_landsats(scene: Scene) -> bool:
    """Tell whether the files store the one scale, as Landsat's do, which come with QA_PIXEL and QA_RADSAT."""
    return all(band.values.on_scale for band in scene.bands.values())


def delivered(scene: Scene, what: str = "them") -> str:
    """Return how files should be used, such as "as USGS delivers them"; `what` stands for one or several."""
    return f"as USGS delivers {what}" if is_landsats(scene) else "as delivered"


def mask_name(scene: Scene) -> str:
    """Return what the mask is called that a scene lacks."""
    return "QA_PIXEL" if is_landsats(scene) else "mask"
