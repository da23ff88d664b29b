"""Cases about finding scenes: folders, bundles and names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from iikmc.engine.scenes.search import find_scenes
from table import case, refused
from tiny import make_scene, product

DN = np.arange(6 * 4 * 5).reshape(6, 4, 5) * 100 + 8000


@case(3, "good scene beside an empty subfolder lost+found", "the scene")
def empty_lost_and_found(folder: Path) -> None:
    make_scene(folder, product(), DN)
    (folder / "lost+found").mkdir()
    assert [scene.id for scene in find_scenes([folder]).scenes] == [product()]


@case(3, "a folder of empty subfolders alone", "refused: holds no Landsat scene")
def only_empty_folders(folder: Path) -> None:
    (folder / "a").mkdir()
    with refused("SCENES", folder, "holds no Landsat scene"):
        find_scenes([folder])
