"""The inputs and outputs of a network as `training` compares them with data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from rnnshape.description import Description, description_of, is_taken
from rnnshape.expression import Call, Unknown, calls_within
from rnnshape.layer import Layer
from rnnshape.layer_names import names_of_outputs
from rnnshape.network import Dimensions, Network, Ref, Shape, Size, Step
from rnnshape.network_inputs import other_sizes, with_other_sizes, written_sizes
from rnnshape.rules.facts import Axis
from rnnshape.rules.windows import space_rank
from rnnshape.signatures import OF_PLAIN_DATA, is_recurrent, module_of, signature
from rnnshape.training.data import UNKNOWN, Data, Model, Port, Sizes, TrainingCall
from rnnshape.training.shapes import of_rank

MOST_TRIED = 8  # outputs of a model, each of which describes it anew


def model_of(
    network: Network,
    description: Description,
    call: TrainingCall,
    given: Dimensions,
    needed: Callable[[int, Sizes], Sizes],
) -> Model:
    count = max(1, len(description.layers[-1].outputs))
    fewer = _of_fewer_axes(network, description, call)
    shapes = outputs_with_data(fewer, call, given)
    others = outputs_of_other_rows(fewer, description, call, given)
    shapes |= others
    named = names_of_outputs(network, count)
    is_tried = len(named) <= MOST_TRIED
    batches = _batches(description)
    outputs = [
        _output(network, description.layers, name, ref, shapes.get(ref), is_tried)._replace(
            is_of_batch=ref not in others,
            is_of_pairs=ref not in others
            and any(axis in batches for axis in _axes(description, ref)[1:]),
        )
        for name, ref in named
    ]
    ranks = [
        len(source.shape if isinstance(source.shape, tuple) else tensor.axes)
        for source, tensor in zip(fewer.given, description.inputs, strict=False)
    ]
    # Keras compares neither with a last size of 1, which the layers then refuse.
    every: list[object] = [part.shape for part in call.x]
    every += [source.shape for source in network.given]
    squeezes = any(isinstance(sizes, tuple) and sizes[-1:] == (1,) for sizes in every)
    checks = network.kind != "Functional" or squeezes or (call.is_traced and len(ranks) == 1)
    other = with_sizes_of(network, call) if checks else network
    built = sizes_kept(other, given) if other != network else None
    if built is not None and built == sizes_kept(network, given):  # though not with each size alone
        needed = _any_sizes
    inputs = [
        _input(network, description, place, rank, needed if checks else None)
        for place, rank in enumerate(ranks)
    ]
    if len(inputs) == len(call.x) == 1 and len(call.x[0].shape or ()) == len(inputs[0].shape) - 1:
        one_step = (None, 1, *(size or 7 for size in inputs[0].shape[2:]))
        inputs[0] = inputs[0]._replace(takes_one_step=is_taken(_with_shape(network, 0, one_step)))
    is_sequential = network.kind != "Functional"
    return Model(tuple(inputs), tuple(outputs), is_sequential, network.is_stateful, call.is_traced)


# Inputs


def _of_fewer_axes(network: Network, description: Description, call: TrainingCall) -> Network:
    """Where X lacks axes, and the layers take it with fewer more than it is assumed to have."""
    shapes = [data.shape for data in call.x]
    if len(network.given) == len(shapes) == 1 and shapes[0] and network.inputs[0].shape is None:
        assumed = len(description.inputs[0].axes)
        for lacking in range(1, assumed - len(shapes[0])):
            fewer = _with_shape(network, 0, (None, *shapes[0][1:], *(1,) * lacking))
            if is_taken(fewer):
                return fewer
    return network


def _input(
    network: Network,
    description: Description,
    number: int,
    rank: int,
    needed: Callable[[int, Sizes], Sizes] | None,
) -> Port:
    source = network.inputs[number]
    shape: Sizes = (None,) * rank
    if isinstance(source.shape, tuple):
        shape = tuple(size if isinstance(size, int) else None for size in source.shape)
    below = description.inputs_below[number]
    users = [step for step in network.steps if Ref(0, number) in step.refs]
    takes_text = any(step.unread or step.layer.name in OF_PLAIN_DATA for step in users)
    dtype, is_described = "string" if takes_text else source.dtype, source.shape is not None
    sizes = needed(number, shape) if needed else None
    return Port(source.name, shape, False, sizes, below, dtype, is_described=is_described)


def needed_sizes(network: Network, given: Dimensions, number: int, shape: Sizes) -> Sizes:
    """The sizes that the layers need: with any other they are refused, or are other layers."""
    built, said = sizes_kept(network, given), network.inputs[number].shape
    before: Shape = said if isinstance(said, tuple) else shape  # open sizes stay open

    def takes_another(place: int, size: int) -> bool:
        shapes = ((*before[:place], size + more, *before[place + 1 :]) for more in (7, 96))
        others = (_with_shape(network, number, other) for other in shapes)
        return any(sizes_kept(other, given) == built for other in others)

    return tuple(
        size if size is not None and place and not takes_another(place, size) else None
        for place, size in enumerate(shape)
    )


def _any_sizes(_: int, shape: Sizes) -> Sizes:
    return (None,) * len(shape)


def sizes_kept(network: Network, given: Dimensions) -> list[object] | None:
    """What layers take no other sizes for once they are built: the weights of each, and the sizes
    of a frame of a `ConvLSTM2D`; None where the rule refuses the network."""
    found = description_of(network, given)
    return [(*_weights(layer), *_frames(layer)) for layer in found.layers] if found else None


def _weights(layer: Layer) -> Iterator[tuple[int | None, ...] | None]:
    return (weight.sizes for weight in layer.facts.weights) if layer.facts else iter((None,))


def _frames(layer: Layer) -> Iterator[tuple[int, ...]]:
    for call in calls_within(layer.step.layer) if layer.facts else ():
        if call.name.startswith("ConvLSTM") and layer.inputs and (tensor := layer.inputs[0]):
            yield tensor.shape[-1 - space_rank(call) :]


def _with_shape(network: Network, number: int, shape: Shape) -> Network:
    shapes = [source.shape for source in network.inputs]
    return network.with_shapes([*shapes[:number], shape, *shapes[number + 1 :]])


def with_sizes_of(network: Network, call: TrainingCall, sizes: Dimensions | None = None) -> Network:
    """The network with the sizes of X for what its inputs, and perhaps `sizes`, leave open."""
    if len(call.x) != len(network.given):
        return network
    takes_any = network.kind != "Functional" or call.is_traced

    def filled(number: int, place: int, axis: str, before: Size) -> Size:
        if number >= len(call.x) or (sizes and (sizes.given(axis) or before is not None)):
            return before
        shape = shape_taken(network, number, call.x[number].shape or ())
        is_alike = place > 0 and len(shape) == len(written_sizes(network, number))
        given = shape[place] if is_alike else None
        is_other = shape != call.x[number].shape  # Keras compares no size of it with the input's
        is_other |= place == len(shape) - 1 and 1 in (given, before)  # nor a last size of 1
        return given if given is not None and (takes_any or is_other or before is None) else before

    return with_other_sizes(network, filled)


def unread_of_other_sizes(network: Network, x: Sequence[Data]) -> str:
    """The first layer that only the code knows, where arrays have other sizes than the network was
    read with; empty where there is none."""
    unread = (str(step.layer) for step in network.steps if step.unread)
    for number, data in enumerate(x[: len(network.given)]):
        written = [size for _, size in written_sizes(network, number)]
        given = shape_taken(network, number, data.shape or ())
        pairs = zip(written[1:], given[1:], strict=False)
        if any(type(one) is type(other) is int and one != other for one, other in pairs):
            return next(unread, "")
    return ""


def unread_of_whole_numbers(network: Network, x: Sequence[Data]) -> Iterator[tuple[Data, str]]:
    """Arrays of whole numbers that layers take which only the code knows, and such a layer; empty
    where it is read, and looks them up in a table of which the rows are open."""
    for number, data in enumerate(x):
        users = [step for step in network.steps if Ref(0, number) in step.refs]
        layer = next((str(step.layer) for step in users if step.unread), "")
        tables = (step.layer for step in users if step.layer.name == "Embedding")
        is_open = any(isinstance(table["input_dim"], Unknown) for table in tables)
        is_whole, is_zero = "int" in (data.dtype or ""), data.values_below == 1
        if (is_whole and layer) or (is_open and not is_zero and "float" not in (data.dtype or "")):
            yield data, layer


def shape_taken(network: Network, number: int, shape: Sizes) -> Sizes:
    """What Keras makes of the shape of X, which it gives a last axis of size 1 or takes that."""
    return of_rank(shape, [size for _, size in written_sizes(network, number)])


# Outputs


def outputs_with_data(network: Network, call: TrainingCall, given: Dimensions) -> dict[Ref, Sizes]:
    """The sizes of all tensors, where the network is given the data of a call."""
    if unread_of_other_sizes(network, call.x):
        return {}
    with_data = with_sizes_of(network, call)
    rows = call.rows
    known = _known_outputs(with_data, given, rows)
    if with_data == network or {ref.step for ref in known} >= {*range(len(network.steps) + 1)}:
        return known  # as of most models
    return _known_outputs(network, given, rows) | known


def _known_outputs(
    network: Network, given: Dimensions, rows: int | None = None
) -> dict[Ref, Sizes]:
    """The sizes of all tensors; None for those that follow from what is not known or assumed, and
    for the batch; `rows` for the batch where it is not the first axis."""
    unsaid = replace(given, batch=None)
    several = (unsaid, *other_sizes(network, unsaid, ["batch"]))  # another input may have one
    described = next(filter(None, (description_of(network, sizes) for sizes in several)), None)
    if described is None:
        return {}
    batches = _batches(described)
    return {
        Ref(number, place): tuple(
            axis.length if axis.is_said else rows if at and axis in batches else None
            for at, axis in enumerate(tensor.axes)
        )
        for number, made in enumerate([described.inputs, *(x.outputs for x in described.layers)])
        for place, tensor in enumerate(made)
        if tensor.has_rank
    }


def outputs_of_other_rows(
    network: Network, description: Description, call: TrainingCall, given: Dimensions
) -> dict[Ref, Sizes]:
    """The sizes of the outputs of which the first axis is not the batch, here that of a call; None
    for those that follow from a batch that is not known."""
    usual = _batches(description)
    refs = network.returned(len(description.layers[-1].outputs))
    others = [ref for ref in refs if (axes := _axes(description, ref)) and axes[0] not in usual]
    are_known = all(tensor.has_rank for tensor in description.inputs)
    if not (others and are_known):  # as of most models
        return {}
    network, batch = with_sizes_of(network, call), call.rows
    sizes = (replace(given, batch=size) for size in (batch or 2, (batch or 2) + 1))
    both = [each for one in sizes if (each := description_of(network, one))]
    if len(both) < 2:
        return {}
    batches = {
        tuple(tensor.axes[0].length for tensor in pair if tensor.axes)
        for pair in zip(*(one.inputs for one in both), strict=True)
    }
    found = dict[Ref, Sizes]()
    for ref in others:
        if not (pairs := [*zip(*(_axes(one, ref) for one in both), strict=True)]):
            continue
        rows = tuple(axis.length for axis in pairs[0])
        # What the code takes from the batch when it runs may be the batch again.
        if rows not in batches and (pairs[0][0].is_said or len({*rows}) > 1):
            are_said = (
                a.is_said or (batch and a.length != b.length and not a.is_unknown) for a, b in pairs
            )
            found[ref] = tuple(
                a.length if known else None for (a, _), known in zip(pairs, are_said, strict=True)
            )
    return found


def _batches(description: Description) -> set[Axis]:
    return {tensor.axes[0] for tensor in description.inputs if tensor.axes}


def _axes(description: Description, ref: Ref) -> tuple[Axis, ...]:
    tensor = description.tensor(ref)
    return tensor.axes if tensor and tensor.has_rank else ()


def _output(
    network: Network,
    layers: Sequence[Layer],
    name: str,
    ref: Ref,
    shape: Sizes | None,
    is_tried: bool,
) -> Port:
    before = list(_steps_before(network, ref))
    tensor = layers[ref.step - 1].outputs[ref.output : ref.output + 1] if ref.step else ()
    return Port(
        name,
        shape or UNKNOWN,
        bool(tensor and tensor[0].masked and tensor[0].mask_runs),
        place=ref.output,
        units_of=_layer_of_units(before, layers),
        is_repeated=_is_repeated(before, layers, shape or ()),
        returns_sequences=_returns_sequences(network, before, shape or ()) if is_tried else None,
        takes_mask=_takes_mask(before, layers),
        takes_flattened=_takes_flattened(network, [step.layer for _, step in before]),
    )


def _steps_before(network: Network, ref: Ref) -> Iterator[tuple[int, Step]]:
    """The step that makes a tensor and those before it, as far as each takes one tensor."""
    while ref.step:
        step = network.steps[ref.step - 1]
        yield ref.step, step
        if len(step.refs) != 1:
            return
        ref = step.refs[0]


def _takes_mask(steps: Sequence[tuple[int, Step]], layers: Sequence[Layer]) -> bool:
    """Whether a mask comes to the last recurrent layer."""
    for number, step in steps:
        if any(is_recurrent(call.name) for call in calls_within(step.layer)):
            return any(
                tensor.masked and tensor.mask_runs for tensor in layers[number - 1].inputs if tensor
            )
    return False


def _layer_of_units(steps: Sequence[tuple[int, Step]], layers: Sequence[Layer]) -> str | None:
    """The layer whose units are the last size, unless others behind it change axes."""
    for number, step in steps:
        call, layer = step.layer, layers[number - 1]
        if call.name == "TimeDistributed" and isinstance(call["layer"], Call):
            call = call["layer"]
        if module_of(call.name) == "layers" and "units" in signature(call.name).names:
            activation = dict(call.arguments).get("activation")
            kept = f", activation={activation!r}" if isinstance(activation, str) else ""
            return f"{call.name}({{}}{kept})"
        tensors = (*layer.inputs, *layer.outputs)
        if len({tensor and tensor.axes for tensor in tensors}) > 1 or not layer.outputs:
            return None
    return None


def _takes_flattened(network: Network, layers: Sequence[Call]) -> bool:
    """Whether the last of them is a Dense, which needs to know how much it is given, and none
    before it recurrent, which says itself whether it returns sequences."""
    shapes = [one.shape for one in network.inputs if isinstance(one.shape, tuple)]
    if any(None in shape[1:] for shape in shapes):
        return False
    inner = [call.name for layer in layers for call in calls_within(layer)]
    return inner[:1] == ["Dense"] and not any(map(is_recurrent, inner))


def _is_repeated(steps: Sequence[tuple[int, Step]], layers: Sequence[Layer], shape: Sizes) -> bool:
    """Whether the steps are those of a RepeatVector, which no layer behind it changes."""
    for number, step in steps:
        made = [
            tensor.axes[1].length for tensor in layers[number - 1].outputs if len(tensor.axes) > 1
        ]
        if step.layer.name == "RepeatVector" or made[:1] != [*shape[1:2]]:
            return step.layer.name == "RepeatVector" and made[:1] == [*shape[1:2]]
    return False


def _returns_sequences(
    network: Network, steps: Sequence[tuple[int, Step]], shape: Sizes
) -> bool | None:
    """Whether the last recurrent layer does, where Keras takes the network also if not."""
    for number, step in steps:
        outer = step.layer
        inner = outer["layer"] if outer.name == "Bidirectional" else outer
        if not isinstance(inner, Call) or module_of(inner.name) != "layers":
            return None
        if not is_recurrent(inner.name):
            continue
        now = inner["return_sequences"] is True
        changed = inner.having(return_sequences=not now)
        changed = changed if inner is outer else outer.having(layer=changed)
        steps_then = list(network.steps)
        steps_then[number - 1] = replace(step, layer=changed)
        then = replace(network, steps=tuple(steps_then))
        made = _known_outputs(then, Dimensions()).get(Ref(steps[0][0], 0))
        return now if made and len(made) != len(shape) else None
    return None
