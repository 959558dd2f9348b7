"""Layers and tensors of what is read, as they are made; and the `Network` that some of them are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeAlias

from rnnshape.description import describe
from rnnshape.errors import QueryError
from rnnshape.expression import Call, Unknown
from rnnshape.network import (
    MOST_LAYERS,
    Argument,
    Input,
    Network,
    Ref,
    Shape,
    Step,
    chain,
    too_many_layers,
    without_input_arguments,
)
from rnnshape.rules.facts import Nested
from rnnshape.rules.facts import Tensor as Described

__all__ = [
    "Given",
    "InputTensor",
    "Layer",
    "LayerCall",
    "Tensor",
    "called_anew",
    "calls_before",
    "in_place_of",
    "network_of",
    "returned",
    "shapes_of",
    "tensors_in",
]


@dataclass(eq=False, slots=True)
class Layer:
    """A layer that was made. It may be called several times, and is the same each time.

    Attributes:
        unread: why it is not read, where it is not.
        parameters: how many it has, where it is not read and they are known all the same.
        name: that Keras gives it, where the code gives it none.
    """

    call: Call
    unread: Unknown | None = None
    parameters: int | None = None
    name: str = ""


@dataclass(eq=False, slots=True)
class InputTensor:
    """What a network is given.

    Attributes:
        shape: as `Input` has it.
        name: of the variable that holds it.
        dtype: as it is given.
        given_name: its argument `name`, for what has no variable.
        is_data: whether it is data that the code has, and no input of a model.
    """

    shape: Shape | Unknown | None
    name: str = ""
    dtype: str | None = None
    given_name: str = ""
    is_data: bool = False


@dataclass(frozen=True, slots=True)
class Tensor:
    """An output of a call of a layer, or what a network is given."""

    maker: LayerCall | InputTensor
    output: int = 0


Given: TypeAlias = "Tensor | tuple[Given, ...] | bool | int | float | str | Unknown | None"


@dataclass(eq=False, slots=True)
class LayerCall:
    """One call of a layer.

    Attributes:
        number: those with a lower one were made before.
        arguments, keywords: what it is called with.
        names: what the code calls its outputs, by their places.
        group: the nested models that it is part of.
        returns: the shapes that an unread layer is known to return.
        shapes: of what it returns, once somebody has asked.
    """

    number: int
    layer: Layer
    arguments: tuple[Given, ...]
    keywords: tuple[tuple[str, Given], ...] = ()
    names: dict[int, str] = field(default_factory=dict)
    group: str = ""
    returns: tuple[Shape | None, ...] | None = None
    shapes: list[Shape | None] | None = None

    @property
    def tensors(self) -> Iterator[Tensor]:
        """All that it is called with."""
        return tensors_in((*self.arguments, *(value for _, value in self.keywords)))


def tensors_in(given: object) -> Iterator[Tensor]:
    """Every tensor in a nest of lists, tuples and dicts, in order; a dict is in that of its keys,
    as Keras has it."""
    if isinstance(given, Tensor):
        yield given
    elif isinstance(given, dict):
        for key in sorted(given, key=str):
            yield from tensors_in(given[key])
    elif isinstance(given, list | tuple):
        for part in given:
            yield from tensors_in(part)


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
    names = ("o",) if call.layer.unread else _default_names(call.layer.call)
    count = max(count, len(call.returns or ()))
    if len(names) == 1 and count > 1:
        return [Tensor(call, index) for index in range(count)]
    places = iter(range(10**6))

    def tensors(one: object) -> object:
        if isinstance(one, tuple):
            return [tensors(part) for part in one]
        return Tensor(call, next(places))

    return tensors(names) if len(names) > 1 else Tensor(call)


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
        return in_place_of(given, stands_for) if isinstance(given, Tensor) else given

    for call in calls:
        anew = LayerCall(
            number + len(made),
            call.layer,
            tuple(map(changed, call.arguments)),
            tuple((name, changed(value)) for name, value in call.keywords),
            dict(call.names),
            f"{group}/{call.group}" if call.group and group else group or call.group,
            call.returns,
        )
        made.append(anew)
        stands_for[Tensor(call)] = Tensor(anew)
        for index in call.names:
            stands_for[Tensor(call, index)] = Tensor(anew, index)
    return made, stands_for


def in_place_of(tensor: Tensor, stands_for: Mapping[Tensor, Tensor]) -> Tensor:
    """What stands for a tensor, if something does: where it is not known of each output of a call,
    the same output of what stands for the first."""
    tensor = Tensor(tensor.maker, tensor.output)
    found = stands_for.get(tensor)
    if found is None and isinstance(tensor.maker, LayerCall):
        first = stands_for.get(Tensor(tensor.maker))
        found = Tensor(first.maker, tensor.output) if first is not None else tensor
    return tensor if found is None else found


def calls_before(outputs: Iterable[Tensor], inputs: Iterable[Tensor]) -> list[LayerCall]:
    """Every call of a layer that some tensors need, in the order in which they were made."""
    start = {Tensor(one.maker, one.output) for one in inputs}
    found: dict[int, LayerCall] = {}
    waiting = list(outputs)
    while waiting:
        tensor = waiting.pop()
        maker = tensor.maker
        if (
            isinstance(maker, LayerCall)
            and id(maker) not in found
            and Tensor(maker, tensor.output) not in start
        ):
            found[id(maker)] = maker
            waiting += maker.tensors
    return sorted(found.values(), key=lambda call: call.number)


def shapes_of(call: LayerCall) -> list[Shape | None]:
    """The shapes of what a call returns; None where one is not known."""
    if call.shapes is None:
        for before in calls_before([Tensor(call)], []):
            if before.shapes is None:
                before.shapes = _shapes_of_one(before)
    return call.shapes or []


def _shapes_of_one(call: LayerCall) -> list[Shape | None]:
    """The same of a call alone, as if it were given tensors of these shapes that nothing makes."""
    if call.returns is not None:
        return list(call.returns)
    if call.layer.unread is not None:
        return []
    inputs: dict[Tensor, Tensor] = {}

    def replaced(given: Given) -> Given:
        if isinstance(given, Tensor):
            key = Tensor(given.maker, given.output)
            if key not in inputs:
                inputs[key] = Tensor(InputTensor(_shape_of_tensor(given)))
            return inputs[key]
        return tuple(map(replaced, given)) if isinstance(given, tuple) else given

    words = tuple((word, replaced(value)) for word, value in call.keywords)
    alone = LayerCall(1, call.layer, tuple(map(replaced, call.arguments)), words)
    known = [one.maker for one in inputs.values()]
    if any(isinstance(one, InputTensor) and one.shape is None for one in known):
        return []  # of what is not known nothing follows
    network = network_of([], [Tensor(alone)], "")
    try:
        [layer] = describe(network).layers
    except QueryError:
        return []
    asked = tuple(dict.fromkeys(name for one in network.unknowns for name in one.asked))
    return [
        _shape_of_output(output, f"tensor {call.number}.{index}", asked)
        for index, output in enumerate(layer.outputs)
    ]


def _shape_of_tensor(tensor: Tensor) -> Shape | Unknown | None:
    if isinstance(tensor.maker, InputTensor):
        return tensor.maker.shape
    shapes = shapes_of(tensor.maker)
    return shapes[tensor.output] if tensor.output < len(shapes) else None


def _shape_of_output(output: Described, name: str, asked: tuple[str, ...]) -> Shape | None:
    """A shape that the rule found, with Keras' None where Keras has one."""
    if not output.has_rank:
        return None
    why = "it follows from what is not known"
    return tuple(
        Unknown(f"{name}.shape[{place}]", asked, why)
        if axis.is_unknown
        else None
        if axis.is_open
        else axis.length
        for place, axis in enumerate(output.axes)
    )


