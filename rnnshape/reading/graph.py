"""Layers and tensors of what is read, as they are made; and the `Network` that some of them are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import count
from math import inf
from typing import Any, cast

from rnnshape.chains import without_input_arguments
from rnnshape.description import Description, describe, is_of_the_batch, is_taken
from rnnshape.errors import QueryError
from rnnshape.expression import Call, SizeWhenRun, Unknown, unknowns_in
from rnnshape.layer_names import name_unless_open
from rnnshape.nest import rebuilt
from rnnshape.network import (
    Argument,
    Dimensions,
    Input,
    Network,
    Ref,
    Shape,
    Step,
    check_count,
    without_states,
)
from rnnshape.network_inputs import as_built, each_named
from rnnshape.program import DEPENDS
from rnnshape.reading.layer_calls import Given, surely_called
from rnnshape.reading.layer_calls import InputTensor as InputTensor
from rnnshape.reading.layer_calls import Layer as Layer
from rnnshape.reading.layer_calls import LayerCall as LayerCall
from rnnshape.reading.layer_calls import Tensor as Tensor
from rnnshape.reading.layer_calls import are_computed as are_computed
from rnnshape.reading.layer_calls import tensors_in as tensors_in
from rnnshape.reading.output_names import names_of, names_returned
from rnnshape.rules.facts import Axis
from rnnshape.rules.facts import Tensor as Described
from rnnshape.signatures import is_operation

# Sizes that Keras knows only when it runs: two may have to be the same, as in a product.
ALIKE = Dimensions(usual=tuple((kind, 5) for kind in ("timesteps", "space", "features")))
MOST_BEFORE = 50  # calls that are described together, behind one that is not read
SHARED = Unknown("a shared layer", (), "its weights are those of an earlier layer")
SHARED_IN_PART = replace(SHARED, reason="some of its weights are those of an earlier layer")


def returned(call: LayerCall, many: int = 1, kind: type[Tensor] = Tensor) -> Any:
    """What a call of a layer returns: a tensor, or a list of tensors nested as Keras does it; of a
    layer that no rule knows, `many` says how many tensors there are."""
    names = ("o",) if call.layer.unread else names_returned(call.layer.call)
    if is_operation(call.layer.call.name) and names != ("o",):  # the tensors may say how many
        call.shapes = _shapes_made_by(call)
        names = ("o",) * len(call.shapes) or names
    if len(names) <= 1:
        has_scores = dict(call.keywords).get("return_attention_scores") is True
        names = ("o",) * max(many, len(call.returns or ()), 1 + has_scores)
    places = count()
    made = rebuilt(names, lambda _: kind(call, next(places)), list)
    return made if len(names) > 1 else made[0]


def count_of(call: Call) -> int:
    """How many tensors an operation returns, where its arguments say it."""
    word = {"split": "indices_or_sections", "unstack": "num"}.get(call.name)
    parts = call[word] if word else 2 * (call.name == "top_k")
    many = len(parts) + 1 if isinstance(parts, tuple) else parts
    return max(many, 1) if isinstance(many, int) else 1


def calls_before(
    outputs: Iterable[Tensor], inputs: Iterable[Tensor], most: float = inf
) -> list[LayerCall]:
    """Every call of a layer that some tensors need, in the order in which they were made; of more
    than `most` no more are sought."""
    start, found, waiting = {*inputs}, set[LayerCall](), [*outputs]
    while waiting and len(found) <= most:
        tensor = waiting.pop()
        maker = tensor.maker
        if isinstance(maker, LayerCall) and maker not in found and tensor not in start:
            for call in (maker, *maker.beside):
                waiting += () if call in found else call.tensors
                found.add(call)
    return sorted(found, key=lambda call: call.number)


def sources_of(outputs: Sequence[Tensor], inputs: Sequence[Tensor] = ()) -> list[Tensor]:
    """What tensors are made from that no layer makes and that is not among the inputs."""
    taken = (tensor for call in calls_before(outputs, inputs) for tensor in call.tensors)
    ends = dict.fromkeys(tensor for tensor in (*taken, *outputs) if tensor not in inputs)
    return [end for end in ends if isinstance(end.maker, InputTensor)]


def ends_in_common(
    tensors: Sequence[Tensor], among: Iterable[LayerCall] | None = None
) -> tuple[list[Tensor], list[LayerCall]]:
    """The last tensors from which each of some is made, by calls `among` those; and all the calls
    after them."""
    before = [{*calls_before([end], [])} for end in tensors]
    common = set.intersection(*before, *([] if among is None else [{*among}]))
    calls = sorted(set.union(*before) - common, key=lambda call: call.number)
    taken = (*tensors, *(tensor for call in calls for tensor in call.tensors))
    ends = (end for end in taken if isinstance(end.maker, InputTensor) or end.maker in common)
    return [*dict.fromkeys(ends)], calls


def shape_of(tensor: Tensor) -> Shape | Unknown | None:
    """The shape of a tensor; None where it is not known."""
    maker = tensor.maker
    if isinstance(maker, InputTensor):
        return maker.shape
    waiting = [maker]  # no recursion: thousands may stand in a row
    while waiting:
        makers = [one.maker for one in waiting[-1].tensors if waiting[-1].shapes is None]
        before = [one for one in makers if isinstance(one, LayerCall) and one.shapes is None]
        if not before and (call := waiting.pop()).shapes is None:
            call.shapes = []  # while others are asked, which may have its layer in them
            call.shapes = _shapes_made_by(call)
        waiting += before
    return next(iter((maker.shapes or [])[tensor.output :]), None)


def plain_sizes(tensor: Tensor) -> Shape | None:
    """A tensor's shape as plain data; None where not even its rank is known."""
    return None if isinstance(shape := shape_of(tensor), Unknown) else shape


