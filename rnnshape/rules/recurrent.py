"""The recurrent layers: `LSTM`, `GRU`, `SimpleRNN`, `RNN` with any of Keras' cells, and
`ConvLSTM1D`, `2D` and `3D`, whose products are convolutions over space.

Each goes through the timesteps in one direction, a `Pass`; what a layer of one pass or, in
`Bidirectional`, of two returns is put together in `passes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rnnshape.expression import Call, Value, printed
from rnnshape.rules.arguments import whole_number
from rnnshape.rules.facts import Axis, Facts, Nested, Pass, Role, Tensor, flat, shapes_said
from rnnshape.rules.inputs import Given, Inputs, tensors_in
from rnnshape.rules.passes import facts_of_passes
from rnnshape.rules.registry import (
    SEQUENCE,
    axes_of_rank,
    known_length,
    required_axes,
    rule,
    rule_of_inputs,
    weight,
)
from rnnshape.rules.windows import arranged, channels_and_space, kernel_axes, slid, space_rank

GATES = {  # in the order of the kernel's columns
    "LSTM": ("input", "forget", "cell", "output"),
    "GRU": ("update", "reset", "hidden"),
    "SimpleRNN": ("hidden",),
}

# What Keras needs for cuDNN's kernels.
CUDNN: dict[str, tuple[Value, ...]] = {
    "activation": ("tanh",),
    "recurrent_activation": ("sigmoid",),
    "use_bias": (True,),
    "recurrent_dropout": (0.0,),
    "unroll": (False,),
    "use_cudnn": ("auto", True),
}
CUDNN_BY_LAYER = {"LSTM": CUDNN, "GRU": CUDNN | {"reset_after": (True,)}}


@rule("LSTM", "GRU", "SimpleRNN")
def recurrent(call: Call, given: Tensor) -> Facts:
    one_pass = _pass_of_cells(call, (call,), given, stacked=False)
    if call.name in CUDNN_BY_LAYER:
        needed = CUDNN_BY_LAYER[call.name]
        bars = tuple(  # what is not given is as it must be
            f"{name}={printed(value)}"
            for name, value in call.arguments
            if name in needed and value not in needed[name]
        )
        if bars or needed.keys().isdisjoint(dict(call.left_open)):
            one_pass = one_pass._replace(bars_cudnn=bars)
    return facts_of_passes(call, given, [one_pass])


@rule("RNN")
def recurrent_of_cells(call: Call, given: Tensor) -> Facts:
    cell = call["cell"]
    if isinstance(cell, Call) and cell.name == "StackedRNNCells":
        if not isinstance(cell["cells"], tuple):
            raise cell.error("StackedRNNCells takes a list of cells", "cells")
        cell = cell["cells"]
    stacked = isinstance(cell, tuple)
    cells = cell if isinstance(cell, tuple) else (cell,)
    if not cells:
        raise call.error('RNN needs a cell at least (Keras: "index out of range")', "cell")
    known = tuple(_known_cell(call, cell) for cell in cells)
    if stacked and len(known) == 1:
        _check_lone_cell(call, known[0], given)
    one_pass = _pass_of_cells(call, known, given, stacked=stacked)
    if not stacked and known[0].name.removesuffix("Cell") in CUDNN_BY_LAYER:
        one_pass = one_pass._replace(bars_cudnn=("RNN of a cell",))
    return facts_of_passes(call, given, [one_pass])


def _known_cell(call: Call, cell: Value) -> Call:
    name = cell.name if isinstance(cell, Call) else ""
    if not isinstance(cell, Call) or name.removesuffix("Cell") not in GATES:
        raise call.error(
            f"RNN takes LSTMCell, GRUCell or SimpleRNNCell, not {cell} "
            '(Keras: "should have a `state_size` attribute")',
            "cell",
        )
    if not name.endswith("Cell"):
        raise cell.error(f"RNN takes cells, not layers: {name}Cell in place of {name}")
    return cell


def _check_lone_cell(call: Call, cell: Call, given: Tensor) -> None:
    """Keras takes the states of a list of one cell out of their list, and then looks for it."""
    timesteps = given.shape[1] if len(given.shape) > 1 else 0
    where = ""
    if given.masked and not call["unroll"]:
        where, keras = " where a mask comes in", "don't have the same nested structure"
    elif call["unroll"] and not given.masked and cell.name == "LSTMCell" and timesteps > 1:
        where, keras = " with unroll=True", "list index out of range"
    if where:
        raise call.error(
            f"RNN can't run a list of one cell{where}: give it the cell itself, RNN({cell}) "
            f'(Keras: "{keras}")',
            "cell",
        )


def _pass_of_cells(call: Call, cells: Sequence[Call], given: Tensor, *, stacked: bool) -> Pass:
    """Cells on top of each other: each takes what the one below returns for the same timestep."""
    batch, _, features = required_axes(call, given, *SEQUENCE)
    known_length(call, features)
    _check_batch(call, batch)
    states: list[tuple[Tensor, ...]] = []
    weights: list[Tensor] = []
    for number, cell in enumerate(cells, start=1):
        kind = cell.name.removesuffix("Cell")
        place = number if stacked else None
        units = Axis("units", whole_number(cell, "units"))
        states.append(_states_of(call, kind, (batch, units), place))
        own = _weights_of_cell(cell, kind, features, units)
        weights += (replace(part, name=f"{part.name}_{place}") if place else part for part in own)
        features = units.named("features")
    _check_mask(call, given, states)
    return Pass(
        cells=tuple(cell.name.removesuffix("Cell") for cell in cells),
        starts_last=bool(call["go_backwards"]),
        output=states[-1][0].axes,
        # Of stacked cells each has its states in a list, unless it has only one.
        states=tuple(own[0] if len(own) == 1 else own for own in states) if stacked else states[0],
        weights=tuple(weights),
    )


def _weights_of_cell(cell: Call, kind: str, features: Axis, units: Axis) -> Iterator[Tensor]:
    # Keras' GRU resets after the product, so that either product has its bias.
    two = (Axis("2", 2),) if kind == "GRU" and cell["reset_after"] else ()
    return _gated_weights(cell, kind, (features,), (units,), two)


@rule_of_inputs("LSTMCell", "GRUCell", "SimpleRNNCell", takes=lambda call: ("batch", "features"))
def cell_alone(call: Call, inputs: Inputs) -> Facts | None:
    """One timestep: the output, and the states after it, in a list where they are given in one."""
    given = inputs.named("states")
    if not tensors_in(given):
        return None
    batch, features = required_axes(call, inputs[0], "batch", "features")
    kind, units = call.name.removesuffix("Cell"), Axis("units", whole_number(call, "units"))
    batches = (state.axes[0] for state in tensors_in(given) if state.axes)
    batch = next((one for one in (batch, *batches) if one.length != 1), batch)
    states = _states_of(call, kind, (batch, units))
    _check_states(call, units, len(states), given)
    after = tuple(replace(state, meaning=f"{state.role} after this timestep") for state in states)
    output = Tensor("o", (batch, units), "output of this timestep")
    returned = (output, after if isinstance(given, tuple) else after[0])
    return Facts(returned, tuple(_weights_of_cell(call, kind, features, units)))


def _check_states(call: Call, units: Axis, many: int, given: Given) -> None:
    """A cell passes over what is given beyond its states, and repeats a carry of 1."""
    parts = given if isinstance(given, tuple) else (given,) * many
    tensors = tensors_in(parts[:many])
    widths = [tensor.axes[-1] for tensor in tensors if tensor.has_rank]
    are_others = [
        axis.is_said and axis.length not in (units.length, *[1] * (place > 0))
        for place, axis in enumerate(widths)
    ]
    if 0 < len(parts) < many or any(are_others):
        shapes = ", ".join(shapes_said(*(tensor.axes for tensor in tensors)))
        raise call.error(
            f"{call} takes {many} state{'s' * (many > 1)} of {units.length} units, not {shapes} "
            '(Keras: "encountered when calling")'
        )


def _takes_frames(call: Call) -> tuple[str, ...]:
    rank = space_rank(call)
    space = axes_of_rank(rank + 2)[1:-1] if rank > 1 else ("rows",)
    return ("batch", "timesteps", *arranged(call, space, "channels"))


@rule("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", takes=_takes_frames)
def conv_lstm(call: Call, given: Tensor) -> Facts:
    batch, _, *others = required_axes(call, given, *_takes_frames(call))
    channels, space = channels_and_space(call, others)
    known_length(call, channels)
    for axis in space:
        known_length(call, axis, "only support static input shapes for the spatial dimension")
    _check_batch(call, batch)
    filters = Axis("filters", whole_number(call, "filters"))
    kernel = kernel_axes(call, space)
    axes = (batch, *arranged(call, slid(call, space, "kernel_size"), filters))
    states = _states_of(call, "LSTM", axes)
    _check_mask(call, given, states)
    weights = _gated_weights(call, "LSTM", (*kernel, channels), (*kernel, filters))
    one_pass = Pass(("ConvLSTM",), bool(call["go_backwards"]), axes, states, tuple(weights))
    return facts_of_passes(call, given, [one_pass])


def _states_of(
    call: Call, kind: str, axes: tuple[Axis, ...], place: int | None = None
) -> tuple[Tensor, ...]:
    """What a cell carries along, as it is at the end; of several, `place` is the cell's number."""
    after, of_cell = (f"_{place}", f" of cell {place}") if place else ("", "")
    end = f"after the {'first' if call['go_backwards'] else 'last'} timestep"
    roles: tuple[Role, ...] = (
        ("hidden state", "cell state") if kind == "LSTM" else ("hidden state",)
    )
    return tuple(
        Tensor(f"{role[0]}{after}", axes, f"{role}{of_cell} {end}", role) for role in roles
    )


