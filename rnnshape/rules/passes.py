"""What a recurrent layer returns, of one pass through the timesteps or of two; and whether what it
is given as `initial_state` fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rnnshape.errors import as_tuple
from rnnshape.expression import Call
from rnnshape.nest import rebuilt
from rnnshape.rules.facts import (
    WHEN_RUN,
    Axis,
    Facts,
    Nested,
    Pass,
    Recurrence,
    Relation,
    Tensor,
    flat,
)

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
) -> Facts:
    """What a layer returns whose passes are these.

    `call` is the layer that says what is returned, `merge_mode` how two passes become one.
    """
    sequences, returns_state = bool(call["return_sequences"]), bool(call["return_state"])
    recurrence = Recurrence(tuple(passes), merge_mode, given.axes[1].length, sequences)
    outputs = tuple(_outputs(given, recurrence))
    bars = [one_pass.bars_cudnn for one_pass in passes]
    states = (state for one_pass in passes for state in one_pass.states)
    two = len(passes) > 1
    # At a masked timestep the output is zero, so that the last one need not be the last state.
    zeroed = given.masked and (sequences if two else bool(call["zero_output_for_mask"]))
    # Where all is masked the states are what they were before, and the output is zero.
    holds = not zeroed and not (given.masked and call["stateful"])
    relations = _relations(outputs, recurrence)
    return Facts(
        returns=(*outputs, *states) if returns_state else outputs,
        weights=tuple(weight for one_pass in passes for weight in one_pass.weights),
        relations=tuple(relations) if returns_state and holds else (),
        notes=tuple(_notes(call, given.axes[0], recurrence, zeroed=zeroed)),
        recurrence=recurrence,
        uses_mask=True,
        cudnn=None if None in bars else not any(bars),
    )


def _outputs(given: Tensor, recurrence: Recurrence) -> Iterator[Tensor]:
    passes, merge_mode, _, sequences = recurrence

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
        *others, last = first.output
        axes = (*others, 2 * last) if merge_mode == "concat" else first.output
        yield output("o", axes, f"{what}, {both}")


def _meaning(direction: str, sequences: bool, one_pass: Pass) -> str:
    words = (direction, "output at every timestep") if sequences else ("last", direction, "output")
    # A second pass is turned round by Keras, so that its outputs stand in the order of the first.
    turned = sequences and one_pass.direction != "backward" and one_pass.starts_last
    return " ".join(filter(None, words)) + (", from the last to the first" if turned else "")


def _relations(outputs: Sequence[Tensor], recurrence: Recurrence) -> Iterator[Relation]:
    """What holds for any input, once the states are returned beside the outputs."""
    passes, merge_mode, _, sequences = recurrence
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


def _notes(call: Call, batch: Axis, recurrence: Recurrence, *, zeroed: bool) -> Iterator[str]:
    (passes, merge_mode, _, sequences), returns_state = recurrence, bool(call["return_state"])
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
    states = (state for one_pass in passes for state in flat(one_pass.states))
    if returns_state and not any(state.name.startswith("c") for state in states):
        each = " in each direction" if len(passes) > 1 else ""
        cells = list(dict.fromkeys(cell for one_pass in passes for cell in one_pass.cells))
        have = f"{' and '.join(cells)} {'has' if len(cells) == 1 else 'have'}"
        yield f"{have} no cell state, so one tensor less than an LSTM{each}"
    if returns_state and len(passes) > 1:
        pairs = list(zip(*(one_pass.states for one_pass in passes), strict=False))
        names = [
            f"concat({first.name}, {second.name})"
            for first, second in pairs
            if isinstance(first, Tensor) and isinstance(second, Tensor)
        ]
        if len(names) == len(pairs):
            yield f"a decoder that takes these states needs 2*{wide}: {', '.join(names)}"
    if zeroed and returns_state:
        yield "a mask may come in: at masked timesteps o is zero, and its last need not be h"
    if returns_state and sequences and merge_mode in ("sum", "mul", "ave"):
        yield "o[:, -1] is no sum of h1 and h2: each stands at its own end of the sequence"


# `initial_state`


def with_initial_state(call: Call, facts: Facts, given: Nested, *, masked: bool = False) -> Facts:
    """The facts of a recurrent layer that starts from states, or a `QueryError` if they do not
    fit.

    Args:
        facts: what the rule says of the layer without them.
        given: the states, nested as `initial_state` nests them.
        masked: whether a mask may come in with what the layer goes through.
    """
    assert facts.recurrence is not None  # no other layer takes states
    passes = facts.recurrence.passes
    listed = given if isinstance(given, tuple) else (given,)
    if len(passes) > 1 and isinstance(given, Tensor):
        raise _unfit(call, passes, listed)
    half = len(listed) // 2  # as Keras has it
    parts = (listed,) if len(passes) == 1 else (listed[:half], listed[half:])
    pairs = [(one_pass.states, part) for one_pass, part in zip(passes, parts, strict=True)]
    # A GRU takes the first of several states and passes over the others.
    takes_more = any(
        isinstance(layer, Call) and layer.name == "GRU" for layer in (call, call["layer"])
    )
    for states, part in pairs:
        counted = part[: len(states)] if takes_more else part
        if len(counted) != len(states) or not all(map(_fits, states, counted)):
            raise _unfit(call, passes, listed)
        for state, other in zip(flat(states), flat(tuple(counted)), strict=False):
            _check_batch(call, state.axes[0], other.axes[0])
    batches = [one.axes[0] for states, part in pairs for one in (*flat(states), *flat(part))]
    wide = next((one for one in batches if one.length != 1), batches[0])  # of a constant of one row
    returns = rebuilt(facts.returns, lambda one: replace(one, axes=(wide, *one.axes[1:])))
    warnings = tuple(_warnings(call, pairs))
    # Where all of a sequence is masked, the states stay what they were, and the output is zero.
    relations = () if masked else facts.relations
    warnings = (*facts.warnings, *warnings)
    return replace(facts, returns=returns, relations=relations, warnings=warnings)


def _check_batch(call: Call, batch: Axis, given: Axis) -> None:
    """Keras builds it all the same, and fails once it runs."""
    is_known = not any(one.is_unknown or one.follows_from - WHEN_RUN for one in (batch, given))
    if is_known and batch.length != given.length and 1 not in (batch.length, given.length):
        raise call.error(
            f"{call} takes a batch of {batch.length}, and as initial_state one of {given.length}"
        )


def _fits(taken: Nested, given: Nested) -> bool:
    if isinstance(taken, Tensor):
        if isinstance(given, tuple):  # of stacked cells, a lone state may stand in a list
            return len(given) == 1 and _fits(taken, given[0])
        return given.shape[1:] == taken.shape[1:]
    return isinstance(given, tuple) and len(given) == len(taken) and all(map(_fits, taken, given))


def _warnings(
    call: Call, pairs: Sequence[tuple[tuple[Nested, ...], tuple[Nested, ...]]]
) -> Iterator[str]:
    """What may surprise: a state that is taken for another one, and states that are not taken."""
    wrong: list[str] = []
    passed_over: list[str] = []
    for states, part in pairs:
        taken, given = list(flat(states)), list(flat(part))
        for state, other in zip(taken, given, strict=False):
            if other.role in ("hidden state", "cell state") and state.role != other.role:
                wrong.append(f"{other.name} as {state.name}")
        passed_over += [state.name for state in given[len(taken) :]]
    if wrong:
        listed = ", ".join(wrong)
        yield f"initial_state gives {call.name} {listed}: of the same shape, Keras takes it so"
    if passed_over:
        yield f"{call.name} passes over {', '.join(passed_over)}"


def _unfit(call: Call, passes: Sequence[Pass], given: Sequence[Nested]) -> Exception:
    taken = [state for one_pass in passes for state in flat(one_pass.states)]
    tensors = list(flat(tuple(given)))
    keras = '(Keras: "list index out of range", "Matrix size-incompatible")'
    wanted = _with_shapes(taken)
    sources = {tensor.source for tensor in tensors}
    if len(sources) == 1 and tensors[0].source is not None:
        gives = f"{tensors[0].source} gives {', '.join(tensor.name for tensor in tensors)}"
        remedy = _joined(call, taken, tensors)
    else:
        gives = f"it is given {_with_shapes(tensors) if tensors else 'none'}"
        remedy = ""
    if not remedy and [tensor.shape[1:] for tensor in tensors] == [
        part.shape[1:] for part in taken
    ]:
        remedy = ": nest them as the cells do"
    return call.error(f"{call} takes {wanted} as initial_state; {gives}{remedy} {keras}")


def _joined(call: Call, taken: Sequence[Tensor], given: Sequence[Tensor]) -> str:
    """The states alone where the output is given, too; those of both directions become those of
    one side by side, in twice the units."""
    states = [tensor for tensor in given if tensor.role in ("hidden state", "cell state")]
    shapes = [[tensor.shape[1:] for tensor in several] for several in (states, taken)]
    if len(states) < len(given) and shapes[0] == shapes[1]:
        names = ", ".join(state.name for state in states)
        return f": give initial_state=[{names}]"
    count = len(taken)
    if len(given) != 2 * count or "units" not in call:
        if len(given) != count or len({state.shape[1:] for state in given}) > 1:
            return ""
        width = given[0].shape[-1]
        if width == taken[0].shape[-1]:  # of other sizes in space
            return f" of {as_tuple(['batch', *map(str, given[0].shape[1:])])}"
        return f" of {width} units: give it as many"
    pairs = [
        f"Concatenate()([{tensor.name}, {other.name}])"
        for tensor, other in zip(given[:count], given[count:], strict=True)
    ]
    wide = given[0].shape[-1] + given[count].shape[-1]
    return f": give {' and '.join(pairs)} to {call.having(units=wide)}"


def _with_shapes(tensors: Sequence[Tensor]) -> str:
    """`h and c of (batch, 64)`"""
    shapes = [as_tuple(["batch", *map(str, tensor.shape[1:])]) for tensor in tensors]
    *others, last = names = [tensor.name for tensor in tensors]
    if len({*shapes}) > 1:
        return ", ".join(map("{} of {}".format, names, shapes))
    listed = f"{', '.join(others)} and {last}" if others else last
    return f"{listed} of {shapes[0]}"
