"""`make install` puts the files of the zip where QGIS looks for plugins, wholly or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[1] / "tools"
PLACES = {
    "linux": ".local/share/QGIS/QGIS{}/profiles",
    "darwin": "Library/Application Support/QGIS/QGIS{}/profiles",
    "win32": "AppData/Roaming/QGIS/QGIS{}/profiles",
}


@pytest.fixture
def tool(monkeypatch, tmp_path):
    """Return tools/install.py with a home of its own, and a zip of one file in place of ours."""
    monkeypatch.syspath_prepend(str(TOOLS))
    import install

    def build(folder):
        import zipfile

        with zipfile.ZipFile(folder / "iikmc.zip", "w") as archive:
            archive.writestr("iikmc/__init__.py", "new")
        return folder / "iikmc.zip"

    for name in ("XDG_DATA_HOME", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(install.build_zip, "build", build)
    return install


def holds(plugins):
    return sorted(str(path.relative_to(plugins)) for path in plugins.rglob("*"))


@pytest.mark.parametrize("platform", PLACES)
def test_each_platform_has_its_place(tool, tmp_path, monkeypatch, platform, capsys):
    monkeypatch.setattr(sys, "platform", platform)
    tool.main([])
    plugins = tmp_path / PLACES[platform].format(3) / "default" / "python" / "plugins"
    assert holds(plugins) == ["iikmc", "iikmc/__init__.py"]
    assert str(plugins / "iikmc") in capsys.readouterr().out


def test_every_qgis_that_has_the_profile_gets_it(tool, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    for version in (3, 4):
        (tmp_path / PLACES["linux"].format(version) / "work").mkdir(parents=True)
    tool.main(["work"])
    for plugins in tool.folders("work"):
        assert (plugins / "iikmc" / "__init__.py").read_text() == "new"
    assert len(tool.folders("work")) == 2


def test_an_older_version_goes_wholly(tool, tmp_path):
    plugins = tmp_path / "plugins"
    (plugins / "iikmc").mkdir(parents=True)
    (plugins / "iikmc" / "gone.py").write_text("old")
    assert "in place of what was there" in tool.install(plugins)
    assert holds(plugins) == ["iikmc", "iikmc/__init__.py"]
    assert "was removed" in tool.remove(plugins)
    assert holds(plugins) == []
    assert "nothing was removed" in tool.remove(plugins)


def test_where_the_new_one_cannot_be_put_the_old_one_comes_back(tool, tmp_path, monkeypatch):
    plugins = tmp_path / "plugins"
    (plugins / "iikmc").mkdir(parents=True)
    (plugins / "iikmc" / "__init__.py").write_text("old")
    genuine = Path.replace

    def replace(path, target):
        if path.parent.name == "new":
            raise PermissionError(13, "held open")
        return genuine(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(PermissionError):
        tool.install(plugins)
    assert holds(plugins) == ["iikmc", "iikmc/__init__.py"]
    assert (plugins / "iikmc" / "__init__.py").read_text() == "old"


def test_a_developers_link_is_left_alone(tool, tmp_path):
    (tmp_path / "checkout").mkdir()
    (tmp_path / "plugins").mkdir()
    os.symlink(tmp_path / "checkout", tmp_path / "plugins" / "iikmc")
    for work in (tool.install, tool.remove):
        with pytest.raises(SystemExit, match="is a link to"):
            work(tmp_path / "plugins")
    assert (tmp_path / "plugins" / "iikmc").is_symlink()


@pytest.mark.parametrize(
    ("name", "said"), [("wrok", "PROFILE may be work"), ("../x", "expected the name"), ("", "expected")]
)
def test_a_wrong_profile_is_told(tool, tmp_path, monkeypatch, name, said):
    monkeypatch.setattr(sys, "platform", "linux")
    (tmp_path / PLACES["linux"].format(3) / "work").mkdir(parents=True)
    with pytest.raises(SystemExit, match=said):
        tool.folders(name)
