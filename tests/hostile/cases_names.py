"""Cases about the names of files: clipped, renamed, in lower case, and named instead of the scene."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from iikmc.engine.errors import SceneError
from iikmc.engine.scenes.check import check_series
from iikmc.engine.scenes.search import find_scenes
from iikmc.engine.scenes.selection import MaskRule, Selection
from table import case, refused
from tiny import ROLES, make_tar, product
from untidy import DN, ONE, TWO, classes, finds, renamed, same_classes, scene, search, touch, usable, with_suffix

TM = product("LT05", "19980308", "090084")


# --- kind 6: one common prefix or suffix -----------------------------------------------------------------------------


@case(6, "all files of a scene as …_SR_B4_clip.TIF", "its classes, in a raster of the product's name")
def common_suffix(folder: Path) -> None:
    made = scene(folder / "made", radsat=0)
    (found,) = search(renamed(made, folder / "cut", with_suffix("_clip"))).scenes
    assert sorted(Path(path).name for path in found.files) == sorted(
        f"{ONE}_{kind}_clip.TIF" for kind in (*(f"SR_B{n}" for n in range(2, 8)), "QA_PIXEL", "QA_RADSAT")
    )
    same_classes(folder, made, folder / "cut")


@case(6, "all files of a scene as clip_…_SR_B4.TIF, or Clipped (1) …", "its classes")
def common_prefix(folder: Path) -> None:
    made = scene(folder / "made")
    for number, prefix in enumerate(("clip_", "Clipped (1) ", "Übung-", "a.b.", "2021-05-11_")):
        cut = renamed(made, folder / f"{number}" / "cut", lambda name, prefix=prefix: prefix + name)
        same_classes(folder / f"{number}", made, cut)


@case(6, "bands as …_clip.TIF and QA_PIXEL as …_clipped.TIF", "its classes")
def two_suffixes(folder: Path) -> None:
    made = scene(folder / "made")

    def name_of(name: str) -> str:
        return with_suffix("_clipped" if "QA_" in name else "_clip")(name)

    same_classes(folder, made, renamed(made, folder / "cut", name_of))


@case(6, "bands as …_clip.TIF and QA_PIXEL and QA_RADSAT named plainly on the same grid", "its classes")
def plain_quality(folder: Path) -> None:
    made = scene(folder / "made", radsat=np.where(np.arange(180).reshape(12, 15) % 7 == 0, 8, 0))
    cut = renamed(made, folder / "cut", lambda name: name if "QA_" in name else with_suffix("_clip")(name))
    same_classes(folder, made, cut)


@case(6, "clipped bands beside the whole scene's QA_PIXEL", "refused: the grids differ; nothing is mixed")
def whole_quality(folder: Path) -> None:
    cut = renamed(scene(folder / "made"), folder / "cut", with_suffix("_clip"))
    (cut / f"{ONE}_QA_PIXEL_clip.TIF").unlink()
    large = scene(folder / "large", dn=np.full((6, 20, 20), 9000))
    shutil.copy(large / f"{ONE}_QA_PIXEL.TIF", cut)
    with refused(ONE, f"{ONE}_QA_PIXEL.TIF is 20 x 20 pixels", f"{ONE}_SR_B2_clip.TIF is 15 x 12 pixels"):
        usable(cut)


@case(6, "clipped bands and QA_PIXEL beside the whole scene's QA_RADSAT", "saturation is not looked at")
def whole_saturation(folder: Path) -> None:
    cut = renamed(scene(folder / "made"), folder / "cut", with_suffix("_clip"))
    large = scene(folder / "large", dn=np.full((6, 20, 20), 9000), radsat=0)
    shutil.copy(large / f"{ONE}_QA_RADSAT.TIF", cut)
    (found,), _ = usable(cut)
    assert found.saturation is None


@case(6, "a whole scene with clipped copies in its folder", "the plain names, and a note")
def plain_before_clipped(folder: Path) -> None:
    made = scene(folder / "in")
    small = scene(folder / "small", dn=DN[:, :5, :5])
    for path in small.glob("*.TIF"):
        shutil.copy(path, made / with_suffix("_clip")(path.name))
    (found,) = finds([ONE], made, notes=[(f"{ONE}_SR_B2_clip.TIF and 5 more", f"{ONE}_SR_B2.TIF")]).scenes
    assert all("_clip" not in Path(path).name for path in found.files)
    # A band file that is named means the files of its like.
    (cut,) = search(made / f"{ONE}_SR_B4_clip.TIF").scenes
    assert all(path.endswith("_clip.TIF") for path in cut.files)
    assert len(cut.files) == 7


@case(
    6,
    "one band of the plain names is missing, and there as …_SR_B4_clip.TIF",
    "refused: names the nearest and the needed",
)
def one_band_clipped(folder: Path) -> None:
    made = scene(folder)
    (made / f"{ONE}_SR_B4.TIF").rename(made / f"{ONE}_SR_B4_clip.TIF")
    words = ("red band", f"{ONE}_SR_B4.TIF is missing", f"nearest there is {ONE}_SR_B4_clip.TIF", "leave red out")
    with refused(f"Scene {ONE}", *words):
        usable(made)


@case(6, "two sorts of clips, neither whole", "the fuller one; refused for what it lacks")
def two_sorts_of_clips(folder: Path) -> None:
    made = scene(folder / "made")
    cut = renamed(made, folder / "cut", with_suffix("_a"))
    (cut / f"{ONE}_SR_B4_a.TIF").unlink()
    for band in (4, 5):
        shutil.copy(made / f"{ONE}_SR_B{band}.TIF", cut / f"{ONE}_SR_B{band}_b.TIF")
    with refused(ONE, f"red band file {ONE}_SR_B4_a.TIF is missing", f"nearest there is {ONE}_SR_B4_b.TIF"):
        usable(cut)


@case(6, "bands renamed beyond recognition: red.tif, B5.tif, …_band4", "refused: names the nearest and the needed")
def renamed_bands(folder: Path) -> None:
    made = scene(folder)
    for name in ("B4 new.tif", f"{ONE}_band4.tif", "my_red.TIF", f"{ONE}_SR_B04.TIF"):
        (made / f"{ONE}_SR_B4.TIF").rename(made / name)
        with refused(ONE, f"{ONE}_SR_B4.TIF is missing", f"nearest there is {name}"):
            usable(made)
        (made / name).rename(made / f"{ONE}_SR_B4.TIF")
    (made / f"{ONE}_QA_PIXEL.TIF").rename(made / f"{ONE}_pixel_qa.tif")
    with refused(ONE, f"{ONE}_QA_PIXEL.TIF is missing", f"nearest there is {ONE}_pixel_qa.tif", "MASK"):
        usable(made)


@case(6, "a missing band beside B1, B10 and another product's band", "refused: none of them is called the nearest")
def nothing_near(folder: Path) -> None:
    made = scene(folder)
    (made / f"{ONE}_SR_B4.TIF").unlink()
    for name in (f"{ONE}_SR_B1.TIF", f"{ONE}_ST_B10.TIF", f"{ONE}_SR_QA_AEROSOL.TIF", f"{TWO}_classes.tif", "B41.tif"):
        touch(made / name)
    with pytest.raises(SceneError) as caught:
        usable(made)
    assert "nearest" not in str(caught.value)


@case(6, "a folder in the place of a band, under its name", "refused: the name is a folder's")
def folder_for_a_band(folder: Path) -> None:
    made = scene(folder)
    (made / f"{ONE}_SR_B4.TIF").rename(folder / "band.tif")
    (made / f"{ONE}_SR_B4.TIF").mkdir()
    with refused(ONE, f"({ONE}_SR_B4.TIF is a folder)"):
        usable(made)


@case(6, "a folder of a product with bands of foreign names alone", "refused: names one of them and the needed")
def all_renamed(folder: Path) -> None:
    made = renamed(scene(folder / "made"), folder / ONE, lambda name: name.replace(f"{ONE}_SR_B", "landsat band "))
    (made / f"{ONE}_QA_PIXEL.TIF").unlink()
    (made / f"{ONE}_MTL.txt").unlink()
    with refused("SCENES", f"none of the files {ONE}_SR_B*.TIF, but landsat band 2.TIF"):
        find_scenes([made])


@case(6, "SR_B4.TIF and its like without the identifier, in a folder of its name", "its classes")
def without_identifier(folder: Path) -> None:
    made = scene(folder / "made", radsat=0)
    same_classes(folder, made, renamed(made, folder / ONE, lambda name: name.replace(f"{ONE}_", "")))


@case(
    6,
    "the keys of STAC: blue.tif … swir22.tif, qa_pixel.tif, in a folder or bundle of the product's name",
    "its classes",
)
def stac_keys(folder: Path) -> None:
    for number, (name, bands) in enumerate(((ONE, (2, 3, 4, 5, 6, 7)), (TM, (1, 2, 3, 4, 5, 7)))):
        keys = dict(zip((f"SR_B{band}" for band in bands), ("blue", "green", "red", "nir08", "swir16", "swir22")))
        here = folder / str(number)
        made = scene(here / "made", name)

        def name_of(file: str, keys=keys, name=name) -> str | None:
            kind, end = file[len(name) + 1 :].split(".")
            return None if kind == "MTL" else f"{keys.get(kind, kind.lower())}.{end.lower()}"

        keyed = renamed(made, here / name, name_of)
        same_classes(here, made, keyed)
        bundle = make_tar(keyed, here / f"{name}.tar", "a/")
        (found,) = search(bundle).scenes
        assert list(found.bands) == list(ROLES)


@case(6, "asset keys in a folder of another name", "refused: not named as a Landsat product")
def keys_without_a_product(folder: Path) -> None:
    made = renamed(scene(folder / "made"), folder / "May", lambda name: name.replace(f"{ONE}_SR_B", "red").lower())
    shutil.rmtree(folder / "made")
    for path in made.iterdir():
        path.rename(made / f"x{path.name[-8:]}")
    with refused("holds no scene"):
        find_scenes([made])


@case(6, "a band or quality file given as a scene", "its scene")
def band_as_scene(folder: Path) -> None:
    made = scene(folder, radsat=0)
    scene(folder, TWO)
    expected = search(made).scenes
    for kind in ("SR_B2", "SR_B7", "QA_PIXEL", "QA_RADSAT"):
        assert finds([ONE], made / f"{ONE}_{kind}.TIF").scenes == expected
    assert finds([ONE], made / f"{ONE}_SR_B2.TIF", notes=()).scenes[0].sun_elevation == 50.0
    finds([ONE], *sorted(made.glob("*_SR_B?.TIF")), notes=[("5 scenes given more than once",)])


@case(6, "a band file of no product given as a scene", "refused: not named after a product")
def foreign_band_as_scene(folder: Path) -> None:
    path = touch(folder / "photos" / "SR_B4.TIF")
    with refused("SCENES", path, "not named after a product", "SR_B4.TIF"):
        find_scenes([path])


@case(6, "an archive named as a scene", "refused: unpack it")
def archive_named(folder: Path) -> None:
    path = touch(folder / f"{ONE}.tar.gz")
    with refused("SCENES", path, "is packed", "unpack it"):
        find_scenes([path])


# --- kind 5: upper and lower case ------------------------------------------------------------------------------------


@case(
    5,
    "all names of a scene and its folder in lower case, in a folder and in a bundle",
    "its classes, in a raster of the product's name",
)
def lower_case(folder: Path) -> None:
    made = scene(folder / "made", radsat=0)
    low = renamed(made, folder / "low" / ONE.lower(), str.lower)
    (found,) = search(low.parent).scenes
    assert (found.id, found.sun_elevation, len(found.files)) == (ONE, 50.0, 8)
    same_classes(folder, made, low)
    for path in (low / f"{ONE.lower()}_mtl.txt", make_tar(low, folder / "LOW.TAR"), low / f"{ONE.lower()}_sr_b2.tif"):
        (again,) = search(path).scenes
        assert (again.id, len(again.files)) == (ONE, 8)


@case(5, "files in lower case in a folder in upper case, some .TIFF", "its classes")
def mixed_case(folder: Path) -> None:
    made = scene(folder / "made")
    mixed = renamed(made, folder / ONE, lambda name: name.lower().replace("_b5.tif", "_b5.TIFF"))
    same_classes(folder, made, mixed)


@case(5, "X_SR_B4.TIF and x_sr_b4.tif in one folder", "the one in upper case, and a note")
def both_cases(folder: Path) -> None:
    made = scene(folder)
    touch(made / f"{ONE.lower()}_sr_b4.tif", b"junk")
    touch(made / f"{ONE}_SR_B5.tiff", b"junk")
    notes = [
        (f"{ONE.lower()}_sr_b4.tif", f"{ONE}_SR_B4.TIF is used"),
        (f"{ONE}_SR_B5.tiff", f"{ONE}_SR_B5.TIF is used"),
    ]
    (found,) = finds([ONE], made, notes=notes).scenes
    assert found.bands["red"].path == str(made / f"{ONE}_SR_B4.TIF")
    check_series([found], Selection(ROLES, MaskRule(("cloud",), True)))


@case(5, "the product in upper and lower case in two folders", "one scene, and a note")
def both_cases_of_a_folder(folder: Path) -> None:
    made = scene(folder)
    renamed(made, folder / ONE.lower(), str.lower)
    finds([ONE], folder, notes=[(f"{ONE} in {folder / ONE.lower()}", f"also in {made}")])


@case(5, "two scenes whose files lie in one folder, one clipped, one in lower case", "both, each of its own files")
def one_folder(folder: Path) -> None:
    flat = renamed(scene(folder / "made", ONE), folder / "flat", with_suffix("_clip"))
    for path in scene(folder / "made", TWO, DN + 1).iterdir():
        shutil.copy(path, flat / path.name.lower())
    first, second = finds([ONE, TWO], flat).scenes
    assert all(Path(path).name.startswith(ONE) for path in first.files)
    assert all(Path(path).name.startswith(TWO.lower()) for path in second.files)
    assert sorted(classes(folder / "out", flat)) == [f"{ONE}_classes.tif", f"{TWO}_classes.tif"]
