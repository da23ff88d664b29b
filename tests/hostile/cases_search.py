"""Cases about finding scenes: what else lies in a folder that is searched, and how deep the scenes lie."""

from __future__ import annotations

import os
import shutil
import socket
import tarfile
import time
from pathlib import Path
from unittest import mock

import pytest
from iikmc.engine.errors import Cancelled, SceneError
from iikmc.engine.scenes import walk
from iikmc.engine.scenes.search import entries, find_scenes
from table import case, refused
from tiny import Recorder, make_tar, product
from untidy import LEVEL1, ONE, TWO, classes, finds, scene, search, touch, unreadable, usable

# --- kind 3: what is bad in a folder that is only searched -----------------------------------------------------------


@case(3, "good scene beside an empty subfolder lost+found", "the scene, and no word of it")
def empty_lost_and_found(folder: Path) -> None:
    scene(folder)
    (folder / "lost+found").mkdir()
    finds([ONE], folder)


@case(3, "lost+found that may not be read", "the scene, and no word of it")
def unreadable_lost_and_found(folder: Path) -> None:
    scene(folder)
    (folder / "lost+found").mkdir()
    with unreadable(folder / "lost+found"):
        finds([ONE], folder)


@case(3, "a folder of empty subfolders alone", "refused: holds no scene")
def only_empty_folders(folder: Path) -> None:
    (folder / "a").mkdir()
    with refused("SCENES", folder, "holds no scene"):
        find_scenes([folder])


@case(3, "a good bundle with macOS's ._X.tar beside it", "the scene of the bundle")
def apple_double(folder: Path) -> None:
    made = scene(folder / "made")
    store = folder / "store"
    touch(store / f"._{ONE}.tar", b"\0\x05\x16\x07Mac OS X        ")
    make_tar(made, store / f"{ONE}.tar")
    finds([ONE], store)


@case(3, "macOS's ._X_SR_B4.TIF beside each band", "the scene")
def apple_double_bands(folder: Path) -> None:
    made = scene(folder)
    for path in list(made.iterdir()):
        touch(made / f"._{path.name}", b"\0\x05\x16\x07")
    (found,) = finds([ONE], folder).scenes
    assert not any("._" in path for path in found.files)


@case(3, "__MACOSX with copies of all names", "the scene, and no word of it")
def macosx(folder: Path) -> None:
    made = scene(folder)
    for path in list(made.iterdir()):
        touch(folder / "__MACOSX" / ONE / path.name)
    finds([ONE], folder)


@case(3, "a tar that is empty, foreign, cut off, or packed under the name .tar, beside a good scene", "a note for each")
def bad_bundles(folder: Path) -> None:
    made = scene(folder)
    touch(folder / "empty.tar")
    touch(folder / "encrypted.tar", os.urandom(5000))
    whole = make_tar(made, folder / "cut.tar")
    whole.write_bytes(whole.read_bytes()[:3000])
    with tarfile.open(folder / "gz.tar", "w:gz") as archive:
        archive.add(made, ONE)
    names = ["empty.tar", "encrypted.tar", "cut.tar", "gz.tar"]
    finds([ONE], folder, notes=[("Left out", name, "cannot be read as a tar bundle") for name in names])


@case(3, "a foreign tar that can be read, LandsatNotes.tar", "the scene, and no word of it")
def notes_in_a_tar(folder: Path) -> None:
    scene(folder)
    make_tar(touch(folder / "notes" / "L.txt").parent, folder / "LandsatNotes.tar")
    finds([ONE], folder)


@case(3, "a tar of 10 001 files beside a good scene", "a note: no bundle of scenes")
def backup(folder: Path) -> None:
    scene(folder)
    with tarfile.open(folder / "disk.tar", "w") as archive:
        for number in range(10_001):
            archive.addfile(tarfile.TarInfo(f"{number}.txt"))
    finds([ONE], folder, notes=[("disk.tar", "more than 10000 files")])


