"""What one process holds while it works on a series: open files, pixels, what its kernel made of them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..errors import SceneError
from ..execution.executor import Site
from ..kernels.kernel import Held, Kernel, Labelling
from ..kernels.margins import Counts, Judge, Judged, Judging, NumpyJudge
from ..maps.merging import merge_labels
from ..pixels.block import Block
from ..pixels.kept import Kept
from ..pixels.packing import Packer
from ..pixels.reading import Packed, read_strip
from ..pixels.sampling import Draws, scene_key, shares_for
from ..pixels.sketch import width_for
from ..pixels.store import PixelStore
from ..pixels.survey import Wish
from ..scenes.handles import Handles
from ..scenes.scene import Scene, Strip
from ..scenes.selection import Selection
from ..scenes.unchanged import check_unchanged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..arrays import DN, Grid64, Labels

COMMON = ""
"""The shelf of the labels that belong to the run's own centres."""


class BlockSite(Site):
    """Blocks, and what the kernel holds of them.

    What is held lies on shelves, so that one block can have labels of several sets of centres at a time. Threads work
    on different blocks, each of which has its own place; none adds to what another has made.
    """

    def __init__(self, k: int, kernel: Kernel) -> None:
        """Take the number of classes, and what labels."""
        super().__init__()
        self.k = k
        """Number of classes."""
        self.kernel = kernel
        """What labels from now on; a block that another kernel holds is handed over when it is labelled next."""
        self._blocks: dict[Strip, Block] = {}
        self._held: dict[tuple[str, Strip], tuple[Kernel, Held]] = {}

    def keep(self, block: Block) -> None:
        """Keep a block, which nobody has labelled."""
        self._blocks[block.strip] = block

    def block(self, strip: Strip) -> Block:
        """Return the pixels of a strip."""
        return self._blocks[strip]

    def held(self, strip: Strip, shelf: str = COMMON) -> Held:
        """Return a block as the present kernel holds it, with the labels on this shelf."""
        kernel = self.kernel
        before = self._held.get((shelf, strip))
        if before is not None and before[0] is kernel:
            return before[1]
        labelling = None if before is None else Labelling(before[1].labels(), before[1].tally)
        held = kernel.hold(self._blocks[strip], self.k, labelling)
        self._held[shelf, strip] = (kernel, held)
        return held

    def shelved(self, strip: Strip, shelf: str = COMMON) -> Held:
        """Return a block as it lies on a shelf, whichever kernel holds it."""
        return self._held[shelf, strip][1]

    def is_labelled(self, strip: Strip, shelf: str = COMMON) -> bool:
        """Tell whether a block lies on a shelf."""
        return (shelf, strip) in self._held

    def lend(self, strip: Strip, held: Held) -> None:
        """Put a labelled block of another site on the shelf of this one, as that of this strip."""
        self._held[COMMON, strip] = (self.kernel, held)

    def clear(self, shelf: str = COMMON) -> None:
        """Forget all labels on a shelf; pixels without labels on another lie row by row again."""
        for key in [key for key in self._held if key[0] == shelf]:
            del self._held[key]
        labelled = {strip for _, strip in self._held}
        for strip, block in self._blocks.items():
            if isinstance(block.stored, Kept) and strip not in labelled:
                block.stored.restore()

    def forget(self, strip: Strip) -> None:
        """Forget a block with all its labels, as one that was read in vain."""
        self._blocks.pop(strip, None)
        for key in [key for key in self._held if key[1] == strip]:
            del self._held[key]

    def drop(self, strip: Strip, shelf: str) -> None:
        """Forget the labels of one block on a shelf."""
        self._held.pop((shelf, strip), None)


@dataclass(frozen=True)
class Plan:
    """What a site is to work on; small and picklable, so that every process can have the same."""

    scenes: tuple[Scene, ...]
    """Checked scenes."""
    selection: Selection
    """Bands and mask; no area, because each scene carries its own part of it."""
    strips: tuple[Strip, ...]
    """What is read of the scenes."""
    k: int = 0
    """Number of classes; 0 where nothing is labelled."""
    wish: Wish = field(default_factory=Wish)
    """What is wanted of the pixels besides labels."""
    judging: Judging = field(default_factory=Judging)
    """What is wanted to know of the labels."""

    def __post_init__(self) -> None:
        if self.selection.area is not None:
            raise ValueError("the area of a plan is in its scenes, which were checked with it; leave it out")

    @property
    def n_bands(self) -> int:
        """Number of bands."""
        return len(self.selection.roles)

    @property
    def sketch_width(self) -> int:
        """Columns of each scene's sketch, at most."""
        return width_for(len(self.scenes))

    @cached_property
    def draws(self) -> tuple[Draws, ...]:
        """Which sub-samples to draw, one a scene."""
        shares = shares_for(sum(scene.checked_grid().pixels for scene in self.scenes)) if self.wish.draws else ()
        return tuple(Draws(scene_key(self.wish.seed, scene.id), shares) for scene in self.scenes)

    @cached_property
    def by_scene(self) -> tuple[tuple[Strip, ...], ...]:
        """What is read of each scene, top to bottom."""
        found: list[list[Strip]] = [[] for _ in self.scenes]
        for strip in self.strips:
            found[strip.scene].append(strip)
        return tuple(map(tuple, found))


