"""Sentinel-2 Level-2A products: the folder of a SAFE, or the same zipped, with bands in JPEG 2000.

Layout, names and elements of MTD_MSIL2A.xml are those of products of the baselines 02.12 and 05.09; the text is written
anew, with what readers look for: names of the images, quantification, offsets, special values and the list of bands.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .rasters import write_jp2
from .views import Site, View

PHYSICAL = ("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B10", "B11", "B12")
"""Bands in the order of band_id."""
R10M = {"blue": "B02", "green": "B03", "red": "B04", "nir_broad": "B08"}
R20M = {
    "coastal": "B01", "blue": "B02", "green": "B03", "red": "B04", "rededge1": "B05", "rededge2": "B06",
    "rededge3": "B07", "nir": "B8A", "swir1": "B11", "swir2": "B12",
}  # fmt: skip
"""Band role -> name in the files of 20 m; B01 came with the baseline 04.00."""
SCL = {"saturated": 1, "cloud shadow": 3, "water": 6, "cloud": 9, "cirrus": 10, "snow or ice": 11}
"""What is seen -> its class."""
SCL_VEGETATION, SCL_BARE = 4, 5
SIZE_20M = 5490
"""Lines and samples of a genuine tile at 20 m."""


def has_offset(product: str) -> bool:
    """Tell whether the baseline in a product's name has the offset of -1000."""
    return int(product.split("_")[3][1:]) >= 400


def write_sentinel2(
    folder: Path,
    product: str,
    view: View,
    site: Site,
    fine: View | None = None,
    roles: Sequence[str] | None = None,
    mtd: str | None = None,
    lone: bool = False,
) -> Path:
    """Write a SAFE folder and return it.

    Parameters
    ----------
    folder : Path
        Parent folder.
    product : str
        Such as S2B_MSIL2A_20220703T100029_N0400_R122_T33TVN_20220703T121527; its baseline decides on the offset.
    view : View
        What it shows, on the grid of 20 m.
    site : Site
        Where that grid lies.
    fine : View, optional
        What it shows on the grid of 10 m; the same in four pixels by default.
    roles : sequence of str, optional
        Roles written at 20 m; all that the baseline has by default.
    mtd : str, optional
        Text of MTD_MSIL2A.xml; one that suits the product by default; empty for no file.
    lone : bool
        Whether to leave out what a run does not read: the files of 10 m and the other layers.
    """
    safe = folder / f"{product}.SAFE"
    _platform, _, sensed, _, _, tile, _ = product.split("_")
    offset = 1000 if has_offset(product) else 0
    images = safe / "GRANULE" / f"L2A_{tile}_A042550_{sensed}" / "IMG_DATA"
    start = f"{tile}_{sensed}"
    names = []

    def put(where: str, name: str, bands: np.ndarray | list[np.ndarray], grid: Site) -> None:
        write_jp2(images / where / f"{start}_{name}_{where[1:]}.jp2", bands, grid)
        names.append((images / where / f"{start}_{name}_{where[1:]}").relative_to(safe).as_posix())

    for role, name in R20M.items():
        if role in view.reflectance and role in (roles or R20M) and (offset or role != "coastal"):
            put("R20m", name, _stored(view, role, offset), site)
    put("R20m", "SCL", scl_of(view), site)
    if not lone:
        put("R20m", "AOT", np.full(view.shape, 137, np.uint16), site)
        put("R20m", "TCI", [np.full(view.shape, 40, np.uint8)] * 3, site)
        fine = fine or view.finer(2)
        for role, name in R10M.items():
            if role in fine.reflectance:
                put("R10m", name, _stored(fine, role, offset), site.finer(2))
    text = mtd_text(product, names) if mtd is None else mtd
    if text:
        (safe / "MTD_MSIL2A.xml").write_text(text, encoding="utf-8")
    return safe


def _stored(view: View, role: str, offset: int) -> np.ndarray:
    """Return what the files hold, uint16: 0 is nodata, so that nothing seen is below 1."""
    values = np.clip(view.reflectance[role] + offset, 1, 65535).astype(np.uint16)
    values[view.fill] = 0
    return values


def scl_of(view: View) -> np.ndarray:
    """Return the scene classification of a view, uint8; a pixel has one class, the first of `SCL` that fits."""
    green = view.reflectance["nir"] > 2 * view.reflectance["red"]
    scl = np.where(green, SCL_VEGETATION, SCL_BARE).astype(np.uint8)
    for what, number in reversed(SCL.items()):
        scl[view.where(what)] = number
    # Medium and high probability of cloud in turn.
    columns = np.broadcast_to(np.arange(view.shape[1]) % 2 == 0, view.shape)
    scl[(scl == SCL["cloud"]) & columns] = SCL["cloud"] - 1
    scl[view.fill] = 0
    return scl


