"""What the rules of operations share: tensors and numbers, places of axes, broadcasting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from math import prod
from typing import TypeAlias

from rnnshape.expression import Call, printed
from rnnshape.rules.elementwise import no_such_axis
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.inputs import Inputs, tensors_in
from rnnshape.rules.registry import rule
from rnnshape.signatures import signature

__all__ = [
    "broadcast",
    "exchanged",
    "joined",
    "made",
    "of_one",
    "of_two",
    "one_tensor",
    "operands",
    "place",
    "place_of",
    "places",
    "whole",
    "wholes",
]

OfOne: TypeAlias = "Callable[[Call, Tensor], Facts | None]"
OfTwo: TypeAlias = "Callable[[Call, Tensor, Tensor], Facts | None]"


def of_one(*names: str) -> Callable[[OfOne], OfOne]:
    """Registers a function as the rule of operations that take one tensor."""

    def register(function: OfOne) -> OfOne:
        rule(*names)(lambda call, inputs: function(call, one_tensor(call, inputs)))
        return function

    return register


def of_two(*names: str) -> Callable[[OfTwo], OfTwo]:
    """The same of operations that take two, of which one may be a number."""

    def register(function: OfTwo) -> OfTwo:
        @rule(*names)
        def of_operands(call: Call, inputs: Inputs) -> Facts | None:
            given = operands(call, inputs)
            return None if given is None else function(call, *given)

        return function

    return register


def operands(call: Call, inputs: Inputs) -> tuple[Tensor, ...] | None:
    """The tensors that an operation takes, and its numbers as tensors without axes; None where it
    takes something else."""
    found: list[Tensor] = []
    for name in signature(call.name).tensors:
        number = call[name]
        tensors = tensors_in(inputs.named(name.lstrip("*")))
        if isinstance(number, int | float):
            found.append(Tensor(repr(number), ()))
        elif number is None and len(tensors) == 1:
            found += tensors
        elif number is None and not tensors:
            raise call.error(
                f"{call.name} takes {', '.join(signature(call.name).tensors)}, and is given no "
                f"{name} (Keras: \"missing 1 required positional argument: '{name}'\")"
            )
        else:
            return None
    return tuple(found)


def one_tensor(call: Call, inputs: Inputs) -> Tensor:
    """The tensor of an operation that takes one."""
    if len(inputs) != 1:
        raise call.error(f"{call} takes one tensor, and is given {len(inputs)}")
    tensor: Tensor = inputs[0]
    return tensor


def made(meaning: str, *axes: Iterable[Axis]) -> Facts:
    """What comes out: one tensor with these axes. An operation passes no mask on."""
    return Facts((Tensor("o", tuple(axis for part in axes for axis in part), meaning),))


def exchanged(given: Tensor, at: int, *new: Axis) -> tuple[Axis, ...]:
    """The axes of a tensor with others in place of one."""
    return (*given.axes[:at], *new, *given.axes[at + 1 :])


def whole(call: Call, argument: str) -> int:
    value = call[argument]
    if not isinstance(value, int):
        raise call.error(
            f"{call.name} takes {argument} as a whole number, not {printed(value)}", argument
        )
    return int(value)


def wholes(call: Call, argument: str) -> tuple[int, ...]:
    """One whole number, or several."""
    value = call[argument]
    several = value if isinstance(value, tuple) else (value,)
    if not all(isinstance(part, int) for part in several):
        raise call.error(
            f"{call.name} takes {argument} as a whole number or several, not {printed(value)}",
            argument,
        )
    return tuple(int(part) for part in several if isinstance(part, int))


def place(call: Call, argument: str, given: Tensor, more: int = 0) -> int:
    """The place of the one axis that an argument names."""
    return place_of(call, argument, whole(call, argument), given, more)


def place_of(call: Call, argument: str, axis: int, given: Tensor, more: int = 0) -> int:
    """The place of an axis, counted from 0; `more` is how many axes are being added."""
    rank = len(given.axes) + more
    if not -rank <= axis < rank:
        raise no_such_axis(call, argument, axis, given)
    return axis % rank


def places(call: Call, argument: str, given: Tensor, more: int = 0) -> tuple[int, ...]:
    """The places of one axis or of several, none twice; of all where there is None."""
    if call[argument] is None:
        return tuple(range(len(given.axes)))
    found = [place_of(call, argument, whole, given, more) for whole in wholes(call, argument)]
    if len(set(found)) < len(found):
        raise call.error(f'{call} names an axis twice (Keras: "duplicate")', argument)
    return tuple(found)


def joined(axes: Sequence[Axis]) -> Axis:
    """One axis in place of several."""
    known = any(axis.static_length is not None for axis in axes)
    return Axis(
        " * ".join(axis.label for axis in axes) or "1",
        prod(axis.length for axis in axes),
        is_open=any(axis.is_open for axis in axes),
        static_length=prod(axis.length_before_run for axis in axes) if known else None,
    )


def broadcast(call: Call, *shapes: Sequence[Axis]) -> tuple[Axis, ...]:
    """The axes of tensors that are repeated where they are shorter, counted from the last."""
    columns = zip_longest(*(reversed(axes) for axes in shapes))
    return tuple(
        reversed([_common(call, [size for size in column if size], shapes) for column in columns])
    )


def _common(call: Call, column: Sequence[Axis], shapes: Sequence[Sequence[Axis]]) -> Axis:
    lengths = {axis.length for axis in column} - {1}
    if len(lengths) > 1:
        given = ", ".join(str(tuple(axis.length for axis in axes)) for axes in shapes)
        raise call.error(
            f"{call.name} is given {given}: counted from the last, axes must be equally long, or 1 "
            '(Keras: "Incompatible shapes", "Cannot broadcast shape")'
        )
    return next((axis for axis in column if axis.length != 1), column[0])
