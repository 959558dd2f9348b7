"""JSON of files that nobody has checked."""

from __future__ import annotations

import json

from rnnshape.errors import QueryError

__all__ = ["json_value"]

MOST_VALUES = 1_000_000  # lists, objects and what is in them


def json_value(text: str, where: str) -> object:
    """What a JSON text holds, or a `QueryError`."""
    if text.count("[") + text.count("{") + text.count(",") > MOST_VALUES:
        raise QueryError(f"{where} holds too much to be read")
    try:
        return json.loads(text, parse_constant=_refused)
    except RecursionError:
        raise QueryError(f"{where} is nested too deeply to be read") from None
    except ValueError as wrong:
        raise QueryError(f"{where} can't be read: it is not JSON: {str(wrong)[:100]}") from None


def _refused(word: str) -> float:
    return 0.0  # NaN and Infinity: no layer's shape depends on them
