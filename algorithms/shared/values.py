"""What the values of a user mean: numbers, choices, yes or no and places, as dialogs, scripts and models give them.

QGIS reads a number out of nearly anything, takes the default where it cannot, and says "Incorrect parameter value" of
the rest. Here each value is looked at as it came, and one that is wrong is told with what was found and expected.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from qgis.core import (
    NULL,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingDestinationParameter,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
    QgsProperty,
)

from ...engine.errors import ParameterError, shown
from ...engine.ranges import RANGES, check_number
from .i18n import tr
from .sources import check_layers

# As texts of numbers come from a command line; not "1_000" or "nan", which Python reads as well.
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
# More digits than any range has; Python takes time that grows with their square.
_LONGEST_NUMBER = 400
SCALARS = (QgsProcessingParameterNumber, QgsProcessingParameterEnum, QgsProcessingParameterBoolean)
"""The kinds of parameters that `read` reads."""
_WORDS = {"true": True, "1": True, "false": False, "0": False}


def read(definition: QgsProcessingParameterDefinition, value: Any, context: QgsProcessingContext) -> Any:
    """Return what a value of a number, choice or yes-or-no means: int, float, bool or a list of int.

    An optional number may be left out: None.

    Parameters
    ----------
    definition
        The parameter.
    value
        As handed over; None for the default.
    context
        For expressions.

    Raises
    ------
    ParameterError
        It means nothing; the message says what was found and what is expected.
    """
    value = _plain(definition, value, context)
    if value is None:
        value = _plain(definition, definition.defaultValue(), context)
    if isinstance(definition, QgsProcessingParameterNumber):
        optional = definition.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional
        empty = value is None or (isinstance(value, str) and not value.strip())
        return None if optional and empty else _number(definition, value)
    if isinstance(definition, QgsProcessingParameterEnum):
        return _choices(definition, value) if definition.allowMultiple() else _choice(definition, value)
    return _truth(definition, value)


def check(algorithm: QgsProcessingAlgorithm, values: dict[str, Any], context: QgsProcessingContext) -> None:
    """Check an algorithm's numbers, choices, yes-or-noes, places and layers on the disk, each as it was handed over.

    Parameters
    ----------
    algorithm
        Whose parameters.
    values
        By name.
    context
        For expressions.

    Raises
    ------
    ParameterError
        One is wrong; the message names it and says what was found and what is expected.
    """
    for definition in algorithm.parameterDefinitions():
        value = values.get(definition.name())
        if isinstance(definition, SCALARS):
            read(definition, value, context)
        elif isinstance(definition, (QgsProcessingParameterFile, QgsProcessingDestinationParameter)):
            _check_place(definition, _plain(definition, value, context))
        else:
            check_layers(definition, value, context)


def _plain(definition: QgsProcessingParameterDefinition, value: Any, context: QgsProcessingContext) -> Any:
    """Return a value without what QGIS and NumPy wrap it in; "" for a null, which is not the same as none given."""
    if isinstance(value, QgsProperty):
        told, good = value.value(context.expressionContext(), None)
        if not good:
            text = tr("{name}: the expression {found} gives no value; correct it, or give the value itself.")
            raise ParameterError(text.format(name=definition.name(), found=shown(value.asExpression())))
        value = told
    if value is None:
        return None
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        value = value.item()
    return "" if isinstance(value, type(NULL)) and value == NULL else value


def _number(definition: QgsProcessingParameterNumber, value: Any) -> int | float:
    name = definition.name()
    whole = RANGES[name].whole
    written = value.strip() if isinstance(value, str) else ""
    if len(written) <= _LONGEST_NUMBER and _NUMBER.fullmatch(written):
        exact = Decimal(written)
        near = float(exact)
        if whole and exact == exact.to_integral_value():
            value = int(exact)
        # 3.00000000000000000001 is not whole, though the nearest float is.
        elif not (whole and near.is_integer()):
            value = near
    elif isinstance(value, float) and whole and value.is_integer():
        value = int(value)
    check_number(name, value, written)
    number: int | float = value
    return number


def _choice(definition: QgsProcessingParameterEnum, value: Any) -> int:
    number = _place_in(definition.options(), value)
    if number is None:
        raise ParameterError(
            tr("{name} is {found}, expected one number of these: {choices}; choose one.").format(
                name=definition.name(), found=shown(value), choices=_listed(definition.options())
            )
        )
    return number


def _choices(definition: QgsProcessingParameterEnum, value: Any) -> list[int]:
    # Where nothing is a choice as well, it may be the default.
    parts = value
    if value is None:
        parts = []
    elif isinstance(value, str):
        parts = value.split(",") if value.strip() else []
    elif not isinstance(value, (list, tuple)):
        parts = [value]
    numbers = [_place_in(definition.options(), part) for part in parts]
    if None in numbers:
        raise ParameterError(
            tr("{name} is {found}, expected numbers of these: {choices}; choose any of them.").format(
                name=definition.name(), found=shown(value), choices=_listed(definition.options())
            )
        )
    return [number for number in numbers if number is not None]


def _place_in(options: list[str], value: Any) -> int | None:
    """Return the number of an option that a value means; None if it means none."""
    if isinstance(value, str):
        text = value.strip()
        value = int(text) if text.isdecimal() and len(text) <= len(str(len(options))) + 1 else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    # NaN is in no list.
    return int(value) if value in range(len(options)) else None


def _listed(options: list[str]) -> str:
    return ", ".join(f"{number} = {option}" for number, option in enumerate(options))


def _truth(definition: QgsProcessingParameterDefinition, value: Any) -> bool:
    known = _WORDS.get(value.strip().lower()) if isinstance(value, str) else None
    if isinstance(value, (bool, int, float)) and value in (0, 1):
        known = bool(value)
    if known is None:
        raise ParameterError(
            tr("{name} is {found}, expected yes or no; write true or false.").format(
                name=definition.name(), found=shown(value)
            )
        )
    return known


def _check_place(definition: QgsProcessingParameterDefinition, value: Any) -> None:
    """Raise ParameterError if a value is no path of the kind that a parameter takes."""
    name = definition.name()
    if value is None or value == "" or isinstance(value, QgsProcessingOutputLayerDefinition):
        return
    if not isinstance(value, str):
        text = tr("{name} is {found}, expected a path; write the path as a text.")
        raise ParameterError(text.format(name=name, found=shown(value)))
    if "\0" in value:
        text = tr("{name} is {found}, which no system takes for a path; leave out the character 0.")
        raise ParameterError(text.format(name=name, found=shown(value)))
    ending = definition.extension() if isinstance(definition, QgsProcessingParameterFile) else ""
    if ending and not value.lower().endswith(f".{ending}"):
        text = tr("{name}: {found} does not end in .{ending}; choose a file that does.")
        raise ParameterError(text.format(name=name, found=value, ending=ending))