def _shapes_made_by(call: LayerCall) -> list[Shape | None]:
    """As code meets them: None where Keras knows a size only when it runs."""
    made: Sequence[Shape | None] = call.returns or ()
    if not made and call.layer.unread is None:
        if None in map(shape_of, call.tensors):
            call = without_states(call.layer.call, call)
        if None not in map(shape_of, call.tensors):
            made = shapes_made([call]) or shapes_made(_with_alike(call))
        elif not any(map(_is_refused, call.tensors)):
            found = calls_before([Tensor(call)], [], MOST_BEFORE)  # and what stands beside it
            made = shapes_made(found[: found.index(call) + 1] if len(found) <= MOST_BEFORE else ())
    shapes = rebuilt([*made], lambda size: None if isinstance(size, SizeWhenRun) else size)
    return cast("list[Shape | None]", shapes)


def _is_refused(tensor: Tensor) -> bool:
    """Whether the rule took nothing of the calls that made a tensor: nor of more with these."""
    if isinstance(call := tensor.maker, InputTensor) or call.shapes or call.layer.unread:
        return False
    return None in map(shape_of, call.tensors)


def _with_alike(call: LayerCall) -> list[LayerCall]:
    """The same call with one size in place of those that are not known of its tensors in one place:
    the rule refuses two that differ, and Keras merges none."""
    tensors = [*call.tensors]
    shapes = [shape for shape in map(shape_of, tensors) if isinstance(shape, tuple)]
    if len(tensors) < 2 or len(shapes) < len(tensors) or len({*map(len, shapes)}) > 1:
        return []
    places = zip(*shapes, strict=True)
    unknown = [next((size for size in sizes if isinstance(size, Unknown)), 0) for sizes in places]
    alike = dict[object, Tensor]()
    for tensor, shape in zip(tensors, shapes, strict=True):
        sizes = (u if isinstance(n, Unknown) else n for n, u in zip(shape, unknown, strict=True))
        alike[tensor] = Tensor(InputTensor(tuple(sizes)))
    given = rebuilt(call.arguments, lambda one: alike[one] if isinstance(one, Tensor) else one)
    return [replace(call, arguments=given)]