@case(3, "a tar that may not be read, beside a good scene", "a note")
def locked_bundle(folder: Path) -> None:
    made = scene(folder)
    locked = make_tar(made, folder / f"{TWO}.tar")
    real = os.open

    def refuse(path, *arguments, **options):
        if str(path) == str(locked):
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments, **options)

    with mock.patch("os.open", refuse):
        finds([ONE], folder, notes=[(f"{TWO}.tar", "Permission denied")])


@case(3, "a subfolder that may not be read, beside a good scene", "a note that names it")
def unreadable_folder(folder: Path) -> None:
    scene(folder)
    (folder / "private").mkdir()
    with unreadable(folder / "private"):
        finds([ONE], folder, notes=[("Left out", folder / "private", "cannot be read", "Permission denied")])
    with unreadable(folder), refused("SCENES", folder, "cannot be read", error=SceneError):
        find_scenes([folder])


@case(3, "a Level-1 band and MTL inside an L2SP folder that is searched or named", "the L2SP scene and one note")
def level_1_leftover(folder: Path) -> None:
    made = scene(folder)
    touch(made / f"{LEVEL1}_B4.TIF")
    touch(made / f"{LEVEL1}_MTL.txt", b"GROUP = A\n")
    for path in (folder, made):
        finds([ONE], path, notes=[(LEVEL1, "Level-1 product")])
    (checked,), warnings = usable(made)
    assert (checked.id, len(warnings)) == (ONE, 1)


@case(3, "an MSS and a thermal product inside an L2SP folder", "the L2SP scene and a note for each")
def mss_leftover(folder: Path) -> None:
    made = scene(folder)
    mss, thermal = product("LM05", level="L1TP"), product("LT08")
    touch(made / f"{mss}_B4.TIF")
    touch(made / f"{thermal}_ST_B10.TIF")
    finds([ONE], made, notes=[(mss, "MSS"), (thermal, "no surface reflectance")])


@case(3, "a Level-1 leftover in a bundle with a scene", "the scene and a note")
def level_1_in_a_bundle(folder: Path) -> None:
    made = scene(folder / "made")
    touch(made / f"{LEVEL1}_B4.TIF")
    bundle = make_tar(made, folder / "x.tar")
    finds([ONE], bundle, notes=[(LEVEL1, "Level-1 product")])


@case(3, "a Level-1 MTL or band file that the user names", "refused: download its Level-2 version")
def level_1_named(folder: Path) -> None:
    made = scene(folder)
    for name in (f"{LEVEL1}_MTL.txt", f"{LEVEL1}_B4.TIF"):
        with refused(LEVEL1, "Level-1 product"):
            find_scenes([touch(made / name)])


@case(3, "a broken or oversized MTL in a scene that is found", "the scene without it, and a note")
def broken_metadata_found(folder: Path) -> None:
    for text in (b"", b"nonsense", b"\xff\x00", b"A" * (2 << 20), b"{" * 5000):
        made = scene(folder / str(len(text)))
        touch(made / f"{ONE}_MTL.txt", text)
        (found,) = finds([ONE], made.parent, notes=[(ONE, f"{ONE}_MTL.txt cannot be read", "used without")]).scenes
        assert found.sun_elevation is None
        with refused(ONE, "cannot be read", "remove it"):
            find_scenes([made])


@case(3, "a broken MTL.txt beside a whole MTL.json", "the sun of the MTL.json, and a note")
def one_of_two_metadata_broken(folder: Path) -> None:
    made = scene(folder)
    touch(made / f"{ONE}_MTL.txt", b"nonsense")
    sun = '{"LANDSAT_METADATA_FILE": {"IMAGE_ATTRIBUTES": {"SUN_ELEVATION": "41.5"}}}'
    touch(made / f"{ONE}_MTL.json", sun.encode())
    for path in (folder, made):
        (found,) = finds([ONE], path, notes=[(f"{ONE}_MTL.json is used instead",)]).scenes
        assert found.sun_elevation == 41.5


