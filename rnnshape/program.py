"""The Keras program that makes a network: what `--code` prints."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from keyword import iskeyword
from types import EllipsisType
from typing import Any

from rnnshape.description import Description
from rnnshape.expression import Call, Unknown, calls_within, printed
from rnnshape.network import Argument, Input, Network, Ref, Shape, Step
from rnnshape.rules.facts import Nested, Tensor
from rnnshape.rules.rearranging import sizes_of_sample
from rnnshape.signatures import OPERATORS, REFUSED, is_operation, module_of, signature

MADE_WHERE = "made where "  # and under which condition, of a model
ANSWERED_WITHOUT = " is not known: it is answered without it"  # behind an argument of a call
DEPENDS = "depends on "  # how the text of a step begins that is not known to be there
SIGNS = {name: sign for sign, name in OPERATORS.values()} | {"divide": "/"}


def program(network: Network, description: Description) -> str:
    """The shortest complete program: imports, inputs, layers, model; ends with a newline.

    >>> from rnnshape.description import describe
    >>> from rnnshape.chains import chain
    >>> from rnnshape.reading import parse
    >>> network = chain([parse("GRU(3, return_state=True)")])
    >>> print(program(network, describe(network)), end="")
    from keras import Input, Model
    from keras.layers import GRU
    <BLANKLINE>
    inputs = Input((5, 1), batch_size=2)
    o, h = GRU(3, return_state=True)(inputs)
    model = Model(inputs, [o, h])
    """
    steps = (replace(step, layer=step.layer.without_left_open()) for step in network.steps)
    network = replace(network, steps=tuple(steps))
    calls = (call for layer in network.layers for call in calls_within(layer))
    used = {call.name if sizes_of_sample(call) is None else "Reshape" for call in calls}
    names = sorted(used | {name for name in REFUSED if f"{name}(...)" in used})
    models = ["Input", "Model", *["Sequential"] * ("Sequential" in used)]
    functions = ["ops"] * any(map(is_operation, names))
    lines = [f"from keras import {', '.join(models + functions)}"]
    for module in ("constraints", "initializers", "layers", "regularizers"):
        refused = REFUSED if module == "layers" else ()
        known = (name for name in names if module_of(name) == module or name in refused)
        found = [name for name in known if name not in models]
        if found:
            lines.append(f"from keras.{module} import {', '.join(found)}")
    return "\n".join([*lines, "", *statements(network, description)]) + "\n"


def statements(network: Network, description: Description) -> list[str]:
    """The program's lines after its imports."""
    return list(_Writer(network, description).lines())


def _sizes(tensor: Tensor) -> Shape:
    """Its shape, with None for what Keras knows only when it runs."""
    return tuple(None if axis.is_open else axis.length for axis in tensor.axes)


def nested_names(returns: tuple[Nested, ...]) -> str:
    """The names of outputs as they are unpacked: `o, [h_1, c_1], [h_2, c_2]`."""
    return ", ".join(_in_lists(name, lambda tensor: str(tensor.name)) for name in returns)


def _in_lists(nest: Any, text: Callable[[Any], str]) -> str:
    """`[h, c]`, each as `text` has it."""
    if isinstance(nest, tuple):
        return f"[{', '.join(_in_lists(part, text) for part in nest)}]"
    return text(nest)


