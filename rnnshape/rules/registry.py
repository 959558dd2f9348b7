"""Where rules are registered and asked, and what all of them check in the same way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Protocol

from rnnshape.expression import Call, calls_within
from rnnshape.rules.arguments import check
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.inputs import Inputs, called_with, nested
from rnnshape.rules.states import started
from rnnshape.signatures import signature

__all__ = [
    "SEQUENCE",
    "Rule",
    "axes_of_input",
    "axes_of_rank",
    "facts_of",
    "known_length",
    "only_input",
    "output",
    "required_axes",
    "rule",
    "rule_of",
    "weight",
]

SEQUENCE = ("batch", "timesteps", "features")
BY_RANK = {
    1: ("batch",),
    2: ("batch", "features"),
    3: SEQUENCE,
    4: ("batch", "rows", "columns", "channels"),
    5: ("batch", "depth", "rows", "columns", "channels"),
}


class Rule(Protocol):
    """What a layer makes of what it is called with, or a `QueryError`; None where Keras alone can
    tell. A rule that needs no more than the tensors of the first argument takes a sequence."""

    def __call__(self, call: Call, inputs: Inputs, /) -> Facts | None: ...


# The modules of the families, those that most questions have first; each is imported when a rule
# is asked for that none before it has.
FAMILIES = (
    "recurrent", "dense", "wrappers", "elementwise", "reshaping", "merging", "normalization",
    "pooling", "convolution", "attention", "conv_lstm", "indexing", "operations", "rearranging",
)  # fmt: skip

Takes = Callable[[Call], tuple[str, ...]]
_RULES: dict[str, Rule] = {}
_TAKES: dict[str, Takes] = {}


def rule(*names: str, takes: Takes | None = None) -> Callable[[Rule], Rule]:
    """Registers a function as the rule of some layers.

    `takes` names the axes of an input that nobody has described: `(batch, timesteps, features)`
    where it is not given.
    """

    def register(function: Rule) -> Rule:
        for name in names:
            _RULES[name] = function
            if takes is not None:
                _TAKES[name] = takes
        return function

    return register


def facts_of(call: Call, inputs: Sequence[Tensor]) -> Facts | None:
    """What the rule says of a layer that is called with these tensors, or a `QueryError` if Keras
    would refuse it; None where Keras alone can tell.

    Args:
        inputs: all that it is called with, or the tensors of its first argument, as a list.
    """
    function = _rule(call.name)
    if not check(call) or function is None:
        return None
    given = inputs if isinstance(inputs, Inputs) else called_with(call, [tuple(inputs)], {})
    facts = function(call, given)
    state = given.named("initial_state")
    if facts is None or facts.timeline is None or state is None:
        return facts
    return started(call, facts, nested(state), masked=any(one.masked for one in given))


def rule_of(name: str) -> Rule | None:
    """The rule of a layer, its arguments checked first; None where Keras alone can tell."""
    return facts_of if _rule(name) else None


def _rule(name: str) -> Rule | None:
    for family in FAMILIES:
        if name in _RULES:
            break
        import_module(f"rnnshape.rules.{family}")
    return _RULES.get(name)


def axes_of_input(call: Call, rank: int | None = None) -> tuple[str, ...]:
    """The names of the axes of what a layer takes, of a certain rank if there is one."""
    takes = _TAKES.get(call.name) if _rule(call.name) else None
    names = takes(call) if takes else _usual_axes(call.name)
    if rank is None or rank == len(names):
        return names
    has_time = call.name == "TimeDistributed"  # whatever else its layer takes
    return (*names[: 2 * has_time], *axes_of_rank(rank)[2 * has_time :])


def axes_of_rank(rank: int) -> tuple[str, ...]:
    """The names of the axes of a tensor of which only their number is known."""
    return BY_RANK.get(rank, ("batch", *(f"axis {number}" for number in range(1, rank))))


def _usual_axes(name: str) -> tuple[str, ...]:
    return BY_RANK.get({"2D": 4, "3D": 5}.get(name[-2:], 3), SEQUENCE)


def required_axes(
    call: Call, inputs: Sequence[Tensor], *names: str, has_kernel: bool = False, keras: str = ""
) -> tuple[Axis, ...]:
    """The axes of the one tensor that a layer takes, under the names that it knows them by; a
    `QueryError` where there are more tensors, or more or fewer axes.

    `keras` is what Keras says, where it is not what it says at most layers.
    """
    tensor = only_input(call, inputs)
    if len(tensor.axes) != len(names):
        raise _wrong_rank(call, tensor, names, has_kernel=has_kernel, keras=keras)
    return tuple(axis.named(name) for axis, name in zip(tensor.axes, names, strict=True))


def only_input(call: Call, inputs: Sequence[Tensor]) -> Tensor:
    """The one tensor that a layer is called with; a `QueryError` where there are more."""
    if len(inputs) != 1:
        raise call.error(f"{call} takes one tensor, and is called with {len(inputs)}")
    return inputs[0]


def known_length(call: Call, axis: Axis) -> Axis:
    """An axis whose length a layer needs to make its weights; a `QueryError` where Keras does not
    know it."""
    if axis.is_open:
        raise call.error(
            f"{call} needs to know the number of {axis.name}: give it in the Input's shape "
            'in place of None (Keras: "Shapes used to initialize variables must be fully-defined")'
        )
    if axis.believed is not None:
        raise call.error(
            f"{call} is given {axis.length} {axis.name}, and Keras builds it for "
            f"{axis.believed}: it can't run. Give both directions the same units"
        )
    return axis


def output(given: Tensor, meaning: str, axes: tuple[Axis, ...] | None = None) -> Tensor:
    """What a layer returns that passes a mask on: the tensor that it is given, or other axes."""
    shape = given.axes if axes is None else axes
    return Tensor("o", shape, meaning, mask=given.mask)


def weight(
    call: Call,
    name: str,
    axes: tuple[Axis, ...],
    meaning: str,
    before: str = "",
    after: str = "",
    initializer: str = "",
) -> Tensor:
    """A weight of a layer; a `QueryError` where its initializer can't fill one of so many axes.

    `before` and `after` go around its name, where a layer has several of one kind, and
    `initializer` is the argument that has it, where its name is another than the weight's.
    """
    argument = initializer or f"{name.removesuffix('_kernel')}_initializer"
    given = call[argument]
    chosen = given.name if isinstance(given, Call) else given
    word = chosen.removesuffix("Initializer").lower() if isinstance(chosen, str) else ""
    least, most = {"identity": (2, 2), "orthogonal": (2, 99)}.get(word, (0, 99))
    if not least <= len(axes) <= most:
        made = "matrices" if most == 2 else "matrices and larger"
        raise call.error(
            f"{chosen} makes {made} only, and the {name} of {call.name} has {len(axes)} "
            f"{'axis' if len(axes) == 1 else 'axes'} "
            '(Keras: "must be at least two-dimensional", "can only be used for 2D matrices")',
            argument,
        )
    return Tensor(f"{before}{name}{after}", axes, meaning, "weight")


def _wrong_rank(
    call: Call, tensor: Tensor, names: Sequence[str], *, has_kernel: bool, keras: str
) -> Exception:
    """Says what a layer takes and what it is given, and what to do about it."""
    if tensor.source is None:
        given, remedy = f"{tensor.meaning} is {tensor.labels}", "describe another with Input(...)"
    else:
        given = f"{tensor.source} before it returns {tensor.labels}"
        remedy = _remedy(tensor, len(names))
    words = f"expected ndim={len(names)}, found ndim={len(tensor.axes)}"
    if has_kernel:  # Keras checks the least first, and then compares with the kernel
        too_many = len(tensor.axes) > len(names)
        words = (
            "Kernel shape must have the same length"
            if too_many
            else words.replace("ndim", "min_ndim", 1)
        )
    takes = f"({', '.join(names)}{',' if len(names) == 1 else ''})"
    return call.error(f'{call} takes {takes}, but {given}: {remedy} (Keras: "{keras or words}")')


def _remedy(tensor: Tensor, rank: int) -> str:
    assert tensor.source is not None
    flags = [
        layer["return_sequences"]
        for layer in calls_within(tensor.source)
        if "return_sequences" in signature(layer.name).defaults
    ]
    found = len(tensor.axes)
    if found == rank - 1 and flags and not flags[0]:
        return "give it return_sequences=True"
    if found == rank + 1 and flags and flags[0]:
        return "leave out its return_sequences=True"
    if found == 2 and rank == 3:
        return "put RepeatVector(timesteps) between them"
    if rank == 2:
        return "put Flatten() between them"
    return "put a Reshape(...) between them"
