"""Arrays that stand in each other's places."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice, permutations

from rnnshape.errors import Problem
from rnnshape.training.data import Data, TrainingCall, with_elements

MOST_ARRAYS = 5  # of which all orders are tried


def in_order(
    call: TrainingCall, problems: Callable[[TrainingCall], Sequence[Problem]]
) -> Sequence[Problem]:
    """The problems of a call; where two or more of them are gone once its arrays are in another
    order, that is their only remedy."""
    found = problems(call)
    least = 1 if call.x and call.x[0].of else 2
    for other, code in _other_orders(call) if len(found) >= least else ():
        rest = problems(other)
        gone = [one for one in found if one not in rest]
        if len(gone) >= least and all(one in found for one in rest):
            return [replace(one, remedies=(code,)) if one in gone else one for one in found]
    return found


def _other_orders(call: TrainingCall) -> Iterator[tuple[TrainingCall, str]]:
    """The calls with the arrays in another order, first those in which few change places, and the
    code. Only what is given in a list has an order in it."""
    arrays = call.arrays
    parts = [part for each in call.with_validation for part in (each.x, each.y)]
    if len(call.x) == len(call.y) == 1 and call.x[0].of:
        more = ", w" * bool(call.weights)
        code = with_elements(call.x[0], f"x, y{more}", f"y, x{more}")
        yield replace(call, x=call.y, y=call.x), code
    elif len(arrays) <= MOST_ARRAYS and all(data.shape and not data.of for data in arrays):
        is_written = all(_listed(part) in call.code for part in parts)
        orders = [*permutations(arrays)][1:] if is_written else []
        for order in sorted(orders, key=partial(_moved, arrays)):
            other = _with(call, iter(order))
            yield other, written_call(other)


def _moved(arrays: Sequence[Data], order: Sequence[Data]) -> int:
    return sum(data is not before for data, before in zip(order, arrays, strict=True))


def _with(call: TrainingCall, arrays: Iterator[Data]) -> TrainingCall:
    x, y = (tuple(islice(arrays, len(part))) for part in (call.x, call.y))
    return replace(call, x=x, y=y, validation=call.validation and _with(call.validation, arrays))


def written_call(call: TrainingCall) -> str:
    """`fit([a, b], y)`"""
    given = [_listed(part) for part in (call.x, call.y) if part]
    if call.validation:
        later = (_listed(part) for part in (call.validation.x, call.validation.y) if part)
        given.append(f"validation_data=({', '.join(later)})")
    return f"{'model' if call.call == '__call__' else call.call}({', '.join(given)})"


def _listed(part: Sequence[Data]) -> str:
    names = ", ".join(data.name for data in part)
    return f"[{names}]" if len(part) > 1 else names
