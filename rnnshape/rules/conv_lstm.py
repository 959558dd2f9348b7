"""`ConvLSTM1D`, `2D` and `3D`: an LSTM whose products are convolutions over space."""

from __future__ import annotations

from rnnshape.expression import Call
from rnnshape.rules.arguments import whole_number
from rnnshape.rules.facts import Axis, Facts, Pass, Tensor
from rnnshape.rules.passes import facts_of_passes
from rnnshape.rules.recurrent import check_batch, check_mask, gated_weights, states_of
from rnnshape.rules.registry import axes_of_rank, known_length, required_axes, rule
from rnnshape.rules.space import arranged, channels_and_space, kernel_axes, slid, space_rank


def _takes(call: Call) -> tuple[str, ...]:
    rank = space_rank(call)
    space = axes_of_rank(rank + 2)[1:-1] if rank > 1 else ("rows",)
    return ("batch", "timesteps", *arranged(call, space, "channels"))


@rule("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", takes=_takes)
def conv_lstm(call: Call, given: Tensor) -> Facts:
    batch, _, *others = required_axes(call, given, *_takes(call))
    channels, space = channels_and_space(call, others)
    known_length(call, channels)
    for axis in space:
        known_length(call, axis, "only support static input shapes for the spatial dimension")
    check_batch(call, batch)
    filters = Axis("filters", whole_number(call, "filters"))
    kernel = kernel_axes(call, space)
    axes = (batch, *arranged(call, slid(call, space, "kernel_size"), filters))
    states = states_of(call, "LSTM", axes)
    check_mask(call, given, states)
    weights = gated_weights(call, "LSTM", (*kernel, channels), (*kernel, filters))
    one_pass = Pass(("ConvLSTM",), bool(call["go_backwards"]), axes, states, tuple(weights))
    return facts_of_passes(call, given, [one_pass])
