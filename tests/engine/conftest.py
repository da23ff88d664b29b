"""Fixtures of the engine's tests: a kernel of each kind, and small series on disk."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import emulated_cuda
import numpy as np
import pytest
from iikmc.engine.kernels.kernel import Kernel
from iikmc.engine.requests import Request
from iikmc.engine.scenes.selection import MaskRule
from tiny import KERNELS, ids, make_scene, product, six_band_noise


@pytest.fixture(params=KERNELS, ids=ids(KERNELS), scope="session")
def kernel(request: pytest.FixtureRequest) -> Kernel:
    """Every kernel in turn."""
    return request.param()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """More threads than the cards' lanes and most machines' cores."""
    with ThreadPoolExecutor(6) as threads:
        yield threads


@pytest.fixture
def scene(tmp_path: Path) -> Callable[..., Path]:
    """Make a scene folder in the test's own folder: scene(dn), scene(dn, name=..., qa=..., radsat=...)."""

    def make(dn: Any, name: str = product(), **options: Any) -> Path:
        return make_scene(tmp_path, name, dn, **options)

    return make


@pytest.fixture(scope="session")
def small_series(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three scenes of three sensors, sizes and zones, with fill, flags and saturation; read only."""
    folder = tmp_path_factory.mktemp("small_series")
    rng = np.random.default_rng(5)
    paths = []
    for number, (name, height, width, crs) in enumerate(
        [
            (product("LC08", "20220511"), 37, 41, "EPSG:32633"),
            (product("LT05", "19980308", "090084"), 64, 30, "EPSG:32632"),
            (product("LE07", "20010331", "090084"), 23, 57, "EPSG:3031"),
        ]
    ):
        dn = six_band_noise(number, height, width)
        dn[:, :3, :5] = 0
        dn[number, 7, 7] = 0
        clear, cloud, shadow = (21824, 22280, 23888) if number == 0 else (5440, 5896, 7440)
        qa = rng.choice([clear, clear, clear, clear, cloud, shadow], (height, width)).astype(np.uint16)
        qa[:3, :6] = 1
        radsat = np.where(rng.random((height, width)) < 0.02, 1 << 3, 0).astype(np.uint16)
        # Tiles of 16 x 16 pixels: small strips are real then, a strip is never less than a row of tiles.
        paths.append(make_scene(folder, name, dn, qa, radsat, crs=crs, tile=16))
    return paths


@pytest.fixture(scope="session")
def cuda_on_cpu(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[int, int, int], Any]:
    """The CUDA kernel compiled for the CPU, by classes, bands and columns."""
    if emulated_cuda.problem():
        pytest.skip(emulated_cuda.problem())
    return emulated_cuda.build_all(tmp_path_factory.mktemp("cuda"))


@pytest.fixture
def emulated_cupy(cuda_on_cpu: Any, monkeypatch: pytest.MonkeyPatch) -> emulated_cuda.Cupy:
    """A CuPy whose card is the CPU, in the place of the real one."""
    emulated = emulated_cuda.Cupy(cuda_on_cpu)
    monkeypatch.setitem(sys.modules, "cupy", emulated)
    return emulated


@pytest.fixture
def request_of(tmp_path: Path) -> Callable[..., Request]:
    """Make a request for scene folders; results go to `out` in the test's own folder, no flag masks."""

    def make(*scenes: Path, out: str = "out", flags: tuple[str, ...] = (), saturated: bool = True, **options: Any):
        options.setdefault("k", 3)
        options.setdefault("workers", 1)
        return Request(tuple(map(str, scenes)), tmp_path / out, mask=MaskRule(flags, saturated), **options)

    return make
