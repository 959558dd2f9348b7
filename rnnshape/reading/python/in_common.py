"""What several values have in common where nobody knows which of them it is: those that a name has
on the sides of a condition, or those of a list."""

from __future__ import annotations

import functools
import types
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from typing import Any

from rnnshape.reading.python.contents import PLAIN, Inside, anything_in, changeable_in
from rnnshape.reading.python.open import Open
from rnnshape.reading.python.stand_in import Module, StandIn, hook, is_of_code, may_be_in, own

MOST_ALIKE = 8  # layers of a list that are compared
MISSING = object()


def merged_in(
    value: Any,
    name: Any,
    one: object,
    other: object,
    because: Open,
    *,
    may_lack: bool,
    before: Container[int] = (),
) -> object:
    """What is under a name of a value: what the code has set, or what the value itself keeps. Of a
    name that has no value on one side it is that of the other: there alone code can ask for it."""
    is_own = isinstance(value, StandIn) and name.startswith("own_")
    if (is_own or not may_lack) and (one is MISSING or other is MISSING):
        return other if one is MISSING else one
    if is_own:
        return other if are_same(one, other) else value.own_merged(name, one, other, because)
    one, other = (_of_class(value, name, side) for side in (one, other))
    made = merged(one, other, because, name, before)
    if isinstance(made, Open) and isinstance(value, dict) and (one is MISSING or other is MISSING):
        return replace(made, may_lack=True)
    return made


def _of_class(value: Any, name: Any, side: object) -> object:
    """What an object of the code has under a name: where it has none of its own, its class's."""
    kinds = type(value).__mro__ if side is MISSING and is_of_code(type(value)) else ()
    return next((vars(kind)[name] for kind in kinds if name in vars(kind)), side)


def merged(
    one: object, other: object, because: Open, name: object = "", before: Container[int] = ()
) -> object:
    """What two sides agree on; of a model and something unread, the model. Two lists of the same
    content, that were there `before`, by their `id`s, are still two."""
    are_two = one is not other and id(one) in before and id(other) in before
    if are_same(one, other) and not (are_two and isinstance(one, list | set | dict)):
        return other
    if (of_either := hook(one, "own_of_either")) and type(one) is type(other):
        made = of_either(one, other, under_name(because, name))
        if made is not None:
            return _as_either(made, one, other)
    for first, second in ((one, other), (other, one)):
        chosen = hook(first, "own_chosen_over")
        if chosen is not None:
            made = chosen(first, None if second is MISSING else second, because)
            does = made.as_called if isinstance(made, Open) else None
            if does is None:
                return _as_either(made, one, other)
            return replace(under_name(because, name), as_called=does)
        is_absent = second is None or second is MISSING
        if is_absent and isinstance(first, Module | type | types.FunctionType):
            if second is MISSING or isinstance(first, Module):
                return first  # code that uses it does so only where it is there
            return replace(under_name(because, name), as_called=first, among=changeable_in([first]))
        if isinstance(first, Open) and first.row is not None and isinstance(second, list | Open):
            tensors = may_be_in([one, other])
            made = replace(under_name(because, name), row=first.row, may_be=tensors)
            return replace(made, among=changeable_in([one, other]))
    if type(one) is type(other) is tuple and len(one) == len(other):
        pairs = [*zip(one, other, strict=True)]
        if all(
            own(part, "own_is_part") and not part.own_is_input for pair in pairs for part in pair
        ):
            return tuple(merged(*pair, because) for pair in pairs)
    sides = [side for side in (one, other) if isinstance(side, Open)]
    models = {id(model): model for side in sides for model in side.alternatives}
    named = under_name(because, name)
    tensors, classes = may_be_in([one, other]), [classes_in(one), classes_in(other)]
    if all(classes):
        named = replace(named, one_of=(*dict.fromkeys(classes[0] + classes[1]),))
    among = changeable_in([one, other])
    if not (models or tensors or among):
        return named
    return replace(named, alternatives=(*models.values(),), may_be=tensors, among=among)


def _as_either(made: Any, one: object, other: object) -> Any:
    """What stands for one of two: nobody knows which of them it `is`."""
    if isinstance(made, StandIn) and made is not one and made is not other:
        object.__setattr__(made, "own_is_either", True)
    return made