@case(3, "one of two scenes that are found has the MTL of another product", "the other scene and a note")
def foreign_metadata_found(folder: Path) -> None:
    scene(folder, ONE)
    other = scene(folder, TWO)
    shutil.copy(folder / ONE / f"{ONE}_MTL.txt", other / f"{TWO}_MTL.txt")
    finds([ONE], folder, notes=[(TWO, f"is of the product {ONE}")])
    with refused(TWO, f"is of the product {ONE}"):
        find_scenes([other])


@case(3, "a good scene and a folder that holds none of use, both named", "refused: that path leads to no scene")
def one_of_two_paths_is_fruitless(folder: Path) -> None:
    made = scene(folder, ONE)
    other = scene(folder / "other", TWO)
    shutil.copy(made / f"{ONE}_MTL.txt", other / f"{TWO}_MTL.txt")
    with refused("SCENES", f"{folder / 'other'} leads to no scene", f"is of the product {ONE}"):
        find_scenes([made, folder / "other"])
    ruin = touch(folder / "ruin" / TWO / f"{TWO}_MTL.txt", b"GROUP = A\n").parent.parent
    with refused("SCENES", f"{ruin} leads to no scene", f"none of the files {TWO}_SR_B*.TIF"):
        find_scenes([ruin, made])


@case(3, "links to a folder above, to themselves and to nowhere", "the scenes, each once, in a moment", seconds=5)
def links_in_circles(folder: Path) -> None:
    scene(folder / "a")
    os.symlink(folder, folder / "a" / "up")
    os.symlink(folder / "a", folder / "again")
    os.symlink("itself", folder / "itself")
    os.symlink("nowhere", folder / "broken")
    (found,) = finds([ONE], folder).scenes
    assert found.place == str(folder / "a" / ONE)


@case(3, "a scene that a link leads to", "the scene")
def linked_scene(folder: Path) -> None:
    made = scene(folder / "elsewhere")
    (folder / "work").mkdir()
    os.symlink(made, folder / "work" / "scene of May")
    finds([ONE], folder / "work")


@case(
    3, "a complete scene beside a scene of one missing band, both found", "refused with its name: a date would be lost"
)
def incomplete_scene_found(folder: Path) -> None:
    scene(folder, ONE)
    (scene(folder, TWO) / f"{TWO}_SR_B5.TIF").unlink()
    with refused(TWO, "nir band", f"{TWO}_SR_B5.TIF is missing"):
        usable(folder)
    assert len(usable(folder, roles=("red",))[0]) == 2


@case(3, "the newest product of an acquisition lacks a band, an older one is whole", "the older one, and a warning")
def older_product_is_whole(folder: Path) -> None:
    older, newer = ONE, product(processed="20230101")
    scene(folder / "in", older)
    (scene(folder / "in", newer) / f"{newer}_SR_B5.TIF").unlink()
    for paths in ([folder / "in"], [folder / "in" / newer, folder / "in" / older]):
        scenes, warnings = usable(*paths)
        assert [item.id for item in scenes] == [older]
        assert f"{older} is the same acquisition as {newer}" in warnings[0]
        assert f"{older} in " in warnings[1]
        assert "is used after all" in warnings[1]
        assert f"{newer}_SR_B5.TIF is missing" in warnings[1]
    assert [item.id for item in usable(folder / "in", roles=("red",))[0]] == [newer]
    assert list(classes(folder / "out", folder / "in")) == [f"{older}_classes.tif"]


@case(3, "the newest product of an acquisition has no band at all, or junk", "the older one, and a note")
def newest_product_is_a_ruin(folder: Path) -> None:
    older, newer = ONE, product(processed="20230101")
    scene(folder, older)
    touch(folder / newer / f"{newer}_MTL.txt", b"GROUP = A\n")
    finds([older], folder, notes=[(newer, "none of the files")])
    scene(folder, newer)
    touch(folder / newer / f"{newer}_SR_B4.TIF", b"junk")
    scenes, warnings = usable(folder)
    assert [item.id for item in scenes] == [older]
    assert any("cannot be opened as a raster" in warning for warning in warnings)


