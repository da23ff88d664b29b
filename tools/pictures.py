#!/usr/bin/python3
"""Take all pictures of the documentation again: `make pictures`.

The tutorial is done in a real QGIS window on a virtual screen (`tools/screenshots.py`) with simulated scenes, its
reports are opened in Chromium, and the demonstration draws its picture. All become small palette PNGs in docs/images.

The scenes are made in a folder of their own, /data or one of the others below, so that the pictures show no path of
the machine that takes them; IIKMC_DATA names another one. It is removed in the end.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import build_zip
import qgis_run
from PIL import Image, ImageChops

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
PLACES = [Path(os.environ["IIKMC_DATA"])] if "IIKMC_DATA" in os.environ else [Path("/data"), Path("/srv/data")]
BASE = ROOT / "build" / "pictures"
MODEL = ROOT / "models" / "series_to_land_cover.model3"
LIMIT = 900
"""Seconds for the whole session in QGIS."""
LARGEST = 200_000
"""Bytes that a picture may have."""
BORDER = 12
# name: (page below the data's folder, first heading or "", the heading that no longer belongs to it or "", width)
PAGES = {
    "audit": ("audit/audit.html", "", "", 1560),
    "suggestk": ("suggestk.html", "", "Sample", 1500),
    "report": ("classes/report.html", "", "Signatures", 1640),
    "signatures": ("classes/report.html", "Signatures", "Area", 1600),
    "areas": ("covers/report.html", "Area", "Empty", 1500),
    "benchmark": ("benchmark/benchmark.html", "", "How it was", 1560),
    "comparison": ("compared/report.html", "Each scene on its own", "Separability", 1560),
    "transitions": ("changes.html", "", "Gains", 1500),
    "series": ("series/series.html", "", "Areas", 1500),
    "accuracy": ("accuracy.html", "", "Points", 1560),
}
# Leaves of a page what lies between two headings, the beginning of whose texts is given.
_CUT = """
<script>
const first = %r, last = %r;
let shown = first === "";
for (const node of [...document.body.children]) {
  if (node.tagName === "H2" && first && node.textContent.startsWith(first)) shown = true;
  if (node.tagName === "H2" && last && node.textContent.startsWith(last)) shown = false;
  if (!shown && !["SCRIPT", "STYLE"].includes(node.tagName)) node.style.display = "none";
}
document.body.style.margin = "8px";
document.body.style.maxWidth = "none";
const style = document.createElement("style");
style.textContent = ".modebar{display:none!important}::-webkit-scrollbar{display:none}";
document.head.append(style);
</script>
"""


def stop(text: str) -> NoReturn:
    """End with one sentence."""
    sys.exit(f"pictures: {text}")


def lay_out() -> Path:
    """Simulate scenes where an analyst might have them; return the folder around."""
    for place in PLACES:
        if place.exists() and any(place.iterdir()):
            continue  # somebody's
        try:
            (place / "landsat").mkdir(parents=True)
        except OSError:
            continue
        size = ["--scenes", "5", "--width", "1500", "--height", "1500"]
        simulate = [sys.executable, str(ROOT / "benchmarks" / "simulate.py"), str(place / "landsat"), *size]
        if subprocess.run(simulate, stdin=subprocess.DEVNULL).returncode:
            stop("the scenes could not be simulated; the message is above.")
        return place
    stop(f"{' or '.join(map(str, PLACES))} is not empty or cannot be made; set IIKMC_DATA to a folder that can.")


def tour(data: Path, base: Path, shots: Path) -> None:
    """Do the tutorial in QGIS; end if it does not come to its end."""
    (base / "plugins").mkdir(parents=True)
    (base / "plugins" / build_zip.TOP).symlink_to(ROOT, target_is_directory=True)
    qgis_run.enable(build_zip.TOP, base)
    env = {**qgis_run.environment(base), "QT_QPA_PLATFORM": "xcb", "LANG": "C.UTF-8", "PYTHONWARNINGS": "ignore"}
    env.update(IIKMC_SHOTS=str(shots), IIKMC_DATA=str(data), IIKMC_MODEL=str(MODEL), IIKMC_PLUGIN=build_zip.TOP)
    env["PYTHONPATH"] += os.pathsep + str(ROOT)  # what the simulation knows is what the points are labelled with
    qgis = ["qgis", "--nologo", "--noversioncheck", "--code", str(ROOT / "tools" / "screenshots.py")]
    screen = ["xvfb-run", "-a", "-s", "-screen 0 1600x1200x24"]
    log = base / "qgis.log"
    with log.open("w") as sink:
        try:
            status = subprocess.run(
                [*screen, *qgis], env=env, cwd=base, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, timeout=LIMIT
            ).returncode
        except subprocess.TimeoutExpired:
            status = 124
    if status:
        trace = shots / "error.txt"
        said = trace.read_text(encoding="utf-8") if trace.exists() else log.read_text(errors="replace")[-4000:]
        stop(f"the session in QGIS ended with status {status}:\n{said}")


def page(source: Path, first: str, last: str, width: int, target: Path, base: Path) -> None:
    """Take a picture of a part of a page."""
    cut = source.with_name(f"picture_{target.stem}.html")  # beside the page, where the library of its plots lies
    cut.write_text(source.read_text(encoding="utf-8") + _CUT % (first, last), encoding="utf-8")
    command = [
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        f"--user-data-dir={base / 'chromium'}",
        f"--window-size={width},2600",
        "--virtual-time-budget=8000",
        f"--screenshot={target}",
        cut.as_uri(),
    ]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    if done.returncode or not target.is_file():
        stop(f"Chromium did not draw {source}:\n{done.stderr[-2000:]}")
    with Image.open(target) as image:
        drawn = image.convert("RGB")
    ground = Image.new("RGB", drawn.size, "white")
    _, _, right, bottom = ImageChops.difference(drawn, ground).getbbox()
    drawn.crop((0, 0, min(right + BORDER, drawn.width), min(bottom + BORDER, drawn.height))).save(target)


def draw_demo(script: str, target: Path) -> None:
    """Run a demonstration, and take its picture."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / f"{script}.py")], stdin=subprocess.DEVNULL, timeout=LIMIT
    )
    if done.returncode:
        stop(f"{script} failed; its message is above.")
    shutil.copyfile(ROOT / "build" / script.replace("_", "-") / "quicklook.png", target)


