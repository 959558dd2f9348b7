"""What a function makes of something open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rnnshape.reading.python import allowed
from rnnshape.reading.python.contents import anything_in
from rnnshape.reading.python.open import IsOpenError, Open
from rnnshape.reading.python.scope import body_of
from rnnshape.reading.python.stand_in import StandIn, is_of_code

OF_A_KEY = ("get", "getattr", "getitem", "pop", "setdefault")  # give what is there


def made_of_open(
    evaluator: Any,
    wrong: IsOpenError,
    made: object,
    function: Any,
    parts: Sequence[object],
    named: Mapping[str, object],
) -> Open:
    """What a function makes that has stopped at something open, or has made it."""
    found: Open = evaluator.derived(wrong.value)
    is_given = any(part is wrong.value for part in parts)
    is_returned = wrong.value is made and not is_given
    are_rows = function in allowed.GO_OVER or is_returned
    found.row = wrong.value.row if are_rows else found.row
    found.alternatives = wrong.value.alternatives if is_returned else found.alternatives
    if found is wrong.value:
        return found
    is_made = wrong.is_made and not is_given
    is_number = function in allowed.NUMBERS
    if function in (max, min):
        is_number = "key" not in named and allowed.is_of_numbers(parts, wrong.value.row)
    found.is_number = is_made or is_number
    found.stands_for = wrong.value.stands_for if is_made else None
    if allowed.is_of_many(evaluator.node, function):
        found.roots = ()  # `--let words=5000` would not say how many words there are
    is_item = is_returned and getattr(function, "__name__", "") in OF_A_KEY
    if not (found.is_number or (is_item and found.among)):
        found.among = held_in(function, parts, named) or found.among
    return found


def held_in(function: Any, parts: Sequence[object], named: Mapping[str, object]) -> tuple[Any, ...]:
    """What code can change that a function of Python's own may give, or hold."""
    if not _is_pythons(function):
        return ()
    held = anything_in([getattr(function, "__self__", None), *parts, *named.values()])
    return (*(item for inside in held for item in inside if item is not inside), *held)


def _is_pythons(function: Any) -> bool:
    """Whether it is none of the code, an operator, or one that stands for a library's."""
    owner = getattr(function, "__self__", function)
    if function is None or isinstance(owner, StandIn) or is_of_code(function) or body_of(function):
        return False
    is_stand_in = isinstance(function, type) and issubclass(function, StandIn)
    module = str(getattr(function, "__module__", ""))
    return not (is_stand_in or module.startswith(("_operator", "rnnshape.reading.names")))