@case(3, "a scene that is named has a junk band, and clip/ in it a copy", "refused: the copy is no second scene")
def clip_is_no_spare(folder: Path) -> None:
    made = scene(folder)
    shutil.copytree(made, folder / "kept")
    shutil.move(str(folder / "kept"), made / "clip")
    touch(made / f"{ONE}_SR_B4.TIF", b"junk")
    with refused(ONE, f"{ONE}_SR_B4.TIF cannot be opened"):
        usable(made)


@case(3, "a folder unpacked halfway beside its whole bundle", "the bundle, and a note")
def unpacked_halfway(folder: Path) -> None:
    made = scene(folder, ONE, radsat=0)
    bundle = make_tar(made, folder / f"{ONE}.tar")
    (made / f"{ONE}_SR_B5.TIF").unlink()
    (found,) = finds([ONE], folder, notes=[(f"{ONE} in {made}", f"also in {bundle}")]).scenes
    assert found.place == str(bundle)


@case(3, "a folder of a scene's metadata alone among good scenes", "a note")
def metadata_alone(folder: Path) -> None:
    scene(folder)
    touch(folder / TWO / f"{TWO}_MTL.txt", b"GROUP = A\n")
    finds([ONE], folder, notes=[(TWO, "none of the files")])


# --- kind 4: what is deep, packed or nearly named --------------------------------------------------------------------


@case(4, "X/X/files and 2021/X beside a plain scene", "all three")
def nested(folder: Path) -> None:
    three = product("LC09", "20210704")
    scene(folder, ONE)
    scene(folder / TWO, TWO)
    scene(folder / "2021", three)
    finds([ONE, TWO, three], folder)


@case(4, "a bundle two folders deep", "its scene")
def deep_bundle(folder: Path) -> None:
    made = scene(folder / "made")
    (folder / "in" / "2021" / "May").mkdir(parents=True)
    make_tar(made, folder / "in" / "2021" / "May" / "a.TAR")
    finds([ONE], folder / "in")


@case(4, "a scene in a folder inside another scene's folder", "both")
def scene_inside_a_scene(folder: Path) -> None:
    made = scene(folder)
    scene(made / "before", TWO)
    finds([ONE, TWO], made)


@case(4, "a scene six folders deep, another seven", "the first, and a note where the search ended")
def too_deep(folder: Path) -> None:
    deep = folder.joinpath(*"abcde")
    scene(deep, ONE)
    scene(deep / "f", TWO)
    finds([ONE], folder, notes=[(deep / "f" / TWO, "more than 6 levels")])


@case(4, "more folders than a search lists", "the near scenes, and a note where it ended")
def too_many_folders(folder: Path) -> None:
    scene(folder)
    for number in range(30):
        (folder / "deep" / str(number)).mkdir(parents=True)
    with mock.patch.object(walk, "MOST_FOLDERS", 20):
        finds([ONE], folder, notes=[(folder, "more than 20 folders", "were not searched")])


@case(4, "1500 folders without a scene", "each listed once, in a moment", seconds=10)
def many_folders(folder: Path) -> None:
    scene(folder)
    for number in range(1500):
        (folder / f"{number % 50}" / f"{number}").mkdir(parents=True)
    listed, real = [], os.scandir

    def watch(path="."):
        listed.append(str(path))
        return real(path)

    start = time.monotonic()
    with mock.patch("os.scandir", watch):
        finds([ONE], folder)
    assert len(listed) == len(set(listed)) == 1500 + 50 + 2
    assert time.monotonic() - start < 5


@case(4, "a cancel during the search of many folders", "answered before the next folder")
def cancelled(folder: Path) -> None:
    for number in range(50):
        (folder / str(number)).mkdir()
    recorder = Recorder(lambda it: it.asked > 10)
    with pytest.raises(Cancelled):
        find_scenes([folder], recorder)
    assert recorder.asked == 11


