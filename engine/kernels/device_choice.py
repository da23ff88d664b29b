"""What labels in a run: the CPU's kernel until a graphics card is known to pay, then the card's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from .cells.choice import with_cells
from .cuda import devices

if TYPE_CHECKING:
    from ..progress import Progress
    from .kernel import Kernel


# How the log tells the shares of `CardKernel.about`.
_SHARES = {
    "card": "of the labelling was done on the card",
    "through": "on pixels sent through it each time",
    "cpu": "by the CPU",
}


class CardKernel(Protocol):
    """What a kernel on a graphics card has besides labelling; CPU kernels have nothing of it."""

    trouble: str
    """What the card was doing when it failed, and why; empty while it works."""

    def about(self) -> dict[str, Any]:
        """Return what did the work, for the run's record: "card", "beside" (the CPU's kernel), "percent" and more."""

    def close(self) -> None:
        """Give the card's memory back; nothing is raised."""


def on_card(kernel: Kernel) -> CardKernel | None:
    """Return a kernel that labels on a graphics card as such; None for the CPU's."""
    return cast("CardKernel", kernel) if hasattr(kernel, "about") else None


class DeviceChoice:
    """Chooses the device as soon as that can be told, which is while the pixels are being read.

    Until then, and wherever the card cannot, the CPU's kernel labels; both give the same bits, so it never matters
    which of them labelled a block.
    """

    def __init__(
        self, device: str, k: int, n_bands: int, cpu: Kernel, progress: Progress, by_cells: bool = False
    ) -> None:
        """Choose at once where the card was asked for.

        Parameters
        ----------
        device
            One of `choices.DEVICES`.
        k, n_bands
            Classes and bands.
        cpu
            The CPU's kernel.
        progress
            Is told why a card is not used.
        by_cells
            Whether the CPU lays pixels out by cells where that pays.
        """
        self.kernel = cpu
        """What labels at present."""
        self._by_cells = by_cells
        self._device, self._k, self._n_bands, self._cpu, self._progress = device, k, n_bands, cpu, progress
        self._chosen = False
        self._told = False
        self._warned = False
        self.counted(0)

    def __enter__(self) -> DeviceChoice:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def renew(self) -> None:
        """Begin with other pixels: what the CPU's kernel has learnt of earlier ones is of no use."""
        if self._by_cells and on_card(self.kernel) is None:
            self.kernel = with_cells(self._cpu)

    def counted(self, pixels: int) -> None:
        """Learn how many valid pixels there are so far, and choose once they are enough; on the run's own thread."""
        job = devices.Job(pixels, self._k, self._n_bands)
        if not self._chosen and devices.pays(self._device, job):
            self._chosen = True
            found = devices.pick(self._device, job, self._cpu, self._progress)
            if found is not self._cpu:
                self.kernel = found

    @property
    def title(self) -> str:
        """Such as "numba kernel"."""
        card = on_card(self.kernel)
        return f"{self.kernel.name} kernel" + (f" on {card.about()['card']}" if card else "")

    def tell(self, progress: Progress) -> None:
        """Tell once which device labelled, and once if the card failed on the way."""
        card = on_card(self.kernel)
        if card is None:
            return
        about = card.about()
        if card.trouble and not self._warned:
            self._warned = True
            progress.warn(
                f"DEVICE: {about['card']} failed while {card.trouble}; the {about['beside']} kernel on the CPU went "
                "on, and the result is the same."
            )
        if not self._told:
            self._told = True
            percent = about["percent"]
            shares = [f"{percent[key]:.1f} % {text}" for key, text in _SHARES.items() if percent[key] or key == "card"]
            progress.note(f"{about['card']} and the CPU: {', '.join(shares)}")

    def close(self) -> None:
        """Give the card's memory back, which the next run, another program or the display may want."""
        card = on_card(self.kernel)
        if card is not None:
            card.close()