def _gated_weights(
    cell: Call,
    kind: str,
    taken: tuple[Axis, ...],
    kept: tuple[Axis, ...],
    biases: tuple[Axis, ...] = (),
) -> Iterator[Tensor]:
    """The weights of a cell whose gates stand side by side.

    `taken` are the kernel's axes but its last one, `kept` the recurrent kernel's. The last of
    `kept` is what each gate has of its own. `biases` stand before the axis of the bias.
    """
    gates = GATES[kind]
    wide = len(gates) * kept[-1]
    columns = f", columns for {', '.join(gates)}" if len(gates) > 1 else ""
    yield weight(cell, "kernel", (*taken, wide), f"times the input{columns}")
    yield weight(cell, "recurrent_kernel", (*kept, wide), "times the hidden state before")
    if cell["use_bias"]:
        if kind == "LSTM" and cell["unit_forget_bias"] and cell["bias_initializer"] is None:
            raise cell.error(
                f"{cell.name} needs a bias_initializer, or unit_forget_bias=False "
                "(Keras: \"'NoneType' object is not callable\")",
                "bias_initializer",
            )
        two = "one for the kernel, one for the recurrent kernel, because reset_after=True"
        added = two if biases else "added to their sum"
        yield weight(cell, "bias", (*biases, wide), added)


