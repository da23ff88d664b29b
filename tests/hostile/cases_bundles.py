"""Cases about .tar bundles: copies of names, odd members, and what lies beside the bands."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from pathlib import Path

import numpy as np
from iikmc.engine.scenes.search import find_scenes
from table import case, refused
from tiny import make_tar
from untidy import DN, LEVEL1, ONE, TWO, classes, finds, make_bundle, scene, search, touch, usable, with_suffix


def members(folder: Path, before: str = "") -> dict[str, Path]:
    """Return the files of a scene folder by their names inside a bundle."""
    return {before + path.name: path for path in sorted(folder.iterdir())}


def same_as_folder(folder: Path, made: Path, bundle: Path) -> None:
    """Expect of a bundle the classes of a scene folder."""
    expected, found = classes(folder / "out folder", made), classes(folder / "out bundle", bundle)
    assert list(found) == list(expected)
    for name, array in expected.items():
        assert np.array_equal(found[name], array)


@case(
    5, "a bundle with clip_/ copies of B4 and B5 of the same names, whichever comes first", "the shallowest, and a note"
)
def copies_below(folder: Path) -> None:
    made, cut = scene(folder / "made"), scene(folder / "cut", dn=DN[:, :5, :5])
    copies = {f"clip_/{ONE}_SR_B{band}.TIF": cut / f"{ONE}_SR_B{band}.TIF" for band in (4, 5)}
    for number, order in enumerate(({**members(made), **copies}, {**copies, **members(made)})):
        here = folder / str(number)
        here.mkdir()
        bundle = make_bundle(here / "x.tar", order)
        finds([ONE], bundle, notes=[(f"clip_/{ONE}_SR_B4.TIF and 1 more", "nearer to its top")])
        same_as_folder(here, made, bundle)


@case(5, "a bundle with X/ and, as deep, A_clip/ with copies of two bands", "the fuller folder, unmixed")
def copies_beside(folder: Path) -> None:
    made, cut = scene(folder / "made"), scene(folder / "cut", dn=DN[:, :5, :5])
    copies = {f"A_clip/{ONE}_SR_B{band}.TIF": cut / f"{ONE}_SR_B{band}.TIF" for band in (4, 5)}
    bundle = make_bundle(folder / "x.tar", {**copies, **members(made, f"./{ONE}/")})
    finds([ONE], bundle, notes=[("A_clip/",)])
    same_as_folder(folder, made, bundle)


@case(5, "a bundle with files of one scene in two folders", "the scene, as before")
def spread(folder: Path) -> None:
    made = scene(folder / "made")
    parts = {("QA/" if "QA" in name else "SR/") + name: path for name, path in members(made).items()}
    same_as_folder(folder, made, make_bundle(folder / "x.tar", parts))


@case(3, "a bundle made on a Mac, with ._X_SR_B4.TIF and __MACOSX/ members", "the scene, and no word of them")
def bundle_of_a_mac(folder: Path) -> None:
    made = scene(folder / "made")
    junk = touch(folder / "junk", b"\0\x05\x16\x07")
    order: dict[str, Path] = {}
    for name, path in members(made).items():
        order[f"._{name}"] = order[f"__MACOSX/{name}"] = junk
        order[name] = path
    bundle = make_bundle(folder / "x.tar", order)
    finds([ONE], bundle)
    same_as_folder(folder, made, bundle)


@case(3, "a bundle named as a product that holds none of its bands, found beside a scene", "a note")
def bundle_without_bands(folder: Path) -> None:
    scene(folder)
    make_tar(touch(folder / "notes" / "README.txt").parent, folder / f"{TWO}.tar")
    finds([ONE], folder, notes=[(folder / f"{TWO}.tar", f"none of the files {TWO}_SR_B*.TIF")])
    with refused("SCENES", f"{TWO}.tar", "holds no scene", f"{TWO}_SR_B*.TIF"):
        find_scenes([folder / f"{TWO}.tar"])


@case(3, "a bundle with a broken MTL, found or named", "the scene without it, and a note")
def broken_metadata_in_a_bundle(folder: Path) -> None:
    made = scene(folder / "made")
    touch(made / f"{ONE}_MTL.txt", b"nonsense")
    bundle = make_tar(made, folder / "in.tar")
    (found,) = finds([ONE], bundle, notes=[("MTL.txt cannot be read", "used without")]).scenes
    assert found.sun_elevation is None


@case(4, "a bundle of ARD tiles of Collection 1 beside a scene", "a note")
def ard_bundle(folder: Path) -> None:
    scene(folder)
    tile = touch(folder / ".made" / "LC08_CU_003009_20200802_20210502_C01_V01_SRB4.tif")
    bundle = make_tar(tile.parent, folder / "LC08_CU_003009_20200802_20210502_C01_V01_SR.tar")
    finds([ONE], folder, notes=[(bundle, "holds", "Analysis Ready Data"), ("the bundle", "Analysis Ready Data")])


@case(4, "bundles and archives of products in a bundle beside a scene, or named", "a note of each; refused: unpack it")
def bundles_in_a_bundle(folder: Path) -> None:
    scene(folder / "all")
    junk = touch(folder / "junk")
    outer = make_bundle(folder / "all" / "order.tar", {f"{TWO}.tar": junk, f"more/{LEVEL1}.tar.gz": junk})
    finds([ONE], folder / "all", notes=[(outer, f"holds {TWO}.tar; unpack it"), (f"{LEVEL1}.tar.gz", "Level-1")])
    with refused(outer, "holds no scene", "holds", ".tar"):
        find_scenes([outer])


@case(6, "a bundle of clipped files, …_clip.TIF", "its classes")
def clipped_bundle(folder: Path) -> None:
    made = scene(folder / "made")
    order = {with_suffix("_clip")(name): path for name, path in members(made, "a/").items()}
    same_as_folder(folder, made, make_bundle(folder / "x.tar", order))


@case(6, "a bundle that lacks a band and has it as …_B4_clip.TIF", "refused: names the nearest and the needed")
def bundle_lacks_a_band(folder: Path) -> None:
    made = scene(folder / "made")
    (made / f"{ONE}_SR_B4.TIF").rename(made / f"{ONE}_SR_B4_clip.TIF")
    with refused(ONE, f"{ONE}_SR_B4.TIF is missing in {folder / 'x.tar'}", f"nearest there is {ONE}_SR_B4_clip.TIF"):
        usable(make_tar(made, folder / "x.tar"))


@case(7, "a bundle with members of names that are not UTF-8, of 5000 letters, and absolute", "the scene")
def odd_members(folder: Path) -> None:
    made = scene(folder / "made")
    bundle = make_tar(made, folder / "x.tar")
    with tarfile.open(bundle, "a") as archive:
        for name in (
            os.fsdecode(b"caf\xe9_SR_B4.TIF"),
            f"{ONE}_SR_B4{'_' * 5000}.TIF",
            "/etc/passwd",
            "../up.TIF",
            "",
        ):
            archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    finds([ONE], bundle)
    same_as_folder(folder, made, bundle)


@case(8, "a bundle with pipes, devices and links as members", "the scene's regular files alone")
def members_that_are_no_files(folder: Path) -> None:
    made = scene(folder / "made")
    (made / f"{ONE}_SR_B4.TIF").unlink()
    bundle = make_tar(made, folder / "x.tar")
    with tarfile.open(bundle, "a") as archive:
        for kind in (tarfile.FIFOTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE):
            member = tarfile.TarInfo(f"{ONE}_SR_B4.TIF")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
    with refused(ONE, "red band", "is missing"):
        usable(bundle)


@case(3, "a bundle that is cut off, found beside its unpacked folder", "the folder's scene, and a note")
def cut_off_beside_folder(folder: Path) -> None:
    made = scene(folder)
    bundle = make_tar(made, folder / f"{ONE}.tar")
    bundle.write_bytes(bundle.read_bytes()[:2000])
    finds([ONE], folder, notes=[(bundle, "cannot be read as a tar bundle")])
    with refused(bundle, "cannot be read as a tar bundle"):
        find_scenes([made, bundle])


@case(3, "a scene in a folder and whole in a bundle; the folder's band is junk", "the bundle, and a warning")
def junk_beside_bundle(folder: Path) -> None:
    made = scene(folder)
    bundle = make_tar(made, folder / f"{ONE}.tar")
    shutil.copytree(made, folder / ".kept")
    touch(made / f"{ONE}_SR_B4.TIF", b"junk")
    (found,), warnings = usable(folder)
    assert found.place == str(bundle)
    assert any("cannot be opened as a raster" in warning and "used after all" in warning for warning in warnings)
    assert search(folder).scenes[0].place == str(made)


@case(7, "a .tar whose headers ask for 40 GB, or stand 3000 before one file", "a note beside a scene, else refused")
def headers_without_end(folder: Path) -> None:
    def header(kind: bytes, size: int) -> bytes:
        member = tarfile.TarInfo("././@LongLink")
        member.type, member.size = kind, size
        return member.tobuf(tarfile.GNU_FORMAT)

    made = scene(folder / "all", TWO)
    bundle = folder / "all" / f"{ONE}.tar"
    chain = header(tarfile.GNUTYPE_LONGNAME, 5) + b"name\0".ljust(512, b"\0")
    kinds = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE)
    for number, content in enumerate([*(header(kind, 40 << 30) for kind in kinds), chain * 3000]):
        touch(bundle, content)
        if number < len(kinds):
            os.truncate(bundle, 40 << 30)
        with refused(bundle, "cannot be read as a tar bundle (", "header", "download it again or unpack it"):
            find_scenes([bundle])
        found = finds([TWO], folder / "all", notes=[(bundle, "header")])
        assert found.scenes[0].place == str(made)


@case(2, "a bundle made by tar --sparse, whose files GDAL would read at wrong places", "refused: unpack it")
def sparse_members(folder: Path) -> None:
    made = scene(folder / "made")
    for form, before in (
        (tarfile.GNU_FORMAT, {}),
        (tarfile.PAX_FORMAT, {"GNU.sparse.map": "0,512", "GNU.sparse.size": "1024"}),
    ):
        bundle = folder / "x.tar"
        with tarfile.open(bundle, "w", format=form) as archive:
            for name, path in members(made).items():
                member = archive.gettarinfo(path, name)
                member.pax_headers = before if name.endswith("_SR_B4.TIF") else {}
                if form == tarfile.GNU_FORMAT and name.endswith("_SR_B4.TIF"):
                    member.type = tarfile.GNUTYPE_SPARSE
                with path.open("rb") as file:
                    archive.addfile(member, file)
        with refused(bundle, "_SR_B4.TIF is stored without its holes", "unpack it"):
            find_scenes([bundle])


@case(5, "a bundle to which another SR_B4 was appended under the same name", "refused: unpack it, the last one counts")
def appended_again(folder: Path) -> None:
    made = scene(folder / "made")
    bundle = make_bundle(folder / "x.tar", members(made))
    with tarfile.open(bundle, "a") as archive:
        archive.add(made / f"{ONE}_SR_B5.TIF", f"{ONE}_SR_B4.TIF")
    with refused(bundle, f"{ONE}_SR_B4.TIF is in it twice", "unpack it"):
        find_scenes([bundle])


@case(7, "a bundle with an .aux.xml of 40 GB, all hole", "refused before GDAL takes it into memory")
def sidecar_without_end(folder: Path) -> None:
    made = scene(folder / "made")
    bundle = make_bundle(folder / "x.tar", members(made))
    member = tarfile.TarInfo(f"{ONE}_SR_B4.TIF.aux.xml")
    member.size = 40 << 30
    with tarfile.open(bundle) as archive:
        end = archive.getmembers()[-1]
        place = end.offset_data + -(-end.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
    with bundle.open("r+b") as file:
        file.seek(place)
        file.write(member.tobuf(tarfile.GNU_FORMAT))
    os.truncate(bundle, place + tarfile.BLOCKSIZE + member.size)
    with refused(bundle, f"{member.name} in it has 42,949,672,960 bytes", "unpack it"):
        find_scenes([bundle])
