"""The errors a user can meet; each message names the culprit, what was found, what was expected and the remedy."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from reprlib import Repr
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])


class IIkMCError(Exception):
    """Base of all errors of the engine."""


class SceneError(IIkMCError, ValueError):
    """A path is no usable Landsat scene, or one of its files is missing, broken or of another product."""


class GridError(SceneError):
    """The bands of one scene do not share one pixel grid."""


class NoValidPixels(IIkMCError, ValueError):
    """Not one pixel of the whole series is valid."""


class ParameterError(IIkMCError, ValueError):
    """A parameter is out of its range."""


class SignatureError(IIkMCError, ValueError):
    """A signatures file is unreadable or does not fit the run."""


class OutputError(IIkMCError, OSError):
    """The results could not be written."""


class Cancelled(IIkMCError):
    """The user cancelled; the message says whether a file was written."""


class MemoryBudgetError(IIkMCError, MemoryError):
    """The pixels fit neither the memory they may take nor the disk."""


class SchedulerError(IIkMCError, OSError):
    """The cluster of SCHEDULER cannot be used, or was lost."""


class UnexpectedError(IIkMCError, RuntimeError):
    """Something that nobody foresaw; the error that it comes from has the details."""


def first_line(error: BaseException, *, with_kind: bool = False) -> str:
    """Return the first line of what an error says, for a sentence about it; its kind where it says nothing.

    Parameters
    ----------
    error
        Of whatever library.
    with_kind
        Whether its kind stands before the line as well: "KeyError: 'red'".
    """
    kind = type(error).__name__
    lines = str(error).strip().splitlines()
    if not lines:
        return kind
    return f"{kind}: {lines[0]}" if with_kind else lines[0]


def shown(value: object) -> str:
    """Return what was found, as Python writes it, for one line of a message: cut where it is long or deep."""
    brief = Repr()
    brief.maxstring = brief.maxother = brief.maxlong = 80
    brief.maxlevel = 2
    brief.maxlist = brief.maxtuple = brief.maxdict = brief.maxset = 6
    try:
        text = brief.repr(value)
    except Exception:  # noqa: BLE001 - an object of anybody's may fail in any way to say what it is
        text = f"an object of the type {type(value).__name__}"
    return " ".join(text.split())


def unexpected(error: Exception, what: str) -> IIkMCError:
    """Return an error that nobody foresaw in one sentence, to be raised from it.

    Parameters
    ----------
    error
        A fault of the system or of IIkMC.
    what
        What was being done, such as "The clustering".
    """
    if isinstance(error, IIkMCError):
        return error
    if isinstance(error, MemoryError):
        return MemoryBudgetError(
            f"{what} ended because the computer has no memory left; close other programs, set fewer threads (WORKERS) "
            "or use fewer scenes."
        )
    if isinstance(error, OSError):
        where = f" at {shown(error.filename)}" if error.filename else ""
        reason = " ".join(str(error.strerror or "").split()) or first_line(error)
        return UnexpectedError(
            f"{what} ended because the system refused something{where} ({reason}); see that the disk has room and all "
            "files are there, and run it again."
        )
    return UnexpectedError(
        f"{what} ended with an error that was not expected ({shown(first_line(error, with_kind=True))[1:-1]}), a fault "
        "of IIkMC; please report it, with the details."
    )


def in_one_sentence(call: F, what: str) -> F:
    """Return a function that raises nothing but `IIkMCError`: an error that nobody foresaw comes as `unexpected`."""

    @wraps(call)
    def told(*args: Any, **named: Any) -> Any:
        try:
            return call(*args, **named)
        except IIkMCError:
            raise
        except Exception as error:
            raise unexpected(error, what) from error

    return cast(F, told)