def shapes_made(
    calls: Sequence[LayerCall], ends: Sequence[Tensor] = (), *, as_tried: bool = True
) -> list[Shape | None]:
    """The shapes of tensors, or of all that the last call returns, as the rule has it of these
    calls alone; none where it refuses them, if they are only tried."""
    network = network_of([], ends, "", calls)
    if not calls or any(source.shape is None for source in network.inputs):  # they'd be assumed
        return []
    try:
        try:
            described = described_once(_with_plain_names(network), ALIKE)
        except QueryError:
            described = described_once(network)
    except QueryError as wrong:
        if as_tried or is_of_the_batch(wrong, network):
            return []
        raise
    asked = tuple(dict.fromkeys(name for unknown in network.unknowns for name in unknown.asked))
    tensors = map(described.tensor, network.returned(len(described.layers[-1].outputs)))
    return [
        None
        if tensor is None
        else _shape_of(tensor, f"{calls[-1].number}.{index}", asked, described.inputs)
        for index, tensor in enumerate(tensors)
    ]


def _with_plain_names(network: Network) -> Network:
    """The same with other names for sizes that are not known, where no layer asks for one: each
    round of a loop has its own."""
    if any(step.unread or next(unknowns_in(step.layer), None) for step in network.steps):
        return network
    plain = dict[object, Unknown]()

    def named(size: Any) -> Any:
        return plain.setdefault(size, Unknown(f"size {len(plain)}")) if size in of_axes else size

    shapes = [source.shape for source in network.inputs if isinstance(source.shape, tuple)]
    of_axes = {size for shape in shapes for size in shape if isinstance(size, Unknown)}
    inputs = (
        replace(source, shape=tuple(map(named, source.shape)))
        if isinstance(source.shape, tuple)
        else source
        for source in network.inputs
    )
    return replace(network, inputs=tuple(inputs))


def described_once(network: Network, sizes: Dimensions | None = None) -> Description:
    """What the rule says of a network, or a `QueryError` if Keras would refuse it; it is remembered
    of those with few layers, as loops, and methods that are followed again, ask for the same."""
    if len(network.steps) > MOST_BEFORE:
        return describe(network, sizes)
    return _remembered(network, sizes, tuple(str(step.layer) for step in network.steps))


@lru_cache(maxsize=256)
def _remembered(network: Network, sizes: Dimensions | None, _written: object) -> Description:
    """By how the layers are written, too: 1, 1.0 and True are equal."""
    return describe(network, sizes)


def _shape_of(
    output: Described, name: str, asked: tuple[str, ...], inputs: Sequence[Described]
) -> Shape | None:
    """A shape that the rule found, with Keras' None where Keras has one; not for what is made of
    the batch, as by `reshape(x, (-1, 4))`."""
    if not output.has_rank:
        return None
    batches = {one.shape[0] for one in inputs if one.axes}
    follows_from_open = any(axis.is_open for one in inputs for axis in one.axes[1:])

    def size(place: int, axis: Axis) -> Any:
        if axis.is_unknown or (axis.is_open and place == 0 and axis.length not in batches):
            why = "it follows from what is not known"
            return Unknown(f"tensor {name}.shape[{place}]", asked, why)
        if not axis.is_open:
            return axis.length
        return SizeWhenRun(axis.length) if place and not follows_from_open else None

    return tuple(size(place, axis) for place, axis in enumerate(output.axes))


