"""Layers and tensors of what is read, as they are made; and the `Network` that some of them are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeAlias

from rnnshape.description import describe
from rnnshape.errors import QueryError
from rnnshape.expression import Call
from rnnshape.network import (
    MOST_LAYERS,
    Argument,
    Dimensions,
    Input,
    Network,
    Ref,
    Step,
    chain,
    too_many_layers,
    without_input_arguments,
)
from rnnshape.rules import axes_of_input
from rnnshape.rules.facts import Nested
from rnnshape.rules.facts import Tensor as Described

__all__ = [
    "Entry",
    "FromOptions",
    "Given",
    "Layer",
    "LayerCall",
    "Tensor",
    "called_anew",
    "calls_before",
    "in_place_of",
    "network_of",
    "returned",
    "shape_of",
    "tensors_in",
]


class FromOptions(int):
    """A dimension of an input that the code takes from data: `-b`, `-t` and `-f` have its size."""


@dataclass(eq=False, slots=True)
class Layer:
    """A layer that was made. It may be called several times, and is the same each time."""

    call: Call


@dataclass(eq=False, slots=True)
class Entry:
    """What a network is given.

    Attributes:
        shape: as `Input` has it.
        name: of the variable that holds it.
        dtype: as it is given.
        given_name: its argument `name`, for what has no variable.
    """

    shape: tuple[int | None, ...] | None
    name: str = ""
    dtype: str | None = None
    given_name: str = ""


@dataclass(frozen=True, slots=True)
class Tensor:
    """An output of a call of a layer, or what a network is given."""

    maker: LayerCall | Entry
    output: int = 0


Given: TypeAlias = "Tensor | tuple[Given, ...] | bool | None"


@dataclass(eq=False, slots=True)
class LayerCall:
    """One call of a layer.

    Attributes:
        number: those with a lower one were made before.
        arguments, keywords: what it is called with.
        names: what the code calls its outputs, by their places.
        group: the nested models that it is part of.
    """

    number: int
    layer: Layer
    arguments: tuple[Given, ...]
    keywords: tuple[tuple[str, Given], ...] = ()
    names: dict[int, str] = field(default_factory=dict)
    group: str = ""

    @property
    def tensors(self) -> Iterator[Tensor]:
        """All that it is called with."""
        return tensors_in((*self.arguments, *(value for _, value in self.keywords)))


def tensors_in(given: object) -> Iterator[Tensor]:
    """Every tensor in a nest of lists, tuples and dicts, in order."""
    if isinstance(given, Tensor):
        yield given
    elif isinstance(given, dict):
        for one in given.values():
            yield from tensors_in(one)
    elif isinstance(given, list | tuple):
        for one in given:
            yield from tensors_in(one)


@lru_cache(maxsize=1000)
def _default_names(call: Call) -> tuple[object, ...]:
    """The names of what a layer returns, nested as Keras nests it."""

    def names(one: Nested) -> object:
        return one.name if isinstance(one, Described) else tuple(map(names, one))

    try:
        [layer] = describe(chain([call])).layers
    except QueryError:  # whoever describes the network will say why
        return ("o",)
    return tuple(map(names, layer.facts.returns)) if layer.facts else ("o",)


def returned(call: LayerCall, count: int = 1) -> object:
    """What a call of a layer returns: a tensor, or a list of tensors nested as Keras does it.

    `count` says how many tensors there are of a layer that no rule knows.
    """
    names = _default_names(call.layer.call)
    if len(names) == 1 and count > 1:
        return [Tensor(call, index) for index in range(count)]
    places = iter(range(10**6))

    def tensors(one: object) -> object:
        return [tensors(part) for part in one] if isinstance(one, tuple) else _next(call, places)

    return tensors(names) if len(names) > 1 else Tensor(call)


def _next(call: LayerCall, places: Iterator[int]) -> Tensor:
    return Tensor(call, next(places))


def called_anew(
    calls: Iterable[LayerCall], instead: Mapping[Tensor, Tensor], number: int, group: str
) -> tuple[list[LayerCall], dict[Tensor, Tensor]]:
    """The calls of a model that is used as a layer, made once more with other inputs.

    `instead` has what stands for the model's own inputs. Returns the new calls, and what stands
    for each of the old tensors.
    """
    stands_for, made = dict(instead), list[LayerCall]()

    def changed(given: Given) -> Given:
        if isinstance(given, tuple):
            return tuple(map(changed, given))
        if not isinstance(given, Tensor):
            return given
        return in_place_of(given, stands_for)

    for call in calls:
        anew = LayerCall(
            number + len(made),
            call.layer,
            tuple(map(changed, call.arguments)),
            tuple((name, changed(value)) for name, value in call.keywords),
            dict(call.names),
            f"{group}/{call.group}" if call.group else group,
        )
        made.append(anew)
        stands_for[Tensor(call)] = Tensor(anew)
        for index in call.names:
            stands_for[Tensor(call, index)] = Tensor(anew, index)
    return made, stands_for


def in_place_of(tensor: Tensor, stands_for: Mapping[Tensor, Tensor]) -> Tensor:
    """What stands for a tensor, if something does: where it is not known of each output of a call,
    the same output of what stands for the first."""
    found = stands_for.get(tensor)
    if found is None and isinstance(tensor.maker, LayerCall):
        first = stands_for.get(Tensor(tensor.maker))
        found = Tensor(first.maker, tensor.output) if first else tensor
    return found or tensor


def calls_before(outputs: Iterable[Tensor], inputs: Iterable[Tensor]) -> list[LayerCall]:
    """Every call of a layer that some tensors need, in the order in which they were made."""
    known, found = set(inputs), {}
    waiting = [tensor for tensor in outputs if tensor not in known]
    while waiting:
        maker = waiting.pop().maker
        if isinstance(maker, LayerCall) and id(maker) not in found:
            found[id(maker)] = maker
            waiting += [tensor for tensor in maker.tensors if tensor not in known]
    return sorted(found.values(), key=lambda call: call.number)


def shape_of(tensor: Tensor, dimensions: Dimensions) -> tuple[int | None, ...] | None:
    """The sizes of a tensor as Keras has them before it runs, the batch None; None where they are
    not known."""
    if isinstance(tensor.maker, Entry):
        return tensor.maker.shape
    try:
        network = network_of([], [tensor], "", dimensions)
        [*_, layer] = describe(network, dimensions).layers
    except QueryError:
        return None
    if tensor.output >= len(layer.outputs):
        return None
    _, *axes = layer.outputs[tensor.output].axes
    return (None, *(None if axis.is_open else axis.length for axis in axes))


def network_of(
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    name: str,
    dimensions: Dimensions,
    calls: Sequence[LayerCall] | None = None,
) -> Network:
    """The network that makes some tensors from others. Inputs that are not given are found.

    Raises a `QueryError` where there are too many layers.
    """
    calls = calls_before(outputs, inputs) if calls is None else calls
    if len(calls) > MOST_LAYERS:
        raise too_many_layers()
    places = {tensor: Ref(0, index) for index, tensor in enumerate(inputs)}
    entries = list(inputs)
    for call in calls:
        for tensor in call.tensors:
            if isinstance(tensor.maker, Entry) and tensor not in places:
                places[tensor] = Ref(0, len(entries))
                entries.append(tensor)
    numbers = {id(call): number for number, call in enumerate(calls, start=1)}
    first_calls: dict[int, int] = {}

    def ref(tensor: Tensor) -> Ref:
        return places.get(tensor) or Ref(numbers[id(tensor.maker)], tensor.output)

    def argument(given: Given) -> Argument:
        if isinstance(given, Tensor):
            return ref(given)
        return tuple(map(argument, given)) if isinstance(given, tuple) else given

    names = _names(calls)
    steps = []
    for number, call in enumerate(calls, start=1):
        first = first_calls.setdefault(id(call.layer), number)
        steps.append(
            Step(
                without_input_arguments(call.layer.call),
                tuple(map(argument, call.arguments)),
                tuple((word, argument(value)) for word, value in call.keywords),
                names[id(call)],
                first if first < number else None,
                call.group,
            )
        )
    returns = tuple(ref(tensor) for tensor in outputs)
    if calls and returns == _all_of(len(calls), calls[-1]):
        returns = ()
    described = [_input(tensor, steps, index, dimensions) for index, tensor in enumerate(entries)]
    return Network(_each_named(described), tuple(steps), returns, name)


def _each_named(inputs: Sequence[Input]) -> tuple[Input, ...]:
    """The same, each under a name of its own."""
    taken: set[str] = set()
    renamed = []
    for one in inputs:
        name, count = one.name, 2
        while name in taken:
            name, count = f"{one.name}_{count}", count + 1
        taken.add(name)
        renamed.append(replace(one, name=name))
    return tuple(renamed)


def _all_of(number: int, call: LayerCall) -> tuple[Ref, ...]:
    count = len(list(tensors_in(returned(call))))
    return tuple(Ref(number, index) for index in range(count))


def _input(tensor: Tensor, steps: Sequence[Step], index: int, dimensions: Dimensions) -> Input:
    """What the network is given, with the sizes filled in that the code takes from data."""
    maker = tensor.maker
    shape = maker.shape if isinstance(maker, Entry) else None
    if shape is not None and any(isinstance(size, FromOptions) for size in shape):
        user = next((step.layer for step in steps if Ref(0, index) in step.refs), Call("Dense"))
        axes = axes_of_input(user, len(shape))
        shape = tuple(
            dimensions[axis] if isinstance(size, FromOptions) else size
            for axis, size in zip(axes, shape, strict=True)
        )
    if isinstance(maker, LayerCall):  # another model makes it
        return Input(shape_of(tensor, dimensions), maker.names.get(tensor.output) or "inputs")
    return Input(shape, maker.name or maker.given_name or "inputs", maker.dtype)


def _names(calls: Sequence[LayerCall]) -> dict[int, tuple[str, ...]]:
    """What the code calls each call's outputs; nothing where the rule would say the same, or
    where a name is given to several tensors one after the other."""
    users: dict[str, int] = {}
    for call in calls:
        for name in set(call.names.values()):
            users[name] = users.get(name, 0) + 1
    chosen = {}
    for call in calls:
        default = [str(one) for one in _flat(_default_names(call.layer.call))]
        count = max([len(default), *(index + 1 for index in call.names)])
        default += [f"o{index + 1}" for index in range(len(default), count)]
        own = [
            name if name and users[name] == 1 and not _is_default(name, word) else word
            for word, name in zip(default, map(call.names.get, range(count)), strict=True)
        ]
        distinct = own != default and len(set(own)) == len(own)
        chosen[id(call)] = tuple(own) if distinct else ()
    return chosen


def _is_default(name: str, word: str) -> bool:
    """Whether it is the rule's own name, or what `--code` makes of it where that is taken."""
    return name == word or bool(re.fullmatch(rf"{re.escape(word)}_\d+", name))


def _flat(names: object) -> Iterator[object]:
    if isinstance(names, tuple):
        for one in names:
            yield from _flat(one)
    else:
        yield names
