"""What every run does around its own work."""

from __future__ import annotations

from ..pixels.masking import Audit
from ..progress import Progress
from ..scenes.scene import Scene


def tell_audit(scene: Scene, audit: Audit, progress: Progress) -> None:
    """Tell how much of a scene is valid, and warn if nothing is."""
    if audit.valid:
        progress.note(
            f"{scene.title}: {audit.valid:,} of {audit.inside:,} pixels are valid ({audit.valid_percent:.1f} %)"
        )
    elif audit.inside:
        progress.warn(
            f"{scene.title}: not one of its {audit.inside:,} pixels is valid ({audit.fill:,} are fill, the others "
            "masked); its raster will be all nodata."
        )
    else:
        progress.warn(
            f"{scene.title} does not meet AOI: no pixel has its centre inside; its raster will be all nodata."
        )