def shrink(source: Path, target: Path) -> None:
    """Write a picture with a palette: of as many pixels and colours as the limit of size allows.

    With few colours, those of classes become those of others, so pixels are given up first.
    """
    with Image.open(source) as image:
        full = image.convert("RGB")
    for scale, most in ((1.0, (256, 128)), (0.85, (256, 128)), (0.7, (256, 128)), (0.6, (256, 128)), (0.5, (128, 64))):
        scaled = full.resize((round(full.width * scale), round(full.height * scale)), Image.Resampling.LANCZOS)
        for colours in most:
            # Without dithering, which costs size and makes text and flat areas worse.
            small = scaled.quantize(palette=palette(full, colours), dither=Image.Dither.NONE)
            small.save(target, optimize=True)
            if target.stat().st_size < LARGEST:
                return
    stop(f"{target} has {target.stat().st_size} bytes; {LARGEST} are allowed.")


def palette(full: Image.Image, colours: int) -> Image.Image:
    """Return an image with the palette for a picture: half of it its most frequent colours, as of legends."""
    counts = sorted(full.getcolors(full.width * full.height), reverse=True)
    flat = [part for _, colour in counts[: colours // 2] for part in colour]
    others = full.quantize(colours - len(flat) // 3, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    made = Image.new("P", (1, 1))
    made.putpalette((flat + others.getpalette())[: 3 * colours])
    return made


def main() -> None:
    """Take the pictures."""
    for program in ("qgis", "xvfb-run", "chromium"):
        if shutil.which(program) is None:
            stop(f"{program} is not here; install it.")
    data = lay_out()
    try:
        shutil.rmtree(BASE, ignore_errors=True)
        shots = BASE / "shots"
        shots.mkdir(parents=True)
        tour(data, BASE / "qgis", shots)
        for name, (source, first, last, width) in PAGES.items():
            page(data / source, first, last, width, shots / f"{name}.png", BASE)
        draw_demo("demo", shots / "demo.png")
        draw_demo("demo_sensors", shots / "sensors.png")
        IMAGES.mkdir(parents=True, exist_ok=True)
        for shot in sorted(shots.glob("*.png")):
            shrink(shot, IMAGES / shot.name)
            print(f"{IMAGES / shot.name} ({(IMAGES / shot.name).stat().st_size // 1000} kB)")
    finally:
        shutil.rmtree(data, ignore_errors=True)


if __name__ == "__main__":
    main()
