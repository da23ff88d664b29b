"""The CUDA kernel's source and the numbers that its caller must know. Importing this module imports nothing.

One thread takes four neighbouring pixels at a time, labels them, and adds those that changed class to sums in its
thread block's shared memory; the block adds its sums to the device's once, at its end. There is no pixels x classes
matrix, and nothing is ever added up in floating point.

Labels. The squared distances are float32, in DN. DN and centres have at most 22 bits and are exact in float32, and so
are their differences; each sum of up to ten squares is off by at most 10 u/(1 - 10 u) of itself, u = 2**-24. Where the
second smallest exceeds the smallest by more than 24 u of itself, the order is certain, whatever a compiler fuses (20 u
and the rounding of the test). The other pixels, about one in a million, are labelled again in 64-bit integers
(`nearest_exactly`), where a sum of ten is below 10 (2**22)**2 < 2**48.

Sums. The table in shared memory has a column for each lane of a warp (fewer columns for many classes), so that threads
of a warp seldom add to one place. A column gets at most 2**15 pixels of a block, so that no sum in it passes 2**15 *
65535 < 2**31, on whatever way. Everything is an integer: the order of additions cannot matter.

Only pixels whose class changed are added, to the new class, and taken from the old one unless that is 0, "not yet
labelled": the first pass, with labels of zeros, is the same code. What the device returns is the change of the tally.

Plain C apart from CUDA's own words, without a header: any NVRTC compiles it in a fraction of a second, and so does a
host compiler that is told what those words mean, which is how the tests run it without a GPU.
"""

from __future__ import annotations

THREADS = 256
"""Threads of a block."""
GROUP = 4
"""Pixels that a thread takes at a time; rows of pixels and labels must begin at a multiple of it."""
MOST_STEPS = 32
"""Times that a thread may take pixels: THREADS * GROUP * MOST_STEPS = 2**15 pixels a block."""
NAME = "relabel"
"""Name of the kernel."""

# Bytes of shared memory for the table. 32 classes of 6 bands, or 20 of 10, get a column for each lane, 254 get four or
# two, and with the centres' 8 or 12 kB the block stays below the 48 kB that every card grants without being asked.
_TABLE_BYTES = 28 * 1024
_LANES = 32
# Blocks that must fit a multiprocessor at once: 64 registers a thread, with which ptxas spills none or three of them
# (seen for 7.5, 8.6 and 9.0). The loop over the classes stays a loop: unrolled whole, it would keep its centres in
# registers, and there would be room for one block. The four pixels of ten bands take 40 registers alone: with two
# blocks ptxas takes 96 and spills none, with three 80 and up to 68 bytes (7.5 and 9.0).
_BLOCKS, _BLOCKS_WIDE = 4, 2
_NARROW = 6
_UNROLL = 4


def rows(k: int, n_bands: int) -> int:
    """Return how many numbers the kernel adds up: for each class its bands' sums and its members, then the changed."""
    return k * (n_bands + 1) + 1


def columns(k: int, n_bands: int) -> int:
    """Return the columns of the table in shared memory, a power of two."""
    result = _LANES
    while result > 1 and rows(k, n_bands) * result * 4 > _TABLE_BYTES + _LANES * 4:
        result //= 2
    return result


def macros(k: int, n_bands: int) -> tuple[tuple[str, int], ...]:
    """Return what the source leaves open.

    Parameters
    ----------
    k
        Classes, 2..254.
    n_bands
        Bands, 1..10.
    """
    return (
        ("K", k),
        ("D", n_bands),
        ("COLUMNS", columns(k, n_bands)),
        ("UNROLL", _UNROLL),
        ("THREADS", THREADS),
        ("BLOCKS", _BLOCKS if n_bands <= _NARROW else _BLOCKS_WIDE),
    )


def options(k: int, n_bands: int) -> tuple[str, ...]:
    """Return the compiler's options; the parameters are those of `macros`."""
    return tuple(f"-D{name}={value}" for name, value in macros(k, n_bands))