def mtd_text(product: str, images: Sequence[str]) -> str:
    """Return the text of MTD_MSIL2A.xml for a product and its images, given as paths without their ending."""
    platform, _, sensed, baseline, orbit, tile, made = product.split("_")
    moment, generated = (f"{t[:4]}-{t[4:6]}-{t[6:8]}T{t[9:11]}:{t[11:13]}:{t[13:15]}.024Z" for t in (sensed, made))
    number = f"{baseline[1:3]}.{baseline[3:]}"
    granule = f"{platform}_OPER_MSI_L2A_TL_2APS_{made}_A042550_{tile}_N{number}"
    offsets = "".join(f'    <BOA_ADD_OFFSET band_id="{n}">-1000</BOA_ADD_OFFSET>\n' for n in range(len(PHYSICAL)))
    listed = "".join(f"      <IMAGE_FILE>{name}</IMAGE_FILE>\n" for name in images)
    bands = "".join(
        f'    <Spectral_Information bandId="{n}" physicalBand="{name}"/>\n' for n, name in enumerate(PHYSICAL)
    )
    offset_list = f"   <BOA_ADD_OFFSET_VALUES_LIST>\n{offsets}   </BOA_ADD_OFFSET_VALUES_LIST>\n"
    return f"""<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<n1:Level-2A_User_Product xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/User_Product_Level-2A.xsd">
 <n1:General_Info>
  <Product_Info>
   <PRODUCT_START_TIME>{moment}</PRODUCT_START_TIME>
   <PRODUCT_STOP_TIME>{moment}</PRODUCT_STOP_TIME>
   <PRODUCT_URI>{product}.SAFE</PRODUCT_URI>
   <PROCESSING_LEVEL>Level-2A</PROCESSING_LEVEL>
   <PRODUCT_TYPE>S2MSI2A</PRODUCT_TYPE>
   <PROCESSING_BASELINE>{number}</PROCESSING_BASELINE>
   <GENERATION_TIME>{generated}</GENERATION_TIME>
   <Datatake datatakeIdentifier="G{platform}_{sensed}_042550_N{number}">
    <SPACECRAFT_NAME>Sentinel-2{platform[2]}</SPACECRAFT_NAME>
    <SENSING_ORBIT_NUMBER>{int(orbit[1:])}</SENSING_ORBIT_NUMBER>
   </Datatake>
   <Product_Organisation>
    <Granule_List>
     <Granule granuleIdentifier="{granule}" imageFormat="JPEG2000">
{listed}     </Granule>
    </Granule_List>
   </Product_Organisation>
  </Product_Info>
  <Product_Image_Characteristics>
   <Special_Values>
    <SPECIAL_VALUE_TEXT>NODATA</SPECIAL_VALUE_TEXT>
    <SPECIAL_VALUE_INDEX>0</SPECIAL_VALUE_INDEX>
   </Special_Values>
   <Special_Values>
    <SPECIAL_VALUE_TEXT>SATURATED</SPECIAL_VALUE_TEXT>
    <SPECIAL_VALUE_INDEX>65535</SPECIAL_VALUE_INDEX>
   </Special_Values>
   <QUANTIFICATION_VALUES_LIST>
    <BOA_QUANTIFICATION_VALUE unit="none">10000</BOA_QUANTIFICATION_VALUE>
    <AOT_QUANTIFICATION_VALUE unit="none">1000.0</AOT_QUANTIFICATION_VALUE>
    <WVP_QUANTIFICATION_VALUE unit="cm">1000.0</WVP_QUANTIFICATION_VALUE>
   </QUANTIFICATION_VALUES_LIST>
{offset_list if has_offset(product) else ""}   <Spectral_Information_List>
{bands}   </Spectral_Information_List>
  </Product_Image_Characteristics>
 </n1:General_Info>
</n1:Level-2A_User_Product>
"""


def zipped(safe: Path, bundle: Path | None = None) -> Path:
    """Zip a SAFE folder as the Copernicus Data Space does, and return the bundle, by default beside it."""
    bundle = bundle or safe.with_name(f"{safe.name}.zip")
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(safe.rglob("*")):
            archive.write(path, path.relative_to(safe.parent).as_posix() + ("/" if path.is_dir() else ""))
    return bundle
