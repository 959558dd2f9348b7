"""What a network is given: its inputs, with a size for every axis that the text leaves open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rnnshape.columns import Column, with_numbers
from rnnshape.expression import Call, Unknown
from rnnshape.network import Dimensions, Input, Network, Ref, Shape, kind_of_axis
from rnnshape.rules import axes_of_input
from rnnshape.rules.facts import NOTHING, WHEN_RUN, Axis, Tensor


def described_input(
    network: Network, number: int, source: Input, sizes: Dimensions, column: Column
) -> Tensor:
    """An input with every dimension filled in, its axes named as the first layer names them."""
    shape: tuple[int | None, ...] | None = None
    if isinstance(source.shape, Unknown):
        lengths = [column.numbers[source.shape] + 3 * place for place in range(column.rank - 1)]
        shape = (None, *lengths)
    elif source.shape is not None:
        shape = with_numbers(source.shape, column.numbers)
    rank = len(shape) if shape else None
    names = names_of_axes(network, number, rank)
    axes = tuple(
        Axis(name, length or sizes[name], follows_from=_unsaid(source, name, length, sizes))
        for name, length in zip(names, shape or (None,) * len(names), strict=True)
    )
    return Tensor(source.name, axes, "what the network is given", "input")


def _unsaid(source: Input, axis: str, length: int | None, sizes: Dimensions) -> frozenset[str]:
    """What the length of an axis follows from that no text says."""
    if length is None and source.shape is not None:
        return WHEN_RUN
    # Keras makes no weight of a batch that is not written.
    is_assumed = length is None and sizes.given(axis) is None and axis != "batch"
    return frozenset({kind_of_axis(axis)}) if is_assumed else NOTHING


def assumed_axes(tensor: Tensor, source: Input, sizes: Dimensions) -> tuple[str, ...]:
    """The axes of an input of which neither the text nor an option says the size."""
    if isinstance(source.shape, Unknown):
        return ()
    lengths: Shape = source.shape or (None,) * len(tensor.axes)
    return tuple(
        axis.name
        for axis, length in zip(tensor.axes, lengths, strict=True)
        if length is None and sizes.given(axis.name) is None
    )


def axes_that_are_given(network: Network, sizes: Dimensions) -> Iterator[str]:
    """The axes of a network's inputs that have a size from outside the text."""
    for number, source in enumerate(network.inputs):
        rank = len(source.shape) if isinstance(source.shape, tuple) else None
        names = names_of_axes(network, number, rank)
        lengths = source.shape if isinstance(source.shape, tuple) else (None,) * len(names)
        for name, length in zip(names, lengths, strict=True):
            if length is None or length == sizes.given(name):
                yield name


def with_given_sizes(network: Network, sizes: Dimensions) -> Network:
    """The same network, with the sizes that are given for what is open in its inputs."""

    def filled(number: int, source: Input) -> Input:
        if (
            source.shape is None
            or isinstance(source.shape, Unknown)
            or not any(isinstance(size, Unknown) for size in source.shape)
        ):
            return source
        names = names_of_axes(network, number, len(source.shape))
        shape = tuple(
            (sizes.given(name) or size) if isinstance(size, Unknown) else size
            for name, size in zip(names, source.shape, strict=True)
        )
        return replace(source, shape=shape)

    inputs = tuple(filled(number, tensor) for number, tensor in enumerate(network.inputs))
    return replace(network, inputs=inputs)


def names_of_axes(network: Network, number: int, rank: int | None) -> tuple[str, ...]:
    """The names of the axes of an input, as the first layer that takes it names them."""
    user = next((step for step in network.steps if Ref(0, number) in step.refs), None)
    return axes_of_input(user.layer if user else Call("Dense"), rank)