def network_of(
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    name: str,
    calls: Sequence[LayerCall] | None = None,
) -> Network:
    """The network that makes some tensors from others. Inputs that are not given are found.

    Raises a `QueryError` where there are too many layers.
    """
    calls = calls_before(outputs, inputs) if calls is None else calls
    if len(calls) > MOST_LAYERS:
        raise too_many_layers()
    entries = [Tensor(one.maker, one.output) for one in inputs]
    places = {tensor: Ref(0, index) for index, tensor in enumerate(entries)}
    numbers = {id(call): number for number, call in enumerate(calls, start=1)}
    for call in calls:
        for one in call.tensors:
            tensor = Tensor(one.maker, one.output)
            if tensor not in places and (
                isinstance(one.maker, InputTensor) or id(one.maker) not in numbers
            ):
                places[tensor] = Ref(0, len(entries))
                entries.append(tensor)
    first_calls: dict[int, int] = {}

    def ref(tensor: Tensor) -> Ref:
        key = Tensor(tensor.maker, tensor.output)
        return places.get(key) or Ref(numbers[id(tensor.maker)], tensor.output)

    def argument(given: Given) -> Argument:
        if isinstance(given, Tensor):
            return ref(given)
        return tuple(map(argument, given)) if isinstance(given, tuple) else given

    names = _names(calls)
    steps = []
    for number, call in enumerate(calls, start=1):
        first = first_calls.setdefault(id(call.layer), number)
        unread = call.layer.unread
        steps.append(
            Step(
                call.layer.call if unread else without_input_arguments(call.layer.call),
                tuple(map(argument, call.arguments)),
                tuple((word, argument(value)) for word, value in call.keywords),
                names[id(call)],
                first if first < number else None,
                call.group,
                unread,
                call.returns,
                call.layer.parameters,
            )
        )
    returns = tuple(ref(tensor) for tensor in outputs)
    if calls and returns == _all_of(len(calls), calls[-1]):
        returns = ()
    many = len(inputs)
    given = [_input(one, is_beside=0 < many <= index) for index, one in enumerate(entries)]
    return Network(_each_named(given), tuple(steps), returns, name)


