"""What a network is given: its inputs, with a size for every axis that the text leaves open."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count, islice, zip_longest

from rnnshape.columns import Column
from rnnshape.errors import QueryError, as_tuple
from rnnshape.expression import Call, Unknown, calls_within
from rnnshape.network import (
    USUAL_SIZES,
    Dimensions,
    Input,
    Network,
    Question,
    Ref,
    Shape,
    Size,
    Step,
    kind_of_axis,
)
from rnnshape.rules.facts import NOTHING, WHEN_RUN, Axis, Tensor
from rnnshape.rules.registry import axes_of_input, may_take_any, names_axes

# Layers that hand on what they are given, and no other numbers.
ARRANGING = ("Cropping", "Flatten", "Permute", "RepeatVector", "Reshape", "ZeroPadding")
MOST_PASSED = 10  # layers from an input to the one that says how many axes it has
MOST_TRIED = 257  # sizes of one kind, of which each is tried
MORE = (2, 3, 4, 5, 6, 8, 12, 16, 32, 64, 256)  # times what is assumed, until Keras takes it


def described_input(
    network: Network, number: int, source: Input, sizes: Dimensions, column: Column
) -> Tensor:
    """An input with every dimension filled in, its axes named as the first layer names them."""
    shape: tuple[int | None, ...] | None = None
    if isinstance(source.shape, Unknown):
        shape = (None, *column.any_shape(source.shape, column.rank - 1))
    elif source.shape is not None:
        shape = column.sizes(source.shape)
    rank = None if shape is None else len(shape)
    names = () if shape == () else names_of_axes(network, number, rank)
    said = source.shape if isinstance(source.shape, tuple) else ()
    needed = _needed(network, number, len(names))
    axes = tuple(
        replace(_axis(source, name, length, sizes, need), is_unknown=isinstance(size, Unknown))
        for name, length, size, need in zip_longest(
            names, shape or (None,) * len(names), said, needed
        )
    )
    return Tensor(source.name, axes, "what the network is given", "input")


def _needed(network: Network, number: int, rank: int) -> Sequence[object]:
    """What a model was made for that takes an input which leaves it open."""
    taken = network.taken_by_models.get(Ref(0, number), ())
    return (None, *taken[1:]) if taken and len(taken) == rank else ()


def _axis(source: Input, name: str, length: int | None, sizes: Dimensions, needed: object) -> Axis:
    """An axis, and what its length follows from that no text says; `needed` is what it is likely
    to be."""
    if length is not None:
        return Axis(name, length, is_written=True)
    may_be_said = isinstance(source.shape, Unknown) and name != "batch"
    is_assumed = sizes.given(name) is None and not may_be_said
    follows_from = NOTHING
    if source.shape is not None:
        follows_from = WHEN_RUN
    elif is_assumed and name != "batch":  # Keras makes no weight of a batch that is not written
        follows_from = frozenset({kind_of_axis(name)})
    is_said = sizes.given(name) is not None or kind_of_axis(name) in dict(sizes.usual)
    usual = needed if isinstance(needed, int) and not is_said else sizes[name]
    return Axis(name, usual, follows_from=follows_from, is_assumed=is_assumed)


def check_entries(network: Network, step: Step) -> None:
    """Raises a `QueryError` where a convolution is given whole numbers, as an input says: it makes
    none of them itself, as other layers do."""
    wraps = step.layer.name in ("Bidirectional", "TimeDistributed")
    layers = islice(calls_within(step.layer), 1 + wraps)
    if step.unread or not step.refs or not any("Conv" in layer.name for layer in layers):
        return
    ref = step.refs[0]
    while ref.step and (before := network.steps[ref.step - 1]).layer.name.startswith(ARRANGING):
        ref = before.refs[0]
    entries = None if ref.step else network.inputs[ref.output].dtype
    if entries is not None and entries.startswith(("int", "uint", "bool")):
        message = f"{step.layer} takes floating-point numbers, and the input says dtype={entries!r}"
        raise step.layer.error(f"{message}: put Rescaling(1.0) before it")


def axes_that_are_given(network: Network, sizes: Dimensions) -> Iterator[str]:
    """The axes of a network's inputs that have a size from outside the text."""
    for number in range(len(network.inputs)):
        for name, length in written_sizes(network, number):
            if length is None or length == sizes.given(name):
                yield name


def with_given_sizes(network: Network, sizes: Dimensions) -> Network:
    """The same network, with the sizes that are given for what is open in its inputs."""

    def filled(_: int, __: int, axis: str, size: Size) -> Size:
        return (sizes.given(axis) or size) if isinstance(size, Unknown) else size

    return with_other_sizes(network, filled) if network.unknowns else network


def with_assumed_as_open(network: Network, sizes: Dimensions) -> Network:
    """The same network, with all that would be assumed of its inputs, but the batch, as open."""
    why = "none of the usual sizes fits the layers: say it in an Input(...)"

    def opened(number: int, place: int, axis: str, size: Size) -> Size:
        is_assumed = size is None and axis != "batch" and sizes.given(axis) is None
        name = f"{network.inputs[number].name}.shape[{place}]"
        return Unknown(name, (), why) if is_assumed else size

    return with_other_sizes(network, opened)


OTHER_BATCHES = (7, 8, 30, 64, 840)  # of which one is a multiple of most numbers, or more


def may_need_one_batch(network: Network) -> bool:
    """Whether data that it holds may be of one batch, or a size that is written, that of one."""
    is_written = any(step.layer.name == "reshape" for step in network.steps)
    return is_written or len(network.given) < len(network.inputs)


