"""The documentation holds together: every link leads somewhere, every picture is there, is used and is small."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
ABOVE = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "DESIGN.md")
PAGES = [*(ROOT / name for name in ABOVE), *sorted(DOCS.rglob("*.md"))]
LARGEST = 200_000
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
# Folders of the machines that the documentation was written on; those in examples are /data and the user's own.
_MACHINE = re.compile(r"/(?:work|opt|root|home|tmp)/\w+")


def _prose(page):
    return _CODE.sub("", page.read_text(encoding="utf-8"))


def _anchors(page):
    """Return the anchors that GitHub and most other renderers give a page's headings."""
    headings = re.findall(r"^#+ +(.+?) *$", _prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _links(page):
    return _LINK.findall(_prose(page))


def _name(page):
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_of_a_page_leads_somewhere(page):
    dead = []
    for link in _links(page):
        if re.match(r"[a-z]+://", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.is_file() or (anchor and anchor not in _anchors(target)):
            dead.append(link)
    assert dead == []


def test_every_page_is_reached_from_the_index():
    reached, waiting = set(), [DOCS / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        paths = (link.partition("#")[0] for link in _links(page) if "://" not in link)
        waiting += [(page.parent / path).resolve() for path in paths if path]
    assert set(DOCS.rglob("*.md")) <= reached


def test_the_readme_leads_to_the_documentation():
    assert "docs/README.md" in _links(ROOT / "README.md")
    assert "docs/tutorial.md" in _links(ROOT / "README.md")


def test_the_readme_leads_to_what_developers_read():
    assert {"DESIGN.md", "CONTRIBUTING.md"} <= set(_links(ROOT / "README.md"))


def test_the_picture_of_the_packages_shows_every_one_of_them_once():
    (picture,) = _CODE.findall((ROOT / "DESIGN.md").read_text(encoding="utf-8"))
    # A line begins with names, and goes on after two spaces with what they are for.
    begins = (line.split("  ")[0] for line in picture.splitlines()[1:-1] if line[:1].strip())
    shown = [name for begin in begins for name in re.findall(r"\w+", begin)]
    there = [path for path in (ROOT / "engine").iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()]
    assert sorted(shown) == sorted([*({path.stem for path in there} - {"__init__"}), "algorithms", "iikmc_plugin"])


def test_every_picture_is_shown_and_every_one_is_a_small_palette_png():
    shown = {(page.parent / link).resolve() for page in PAGES for link in _links(page) if link.endswith(".png")}
    there = set((DOCS / "images").iterdir())
    assert there == shown
    for picture in there:
        data = picture.read_bytes()
        width, height, _, colour_type = struct.unpack(">IIBB", data[16:26])
        assert data[:8] == b"\x89PNG\r\n\x1a\n", picture
        assert colour_type == 3, f"{picture.name} has no palette: make pictures"
        assert len(data) < LARGEST, picture
        assert 300 < width < 1700, picture
        assert 200 < height < 2000, picture


def test_every_picture_says_in_words_what_it_shows():
    for page in PAGES:
        assert not re.findall(r"!\[\s*\]", _prose(page)), page


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_no_page_names_a_folder_of_the_machine_it_was_written_on(page):
    assert _MACHINE.findall(page.read_text(encoding="utf-8")) == []


def test_the_ids_of_the_tutorials_scenes_are_those_of_the_script_that_takes_its_pictures():
    script = (ROOT / "tools" / "screenshots.py").read_text(encoding="utf-8")
    tutorial = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    scenes = re.findall(r'"(L[CE]0[789]_L2SP_\w+)"', script)
    assert len(scenes) == 3
    for scene in scenes:
        assert scene in tutorial
