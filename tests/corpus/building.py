"""A network of ours, built with Keras in the plainest way, for what no rule knows."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import numpy

from rnnshape.description import describe
from rnnshape.expression import Value
from rnnshape.network import Argument, Network, Ref
from rnnshape.signatures import module_of, signature

Shape = tuple[int, ...]


@cache
def keras() -> Any:
    os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    import keras

    return keras


def build(value: Value) -> Any:
    if isinstance(value, tuple):
        return [build(one) for one in value]
    if not hasattr(value, "arguments"):
        return value
    made = getattr(getattr(keras(), str(module_of(value.name))), value.name)  # type: ignore[union-attr]
    arguments = {name: build(one) for name, one in value.arguments}  # type: ignore[union-attr]
    if module_of(value.name) != "ops":  # type: ignore[union-attr]
        return made(**arguments)
    if value.name == "get_item":  # type: ignore[union-attr]
        key = eval(f"numpy.s_{arguments['key']}", {"numpy": numpy})
        return lambda tensor: made(tensor, key)
    free = [word for word in signature(value.name).tensors if word not in arguments]  # type: ignore[union-attr]
    return lambda *tensors: made(**arguments, **dict(zip(free, tensors, strict=True)))


def shapes_by_keras(network: Network) -> tuple[list[Shape], int]:
    """What Keras returns of the network's layers, and how many parameters it has."""
    inputs = describe(network).inputs
    made: list[list[Any]] = [[keras().ops.zeros(one.shape) for one in inputs]]
    layers: list[Any] = []

    def tensor(argument: Argument) -> Any:
        if isinstance(argument, Ref):
            return made[argument.step][argument.output]
        return [tensor(one) for one in argument] if isinstance(argument, tuple) else argument

    for step in network.steps:
        layers.append(layers[step.same_as - 1] if step.same_as else build(step.layer))
        keywords = {name: tensor(one) for name, one in step.keywords}
        returned = layers[-1](*map(tensor, step.arguments), **keywords)
        made.append(keras().tree.flatten(returned))
    parameters = {id(one): one.count_params() for one in layers if hasattr(one, "count_params")}
    last = len(network.steps)
    outputs = network.outputs or [Ref(last, place) for place in range(len(made[last]))]
    return [tuple(tensor(one).shape) for one in outputs], sum(parameters.values())


def shapes_by_rule(network: Network) -> tuple[list[Shape], int] | None:
    """The same by the rule; None where there is none for a layer."""
    description = describe(network)
    if not description.is_complete:
        return None
    last = description.layers[-1]
    places = [Ref(last.number, place) for place in range(len(last.outputs))]
    tensors = [description.tensor(one) for one in network.outputs or places]
    parameters = sum(layer.parameters or 0 for layer in description.layers)
    return [one.shape for one in tensors if one is not None], parameters