def other_sizes(
    network: Network, sizes: Dimensions, assumed: Collection[str], of_calls: Sequence[Size] = ()
) -> Iterator[Dimensions]:
    """What may fit where the usual sizes of some kinds are refused: the batch of an input or data
    that the text has, or another, and more of each other kind.

    Args:
        of_calls: how many samples the model is given at once, where it is.
    """
    if "batch" in assumed:
        shapes = (source.shape for source in network.inputs)
        written = {shape[0] for shape in shapes if isinstance(shape, tuple) and shape}
        for size in (*written, *of_calls, *OTHER_BATCHES):
            if isinstance(size, int):
                yield replace(sizes, usual=(("batch", size),))
    checked = [size for step in network.steps for _, shape, _ in step.checked for size in shape[1:]]
    of_models = [*dict.fromkeys(size for size in checked if type(size) is int)]
    for kind in ("timesteps", "space", "features"):
        for size in (*of_models, *(times * USUAL_SIZES[kind] for times in MORE)):
            if kind in assumed:
                yield replace(sizes, usual=((kind, size),))


def every_size(sizes: Dimensions, assumed: Collection[str]) -> Iterator[Dimensions]:
    """Any size of one kind, beside the usual ones of the others, or 1."""
    kinds = [kind for kind in ("timesteps", "space", "features") if kind in assumed]
    for kind in kinds:
        ones = tuple((other, 1) for other in kinds if other != kind)
        for size in range(1, MOST_TRIED):
            yield replace(sizes, usual=((kind, size),))
            yield replace(sizes, usual=((kind, size), *ones))


def with_other_sizes(network: Network, change: Callable[[int, int, str, Size], Size]) -> Network:
    """The same network with other sizes of its inputs, each by the number of the input and of the
    axis, and by the axis' name."""

    def changed(number: int, source: Input) -> Shape | Unknown | None:
        before = written_sizes(network, number)
        shape = tuple(change(number, place, *pair) for place, pair in enumerate(before))
        is_same = isinstance(source.shape, Unknown) or shape == tuple(size for _, size in before)
        return source.shape if is_same else shape

    return network.with_shapes(changed(n, source) for n, source in enumerate(network.inputs))


def mend_by_data(
    wrong: QueryError, question: Question, is_taken: Callable[[Network], bool]
) -> None:
    """Says the `Input` that the data needs in place of a likely one, where the layers take that; of
    code that calls them on the data itself, what the data lacks."""
    before = next(iter(wrong.remedies), "")
    given = question.calls[0].x if question.calls else ()
    shape, network = given[0].shape if len(given) == 1 else None, question.network
    is_of_input = before.startswith("Input(")
    if not shape or None in shape[1:] or len(network.inputs) != 1:
        return
    if not (is_of_input or network.kind):
        return
    needed, code = shape[1:], f"Input({as_tuple(map(str, shape[1:]))})"
    if not network.kind:
        needed, code = (*shape[1:], 1), f"{given[0].name}[..., None]"
    if is_taken(network.with_shapes([(None, *needed)])):
        if is_of_input:
            more = r"(, as the batch is no part of it|, or Input\(.*\) if the first is the batch)?"
            guess = re.escape(before) + more
            wrong.message, wrong.remedies = re.sub(guess, code, wrong.message), (code,)
        else:
            said, keras, words = wrong.message.partition(" (Keras")
            wrong.message = f"{said}, or write {code}, as the data is{keras}{words}"
            wrong.remedies = (code, *wrong.remedies)


def written_sizes(network: Network, number: int) -> list[tuple[str, Size]]:
    """The axes of an input, and their sizes as far as its text says them."""
    shape = network.inputs[number].shape
    names = names_of_axes(network, number, len(shape) if isinstance(shape, tuple) else None)
    sizes = shape if isinstance(shape, tuple) else (None,) * len(names)
    return list(zip(names, sizes, strict=True))


def names_of_axes(network: Network, number: int, rank: int | None) -> tuple[str, ...]:
    """The names of the axes of an input, as the first layer that takes it names them; where that
    may take any, and its rank is not known, as the first one after it does that names them."""
    layers = islice(_layers_after(network, Ref(0, number)), MOST_PASSED)
    first, *others = [*layers] or [Call("Dense")]
    if rank is None and others and not names_axes(first):
        place = next((place for place, call in enumerate(others) if names_axes(call)), None)
        if place is not None and all(map(may_take_any, (first, *others[:place]))):
            return axes_of_input(others[place])
    return axes_of_input(first, rank)


def _layers_after(network: Network, ref: Ref) -> Iterator[Call]:
    """The layers that take a tensor, what the first of them returns, and so on."""
    while taker := network.takers.get(ref):
        yield network.steps[taker - 1].layer
        ref = Ref(taker)


def as_built(network: Network) -> tuple[Input, ...]:
    """The inputs, where what is open in the last axis of one that a layer is called again with is
    the size that it was built with."""
    inputs = list(network.inputs)
    for step in network.steps:
        refs = network.steps[step.same_as - 1].refs if step.same_as else ()
        for built, ref in zip(refs, step.refs, strict=False):
            if built.step or ref.step:
                continue
            size, shape = inputs[built.output].shape, inputs[ref.output].shape
            if isinstance(size, tuple) and isinstance(shape, tuple) and shape[-1:] == (None,):
                inputs[ref.output] = replace(inputs[ref.output], shape=shape[:-1] + size[-1:])
    return tuple(inputs)


def each_named(inputs: Iterable[Input]) -> tuple[Input, ...]:
    """The same, each under a name of its own."""
    taken: dict[str, Input] = {}
    for source in inputs:
        names = (f"{source.name}_{number}" for number in count(2))
        name = source.name if source.name not in taken else next(n for n in names if n not in taken)
        taken[name] = replace(source, name=name)
    return tuple(taken.values())
