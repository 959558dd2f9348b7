"""What a recurrent layer returns, of one pass through the timesteps or of two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rnnshape.expression import Call
from rnnshape.rules.facts import Axis, Facts, Nested, Pass, Relation, Tensor, Timeline, flat

MERGES = {  # how two outputs become one, in a word and as it is computed
    "concat": ("concatenated", "concat({}, {})"),
    "sum": ("summed", "{} + {}"),
    "mul": ("multiplied", "{} * {}"),
    "ave": ("averaged", "({} + {}) / 2"),
}


def facts_of_passes(
    call: Call,
    given: Tensor,
    passes: Sequence[Pass],
    merge_mode: str | None = None,
    states: tuple[Nested, ...] | None = None,
) -> Facts:
    """What a layer returns whose passes are these.

    `call` is the layer that says what is returned, `merge_mode` how two passes become one, and
    `states` are those that are returned, where they are not simply those of each pass.
    """
    sequences, returns_state = bool(call["return_sequences"]), bool(call["return_state"])
    timeline = Timeline(tuple(passes), merge_mode, given.axes[1].length, sequences)
    outputs = tuple(_outputs(given, timeline))
    bars = [one_pass.bars_cudnn for one_pass in passes]
    if states is None:
        states = tuple(state for one_pass in passes for state in one_pass.states)
    two = len(passes) > 1
    # At a masked timestep the output is zero, so that the last one need not be the last state.
    zeroed = given.masked and (sequences if two else bool(call["zero_output_for_mask"]))
    # Where all is masked the states are what they were before, and the output is zero.
    holds = not zeroed and not (given.masked and call["stateful"])
    relations = _relations(outputs, timeline)
    return Facts(
        returns=(*outputs, *states) if returns_state else outputs,
        weights=tuple(weight for one_pass in passes for weight in one_pass.weights),
        relations=tuple(relations) if returns_state and holds else (),
        notes=tuple(_notes(call, given.axes[0], timeline, zeroed=zeroed)),
        timeline=timeline,
        uses_mask=True,
        cudnn=None if None in bars else not any(bars),
    )


def _outputs(given: Tensor, timeline: Timeline) -> Iterator[Tensor]:
    passes, merge_mode, _, sequences = timeline

    def output(name: str, axes: tuple[Axis, ...], meaning: str) -> Tensor:
        batch, *others = axes
        timesteps = given.axes[1].named("timesteps")
        shape = (batch, timesteps, *others) if sequences else axes
        return Tensor(name, shape, meaning, mask=given.mask if sequences else None)

    if merge_mode is None:
        for number, one_pass in enumerate(passes, start=1):
            name = "o" if len(passes) == 1 else f"o{number}"
            what = _meaning(one_pass.direction, sequences, one_pass)
            meaning = what if sequences else f"{what}, {one_pass.end}"
            yield output(name, one_pass.output, meaning)
    else:
        first, second = passes
        both = f"{first.direction} and {second.direction} {MERGES[merge_mode][0]}"
        what = _meaning("", sequences, first)
        yield output("o", _merged_axes(first, second, merge_mode), f"{what}, {both}")


def _meaning(direction: str, sequences: bool, one_pass: Pass) -> str:
    words = (direction, "output at every timestep") if sequences else ("last", direction, "output")
    # A second pass is turned round by Keras, so that its outputs stand in the order of the first.
    turned = sequences and one_pass.direction != "backward" and one_pass.starts_last
    return " ".join(filter(None, words)) + (", from the last to the first" if turned else "")


def _merged_axes(first: Pass, second: Pass, merge_mode: str) -> tuple[Axis, ...]:
    """Keras believes that the second pass is as wide as the first, whatever it is."""
    if merge_mode != "concat":
        return tuple(
            replace(axis, length=other.length, static_length=axis.length)  # it is repeated
            if axis.length < other.length
            else axis
            for axis, other in zip(first.output, second.output, strict=True)
        )
    *others, axis = first.output
    other = second.output[-1]
    if axis.length == other.length:
        return (*others, 2 * axis)
    name = f"{axis.label} + backward {other.label}"
    return (*others, Axis(name, axis.length + other.length, static_length=2 * axis.length))


def _relations(outputs: Sequence[Tensor], timeline: Timeline) -> Iterator[Relation]:
    """What holds for any input, once the states are returned beside the outputs."""
    passes, merge_mode, _, sequences = timeline
    # The second pass reads the sequence from the other end; its outputs are turned round.
    ends = ("-1", "0")
    if merge_mode is None:
        for output, one_pass, end in zip(outputs, passes, ends, strict=False):
            yield Relation(
                f"{output.name}[:, {end}]" if sequences else output.name, one_pass.hidden.name
            )
    elif not sequences:
        names = (one_pass.hidden.name for one_pass in passes)
        yield Relation(outputs[0].name, MERGES[merge_mode][1].format(*names))
    elif merge_mode == "concat":
        for one_pass, end, half in zip(passes, ends, (":U", "U:"), strict=True):
            skipped = ", ..." if len(one_pass.output) > 2 else ""
            index = f"[:, {end}{skipped}, {half}]"
            yield Relation(f"{outputs[0].name}{index}", one_pass.hidden.name)


def _notes(call: Call, batch: Axis, timeline: Timeline, *, zeroed: bool) -> Iterator[str]:
    (passes, merge_mode, _, sequences), returns_state = timeline, bool(call["return_state"])
    if call["stateful"]:
        yield (
            "stateful=True: sample i of a batch goes on from the states of sample i of the one "
            f"before, so all have as many, here {batch.length}; layer.reset_state() starts anew"
        )
    bars = dict.fromkeys(bar for one_pass in passes for bar in one_pass.bars_cudnn or ())
    if bars:
        yield f"{', '.join(bars)}: this layer can't use the fast cuDNN kernel"
    wide = passes[0].output[-1].name
    if merge_mode in ("sum", "mul", "ave"):
        yield f"merge_mode={merge_mode!r} leaves {wide}, not 2*{wide}"
    if len(passes) == 1 and passes[0].starts_last:
        yield (
            "go_backwards=True: o runs from the last timestep to the first"
            if sequences
            else "go_backwards=True: o is the output after the first timestep"
        )
    letters = {tensor.name[0] for one_pass in passes for tensor in flat(one_pass.states)}
    if returns_state and "c" not in letters:
        each = " in each direction" if len(passes) > 1 else ""
        cells = list(dict.fromkeys(cell for one_pass in passes for cell in one_pass.cells))
        have = f"{' and '.join(cells)} {'has' if len(cells) == 1 else 'have'}"
        yield f"{have} no cell state, so one tensor less than an LSTM{each}"
    if returns_state and len(passes) > 1:
        pairs = list(zip(*(one_pass.states for one_pass in passes), strict=False))
        names = [
            f"concat({first.name}, {second.name})"
            for first, second in pairs
            if isinstance(first, Tensor)
            and isinstance(second, Tensor)
            and first.shape == second.shape
        ]
        if len(names) == len(pairs):
            yield f"a decoder that takes these states needs 2*{wide}: {', '.join(names)}"
    if zeroed and returns_state:
        yield "a mask may come in: at masked timesteps o is zero, and its last need not be h"
    if returns_state and sequences and merge_mode in ("sum", "mul", "ave"):
        yield "o[:, -1] is no sum of h1 and h2: each stands at its own end of the sequence"