def network_of(
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    name: str,
    calls: Sequence[LayerCall] | None = None,
    kind: str | None = None,
) -> Network:
    """The network that makes some tensors from others. Inputs that are not given are found.

    `kind` is that of a model; one with a `call` of its own may have two layers of one name.
    Raises a `QueryError` where there are too many layers.
    """
    calls = calls_before(outputs, inputs) if calls is None else calls
    check_count(len(calls))
    numbers = {call: number for number, call in enumerate(calls, start=1)}
    known, taken = {*inputs}, [*(tensor for call in calls for tensor in call.tensors), *outputs]
    others = (one for one in taken if one.maker not in numbers and one not in known)
    sources = [*inputs, *dict.fromkeys(others)]  # an input perhaps twice
    places = {tensor: place for place, tensor in enumerate(sources)}

    def ref(given: Given) -> Argument:
        if isinstance(given, tuple):
            return tuple(map(ref, given))
        if not isinstance(given, Tensor):
            return given
        if given in places:
            return Ref(0, places[given])
        return Ref(numbers[given.maker], given.output)  # type: ignore[index]

    masks = (call.mask_of for call in calls)  # perhaps of what is left out
    there = {*places, *(t for t in masks if t is not None and t.maker in numbers)}
    sure = surely_called(calls)
    names, first_calls, steps = names_of(calls), dict[Layer, int](), list[Step]()
    named, counted, shared = dict[object, Layer](), set[Layer](), set[Layer]()
    for number, call in enumerate(calls, start=1):
        layer = call.layer
        first = first_calls.setdefault(layer, number)
        if first == number and counted & layer.innermost:  # another has the same weights in it
            shared.add(layer)
        if layer in shared:
            shape_of(Tensor(call))
            left = [one.parameters for one in layer.innermost - counted]
            many = None if None in left else sum(filter(None, left))
            layer = replace(layer, unread=SHARED_IN_PART if left else SHARED, parameters=many)
            call = replace(call, returns=tuple(call.shapes or ()))
        counted |= call.layer.innermost
        made = layer.call if layer.unread else without_input_arguments(layer.call)
        if call.place:
            made = replace(made, places={**made.places, "": call.place})
        is_apart = kind == "" or (call.part is not None and not call.group)
        if is_apart and named.setdefault(made["name"], layer) is not layer:
            made = made.without("name")
        steps.append(
            Step(
                made,
                tuple(map(ref, call.arguments)),
                tuple((word, ref(value)) for word, value in call.keywords),
                names[calls[number - 1]],
                first if first < number else None,
                call.group,
                layer.unread,
                call.returns,
                layer.parameters,
                call.mask,
                ref(call.mask_of) if call.mask_of in there else None,  # type: ignore[arg-type]
                _name_of(layer),
                call.layer in sure,
                tuple((cast("Ref", ref(one)), shape, name) for one, shape, name in call.checked),
            )
        )
    is_whole = calls and outputs and [*outputs] == [*tensors_in(returned(calls[-1]))]
    # They may return their states or their scores, too.
    has_more = calls and (
        "Cell" in calls[-1].layer.call.name or "return_attention_scores" in dict(calls[-1].keywords)
    )
    returns: Any = () if is_whole and not has_more else tuple(map(ref, outputs))
    given = [_input(end, is_beside=0 < len(inputs) <= n) for n, end in enumerate(sources)]
    network = Network(each_named(given), tuple(steps), returns, name, kind=kind or "")
    filled = replace(network, inputs=as_built(network))
    is_needed = filled != network and not is_taken(network) and is_taken(filled)
    return filled if is_needed else network


def _name_of(layer: Layer) -> str | None:
    """As a `Step` has it; of one of several layers nobody knows it."""
    if layer.call.name.startswith(DEPENDS):
        return None
    return layer.name if layer.name or layer.unread else name_unless_open(layer.call)


def _input(tensor: Tensor, *, is_beside: bool) -> Input:
    """What the network is given; data beside the inputs of a model is none of them."""
    maker = tensor.maker
    if isinstance(maker, LayerCall):  # another model makes it
        name = maker.names.get(tensor.output) or ("data" if is_beside else "inputs")
        unknown = Unknown(f"{name}.shape", (), "what another model makes is not known")
        return Input(shape_of(tensor) or unknown, name, None, is_beside)
    is_data = maker.is_data and is_beside
    name = maker.name or maker.given_name or ("data" if is_data else "inputs")
    return Input(maker.shape, name, maker.dtype, is_data)