@case(4, "X.tar.gz, .zip, .tgz, .tar.bz2 and .7z beside a good scene", "a note for each: unpack it")
def archives(folder: Path) -> None:
    scene(folder)
    names = [
        f"{product(day=f'202106{day:02}')}{end}"
        for day, end in enumerate((".tar.gz", ".zip", ".tgz", ".tar.bz2", ".7z", ".TAR.GZ"), 10)
    ]
    for name in names:
        touch(folder / name)
    finds([ONE], folder, notes=[(f"{folder} holds {name}; unpack it",) for name in names])


@case(4, "an archive of a Level-1 product beside a good scene", "a note: not to unpack, but to download another")
def archive_of_level_1(folder: Path) -> None:
    scene(folder)
    touch(folder / f"{LEVEL1}.tar.gz")
    found = finds([ONE], folder, notes=[(f"{LEVEL1}.tar.gz", "Level-1 product", "download its Level-2")])
    assert "unpack" not in found.notes[0]


@case(4, "an archive beside the folder that it was unpacked to", "no word of it")
def archive_that_was_unpacked(folder: Path) -> None:
    scene(folder)
    touch(folder / f"{ONE}.tar.gz")
    touch(folder / "photos.zip")
    touch(folder / f"{TWO}_SR_B4.TIF.gz")
    finds([ONE], folder)


@case(4, "archives alone", "refused: holds X.tar.gz; unpack it")
def archives_alone(folder: Path) -> None:
    touch(folder / f"{ONE}.tar.gz")
    with refused("SCENES", f"holds {ONE}.tar.gz", "unpack it"):
        find_scenes([folder])


@case(4, "an order of ESPA and a download that was not finished", "a note for each")
def espa_and_unfinished(folder: Path) -> None:
    scene(folder)
    espa = "LC082180742019011402T1-SC20200829120000.tar.gz"
    touch(folder / espa)
    touch(folder / f"{TWO}.tar.part")
    finds([ONE], folder, notes=[(espa, "an order of ESPA; download"), (f"{TWO}.tar.part", "not downloaded to its end")])


@case(4, "a folder of ARD tiles of Collection 1 beside a good scene", "a note")
def ard_tiles(folder: Path) -> None:
    scene(folder)
    for band in range(2, 8):
        touch(folder / "ard" / f"LC08_CU_003009_20200802_20210502_C01_V01_SRB{band}.tif")
    finds([ONE], folder, notes=[(folder / "ard", "SRB2.tif and 5 more", "Analysis Ready Data")])


@case(4, "an empty folder named as a product, and one of its thermal bands alone", "a note for each")
def folders_without_bands(folder: Path) -> None:
    scene(folder)
    three = product(day="20220730")
    (folder / TWO).mkdir()
    touch(folder / three / f"{three}_ST_B10.TIF")
    finds(
        [ONE],
        folder,
        notes=[(folder / TWO, f"none of the files {TWO}_SR_B*.TIF"), (folder / three, f"{three}_SR_B*.TIF")],
    )


@case(
    4, "Collection 1, a scene from before the collections and a shortened name beside a good scene", "a note for each"
)
def names_nearly_right(folder: Path) -> None:
    scene(folder)
    first = product(level="L1TP", collection="01", day="20170101")
    touch(folder / first / f"{first}_B4.TIF")
    touch(folder / "old" / "LC82180742019014LGN00_B4.TIF")
    touch(folder / "LC08_L2SP_218074_20190114" / "B4.tif")
    finds(
        [ONE],
        folder,
        notes=[
            (first, "Collection 1 product"),
            ("LC82180742019014LGN00_B4.TIF", "before the collections"),
            ("LC08_L2SP_218074_20190114", "not quite named"),
        ],
    )