def _check_batch(call: Call, batch: Axis) -> None:
    if call["stateful"] and batch.is_open:
        raise call.error(
            f"{call} keeps its states from batch to batch, and so needs a fixed batch size: "
            'give the Input a batch_size (Keras: "the batch size must be static")',
            "stateful",
        )


def _check_mask(call: Call, given: Tensor, states: Sequence[Nested]) -> None:
    """A mask says of each timestep whether it is skipped; what more axes it has must fit each
    state's."""
    if given.mask is None:
        return
    more = given.mask[2:]
    shown = ", ".join(axis.label for axis in given.mask)
    for state in flat(tuple(states)):
        pairs = zip(more, state.axes[1:], strict=False)
        fits = all(
            axis.length == 1 or (axis.length == kept.length and not call["unroll"])
            for axis, kept in pairs
        )
        if not fits or len(given.mask) < 2 or len(given.mask) > len(state.axes) + 1:
            raise call.error(
                f"{call} takes a mask of (batch, timesteps), but the one that comes in is "
                f'({shown}) (Keras: "must be broadcastable")'
            )
    steps, masked = given.axes[1].length, given.mask[1].length
    if masked < steps:
        raise call.error(
            f"{call} goes through {steps} timesteps, but the mask that comes in has {masked} "
            '(Keras: "list index out of range", "Graph execution error")'
        )
