"""What layers and operations do to axes alike: find one by its number, join some, repeat some."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from math import prod
from typing import TypeAlias

from rnnshape.expression import Call
from rnnshape.rules.arguments import MAY_BE_ARRAY, whole_number, wholes
from rnnshape.rules.facts import NOTHING, Axis, Facts, Tensor, shapes_said
from rnnshape.rules.inputs import Inputs, tensors_in
from rnnshape.rules.registry import rule_of_inputs
from rnnshape.signatures import signature

OfTwo: TypeAlias = "Callable[[Call, Tensor, Tensor], Facts | None]"


def place(call: Call, argument: str, given: Tensor, more: int = 0) -> int:
    """The place of the one axis that an argument names."""
    return place_of(call, argument, whole_number(call, argument), given, more)


def places(call: Call, argument: str, given: Tensor, more: int = 0) -> tuple[int, ...]:
    """The places of one axis or of several, none twice; of all where there is None."""
    if call[argument] is None:
        return tuple(range(len(given.axes)))
    return places_of(call, argument, wholes(call, argument), given, more)


def places_of(
    call: Call, argument: str, numbers: Iterable[int], given: Tensor, more: int = 0
) -> tuple[int, ...]:
    """The places of axes, none of which is named twice."""
    found = [place_of(call, argument, number, given, more) for number in numbers]
    if len(set(found)) < len(found):
        raise call.error(f'{call} names an axis twice (Keras: "duplicate")', argument)
    return tuple(found)


def place_of(call: Call, argument: str, number: int, given: Tensor, more: int = 0) -> int:
    """The place of an axis, counted from 0; `more` is how many axes are being added."""
    rank = len(given.axes) + more
    if -rank <= number < rank:
        return number % rank
    words = '"out of range", "out of bounds", "must be in the range"'
    if call.name == "Normalization":
        words = '"All `axis` values must be in the range"'
    raise call.error(
        f"{call} is given {given.labels}, which has no axis {number} (Keras: {words})",
        argument,
        unequal=[("axis", number, rank)],
    )


def exchanged(given: Tensor, at: int, *new: Axis) -> tuple[Axis, ...]:
    """The axes of a tensor with others in place of one."""
    return (*given.axes[:at], *new, *given.axes[at + 1 :])


def joined(axes: Sequence[Axis]) -> Axis:
    """One axis in place of several."""
    return Axis(
        " * ".join(axis.label for axis in axes) or "1",
        prod(axis.length for axis in axes),
        follows_from=NOTHING.union(*(axis.follows_from for axis in axes)),
        is_unknown=any(axis.is_unknown for axis in axes),
    )


def broadcast(*shapes: Sequence[Axis]) -> tuple[Axis, ...] | None:
    """The axes of tensors that are repeated where they are shorter, counted from the last; None
    where these are neither equally long nor 1. A length that is not known is that of the other."""
    if unequal(*shapes):
        return None
    found = []
    for axes in _columns(shapes):
        longest = max(axes, key=lambda axis: (axis.length != 1, not axis.is_unknown))
        name = next((axis.name for axis in (longest, *axes) if axis.name), "")  # a list has none
        found.append(longest if longest.name else replace(longest, name=name))
    return tuple(reversed(found))


def unequal(*shapes: Sequence[Axis]) -> set[tuple[int, ...]]:
    """The sizes in one place, counted from the last, that are neither equal nor 1."""
    lengths = (
        {axis.length for axis in axes if not axis.is_unknown} - {1} for axes in _columns(shapes)
    )
    return {tuple(sorted(several)) for several in lengths if len(several) > 1}


def _columns(shapes: Sequence[Sequence[Axis]]) -> Iterator[list[Axis]]:
    for column in zip_longest(*(reversed(axes) for axes in shapes)):
        yield [axis for axis in column if axis]


def repeated(call: Call, *shapes: Sequence[Axis]) -> tuple[Axis, ...]:
    """The same; a `QueryError` in the place of None."""
    axes = broadcast(*shapes)
    if axes is None:
        given = ", ".join(shapes_said(*shapes))
        raise call.error(
            f"{call.name} is given {given}: counted from the last, axes must be equally long, or 1 "
            '(Keras: "Incompatible shapes", "Cannot broadcast shape")',
            unequal=unequal(*shapes),
        )
    return axes


def repeated_operands(call: Call, given: Sequence[Tensor]) -> tuple[Axis, ...]:
    """The axes of what is made of each number of several tensors. An axis of 1 is as long as that
    of what may be an array."""
    axes = repeated(call, *(tensor.axes for tensor in given if tensor.has_rank))
    for tensor in given:
        if not tensor.has_rank:
            [its] = tensor.axes
            axes = tuple(
                replace(one, length=its.length) if one.length == 1 else one for one in axes
            )
    return axes


def of_two(*names: str) -> Callable[[OfTwo], OfTwo]:
    """Registers a function as the rule of operations that take two tensors, of which one may be a
    number."""

    def register(function: OfTwo) -> OfTwo:
        @rule_of_inputs(*names)
        def of_operands(call: Call, inputs: Inputs) -> Facts | None:
            given = operands(call, inputs)
            is_known = given is not None and all(tensor.has_rank for tensor in given)
            return function(call, *given) if given and is_known else None

        return function

    return register


def _shape_of_list(value: object) -> tuple[int, ...]:
    """The sizes of the array that Keras makes of lists in a list."""
    if not isinstance(value, tuple):
        return ()
    return (len(value), *_shape_of_list(value[0] if value else None))


def operands(call: Call, inputs: Inputs) -> tuple[Tensor, ...] | None:
    """The tensors that an operation takes, and its numbers as tensors without axes; None where it
    takes something else. What may be a number or an array has no rank, and the size of an axis that
    it may have."""
    found: list[Tensor] = []
    known = signature(call.name).tensors
    for name in known:
        number, tensors = call[name], tensors_in(inputs.named(name))
        if isinstance(number, int | float):
            found.append(Tensor(repr(number), ()))
        elif isinstance(number, tuple):
            found.append(Tensor("a list", tuple(Axis("", size) for size in _shape_of_list(number))))
        elif isinstance(number, Call) and number.name == MAY_BE_ARRAY:
            axis = Axis("", whole_number(number, "length"))
            found.append(Tensor(number.name, (axis,), has_rank=False))
        elif number is None and len(tensors) == 1:
            found += tensors
        elif number is None and not tensors:
            raise call.error(
                f"{call.name} takes {', '.join(known)}, and is given no {name} "
                f"(Keras: \"missing 1 required positional argument: '{name}'\")"
            )
        else:
            return None
    return tuple(found)