@case(4, "SR_B4.TIF and its like in a folder of another name, beside a good scene", "a note: put the identifier before")
def bands_without_a_product(folder: Path) -> None:
    scene(folder)
    for band in range(2, 8):
        touch(folder / "May" / f"SR_B{band}.TIF")
    finds([ONE], folder, notes=[(folder / "May", "SR_B2.TIF and 5 more", "identifier before")])


@case(4, "an output folder of an earlier run beside a good scene", "the scene, and no word of it")
def earlier_output(folder: Path) -> None:
    made = scene(folder / "in")
    classes(folder / "in" / "out", made)
    finds([ONE], folder / "in")


@case(4, "one scene in a folder named after another product", "the scene, and a note")
def folder_of_another_name(folder: Path) -> None:
    scene(folder, ONE).rename(folder / TWO)
    (found,) = search(folder).scenes
    assert found.id == ONE


# --- kind 5: the dialog's search is the engine's ---------------------------------------------------------------------


@case(
    5,
    "Add every scene on a folder with __MACOSX, clip/, LandsatNotes.tar and a broken MTL",
    "scenes only, all accepted",
)
def add_every_scene(folder: Path) -> None:
    made, other = scene(folder, ONE), scene(folder / "2021", TWO)
    touch(other / f"{TWO}_MTL.txt", b"nonsense")
    shutil.copytree(made, folder / "__MACOSX" / ONE)
    shutil.copytree(made, folder / "clip")
    make_tar(touch(folder / "notes" / "L.txt").parent, folder / "LandsatNotes.tar")
    touch(folder / "L_broken.tar", b"no")
    three = product("LC09")
    bundle = make_tar(scene(folder / "2020" / "made", three), folder / "b.TAR")
    shutil.rmtree(folder / "2020")
    # The folder with the broken MTL would be refused, were it named.
    added = entries(folder)
    assert added == sorted([str(made), str(other / f"{TWO}_SR_B2.TIF"), str(bundle)])
    assert sorted(item.id for item in usable(*added)[0]) == sorted([ONE, TWO, three])
    assert sorted(item.id for item in search(folder).scenes) == sorted([ONE, TWO, three])


@case(5, "Add every scene on a folder with scenes in it and below it", "each scene, once")
def add_flat_and_deep(folder: Path) -> None:
    for path in list(scene(folder, ONE).iterdir()):
        path.rename(folder / path.name)
    (folder / ONE).rmdir()
    below = scene(folder / "2021", TWO)
    added = entries(folder)
    assert added == sorted([str(folder / f"{ONE}_SR_B2.TIF"), str(below)])
    finds([ONE, TWO], *added)


@case(5, "Add every scene on a folder of two scenes' files and a bundle of two", "each scene, accepted as it is added")
def add_of_several(folder: Path) -> None:
    for name in (ONE, TWO):
        for path in list(scene(folder / "made", name).iterdir()):
            touch(folder / "flat" / path.name, path.read_bytes())
    shutil.rmtree(folder / "made")
    added = entries(folder)
    assert added == [str(folder / "flat" / f"{name}_SR_B2.TIF") for name in (ONE, TWO)]
    bundle = make_tar(folder / "flat", folder / "both.tar")
    shutil.rmtree(folder / "flat")
    assert entries(folder) == [str(bundle)]


@case(5, "a copy of a scene in clip/ beside it", "the scene's own folder, and a note")
def clip_beside(folder: Path) -> None:
    made = scene(folder)
    shutil.copytree(made, folder / "Aclip")
    shutil.copytree(made, made / "clip")
    copies = [(f"{ONE} in {folder / 'Aclip'}", f"also in {made}"), (f"{ONE} in {made / 'clip'}", f"also in {made}")]
    (found,) = finds([ONE], folder, notes=copies).scenes
    assert found.place == str(made)


# --- kinds 7 and 8: names and files that are none --------------------------------------------------------------------


