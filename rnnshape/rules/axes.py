"""What layers and operations do to axes alike: find one by its number, join some, repeat some."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from math import prod

from rnnshape.expression import Call
from rnnshape.rules.arguments import whole_number, wholes
from rnnshape.rules.facts import NOTHING, Axis, Tensor


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
    if not -rank <= number < rank:
        raise no_such_axis(call, argument, number, given)
    return number % rank


def no_such_axis(call: Call, argument: str, number: int, given: Tensor) -> Exception:
    """What is wrong with the number of an axis that a tensor does not have."""
    words = '"out of range", "out of bounds", "must be in the range"'
    if call.name == "Normalization":
        words = '"All `axis` values must be in the range"'
    return call.error(
        f"{call} is given {given.labels}, which has no axis {number} (Keras: {words})",
        argument,
    )


def exchanged(given: Tensor, at: int, *new: Axis) -> tuple[Axis, ...]:
    """The axes of a tensor with others in place of one."""
    return (*given.axes[:at], *new, *given.axes[at + 1 :])


def joined(axes: Sequence[Axis]) -> Axis:
    """One axis in place of several."""
    known = any(axis.static_length is not None for axis in axes)
    return Axis(
        " * ".join(axis.label for axis in axes) or "1",
        prod(axis.length for axis in axes),
        follows_from=NOTHING.union(*(axis.follows_from for axis in axes)),
        static_length=prod(axis.length_before_run for axis in axes) if known else None,
    )


def in_shape(total: Axis, sizes: Sequence[int], names: Sequence[str]) -> list[Axis]:
    """All entries of an axis in another shape, in which one size may be -1."""
    rest = prod(size for size in sizes if size != -1)
    left_open = total.resized(lambda length: length // (rest or 1))
    return [
        left_open.named(name) if size == -1 else Axis(name, size)
        for name, size in zip(names, sizes, strict=True)
    ]


def broadcast(*shapes: Sequence[Axis]) -> tuple[Axis, ...] | None:
    """The axes of tensors that are repeated where they are shorter, counted from the last; None
    where these are neither equally long nor 1."""
    found: list[Axis] = []
    for column in zip_longest(*(reversed(axes) for axes in shapes)):
        axes = [axis for axis in column if axis]
        lengths = {axis.length for axis in axes}, {axis.length_before_run for axis in axes}
        if any(len(several - {1}) > 1 for several in lengths):
            return None
        found.append(next((axis for axis in axes if axis.length != 1), axes[0]))
    return tuple(reversed(found))