class _Writer:
    """Writes a network down, and finds a name for every tensor that is free where it is made."""

    def __init__(self, network: Network, description: Description) -> None:
        self.network, self.description = network, description
        self.names: dict[Ref, str] = {}
        self.holders: dict[str, Ref] = {}  # of each name the last tensor that it was given to
        self.outputs = network.returned(max(1, len(description.layers[-1].outputs)))
        ends = (*self.outputs, *(Ref(0, index) for index in range(len(network.inputs))))
        self.last_use = {ref: len(network.steps) + 1 for ref in ends}  # the model names them
        for number, step in enumerate(network.steps, start=1):
            for ref in step.refs:
                self.last_use[ref] = max(number, self.last_use.get(ref, 0))

    def lines(self) -> Iterator[str]:
        for index, tensor in enumerate(self.description.inputs):
            name = self.named(Ref(0, index), tensor.name, 0)
            yield f"{name} = {self.input(index, tensor)}"
        shared = {step.same_as for step in self.network.steps if step.same_as is not None}
        for number, step in enumerate(self.network.steps, start=1):
            if is_operation(step.layer.name) or step.unread:
                write = _unread if step.unread else called_with_names
                operated = write(step, self.names)  # before its result takes a name
                yield f"{self.returned(number)} = {operated}"
                continue
            called, layer = ", ".join(arguments_with_names(step, self.names)), str(step.layer)
            if number in shared or step.same_as is not None:
                layer = f"layer{step.same_as or number}"
                if number in shared:
                    yield f"{layer} = {step.layer}"
            yield f"{self.returned(number)} = {layer}({called})"
        inputs = self.several(tuple(Ref(0, index) for index in range(len(self.network.inputs))))
        name = self.network.name.removeprefix("self.")
        model = name if name.isidentifier() and not iskeyword(name) else "model"
        yield f"{model} = Model({inputs}, {self.several(self.outputs)})"

    def input(self, index: int, tensor: Tensor) -> Input:
        """`Input((5, 1), batch_size=2)`"""
        source = self.network.inputs[index]
        written = source.shape
        if not isinstance(written, Unknown):
            sizes = zip(_sizes(tensor), written or _sizes(tensor), strict=True)
            written = tuple(was if isinstance(was, Unknown) else size for size, was in sizes)
        below = self.description.inputs_below[index]
        return replace(source, shape=written, dtype=source.dtype or ("int32" if below else None))

    def returned(self, number: int) -> str:
        """The names that a layer's outputs are unpacked into."""
        layer = self.description.layers[number - 1]
        last = max((ref.output for ref in self.last_use if ref.step == number), default=0)
        if layer.facts is None or last >= len(layer.outputs):  # it may return more
            names = self.network.steps[number - 1].names
            names += tuple("o" if last == 0 else f"o{n + 1}" for n in range(len(names), last + 1))
            return ", ".join(
                self.named(Ref(number, index), name, number) for index, name in enumerate(names)
            )
        places = count()

        def named(tensor: Tensor) -> str:
            return self.named(Ref(number, next(places)), tensor.name, number)

        return ", ".join(_in_lists(name, named) for name in layer.facts.returns)

    def named(self, ref: Ref, name: str, number: int) -> str:
        """A variable for a tensor: its own name, unless another is still needed under it."""
        wanted = name if name.isidentifier() else "tensor"
        numbers = count(2)
        free = wanted
        while (other := self.holders.get(free)) and (
            self.last_use.get(other, 0) > number or other.step == number
        ):
            free = f"{wanted}_{next(numbers)}"
        self.names[ref], self.holders[free] = free, ref
        return free

    def several(self, refs: tuple[Ref, ...]) -> str:
        return _in_lists(refs[0] if len(refs) == 1 else refs, self.names.__getitem__)


def arguments_with_names(step: Step, names: Mapping[Ref, str]) -> list[str]:
    """What a layer is called with, by the names of the tensors: `["x", "initial_state=[h, c]"]`."""
    named = (f"{name}={_written(value, names)}" for name, value in step.keywords)
    return [*(_written(value, names) for value in step.arguments), *named]


def called_with_names(step: Step, names: Mapping[Ref, str]) -> str:
    """An operation, or what is not read, with the names of its tensors: `ops.sum(x, axis=1)`,
    `x[:, -1]`, `x + 1`, `my_layer(x)`."""
    call, name = step.layer, step.layer.name
    given = {word: _written(value, names) for word, value in step.keywords}
    arguments = [_written(value, names) for value in step.arguments]
    if step.unread:
        if name.startswith(DEPENDS):
            return name
        layer = str(call) if call.arguments else name.removesuffix("(...)")
        return f"{layer}({', '.join(arguments)})"
    known = signature(name).tensors
    if known[-1].startswith("*"):
        return f"ops.{name}({', '.join([*_literals(call), *arguments])})"
    free = (word for word in known if word not in call and word not in given)
    given |= dict(zip(free, arguments, strict=False))
    tensors = {
        word: printed(call[word]) if word in call else given[word]
        for word in known
        if word in call or word in given
    }
    if name == "get_item":
        return f"{tensors['x']}{_key(call)}"
    if (sizes := sizes_of_sample(call)) is not None:  # which the layer keeps by itself
        return f"Reshape({printed(sizes)})({arguments[0]})"
    if name in SIGNS and len(tensors) == 2:
        return f" {SIGNS[name]} ".join(tensors.values())
    return f"ops.{name}({', '.join([*tensors.values(), *_literals(call)])})"


def _unread(step: Step, names: Mapping[Ref, str]) -> str:
    """What is not read, as valid Python, and a comment that says what is missing."""
    name = step.layer.name.removesuffix("(...)")
    called = called_with_names(step, names)
    if name in REFUSED:
        return f"{name}(...){called.removeprefix(name)}  # write its function in place of ..."
    try:
        ast.parse(called, mode="eval")
    except SyntaxError:
        return f"...  # {called}"
    return f"{called}  # this was not read: what it does is not written here"


def _written(argument: Argument, names: Mapping[Ref, str]) -> str:
    def written(value: Any) -> str:
        return names[value] if isinstance(value, Ref) else printed(value)

    return _in_lists(argument, written)


def _literals(call: Call) -> Iterator[str]:
    """The arguments of an operation that are no tensors, as they stand behind these."""
    known = signature(call.name)
    for name, value in call.arguments:
        if name not in known.tensors:
            yield printed(value) if name in known.required else f"{name}={printed(value)}"


def _key(call: Call) -> str:
    """The brackets behind a tensor. Keras takes a slice, None or `...` among others only."""
    from rnnshape.rules.indexing import key_of, key_text  # asked for by few programs

    match key_of(call) if isinstance(call["key"], str) else ():
        case [slice() | None]:
            return f"{key_text(call)[:-1]}, ...]"
        case [EllipsisType()]:
            return "[()]"
    return key_text(call)