@case(7, "a folder with a name that is not UTF-8 beside a good scene", "a note; refused where it is named")
def folder_not_utf8(folder: Path) -> None:
    made = scene(folder)
    odd = os.fsencode(folder) + b"/caf\xe9"
    shutil.copytree(made, os.fsdecode(odd))
    finds([ONE], folder, notes=[("caf\\udce9 is not UTF-8", "rename it")])
    shutil.rmtree(made)
    for path in (os.fsdecode(odd), folder):
        with refused("SCENES", "caf\\udce9", "not UTF-8", "rename"):
            find_scenes([path])


@case(7, "a band file whose name is not UTF-8", "refused: the band is missing, and the file's name is why")
def band_not_utf8(folder: Path) -> None:
    made = scene(folder)
    odd = os.fsencode(made) + f"/{ONE}_SR_B5_caf".encode() + b"\xe9.TIF"
    os.rename(made / f"{ONE}_SR_B5.TIF", odd)
    with refused(ONE, "nir band", "is missing", "caf\\udce9.TIF is a file whose name is not UTF-8"):
        usable(folder)


@case(7, "a folder with a line break in its name", "one sentence on one line")
def line_break(folder: Path) -> None:
    odd = folder / "two\nlines"
    (scene(odd) / f"{ONE}_SR_B5.TIF").unlink()
    with refused(ONE, "two\\nlines", "is missing"):
        usable(folder)
    (folder / "empty\tone").mkdir()
    with refused("empty\\tone", "holds no scene"):
        find_scenes([folder / "empty\tone"])


@case(7, "paths with a NUL, of 5000 letters, or a link to itself", "refused: does not exist")
def paths_that_cannot_be(folder: Path) -> None:
    os.symlink("itself", folder / "itself")
    for path in (f"{folder}/a\0b", f"{folder}/{'x' * 5000}", f"{folder}/itself"):
        with refused("SCENES", folder):
            find_scenes([path])


@case(8, "a .tar that is a pipe, met in a search or named", "a note; refused; never opened", seconds=5)
def pipe_as_bundle(folder: Path) -> None:
    scene(folder)
    os.mkfifo(folder / f"{TWO}.tar")
    finds([ONE], folder, notes=[(f"{TWO}.tar", "a pipe or device and no file")])
    with refused(f"{TWO}.tar", "a pipe or device and no file"):
        find_scenes([folder / f"{TWO}.tar"])
    os.symlink(folder / f"{TWO}.tar", folder / "link.tar")
    with refused("link.tar", "no file"):
        find_scenes([folder / "link.tar"])


@case(
    8, "band, QA_PIXEL and MTL files that are pipes, sockets or broken links", "refused by name, or left out", seconds=5
)
def pipes_as_files(folder: Path) -> None:
    made = scene(folder)
    os.unlink(made / f"{ONE}_MTL.txt")
    os.mkfifo(made / f"{ONE}_MTL.txt")
    (found,) = finds([ONE], folder, notes=[(f"{ONE}_MTL.txt", "a pipe or device")]).scenes
    assert found.sun_elevation is None
    os.unlink(made / f"{ONE}_SR_B5.TIF")
    os.symlink("/nowhere/at/all.TIF", made / f"{ONE}_SR_B5.TIF")
    with refused(ONE, "nir band", f"{ONE}_SR_B5.TIF is a link that leads nowhere"):
        usable(folder)
    os.unlink(made / f"{ONE}_QA_PIXEL.TIF")
    os.mkfifo(made / f"{ONE}_QA_PIXEL.TIF")
    with refused(ONE, "QA_PIXEL", "a pipe or device", "MASK"):
        usable(made, roles=("red",))


@case(8, "a socket and a device in a searched folder", "the scene, and no word of them", seconds=5)
def socket_beside(folder: Path) -> None:
    scene(folder)
    here = os.getcwd()
    os.chdir(folder)  # the name of a socket may have 107 letters
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("s")
            finds([ONE], folder)
    finally:
        os.chdir(here)
    for path in ("/dev/null", "/dev/zero"):
        with refused("SCENES", path, "no file"):
            find_scenes([path])
