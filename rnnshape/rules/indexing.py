"""Parts of tensors: `x[:, -1, :]`, and what picks or cuts along an axis."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise, zip_longest
from types import EllipsisType
from typing import TypeAlias

from rnnshape.expression import Call
from rnnshape.rules.arguments import whole_number, wholes
from rnnshape.rules.axes import (
    exchanged,
    joined,
    of_two,
    operands,
    place,
    repeated,
    repeated_operands,
)
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.inputs import Inputs
from rnnshape.rules.registry import known_length, made, only_input, rule, rule_of_inputs

Key: TypeAlias = "tuple[int | slice | EllipsisType | None, ...]"


def key_text(call: Call) -> str:
    """The key of a `get_item` as Python has it; where a part of it is open, `"[:, {}:]"` stands
    before that.

    >>> key_text(Call("get_item", (("key", ("[:, {}:]", 3)),)))
    '[:, 3:]'
    """
    key = call["key"]
    text, *parts = key if isinstance(key, tuple) else (str(key),)
    return str(text).format(*parts)


def key_of(call: Call) -> Key:
    """The key of a `get_item`, which is written in Python's syntax; a `QueryError` where it is
    not made of whole numbers, slices, None and `...`.

    >>> key_of(Call("get_item", (("key", "[:, -1, 2:]"),)))
    (slice(None, None, None), -1, slice(2, None, None))
    """
    text = key_text(call)
    try:
        subscript = ast.parse(f"x{text}", mode="eval").body
        if not isinstance(subscript, ast.Subscript) or not isinstance(subscript.value, ast.Name):
            raise ValueError(text)
        parts = subscript.slice
        return tuple(map(_part, parts.elts if isinstance(parts, ast.Tuple) else [parts]))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise call.error(
            f"x{text} can't be read: whole numbers, slices, None and ... stand in the brackets "
            '(Keras: "Unsupported key type for array slice")',
            "key",
        ) from None


def _part(node: ast.expr) -> int | slice | EllipsisType | None:
    match node:
        case ast.Slice(lower=lower, upper=upper, step=step):
            return slice(*(None if end is None else _part(end) for end in (lower, upper, step)))
        case ast.Constant(value=None | EllipsisType() as value):
            return value
        case ast.Constant(value=int(number)) if not isinstance(number, bool):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
            return -number
    raise ValueError(ast.dump(node))


@rule("get_item")
def get_item(call: Call, given: Tensor) -> Facts:
    key = key_of(call)
    taken = sum(part is not None and part is not ... for part in key)
    if key.count(...) > 1 or taken > len(given.axes):
        raise call.error(
            f"x{key_text(call)} has too many indices for {given.labels} "
            '(Keras: "slice has to many indices", "Slice should only have one ellipsis")',
            "key",
            unequal=[("rank", taken, len(given.axes))],
        )
    if ... not in key:
        key = (*key, ...)
    return made("a part of the input", _kept(call, given, key, len(given.axes) - taken))


def _kept(call: Call, given: Tensor, key: Key, left_out: int) -> Iterator[Axis]:
    """`left_out` is the number of axes that `...` stands for."""
    axes, said = iter(given.axes), call["key"]
    written = str(said[0]).split(", ") if isinstance(said, tuple) else []
    for part, text in zip_longest(key, written):
        match part:
            case None:
                yield Axis("1", 1)
            case EllipsisType():
                yield from (next(axes) for _ in range(left_out))
            case slice() if part.step == 0:
                raise call.error(
                    f'x{key_text(call)} has a step of 0 (Keras: "slice step cannot be zero")', "key"
                )
            case slice():
                axis = next(axes)
                all_of_it = part in (slice(None), slice(None, None, -1))
                is_tried = "{}" in (text or "")
                if is_tried and part.start is not None and part.start > axis.length:
                    part = slice(1, part.stop, part.step)  # else nothing would be left of it
                kept = axis if all_of_it else axis.resized(partial(_length, part))
                yield replace(kept, is_unknown=kept.is_unknown or is_tried)
            case int():
                _check_index(call, part, next(axes), "key")


def _length(part: slice, length: int) -> int:
    """How many entries a slice takes of so many."""
    return len(range(length)[part])


def _check_index(call: Call, index: int, axis: Axis, argument: str) -> None:
    if not -axis.length <= index < axis.length:
        raise call.error(
            f"{call} asks for number {index} of {axis.length} {axis.label}, counted from 0 "
            '(Keras: "out-of-bounds index", "is not in [0,")',
            argument,
        )


@rule_of_inputs("take")
def take(call: Call, inputs: Inputs) -> Facts | None:
    given, indices, picked = only_input(call, inputs), call["indices"], inputs.tensor("indices")
    if call["axis"] is None:
        given = Tensor("x", (joined(given.axes),))
    at = 0 if call["axis"] is None else place(call, "axis", given)
    chosen = picked.axes if picked is not None else ()
    if picked is None:
        several = indices if isinstance(indices, tuple) else (indices,)
        for index in several:
            if not isinstance(index, int):
                return None
            _check_index(call, index, given.axes[at], "indices")
        chosen = (Axis(given.axes[at].name, len(several)),) if several is indices else ()
    return made("what the indices pick", exchanged(given, at, *chosen))


@of_two("take_along_axis")
def take_along_axis(call: Call, given: Tensor, indices: Tensor) -> Facts | None:
    if call["axis"] is None:
        return None
    if len(given.axes) != len(indices.axes):
        raise call.error(
            f"{call} takes indices with as many axes as x, {len(given.axes)}, and they have "
            f'{len(indices.axes)} (Keras: "must have the same number of dimensions")'
        )
    at = place(call, "axis", given)
    axes = repeated(call, exchanged(given, at, indices.axes[at]), indices.axes)
    return made("what the indices pick along the axis", axes)


@rule("split", "array_split")
def split(call: Call, given: Tensor) -> Facts | None:
    wanted = call["indices_or_sections"]
    at = place(call, "axis", given)
    axis = given.axes[at]
    if isinstance(wanted, tuple) and call.name == "split":
        cuts = [0, *wholes(call, "indices_or_sections"), axis.length]
        if cuts != sorted(cuts):
            return None
        sizes = [end - start for start, end in pairwise(cuts)]
    else:
        count = whole_number(call, "indices_or_sections")
        if count < 1 or (call.name == "split" and axis.length % count):
            raise call.error(
                f"{call} can't cut {axis.length} {axis.label} into {count} equal parts "
                '(Keras: "must be divisible by `indices_or_sections`")',
                "indices_or_sections",
            )
        more = axis.length % count
        sizes = [axis.length // count + (number < more) for number in range(count)]
    parts = [Axis(axis.name, size, 1, axis.follows_from, axis.is_unknown) for size in sizes]
    if isinstance(wanted, tuple):  # all but the last are as long as it says
        parts[:-1] = [replace(part, is_unknown=False) for part in parts[:-1]]
    return _parts([exchanged(given, at, part) for part in parts])


@rule("unstack")
def unstack(call: Call, given: Tensor) -> Facts:
    at = place(call, "axis", given)
    axis, num = given.axes[at], call["num"]
    count = (axis if num else known_length(call, axis, "Cannot infer argument `num`")).length
    if num not in (None, count):
        words = f"{call} is given {count} {axis.label}, not {num}"
        raise call.error(f'{words} (Keras: "must equal")', "num")
    return _parts([exchanged(given, at)] * count)


def _parts(shapes: list[tuple[Axis, ...]]) -> Facts:
    parts = tuple(
        Tensor(f"o{number}", shape, f"part {number} of {len(shapes)}")
        for number, shape in enumerate(shapes, start=1)
    )
    return Facts(parts if len(parts) > 1 else (parts,))  # a list of one is a list


@rule("top_k")
def top_k(call: Call, given: Tensor) -> Facts | None:
    count = whole_number(call, "k")
    if not given.axes or count < 0:
        return None
    if count > given.shape[-1]:
        words = f"{call} asks for {count} of {given.shape[-1]} {given.axes[-1].label}"
        raise call.error(f'{words} (Keras: "must have at least k columns")', "k")
    axes = (*given.axes[:-1], Axis(given.axes[-1].name, count))
    return Facts((Tensor("values", axes, "the largest"), Tensor("indices", axes, "their places")))


@rule_of_inputs("where")
def where(call: Call, inputs: Inputs) -> Facts | None:
    if inputs.named("x1") is None and call["x1"] is None:
        return None  # how many places there are depends on the numbers
    given = operands(call, inputs)
    if given is None:
        return None
    return made("one or the other", repeated_operands(call, given))
