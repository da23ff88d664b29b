"""The CUDA kernel without a GPU: its source compiles for several architectures, and on the CPU it gives the answer."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import emulated_cuda
import numpy as np
import pytest
from iikmc.engine.kernels import reference, selftest
from iikmc.engine.kernels.cuda import card as cuda_card
from iikmc.engine.kernels.cuda import kernel as cuda_kernel
from iikmc.engine.kernels.cuda import source as cuda_source
from test_kernels import hostile, hostile_centres, relabel_all
from tiny import Subject

# Turing, Ampere, Ada, Hopper: 64 registers a thread and 48 kB of shared memory a block are there on all of them.
ARCHITECTURES = ("75", "86", "89", "90")
SHARED_BYTES, REGISTERS, WIDE_REGISTERS = 48 * 1024, 64, 128
# The call that labels near ties may put a few registers aside; unrolled too far, the kernel spills hundreds of bytes.
SPILLED_BYTES = 48

needs_gpp = pytest.mark.skipif(bool(emulated_cuda.problem()), reason=emulated_cuda.problem())


# --- it compiles -----------------------------------------------------------------------------------------------------


def nvrtc() -> ctypes.CDLL | None:
    """Return NVIDIA's run-time compiler, which CuPy uses, if it is here."""
    names = ["libnvrtc.so", "libnvrtc.so.12", "libnvrtc.so.13", "nvrtc64_120_0.dll"]
    spec = find_spec("nvidia.cuda_nvrtc") if find_spec("nvidia") else None
    for folder in (spec.submodule_search_locations or []) if spec else []:
        names += [str(path) for path in Path(folder).glob("*/*nvrtc*") if "builtins" not in path.name]
    for name in names:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None


def compile_by_nvrtc(library: ctypes.CDLL, options: list[str]) -> bytes:
    """Return the machine code, without a header at hand."""
    program = ctypes.c_void_p()
    source = cuda_source.SOURCE.encode()
    assert library.nvrtcCreateProgram(ctypes.byref(program), source, b"kernel.cu", 0, None, None) == 0
    words = (ctypes.c_char_p * len(options))(*[option.encode() for option in options])
    failed = library.nvrtcCompileProgram(program, len(options), words)
    size = ctypes.c_size_t()
    library.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    library.nvrtcGetProgramLog(program, log)
    assert not failed, log.value.decode()
    assert "warning" not in log.value.decode()
    library.nvrtcGetCUBINSize(program, ctypes.byref(size))
    code = ctypes.create_string_buffer(size.value)
    library.nvrtcGetCUBIN(program, code)
    library.nvrtcDestroyProgram(ctypes.byref(program))
    return code.raw