SOURCE = r"""
#define GRID 64                          /* centres are integers in 1/64 DN */
#define CLOSE 1.430511474609375e-6f      /* 24 u */
#define FAR 3.0e38f                      /* no squared distance is as large */
#define ROWS (K * (D + 1) + 1)
#define WIDTH ((D + 3) / 4 * 4)          /* floats of a centre's row: loads of four are aligned */

/* The class 0..K-1 of the pixel at dn, by the definition: the smallest integer distance, a tie goes to the lowest. */
__device__ __noinline__ int nearest_exactly(const unsigned short *dn, long long stride, const int *centres)
{
    long long best = 0x7fffffffffffffffLL;
    int nearest = 0;
    #pragma unroll 1
    for (int j = 0; j < K; ++j) {
        long long distance = 0;
        for (int b = 0; b < D; ++b) {
            const long long e = GRID * (int)dn[b * stride] - centres[j * D + b];
            distance += e * e;
        }
        if (distance < best) {
            best = distance;
            nearest = j;
        }
    }
    return nearest;
}

/* Add the sums of some pixels of a class 1..K to a column of the table. */
__device__ __forceinline__ void add(int *column, int label, const int *sums)
{
    int *row = column + (label - 1) * (D + 1) * COLUMNS;
    #pragma unroll
    for (int b = 0; b <= D; ++b)
        atomicAdd(row + b * COLUMNS, sums[b]);
}

/* dn: D rows of stride pixels, n of them real; labels: n, and as many more as fill up the last group of four;
   centres: K rows of D in 1/64 DN; sums: ROWS numbers, to which the changes are added (two's complement, so that
   unsigned ones will do). */
extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
relabel(const unsigned short *__restrict__ dn, long long stride, long long n, unsigned char *__restrict__ labels,
        const int *__restrict__ centres, int steps, unsigned long long *__restrict__ sums)
{
    __shared__ __align__(16) float centre[K * WIDTH];
    __shared__ int table[ROWS * COLUMNS];
    const int thread = (int)threadIdx.x, unrolled = UNROLL; /* the pragma takes no macro */

    for (int c = thread; c < K * D; c += THREADS)
        centre[c / D * WIDTH + c % D] = (float)centres[c] * (1.0f / GRID);
    for (int c = thread; c < ROWS * COLUMNS; c += THREADS)
        table[c] = 0;
    __syncthreads();

    int *column = table + thread % COLUMNS;
    int changed = 0;
    long long i = 4 * ((long long)blockIdx.x * steps * THREADS + thread);
    for (int step = 0; step < steps && i < n; ++step, i += 4 * THREADS) {
        float x[D][4], best[4], second[4];
        int nearest[4];
        #pragma unroll
        for (int b = 0; b < D; ++b) {
            const ushort4 v = *(const ushort4 *)(dn + b * stride + i);
            x[b][0] = (float)v.x;
            x[b][1] = (float)v.y;
            x[b][2] = (float)v.z;
            x[b][3] = (float)v.w;
        }
        const uchar4 before = *(const uchar4 *)(labels + i);
        const int old[4] = {before.x, before.y, before.z, before.w};
        #pragma unroll
        for (int p = 0; p < 4; ++p) {
            best[p] = second[p] = FAR;
            nearest[p] = 0;
        }

        #pragma unroll unrolled
        for (int j = 0; j < K; ++j) {
            #pragma unroll
            for (int p = 0; p < 4; ++p) {
                float e = x[0][p] - centre[j * WIDTH];
                float square = e * e;
                #pragma unroll
                for (int b = 1; b < D; ++b) {
                    e = x[b][p] - centre[j * WIDTH + b];
                    square = __fmaf_rn(e, e, square);
                }
                second[p] = fminf(second[p], fmaxf(best[p], square));
                nearest[p] = square < best[p] ? j : nearest[p];
                best[p] = fminf(best[p], square);
            }
        }

        int label[4], differ = 0;
        #pragma unroll
        for (int p = 0; p < 4; ++p) {
            label[p] = nearest[p] + 1;
            if (second[p] - best[p] <= second[p] * CLOSE)
                label[p] = nearest_exactly(dn + i + p, stride, centres) + 1;
            if (i + p >= n)
                label[p] = old[p];
            differ |= label[p] ^ old[p];
        }
        if (differ == 0)
            continue;

        /* Neighbours are often of one class: what goes to the same class is added up before it goes. */
        int run = 0, total[D + 1] = {0};
        #pragma unroll
        for (int p = 0; p < 4; ++p) {
            if (label[p] == old[p])
                continue;
            ++changed;
            if (old[p] != 0) {
                int less[D + 1];
                #pragma unroll
                for (int b = 0; b < D; ++b)
                    less[b] = -(int)x[b][p];
                less[D] = -1;
                add(column, old[p], less);
            }
            const bool same = label[p] == run;
            if (!same && run != 0)
                add(column, run, total);
            #pragma unroll
            for (int b = 0; b < D; ++b)
                total[b] = (same ? total[b] : 0) + (int)x[b][p];
            total[D] = (same ? total[D] : 0) + 1;
            run = label[p];
        }
        add(column, run, total);
        uchar4 after;
        after.x = (unsigned char)label[0];
        after.y = (unsigned char)label[1];
        after.z = (unsigned char)label[2];
        after.w = (unsigned char)label[3];
        *(uchar4 *)(labels + i) = after;
    }
    if (changed != 0)
        atomicAdd(column + (ROWS - 1) * COLUMNS, changed);
    __syncthreads();

    for (int row = thread; row < ROWS; row += THREADS) {
        long long sum = 0;
        for (int c = 0; c < COLUMNS; ++c)
            sum += table[row * COLUMNS + (c + thread) % COLUMNS]; /* each thread begins in a memory bank of its own */
        if (sum != 0)
            atomicAdd(sums + row, (unsigned long long)sum);
    }
}
"""
