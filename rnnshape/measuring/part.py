"""The part of a network that Keras can be asked about: without the layers that are not read, where
all that they return is known."""

from __future__ import annotations

from dataclasses import replace

from rnnshape.description import describe
from rnnshape.measuring.messages import MeasuredLayer, Measurement
from rnnshape.nest import rebuilt
from rnnshape.network import Argument, Input, Network, Question, Ref


def measured_part(question: Question) -> Question:
    """The same question without the steps that are not read: an input stands for each tensor that
    they return.

    >>> from rnnshape.expression import Call, Unknown
    >>> from rnnshape.network import Step
    >>> own = Step(Call("Own(...)"), (Ref(0),), unread=Unknown("Own(...)"), returns=((None, 4),))
    >>> dense = Step(Call("Dense", (("units", 2),)), (Ref(1),))
    >>> network = Network((Input((None, 3)),), (own, dense))
    >>> part = measured_part(Question(network)).network
    >>> [source.shape for source in part.inputs], [str(step.layer) for step in part.steps]
    ([(2, 3), (2, 4)], ['Dense(2)'])
    """
    network = question.network
    if not any(step.unread for step in network.steps):
        return question
    described = describe(network, question.dimensions)
    inputs = [
        replace(source, shape=tensor.shape)
        for source, tensor in zip(network.inputs, described.inputs, strict=True)
    ]
    instead: dict[Ref, Ref] = {}
    numbers: dict[int, int] = {}
    for layer in described.layers:
        if layer.unread is None:
            numbers[layer.number] = len(numbers) + 1
            continue
        for place, tensor in enumerate(layer.outputs):
            instead[Ref(layer.number, place)] = Ref(0, len(inputs))
            inputs.append(Input(tensor.shape, f"{tensor.name}_of_{layer.number}"))

    def moved(source: Argument) -> Argument:
        if not isinstance(source, Ref) or source.step == 0:
            return source
        return instead[source] if source in instead else Ref(numbers[source.step], source.output)

    steps = tuple(
        replace(
            step,
            arguments=tuple(rebuilt(argument, moved) for argument in step.arguments),
            keywords=tuple((name, rebuilt(keyword, moved)) for name, keyword in step.keywords),
            same_as=None if step.same_as is None else numbers[step.same_as],
        )
        for step in network.steps
        if step.unread is None
    )
    part = Network(tuple(inputs), steps, (Ref(1),), network.name)
    return replace(question, network=part, calls=())


def of_the_whole(measurement: Measurement, question: Question) -> Measurement:
    """What was measured of a part, with an empty place for each step that is not read."""
    layers = iter(measurement.layers)
    nothing = MeasuredLayer((), [], (), (), 0)
    return replace(
        measurement,
        inputs=measurement.inputs[: len(question.network.inputs)],
        layers=tuple(nothing if step.unread else next(layers) for step in question.network.steps),
    )
