"""`initial_state`: whether the states that are given fit the layer that takes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rnnshape.expression import Call
from rnnshape.rules.facts import Facts, Nested, Pass, Tensor, flat


def with_initial_state(call: Call, facts: Facts, given: Nested, *, masked: bool = False) -> Facts:
    """The facts of a recurrent layer that starts from states, or a `QueryError` if they do not
    fit.

    Args:
        facts: what the rule says of the layer without them.
        given: the states, nested as `initial_state` nests them.
        masked: whether a mask may come in with what the layer goes through.
    """
    assert facts.timeline is not None  # no other layer takes states
    passes = facts.timeline.passes
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
    warnings = tuple(_warnings(call, pairs))
    # Where all of a sequence is masked, the states stay what they were, and the output is zero.
    relations = () if masked else facts.relations
    return replace(facts, warnings=(*facts.warnings, *warnings), relations=relations)


def _fits(taken: Nested, given: Nested) -> bool:
    if isinstance(taken, Tensor):
        if isinstance(given, tuple):  # of stacked cells, a lone state may stand in a list
            return len(given) == 1 and _fits(taken, given[0])
        return given.shape[1:] == taken.shape[1:] and given.axes[-1].static_length is None
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
        gives = f"it is given {_with_shapes(tensors) or 'none'}"
        remedy = ""
    if not remedy and [tensor.shape[1:] for tensor in tensors] == [
        part.shape[1:] for part in taken
    ]:
        remedy = ": nest them as the cells do"
    return call.error(f"{call} takes {wanted} as initial_state; {gives}{remedy} {keras}")


def _joined(call: Call, taken: Sequence[Tensor], given: Sequence[Tensor]) -> str:
    """How the states of both directions become those of one: side by side, in twice the units."""
    count = len(taken)
    if len(given) != 2 * count or "units" not in call or "layer" in call:
        widths = {state.shape[-1] for state in given}
        alike = len(given) == count and len(widths) == 1
        return f" of {widths.pop()} units: give it as many" if alike else ""
    pairs = [
        f"Concatenate()([{tensor.name}, {other.name}])"
        for tensor, other in zip(given[:count], given[count:], strict=True)
    ]
    wide = given[0].shape[-1] + given[count].shape[-1]
    return f": give {' and '.join(pairs)} to {call.having(units=wide)}"


def _with_shapes(tensors: Sequence[Tensor]) -> str:
    """`h and c of (batch, 64)`"""
    shapes = {tensor.shape[1:] for tensor in tensors}
    names = [tensor.name for tensor in tensors]
    if len(shapes) != 1:
        return ", ".join(f"{tensor.name} of {_shape(tensor)}" for tensor in tensors)
    *others, last = names
    listed = f"{', '.join(others)} and {last}" if others else last
    return f"{listed} of {_shape(tensors[0])}"


def _shape(tensor: Tensor) -> str:
    return f"({', '.join(['batch', *map(str, tensor.shape[1:])])})"