class SeriesSite(BlockSite):
    """A site that reads the pixels of scenes: its open files, and where the pixels are kept."""

    def __init__(
        self,
        plan: Plan,
        kernel: Kernel,
        packer: Packer,
        store: PixelStore | None = None,
        judge: Judge | None = None,
    ) -> None:
        """Take what to work on.

        Parameters
        ----------
        plan
            Scenes, bands, mask and strips.
        kernel, packer
            What labels, and what masks and packs; neither changes a result.
        store
            Where pixels are kept; None where none are.
        judge
            What looks at labels once more; NumPy by default. It never changes a result.
        """
        super().__init__(plan.k, kernel)
        self.plan = plan
        """What to work on."""
        self.packer = packer
        """What masks and packs."""
        self.handles = Handles()
        """Open files."""
        self._store = store
        self._judge = judge or NumpyJudge()
        self._classes: dict[Strip, tuple[NDArray[np.uint8], Labels]] = {}
        self._margins: dict[Strip, tuple[NDArray[np.uint8], NDArray[np.uint8]]] = {}
        self._lock = threading.Lock()
        self._left = Counter(strip.scene for strip in plan.strips)

    def __enter__(self) -> SeriesSite:
        return self

    def __exit__(self, *_: object) -> None:
        self.handles.close()

    def scene(self, strip: Strip) -> Scene:
        """Return the scene that a strip belongs to."""
        return self.plan.scenes[strip.scene]

    def read(self, strip: Strip) -> Packed:
        """Decode, mask and pack a strip; its scene's files are closed after the last of them."""
        plan = self.plan
        with self.reading(strip) as scene:
            return read_strip(
                scene,
                plan.selection,
                strip,
                self.handles,
                self.packer,
                plan.draws[strip.scene],
                plan.sketch_width if plan.wish.pictures else 0,
            )

    @contextmanager
    def reading(self, strip: Strip) -> Iterator[Scene]:
        """Return the scene of a strip that is read now and never again: a long series would run out of file handles.

        Raises
        ------
        SceneError
            A file of the scene has changed since its header was read.
        """
        scene = self.scene(strip)
        try:
            yield scene
        except SceneError:
            # That a file has changed says more than what came of reading it.
            check_unchanged(scene)
            raise
        check_unchanged(scene)
        with self._lock:
            self._left[strip.scene] -= 1
            last = not self._left[strip.scene]
        if last:
            for path in scene.files:
                self.handles.close_file(path)

    def keep_pixels(self, packed: Packed) -> Block | None:
        """Keep the pixels of a strip in memory or in a file; None where there are none."""
        if packed.pixels.dn.shape[1] == 0:
            return None
        dn = packed.pixels.dn
        stored = Kept(self._store.keep(dn), self._store) if self._store else Kept(dn)
        block = Block(packed.strip, packed.pixels.valid, stored)
        self.keep(block)
        return block

    def keep_classes(self, strip: Strip, valid: NDArray[np.uint8], labels: Labels) -> None:
        """Keep the classes of a strip until its scene is written, without its pixels."""
        self._classes[strip] = (valid, labels)

    def judge(self, held: Held, dn: DN, labels: Labels, centres: Grid64, merged: tuple[int, ...] = ()) -> Counts:
        """Look at the labels of a block as the plan asks, and keep what is to be written until its scene is.

        Parameters
        ----------
        held
            The labelled block.
        dn, labels
            Its pixels and their classes as they lie (`Held.lying`).
        centres
            Those that the labels were made with.
        merged
            The class of each centre, where classes were merged.
        """
        judged = self._judge.judge(dn, labels, centres, self.plan.judging)
        judged = Judged(merge_labels(judged.labels, merged), judged.margins)
        strip, valid = held.block.strip, held.block.valid
        if self.plan.judging.limit is not None:
            self.keep_classes(strip, valid, held.in_rows(judged.labels))
        if judged.margins is not None:
            self._margins[strip] = (valid, held.in_rows(judged.margins))
        return judged.counts()

    def classes(self, strip: Strip) -> NDArray[np.uint8] | None:
        """Return the (height, width) classes of a strip on the grid; None where not one pixel is valid.

        What `keep_classes` kept is handed out once.
        """
        kept = self._classes.pop(strip, None)
        if kept is None:
            if not self.is_labelled(strip):
                return None
            held = self.shelved(strip)
            kept = (held.block.valid, held.labels())
        return self._on_grid(strip, *kept)

    def margins(self, strip: Strip) -> NDArray[np.uint8] | None:
        """Return the (height, width) margins of a strip on the grid, once; None where not one pixel is valid."""
        kept = self._margins.pop(strip, None)
        return None if kept is None else self._on_grid(strip, *kept)

    def _on_grid(self, strip: Strip, valid: NDArray[np.uint8], values: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return self.packer.spread(valid, values, strip.height, self.scene(strip).checked_grid().width)


def loose_site(blocks: Sequence[Block], k: int, kernel: Kernel) -> BlockSite:
    """Return a site that holds pixels of no raster."""
    site = BlockSite(k, kernel)
    for block in blocks:
        site.keep(block)
    return site
