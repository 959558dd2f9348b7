"""Labels of the columns of a table, which say what these hold."""

from __future__ import annotations

from typing import Any

from rnnshape.nest import NESTS
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.python import Open, own


class MayNest(str):
    """The label of a column of which each entry may be an array or a list."""


class OfText(str):
    """The label of a column of which the code writes texts."""


LABELS = {str, int, MayNest, OfText}


def may_nest(value: Any) -> bool:
    """Whether each entry of a column may be an array or a list."""
    if isinstance(value, Array):
        return len(value.shape) > 1 or value.own_may_nest
    parts = value if isinstance(value, list | tuple) else [value]
    are_open = any(isinstance(part, Open) and not part.is_number for part in parts)
    return are_open or any(isinstance(part, NESTS) or own(part, "own_is_data") for part in parts)


def label_of(key: Any, value: Any) -> Any:
    """The label of a column, which says what it holds."""
    parts = value if isinstance(value, list | tuple) else [value]
    is_text = own(value, "own_dtype") in ("<U", "str") or all(isinstance(p, str) for p in parts)
    if may_nest(value):
        return MayNest(key)
    return OfText(key) if is_text and parts and isinstance(key, str) else key


def as_labels(key: Any) -> Any:
    """`table.columns[1:]`, and a list of names, as a list."""
    is_of_columns = isinstance(key, Array) and key.own_values and are_names([*key.own_values])
    return [*key.own_values] if is_of_columns else key


def are_names(key: Any) -> bool:
    return isinstance(key, list) and all(isinstance(name, str) for name in key)