@pytest.mark.parametrize(("k", "n_bands"), [(2, 1), (8, 6), (254, 6), (8, 10), (254, 10)])
def test_the_source_compiles_for_several_architectures(tmp_path, k, n_bands):
    options = list(cuda_source.options(k, n_bands))
    if shutil.which("nvcc"):
        (tmp_path / "kernel.cu").write_text(cuda_source.SOURCE)
        codes = [word for a in ARCHITECTURES for word in ("-gencode", f"arch=compute_{a},code=sm_{a}")]
        command = ["nvcc", "-fatbin", "--resource-usage", "-Werror", "all-warnings", *codes, *options, "kernel.cu"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        used = [int(n) for n in re.findall(r"Used (\d+) registers", said)]
        shared = [int(n) for n in re.findall(r"(\d+) bytes smem", said)]
        spilled = [int(n) for n in re.findall(r"(\d+) bytes spill stores", said)]
        assert len(used) == len(shared) == len(ARCHITECTURES)
        assert max(used) <= (REGISTERS if n_bands <= 6 else WIDE_REGISTERS)
        assert max(shared) <= SHARED_BYTES
        assert max(spilled) <= SPILLED_BYTES
        return
    library = nvrtc()
    if library is None:
        pytest.skip(
            "compiling the CUDA kernel needs nvcc (a CUDA toolkit) or NVRTC (python3 -m pip install "
            "nvidia-cuda-nvrtc-cu12); neither is installed"
        )
    for architecture in ARCHITECTURES:
        assert compile_by_nvrtc(library, [*options, f"-arch=sm_{architecture}"])[1:4] == b"ELF"


@pytest.mark.parametrize("n_bands", range(1, 11))
def test_shared_memory_is_enough_for_any_number_of_classes(n_bands):
    for k in range(2, 255):
        columns = cuda_source.columns(k, n_bands)
        table, centres = 4 * cuda_source.rows(k, n_bands) * columns, 4 * k * -(-n_bands // 4) * 4
        assert columns in (1, 2, 4, 8, 16, 32)
        assert table + centres <= SHARED_BYTES
        assert k * (n_bands + 1) > 32 * 7 or columns == 32  # no two lanes of a warp share a column


def test_no_column_of_the_table_overflows():
    pixels = cuda_source.THREADS * cuda_source.GROUP * cuda_source.MOST_STEPS
    assert pixels * 65535 < 2**31


def test_the_source_needs_no_header():
    assert "#include" not in cuda_source.SOURCE
    assert "asm" not in cuda_source.SOURCE
    cuda_source.SOURCE.encode("ascii")


# --- its arithmetic --------------------------------------------------------------------------------------------------


def kind_of(k: int, n_bands: int, **changed: int) -> dict[str, int]:
    return {**dict(cuda_source.macros(k, n_bands)), **changed}


def make_kernel():
    return cuda_kernel.CupyKernel(cuda_card.Card(0), None)


@needs_gpp
def test_the_self_test_passes(emulated_cupy):
    selftest.check(make_kernel())
    selftest.check(make_kernel(), wide=True)
    launches = [what for what, _ in emulated_cupy.traffic].count("launch")
    assert launches == len(selftest._CASES + selftest._WIDE_CASES) * (1 + len(selftest._MOVES))


@needs_gpp
@pytest.mark.parametrize(("k", "n_bands"), emulated_cuda.KINDS)
def test_hostile_pixels_and_centres(emulated_cupy, k, n_bands):
    rng = np.random.default_rng(1000 * k + n_bands)
    dn = hostile(rng, n_bands, 1501 if k < 200 else 601)
    first = hostile_centres(rng, dn, k)
    few = first.copy()
    few[k // 2] += 5
    relabel_all(make_kernel(), dn, [first, few, few, hostile_centres(rng, dn, k), first[::-1].copy()])


@needs_gpp
@pytest.mark.parametrize("n_bands", [3, 6, 10])
def test_distances_that_differ_by_one_unit_in_2_to_the_44(emulated_cupy, n_bands):
    # With a = b + c + 1: (a+1)**2 + b**2 + c**2 is one more than a**2 + (b+1)**2 + (c+1)**2.
    kernel = make_kernel()
    for b, c in [(2**21 - 5, 2**21 - 100), (1, 2**21), (1_000_003, 77), (0, 0), (2**20, 2**20)]:
        a = b + c + 1
        for pixel, sign in ((65535, -1), (1, 1)):
            origin = 64 * pixel
            near, far = (np.zeros(n_bands, np.int64) + origin for _ in range(2))
            far[:3] += sign * np.array([a + 1, b, c])
            near[:3] += sign * np.array([a, b + 1, c + 1])
            dn = np.full((n_bands, 5), pixel, np.uint16)
            for centres, label in ((np.stack([far, near]), 2), (np.stack([near, far]), 1), (np.stack([far, far]), 1)):
                assert reference.nearest(dn, centres).tolist() == [label] * 5
                relabel_all(kernel, dn, [centres])


@needs_gpp
def test_blocks_of_many_thread_blocks_and_steps(emulated_cupy):
    rng = np.random.default_rng(4)
    for n in (1, 3, 4, 5, 1023, 1024, 1025, 40_003):
        dn = rng.integers(7000, 30000, (6, n)).astype(np.uint16)
        sets = [64 * rng.integers(7000, 30000, (8, 6)) for _ in range(2)]
        relabel_all(make_kernel(), dn, [*sets, sets[0]])


def run(library, kind, dn, labels, centres, n, steps):
    """Launch without the engine; return what the kernel added up."""
    sums = np.zeros(kind["K"] * (kind["D"] + 1) + 1, np.int64)
    pixels = kind["THREADS"] * cuda_source.GROUP * steps
    arguments = (dn, dn.shape[1], n, labels, np.ascontiguousarray(centres, np.int32), steps, sums)
    emulated_cuda.launch(library, kind, -(-n // pixels), *arguments)
    return sums


@needs_gpp
def test_the_largest_sums_of_a_block_in_one_column(tmp_path):
    kind = kind_of(2, 2, COLUMNS=1)
    library = emulated_cuda.build(tmp_path, [kind])
    n = 2**15
    dn = np.full((2, n), 65535, np.uint16)
    labels = np.zeros(n, np.uint8)
    white, black = [64 * 65535] * 2, [0, 0]
    most = n * 65535
    assert run(library, kind, dn, labels, [black, white], n, 32).tolist() == [0, 0, 0, most, most, n, n]
    assert set(labels) == {2}
    assert run(library, kind, dn, labels, [white, black], n, 32).tolist() == [most, most, n, -most, -most, -n, n]
    assert set(labels) == {1}
    assert run(library, kind, dn, labels, [white, black], n, 32).tolist() == [0] * 7


@needs_gpp
@pytest.mark.parametrize("n", [1, 2, 3, 1022, 5001])
def test_what_lies_behind_the_last_pixel_is_left_alone(cuda_on_cpu, n):
    kind = kind_of(9, 3)
    rng = np.random.default_rng(n)
    stride = -(-n // 4) * 4 + 64
    dn = rng.integers(1, 65536, (3, stride)).astype(np.uint16)
    labels = np.full(stride, 200, np.uint8)
    labels[:n] = 0
    centres = hostile_centres(rng, dn[:, :n], 9)
    sums = run(cuda_on_cpu[9, 3, kind["COLUMNS"]], kind, dn, labels, centres, n, 2)
    expected = reference.nearest(dn[:, :n], centres)
    np.testing.assert_array_equal(labels[:n], expected)
    assert set(labels[n:]) == {200}
    tally = reference.tally(dn[:, :n], expected, 9)
    np.testing.assert_array_equal(sums[:-1].reshape(9, 4), np.column_stack([tally.total, tally.count]))
    assert sums[-1] == n


@needs_gpp
def test_rounding_every_product_changes_no_label_and_no_check_changes_many(tmp_path, monkeypatch):
    kind = kind_of(8, 6)
    rng = np.random.default_rng(6)
    n = 4000
    dn = rng.integers(1, 65536, (6, n)).astype(np.uint16)
    centres = 32 * (dn[:, rng.integers(0, n, 8)].astype(np.int64) + dn[:, rng.integers(0, n, 8)]).T
    # Two centres as far from each pixel to within rounding: mirrored about the pixels' middle value in band 0.
    dn[0] = 30000
    centres[1::2] = centres[::2]
    centres[::2, 0], centres[1::2, 0] = 64 * 30000 + 1001, 64 * 30000 - 1000
    expected = reference.nearest(dn, centres)

    def label(folder, *options):
        labels = np.zeros(n, np.uint8)
        run(emulated_cuda.build(tmp_path / folder, [kind], *options), kind, dn, labels, centres, n, 4)
        return labels

    np.testing.assert_array_equal(label("unfused", "-DUNFUSED"), expected)
    np.testing.assert_array_equal(label("fast", "-O3", "-march=native", "-ffp-contract=fast"), expected)
    monkeypatch.setattr(cuda_source, "SOURCE", cuda_source.SOURCE.replace("<= second[p] * CLOSE", "< 0"))
    assert np.count_nonzero(label("unchecked") != expected) > n // 100


@needs_gpp
def test_after_the_first_time_only_centres_and_sums_travel(emulated_cupy):
    rng = np.random.default_rng(8)
    dn = rng.integers(7000, 30000, (6, 5000)).astype(np.uint16)
    subject = Subject(dn, 8)
    kernel = make_kernel()
    subject.relabel(kernel, 64 * rng.integers(7000, 30000, (8, 6)))
    emulated_cupy.traffic.clear()
    for _ in range(3):
        assert subject.relabel(kernel, 64 * rng.integers(7000, 30000, (8, 6))) > 0
    moved = [(what, size) for what, size in emulated_cupy.traffic if what in ("set", "get", "empty")]
    assert moved == [("set", 4 * 8 * 6), ("get", 8 * (7 * 8 + 1))] * 3
    emulated_cupy.traffic.clear()
    assert subject.labels.all()
    assert subject.labels is subject.labels
    assert [(what, size) for what, size in emulated_cupy.traffic if what != "synchronize"] == [("get", 5000)]
