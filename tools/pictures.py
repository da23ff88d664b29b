#!/usr/bin/python3
"""Take all pictures of the documentation again: `make pictures`.

The tutorial is done in a real QGIS window on a virtual screen (`tools/screenshots.py`) with real scenes, its reports
are opened in Chromium, and the demonstration draws its picture. All become small palette PNGs in docs/images.

The scenes lie in <checkout>/../shared/scenes, or in the folder that IIKMC_SCENES names. They are copied to a folder
made for it, /data or one of the others below, so that the pictures show no path of the machine that takes them;
IIKMC_DATA names another one. It is removed in the end.
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
SCENES = Path(os.environ.get("IIKMC_SCENES", ROOT.parent / "shared" / "scenes"))
PLACES = [Path(os.environ["IIKMC_DATA"])] if "IIKMC_DATA" in os.environ else [Path("/data"), Path("/srv/data")]
BASE = ROOT / "build" / "pictures"
MODEL = ROOT / "models" / "two_dates_to_change_map.model3"
LIMIT = 600
"""Seconds for the whole session in QGIS."""
LARGEST = 200_000
"""Bytes that a picture may have."""
BORDER = 12
# name: (page below the data's folder, first heading or "", the heading that no longer belongs to it or "", width)
PAGES = {
    "audit": ("audit/audit.html", "", "", 1560),
    "suggestk": ("suggestk.html", "", "Sample", 1500),
    "report": ("classes/report.html", "", "Signatures", 1180),
    "signatures": ("classes/report.html", "Signatures", "Area", 1600),
    "areas": ("classes/report.html", "Area", "Empty", 1500),
    "benchmark": ("benchmark/benchmark.html", "", "How it was", 1560),
    "comparison": ("compared/report.html", "Each scene on its own", "Separability", 1560),
    "transitions": ("changes.html", "", "Gains", 1500),
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
    """Copy the scenes to where an analyst might have them; return the folder around."""
    if not SCENES.is_dir():
        stop(f"the real scenes are not in {SCENES}; set IIKMC_SCENES to their folder.")
    for place in PLACES:
        if place.exists() and any(place.iterdir()):
            continue  # somebody's
        try:
            shutil.copytree(SCENES, place / "landsat", copy_function=shutil.copyfile)
        except OSError:
            continue
        for path in (place / "landsat").rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        return place
    stop(f"{' or '.join(map(str, PLACES))} is not empty or cannot be made; set IIKMC_DATA to a folder that can.")


def tour(data: Path, base: Path, shots: Path) -> None:
    """Do the tutorial in QGIS; end if it does not come to its end."""
    (base / "plugins").mkdir(parents=True)
    (base / "plugins" / build_zip.TOP).symlink_to(ROOT, target_is_directory=True)
    qgis_run.enable(build_zip.TOP, base)
    env = {**qgis_run.environment(base), "QT_QPA_PLATFORM": "xcb", "LANG": "C.UTF-8", "PYTHONWARNINGS": "ignore"}
    env.update(IIKMC_SHOTS=str(shots), IIKMC_DATA=str(data), IIKMC_MODEL=str(MODEL))
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
    cut = base / "page.html"
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
    """Write a picture with a palette: as many colours, and then as many pixels, as the limit of size allows."""
    with Image.open(source) as image:
        full = image.convert("RGB")
    for scale in (1.0, 0.85, 0.7, 0.55):
        scaled = full.resize((round(full.width * scale), round(full.height * scale)), Image.Resampling.LANCZOS)
        for colours in (256, 128, 64):
            # Without dithering, which costs size and makes text and flat areas worse.
            small = scaled.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
            small.save(target, optimize=True)
            if target.stat().st_size < LARGEST:
                return
    stop(f"{target} has {target.stat().st_size} bytes; {LARGEST} are allowed.")


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
