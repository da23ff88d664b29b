"""The words of the hint below the list of scenes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qgis.PyQt.QtCore import QLocale

from ...engine import quantities
from ..shared.i18n import tr

if TYPE_CHECKING:
    from ...engine.estimates.estimate import Estimate
    from ...engine.scenes.scene import Scene
    from .look import Answer, Plan

_MARK_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])[.,](?=[0-9])")


def lines(answer: Answer, plan: Plan | None) -> list[str]:
    """Return what was found and what a run will take, one sentence or list a line; without the problem."""
    result = []
    if answer.scenes:
        result.append(found(answer.scenes, answer.size))
    if answer.estimate is not None:
        result.append(expected(answer.estimate, plan is not None and plan.has_area))
    elif answer.valid is not None:
        pixels = sum(scene.checked_grid().pixels for scene in answer.scenes)
        result.append(tr("Estimate: {parts}.").format(parts=_valid(answer.valid, pixels)))
    result += _first(answer.doubts, tr("{count} doubtful scenes, all of them in the tool tip. {note}"))
    result += _first(answer.notes, tr("{count} notes, all of them in the tool tip. {note}"))
    return result


def _first(notes: Sequence[str], text: str) -> list[str]:
    """Return a note that is alone as it is, the first of several in the text that counts them."""
    return [text.format(count=len(notes), note=notes[0])] if len(notes) > 1 else list(notes)


def found(scenes: Sequence[Scene], n_bytes: int) -> str:
    """Return number, sensors, dates and size, such as "2 scenes: Landsat 8; 2019-01-14 to 2019-01-30; 2.9 GB"."""
    # Without the instrument: "Landsat 8 OLI" is too long for a list.
    kinds = Counter(scene.product.short_name for scene in scenes)
    newest_first = sorted(kinds, reverse=True)
    sensors = newest_first[0] if len(kinds) == 1 else ", ".join(f"{kinds[name]} {name}" for name in newest_first)
    first, last = min(scene.acquired for scene in scenes), max(scene.acquired for scene in scenes)
    dates = first.isoformat()
    if last != first:
        dates = tr("{first} to {last}").format(first=first.isoformat(), last=last.isoformat())
    count = tr("1 scene") if len(scenes) == 1 else tr("{count} scenes").format(count=len(scenes))
    return f"{count}: {sensors}; {dates}; {_size(n_bytes)}"


def expected(estimate: Estimate, has_area: bool) -> str:
    """Return what a run is estimated to take."""
    parts = [_valid(estimate.valid, estimate.pixels)]
    if has_area:
        parts[0] += " " + tr("(without the area of interest)")
    parts.append(_memory(estimate))
    parts.append(tr("rasters of at most {size}").format(size=_size(estimate.results)))
    if estimate.seconds is None:
        parts.append(tr("the time can be told after a run of a million pixels or more on this computer"))
    else:
        text = tr("{time} for {count} iterations, judged by earlier runs on this computer")
        parts.append(text.format(time=_in_locale(quantities.duration(estimate.seconds)), count=estimate.iterations))
    return tr("Estimate: {parts}.").format(parts="; ".join(parts))


def _valid(valid: int, pixels: int) -> str:
    return tr("{valid} of {pixels} pixels valid").format(valid=_about(valid), pixels=_about(pixels))


def _memory(estimate: Estimate) -> str:
    values = {"memory": _size(estimate.memory), "folder": estimate.folder}
    if estimate.short:
        text = tr("{memory} of memory, for which {folder} may lack {short}: free some space or take fewer scenes")
        return text.format(**values, short=_size(estimate.short))
    if estimate.spilled:
        text = tr("{memory} of memory, of which {spilled} go to temporary files in {folder}")
        return text.format(**values, spilled=_size(estimate.spilled))
    return tr("{memory} of memory, which fits").format(**values)


def _about(count: int) -> str:
    return _in_locale(quantities.about(count, tr("million")))


def _size(n_bytes: float) -> str:
    return _in_locale(quantities.size(n_bytes))


def _in_locale(text: str) -> str:
    """Return a text with its numbers written as the user's locale has them."""
    locale = QLocale()
    marks = {",": locale.groupSeparator(), ".": locale.decimalPoint()}
    return _MARK_BETWEEN_DIGITS.sub(lambda found: marks[found.group()], text)