def classes_in(value: object) -> tuple[Any, ...]:
    """A class of a library, or those of which it is one; what code of its own does may depend on
    which it is."""
    if isinstance(value, Open):
        return value.one_of
    is_class = isinstance(value, type) and issubclass(value, StandIn)
    return (value,) if is_class and not is_of_code(value) else ()


def under_name(because: Open, name: object) -> Open:
    """Something open under the name that the code has for it."""
    if not (isinstance(name, str) and name.isidentifier() and because.source and because.node):
        is_of_another = because.row is not None or because.is_number
        return replace(because, row=None, first=None, is_number=False) if is_of_another else because
    return replace(because.derived(name, because.source, because.node), is_named=True)


def may_be_another(because: Open, name: object, before: object) -> Open:
    """What a name stands for that may stand for another value by now than before."""
    tensors, among = may_be_in([before]), changeable_in([before])
    return replace(under_name(because, name), may_be=tensors, among=among)


def one_of(values: Sequence[object], because: Open) -> object:
    """What is known of a value that is one of some."""
    return functools.reduce(lambda one, other: merged(one, other, because), values)


def one_of_held(held: Any, made: Open, *others: object) -> object:
    """What a key that is open takes of tensors, or of classes, in a list or dictionary."""
    several = [*(held.values() if isinstance(held, dict) else held), *others]
    are_classes = bool(several) and all(map(classes_in, several))
    found: Any = one_of(several, made) if may_be_in(several) or are_classes else made
    among = changeable_in(several) if several else (held,)
    is_open = isinstance(found, Open) and bool(among)
    return replace(found, among=among, by_key=True) if is_open else found


def are_alike(one: Any, other: Any) -> bool:
    told = hook(one, "own_is_like")
    return are_same(one, other) or (told is not None and bool(told(one, other)))


def are_same(one: Any, other: Any, depth: int = 0) -> bool:
    if one is other:
        return True
    if type(one) is not type(other) or depth > 20:
        return False
    if isinstance(one, (*PLAIN, set, frozenset)):
        return bool(one == other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(
            are_same(value, other[key], depth + 1) for key, value in one.items()
        )
    if isinstance(one, list | tuple):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(are_same(a, b, depth + 1) for a, b in pairs)
    return False


def put_in(owner: Open, added: Iterable[Any], held: Iterable[Any] | None = None) -> None:
    """What is added to something open may stand in it from now on, whatever else is there, and its
    rows may be unlike these; `held` are those of them that code can come by elsewhere."""
    for new in anything_in(added if held is None else held):
        last = owner.among[-1] if owner.among else None
        if isinstance(last, Inside):
            last.put(item for item in new if item is not new)
        else:
            owner.among = (*owner.among, new)
    items = [one for part in added for one in (part if isinstance(part, list | tuple) else [part])]
    if owner.row is not None:
        owner.row = row_of([*(one for one in items if type(one) is not int), owner.row], owner)


def row_of(parts: Sequence[Any], because: Open) -> object:
    """What each value of a list is like, as the last is; None where data or tensors have several
    shapes. Of layers it is what they have in common."""
    shapes = [part.shape for part in parts if hook(part, "own_is_data")]
    ranks = {len(shape) for shape in shapes}
    sizes = ({size for size in axis if type(size) is int} for axis in zip(*shapes, strict=False))
    last = parts[-1]
    if any(own(part, "own_is_part") for part in parts):
        return last if all(are_alike(last, part) for part in parts) else None
    are_objects = {hook(part, "own_chosen_over") is not None for part in parts}
    if len(are_objects) > 1:  # one of them says nothing of what is open, or a number
        return None
    if shapes or are_objects == {False}:
        return last if len(ranks) < 2 and all(len(known) < 2 for known in sizes) else None
    parts = [*{id(part): part for part in parts}.values()]
    if len(parts) > MOST_ALIKE:
        return None
    # Each time it may be another one.
    row = hook(last, "own_chosen_over")(last, one_of(parts, because), because)
    return (row.as_called if isinstance(row, Open) else None) or last
