"""The calls that gave data to a model, each with the model as it was then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rnnshape.fitting import names_of_outputs
from rnnshape.network import Network
from rnnshape.reading.names.models import Model
from rnnshape.reading.names.session import session
from rnnshape.reading.names.tensors import name_given
from rnnshape.reading.names.training import Given, call_of
from rnnshape.training import TrainingCall

__all__ = ["training_calls"]


def training_calls(model: Model, network: Network) -> Iterator[TrainingCall]:
    """The calls that gave it data; with its network as it was then, where that is another."""
    for trained, layers, given in list(session().trained):
        if trained is not model:
            continue
        if layers is model.own_items or layers is model.own_gives:
            yield _call_on(model, network, given)
        elif (before := model.with_layers(layers)) and (then := before.network(network.name)):
            yield replace(_call_on(before, then, given), network=then)


def _call_on(model: Model, network: Network, given: Given) -> TrainingCall:
    takes, gives = model.flow()
    inputs = [name_given(tensor) or getattr(tensor.maker, "name", "") for tensor in takes]
    if len(inputs) != len(network.inputs):  # of what it takes, too, not all is read
        given = given.without_inputs()
    return call_of(given, inputs, [name for name, _ in names_of_outputs(network, len(gives))])
