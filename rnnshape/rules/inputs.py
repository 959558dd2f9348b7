"""What a layer is called with: tensors and flags, each under the name that Keras has for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

from rnnshape.errors import did_you_mean
from rnnshape.expression import Call
from rnnshape.nest import within
from rnnshape.rules.facts import Nested, Tensor
from rnnshape.signatures import is_operation, signature

Given: TypeAlias = "Tensor | tuple[Given, ...] | bool | None"

# Layers that take their tensors in one list.
OF_A_LIST = ("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract")
# Arguments of a layer's call that are no tensors.
FLAGS = ("training", "return_attention_scores", "use_causal_mask")


@dataclass(frozen=True)
class Inputs(Sequence[Tensor]):
    """What a layer is called with. As a sequence, it is the tensors of the first argument: most
    rules need no more.

    >>> from rnnshape.rules.facts import Axis
    >>> x, h = Tensor("x", (Axis("batch", 2),)), Tensor("h", (Axis("batch", 2),))
    >>> inputs = Inputs({"sequences": x, "initial_state": (h,)})
    >>> list(inputs) == [x], inputs.named("initial_state") == (h,), inputs.named("mask")
    (True, True, None)
    """

    arguments: Mapping[str, Given]

    @cached_property
    def tensors(self) -> tuple[Tensor, ...]:
        return tensors_in(next(iter(self.arguments.values()), None))

    def __getitem__(self, place: Any) -> Any:
        return self.tensors[place]

    def __len__(self) -> int:
        return len(self.tensors)

    def named(self, name: str) -> Given:
        """What is given under a name; None where nothing is."""
        return self.arguments.get(name)

    def tensor(self, name: str) -> Tensor | None:
        """The one tensor that is given under a name."""
        found = tensors_in(self.named(name))
        return found[0] if len(found) == 1 else None


def tensors_in(given: Given) -> tuple[Tensor, ...]:
    """Every tensor in what is given, in order."""
    if isinstance(given, Tensor):
        return (given,)
    return tuple([part for part in within(given) if isinstance(part, Tensor)])


def nested(given: Given) -> Nested:
    """The tensors of what is given, nested as they are."""
    if isinstance(given, Tensor):
        return given
    return tuple(map(nested, given)) if isinstance(given, tuple) else ()


def called_with(call: Call, positional: Sequence[Given], keywords: Mapping[str, Given]) -> Inputs:
    """What a layer is called with, or a `QueryError` where its `call` takes no such arguments.

    >>> from rnnshape.reading import parse
    >>> x = Tensor("x", ())
    >>> called_with(parse("MultiHeadAttention(2, 4)"), [x, x], {"key": x}).arguments.keys()
    dict_keys(['query', 'value', 'key'])
    """
    known = signature(call.name).tensors
    if is_operation(call.name):  # a number that an operation is given is an argument of it
        known = tuple(name for name in known if name not in call)
    if known and known[-1].startswith("*"):
        return Inputs({known[-1][1:]: tuple(positional)})
    if len(positional) > len(known) or any(
        tensors_in(part) for name, part in zip(known, positional, strict=False) if name in FLAGS
    ):
        count = len(tensors_in(tuple(positional)))
        what = "one list of tensors, as [a, b]" if call.name in OF_A_LIST else "one tensor"
        raise call.error(
            f"{call} takes {what}, and is called with {count} "
            '(Keras: "too many positional arguments", "multiple values for argument")'
        )
    given = dict(zip(known, positional, strict=False))
    for name in keywords:
        if name not in known:
            hint = did_you_mean(name, known)
            why = ": it is no recurrent layer" if name == "initial_state" else hint
            raise call.error(
                f"{call.name} takes no {name}{why} "
                f"(Keras: \"got an unexpected keyword argument '{name}'\")"
            )
        if name in given:
            raise call.error(f"{call} is given {name} twice")
    given |= keywords
    return Inputs(_masked({name: given[name] for name in known if name in given}))


def _masked(arguments: dict[str, Given]) -> dict[str, Given]:
    """The tensors of the first argument with the masks that are given beside them, each or all."""
    masks = tensors_in(arguments.get("mask"))
    if not masks or not arguments:
        return arguments
    first, given = next(iter(arguments.items()))
    tensors = tensors_in(given)
    pairs = zip(tensors, masks if len(masks) > 1 else masks * len(tensors), strict=False)
    masked = tuple(replace(tensor, mask=mask.axes) for tensor, mask in pairs)
    return arguments | {first: masked[0] if isinstance(given, Tensor) else masked}
