"""What the rules of operations share: their tensors, numbers among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from rnnshape.expression import Call
from rnnshape.rules.axes import broadcast
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.inputs import Inputs, tensors_in
from rnnshape.rules.registry import rule_of_inputs
from rnnshape.signatures import signature

OfTwo: TypeAlias = "Callable[[Call, Tensor, Tensor], Facts | None]"


def of_two(*names: str) -> Callable[[OfTwo], OfTwo]:
    """Registers a function as the rule of operations that take two tensors, of which one may be a
    number."""

    def register(function: OfTwo) -> OfTwo:
        @rule_of_inputs(*names)
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


def repeated(call: Call, *shapes: Sequence[Axis]) -> tuple[Axis, ...]:
    """The axes of tensors that are repeated where they are shorter."""
    axes = broadcast(*shapes)
    if axes is None:
        given = ", ".join(str(tuple(axis.length for axis in axes)) for axes in shapes)
        raise call.error(
            f"{call.name} is given {given}: counted from the last, axes must be equally long, or 1 "
            '(Keras: "Incompatible shapes", "Cannot broadcast shape")'
        )
    return axes
