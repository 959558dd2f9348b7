"""Where rules are registered and asked, and what all of them check in the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from typing import TypeAlias

from rnnshape.errors import QueryError, as_tuple
from rnnshape.expression import Call, Unknown, calls_within
from rnnshape.nest import rebuilt
from rnnshape.rules.arguments import REARRANGING, check
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.inputs import OF_A_LIST, Inputs, called_with, nested, tensors_in
from rnnshape.rules.kinds import FLOATS, kind_of
from rnnshape.rules.passes import with_initial_state
from rnnshape.signatures import is_operation, is_recurrent, signature

EACH_TIMESTEP = "what each timestep holds"  # the meaning of a tensor inside TimeDistributed
SEQUENCE = ("batch", "timesteps", "features")
BY_RANK = {
    2: ("batch", "features"),
    3: SEQUENCE,
    4: ("batch", "rows", "columns", "channels"),
    5: ("batch", "depth", "rows", "columns", "channels"),
}


# What a layer makes of what it is called with, or a `QueryError`; None where Keras alone can tell.
Rule: TypeAlias = "Callable[[Call, Inputs], Facts | None]"
RuleOfOne: TypeAlias = "Callable[[Call, Tensor], Facts | None]"

AROUND = ("Bidirectional", "TimeDistributed", "SpectralNormalization", "RNN", "Sequential")
MAKE_LAYERS = ("MultiHeadAttention", "GroupQueryAttention")
MAKE_MASKS = ("Embedding", "Masking")
# Those that hand a list of tensors on as a list, those that do so where it is of one, and those of
# which Keras makes a model with several, and can't train it.
HAND_ON_LISTS = ("ActivityRegularization", "Identity")
HAND_ON_SINGLE = (
    "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout",
    "GaussianDropout", "GaussianNoise",
)  # fmt: skip
LOSE_LISTS = (
    *HAND_ON_SINGLE, "Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "Rescaling",
    "UnitNormalization",
)  # fmt: skip
# Those that hand numbers on as they are, in another shape or order.
HAND_ON_NUMBERS = {
    *REARRANGING, "Identity", "Concatenate", "Masking", "Cropping1D", "UpSampling1D", "reshape",
    "transpose", "swapaxes", "moveaxis", "ravel", "get_item", "squeeze", "expand_dims",
    "concatenate", "stack", "split", "unstack", "flip", "roll", "repeat", "tile", "broadcast_to",
    "cast", "copy",
}  # fmt: skip
# The least and the most axes that weights may have which these fill.
AXES_OF_INITIALIZERS = {"identity": (2, 2), "orthogonal": (2, 99)}

# The modules of the families, those that most questions have first; each is imported when a rule
# is asked for that none before it has.
MODULES = (
    "recurrent", "dense", "wrappers", "elementwise", "rearranging", "merging", "windows",
    "attention", "indexing", "operations",
)  # fmt: skip

Takes = Callable[[Call], tuple[str, ...]]
_RULES: dict[str, Rule] = {}
_TAKES: dict[str, Takes] = {}


def rule(*names: str, takes: Takes | None = None) -> Callable[[RuleOfOne], RuleOfOne]:
    """Registers a function as the rule of layers, or operations, that take one tensor.

    `takes` names the axes of an input that nobody has described: `(batch, timesteps, features)`
    where it is not given.
    """

    def register(function: RuleOfOne) -> RuleOfOne:
        rule_of_inputs(*names, takes=takes)(
            lambda call, inputs: function(call, only_input(call, inputs))
        )
        return function

    return register


def rule_of_inputs(*names: str, takes: Takes | None = None) -> Callable[[Rule], Rule]:
    """The same of those that take several tensors, or tensors by name."""

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
    if not isinstance(inputs, Inputs):
        inputs = called_with(call, [inputs[0] if len(inputs) == 1 else tuple(inputs)], {})
    facts = function(call, inputs)
    if facts is None:
        return None
    first = next(iter(inputs.arguments.values()), None)
    if isinstance(first, tuple) and len(first) == 1:
        _check_no_list(call)
    state = inputs.named("initial_state")
    if state is not None:
        facts = with_initial_state(
            call, facts, nested(state), masked=any(tensor.masked for tensor in inputs)
        )
    masked = [tensor for tensor in tensors_in(tuple(inputs.arguments.values())) if tensor.masked]
    if masked:
        facts = _with_masks(call, inputs, facts, masked)
    return facts


def makes_layers(name: str) -> bool:
    """Whether Keras makes layers in a layer that are not told whether it is trained."""
    return name in MAKE_LAYERS or name.startswith("ConvLSTM")


def _is_frozen(call: Call) -> bool:
    """Whether training leaves a layer's weights as they are: `trainable=False` reaches the layers
    that Keras makes inside where it is set later, and not where it is written as the layer is made;
    those that it is given say it themselves."""
    is_said = makes_layers(call.name) and "trainable" in call.places
    return call["trainable"] is False and not (is_said or call.name in AROUND)


def _check_no_list(call: Call) -> None:
    """A `QueryError` where a layer that takes a tensor is called with a list of one, such as a
    model of `outputs=[y]` returns."""
    takes_lists = call.name in (*OF_A_LIST, *HAND_ON_LISTS, *HAND_ON_SINGLE)
    if not (takes_lists or is_operation(call.name)):
        raise call.error(
            f"{call} takes a tensor, and is called with a list of one: a model whose outputs are "
            "[y] returns [y]; make it of y, or take [0] of what it returns"
        )


def _with_masks(call: Call, given: Inputs, facts: Facts, masked: Sequence[Tensor]) -> Facts:
    """The facts with which masks are on the tensors when the model runs. Keras hands them to an
    argument `mask` itself, where the layer is called with one tensor and nothing else."""
    called = tuple(part for name, part in given.arguments.items() if name != "mask")
    is_alone = len(tensors_in(called)) == 1 and "mask" in signature(call.name).tensors
    known = is_alone or call.name in MAKE_MASKS
    # Attention hands on the query's, Concatenate those of any, and what else merges of all or none.
    runs = any if call.name == "Concatenate" else all
    passed = [tensor for tensor in given if tensor.masked][:1] if facts.uses_mask else masked
    if not known and passed and not runs(tensor.mask_runs for tensor in passed):
        gone = rebuilt(facts.returns, lambda tensor: replace(tensor, mask_runs=False))
        facts = replace(facts, returns=gone)
    return replace(facts, mask_arrives=known or any(tensor.mask_runs for tensor in masked))


def has_rule(name: str) -> bool:
    """Whether there is a rule for a layer; where there is none, Keras alone can tell."""
    return _rule(name) is not None


def _rule(name: str) -> Rule | None:
    for family in MODULES:
        if name in _RULES:
            break
        import_module(f"rnnshape.rules.{family}")
    return _RULES.get(name)


def axes_of_input(call: Call, rank: int | None = None) -> tuple[str, ...]:
    """The names of the axes of what a layer takes, of a certain rank if there is one."""
    takes = _TAKES.get(call.name) if _rule(call.name) else None
    is_known = not isinstance(dict(call.arguments).get("layer"), Unknown)
    names = takes(call) if takes and is_known else SEQUENCE
    if rank is None or rank == len(names):
        return names
    has_time = call.name == "TimeDistributed"  # whatever else its layer takes
    return (*names[: 2 * has_time], *axes_of_rank(rank)[2 * has_time :])[:rank]


def names_axes(call: Call) -> bool:
    """Whether a layer has names of its own for the axes that it takes, and so says how many."""
    return has_rule(call.name) and call.name in _TAKES


def may_take_any(call: Call) -> bool:
    """Whether a layer may return the very axes that it takes, however many: Keras alone can tell
    of one that has no rule."""
    given = Tensor("x", tuple(Axis(name, 8) for name in BY_RANK[4]))
    with suppress(QueryError):
        facts = facts_of(call, [given])
        return facts is None or [output.axes for output in facts.outputs] == [given.axes]
    return False


def axes_of_rank(rank: int) -> tuple[str, ...]:
    """The names of the axes of a tensor of which only their number is known."""
    return BY_RANK.get(rank, ("batch", *(f"axis {number}" for number in range(1, rank))))


def required_axes(call: Call, given: Tensor, *names: str, keras: str = "") -> tuple[Axis, ...]:
    """The axes of a tensor that a layer takes, under the names that it knows them by; a
    `QueryError` where there are more or fewer.

    `keras` is what Keras says, where it is not what it says at most layers.
    """
    if len(given.axes) != len(names):
        raise wrong_rank(call, given, names, keras)
    return tuple(axis.named(name) for axis, name in zip(given.axes, names, strict=True))


def only_input(call: Call, inputs: Inputs) -> Tensor:
    """The one tensor that a layer is called with; a `QueryError` where there are more."""
    if len(inputs) != 1:
        raise call.error(f"{call} takes one tensor, and is called with {len(inputs)}")
    return inputs.tensors[0]


def known_length(
    call: Call,
    axis: Axis,
    keras: str = "Shapes used to initialize variables must be fully-defined",
) -> Axis:
    """An axis whose length a layer needs to make its weights; a `QueryError` where Keras does not
    know it."""
    if axis.is_open:
        raise call.error(
            f"{call} needs to know the number of {axis.name}: give it in place of None in the "
            f'Input\'s shape, or of -1 or None in a reshape (Keras: "{keras}")'
        )
    return axis


def made(
    meaning: str,
    axes: Iterable[Axis],
    weights: Iterable[Tensor] = (),
    mask: tuple[Axis, ...] | None = None,
) -> Facts:
    """What is known of a layer, or an operation, that returns one tensor."""
    return Facts((Tensor("o", tuple(axes), meaning, mask=mask),), tuple(weights))


def weight(
    call: Call,
    name: str,
    axes: tuple[Axis, ...],
    meaning: str,
    initializer: str = "",
    *,
    trained: bool = True,
) -> Tensor:
    """A weight of a layer; a `QueryError` where its initializer can't fill one of so many axes.

    `initializer` is the argument that has it, where its name is another than the weight's, and
    `trained` says whether training changes it, unless the layer is frozen.
    """
    argument = initializer or f"{name.removesuffix('_kernel')}_initializer"
    given = dict(call.arguments)
    value = call[argument]
    chosen = value.name if isinstance(value, Call) else value
    word = chosen.removesuffix("Initializer").lower() if isinstance(chosen, str) else ""
    least, most = AXES_OF_INITIALIZERS.get(word, (0, 99))
    if not least <= len(axes) <= most:
        filled = "matrices" if most == 2 else "matrices and larger"
        raise call.error(
            f"{chosen} makes {filled} only, and the {name} of {call.name} has {len(axes)} "
            f"{'axis' if len(axes) == 1 else 'axes'} "
            '(Keras: "must be at least two-dimensional", "can only be used for 2D matrices")',
            argument,
        )
    if word == "orthogonal" and given.get("dtype") == "bfloat16":
        raise call.error(
            f"{chosen} makes no numbers of bfloat16: give another {argument}, or the dtype "
            'mixed_bfloat16 (Keras: "is not in the list of allowed values")',
            "dtype",
        )
    return Tensor(
        name,
        axes,
        meaning,
        "weight",
        is_trained=trained and not _is_frozen(call),
        itemsize=0 if "dtype" in dict(call.left_open) else FLOATS.get(str(given.get("dtype")), 4),
    )


def wrong_rank(call: Call, tensor: Tensor, names: Sequence[str], keras: str) -> Exception:
    """Says what a layer takes and what it is given, and what to do about it."""
    if tensor.source is None:
        given = f"{tensor.meaning} is {tensor.labels}"
        remedy, code = _other_input(call, tensor, names)
    else:
        given = f"{tensor.source} before it returns {tensor.labels}"
        remedy, code = _remedy(tensor, len(names))
    codes = [code] if code else []
    is_too_small = tensor.source is None and len(tensor.axes) < len(names)
    more = len(tensor.axes) - len(names)
    alike = _of_other_rank(call, more)
    may_be_frames = tensor.source is None and len(tensor.axes) == AXES_OF_FRAMES
    is_over_time = "timesteps" in tensor.labels or may_be_frames
    if alike and more == 1 and is_over_time and "timesteps" not in names:
        alike = f"TimeDistributed({call})"
    if alike and codes and may_be_frames:
        remedy = remedy.replace("write", f"write {alike}, or", 1)
        codes.insert(0, alike)
    elif alike and not is_too_small:
        remedy = f"{remedy}, or {alike}" if codes else f"write {alike}"
        codes.append(alike)
    words = keras or f"expected ndim={len(names)}, found ndim={len(tensor.axes)}"
    # Inside TimeDistributed Keras does not look at ranks, and stumbles somewhere.
    said = "" if tensor.meaning == EACH_TIMESTEP else f' (Keras: "{words}")'
    message = f"{call} takes {as_tuple(names)}, but {given}: {remedy}{said}"
    wrong = call.error(message, unequal=[("rank", len(tensor.axes), len(names))])
    wrong.remedies = tuple(codes)
    return wrong


AXES_OF_FRAMES = 5  # the batch, timesteps, rows, columns and channels


def _of_other_rank(call: Call, more: int) -> str:
    """The same layer for more or fewer axes: `Conv1D` of `Conv2D`."""
    stem, number = call.name[:-2], call.name[-2:-1]
    name = f"{stem}{int(number) + more}D" if call.name.endswith("D") and number.isdigit() else ""
    if not (name and has_rule(name)):
        return ""
    known = signature(name).names
    for argument, value in call.arguments:
        kind = kind_of(name, argument)
        is_taken = argument in known and (kind is None or kind.takes(value))
        if isinstance(value, tuple) or not is_taken:  # a number for each axis, or none of its own
            return ""
    return str(replace(call, name=name))


def _other_input(call: Call, tensor: Tensor, names: Sequence[str]) -> tuple[str, str]:
    """An input of as many axes as a layer takes, in words and as code; where it is one too many,
    that may be the batch, which Keras adds itself, or a last one of size 1."""
    sizes = [None if axis.is_unknown or axis.is_assumed else axis.length for axis in tensor.axes]
    rank = len(names)
    if tensor.meaning == EACH_TIMESTEP and len(sizes) == rank - 1:
        return "describe another with Input(...), which has the timesteps before these axes", ""
    if tensor.meaning == EACH_TIMESTEP or abs(len(sizes) - rank) != 1 or rank < 3:
        return "describe another with Input(...)", ""
    words = [*map(str, sizes[1:])]
    is_of_frames = rank > 3 and names[1] == "timesteps"  # which are the axis that lacks
    if len(sizes) < rank:
        code = f"Input({as_tuple(['None', *words] if is_of_frames else [*words, '1'])})"
        return f"write {code}", code
    code, last = f"Input({as_tuple(words[1:])})", f"Input({as_tuple(words[:-1])})"
    if sizes[-1] == 1 and is_recurrent(call.name) and not is_of_frames:
        return f"write {last}, or {code} if the first is the batch", last
    return f"write {code}, as the batch is no part of it", code


def _remedy(tensor: Tensor, rank: int) -> tuple[str, str]:
    """What changes the layer before, or stands between both, in words and as code."""
    assert tensor.source is not None
    flags = [
        layer["return_sequences"]
        for layer in calls_within(tensor.source)
        if is_recurrent(layer.name)
    ]
    found = len(tensor.axes)
    if found == rank - 1 and flags and not flags[0] and "state" not in tensor.role:
        return "give it return_sequences=True", f"return_sequences=True  # of {tensor.source}"
    if found == rank + 1 and flags and flags[0]:
        code = f"return_sequences=False  # of {tensor.source}"
        return "leave out its return_sequences=True", code
    if found == 2 and rank == 3 and tensor.source.name == "Flatten":
        code = "TimeDistributed(Flatten())"
        return f"write {code} in its place", f"{code}  # in place of Flatten()"
    if found == 2 and rank == 3:
        layer = "RepeatVector(timesteps)"
    elif rank == 2:
        layer = "Flatten()"
    elif rank == 3 and found > 3 and tensor.axes[1].name == "timesteps":
        layer = "TimeDistributed(Flatten())"
    elif rank == 3 and found > 3 and tensor.axes[-1].is_said:
        layer = f"Reshape((-1, {tensor.axes[-1].length}))"
    else:
        return "put a Reshape(...) between them", ""
    return f"put {layer} between them", f"{layer}  # between them"