def _each_named(inputs: Iterable[Input]) -> tuple[Input, ...]:
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


def _input(tensor: Tensor, *, is_beside: bool) -> Input:
    """What the network is given; data beside the inputs of a model is none of them."""
    maker = tensor.maker
    if isinstance(maker, LayerCall):  # another model makes it
        name = maker.names.get(tensor.output) or "inputs"
        unknown = Unknown(f"{name}.shape", (), "what another model makes is not known")
        return Input(_shape_of_tensor(tensor) or unknown, name)
    name = maker.name or maker.given_name or "inputs"
    return Input(maker.shape, name, maker.dtype, maker.is_data and is_beside)


def _names(calls: Sequence[LayerCall]) -> dict[int, tuple[str, ...]]:
    """What the code calls each call's outputs; nothing where the rule would say the same, or
    where a name is given to several tensors one after the other."""
    users: dict[str, int] = {}
    for call in calls:
        for name in set(call.names.values()):
            users[name] = users.get(name, 0) + 1
    chosen = {}
    for call in calls:
        named = () if call.layer.unread else _default_names(call.layer.call)
        default = [str(one) for one in _flat(named or ("o",))]
        count = max([len(default), *(index + 1 for index in call.names)])
        default += [f"o{index + 1}" for index in range(len(default), count)]
        own = [
            name if name and users[name] == 1 and not _is_default(name, word) else word
            for word, name in zip(default, map(call.names.get, range(count)), strict=True)
        ]
        is_last = call is calls[-1]
        distinct = (own != default or (not is_last and len(own) > 1)) and len(set(own)) == len(own)
        chosen[id(call)] = tuple(own) if distinct else ()
    return chosen


def _is_default(name: str, word: str) -> bool:
    """Whether it is the rule's own name, or what `--code` makes of it where that is taken."""
    return name == word or bool(re.fullmatch(rf"{re.escape(word)}_\d+", name))


def _flat(names: object) -> Iterator[object]:
    if isinstance(names, tuple):
        for name in names:
            yield from _flat(name)
    else:
        yield names
