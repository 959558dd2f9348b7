"""What is said of messages whose meaning depends on their numbers. The table names the functions;
one that returns None has nothing to say."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import prod

from rnnshape.explaining.joined import merged, multiplied, rows_and_columns, side_by_side, together
from rnnshape.explaining.messages import (
    AXES,
    SHAPE,
    Advice,
    Said,
    Shape,
    changes,
    class_of,
    found_in,
    is_model,
    number_of,
    same,
    shape_of,
    written,
)
from rnnshape.explaining.names import arguments, attribute, by_name, name
from rnnshape.signatures import LAYERS, signature

_LOSS = re.compile(
    r"loss|SquaredDifference|squared|entropy|metrics|accuracy|hinge|mse\b|mae\b|LogicalAnd|Equal\b|"
    r"_error|poisson|huber|divergence|cosine|precision|recall|true_positives",
    re.IGNORECASE,
)
_SHAPES = re.compile(rf"with input shapes: (?P<a>{SHAPE}), (?P<b>{SHAPE})")
_NODE = re.compile(
    r"node '?\{?\{?(?:node )?([\w./:]+)|for '(?:\{\{node )?([\w./:]+)|Node: '([\w./:]+)"
)


def rank(said: Said) -> Advice:
    """The layer takes tensors with another number of axes."""
    layer, taken, came = said["of"] or said["layer"], said.number("taken"), said.number("came")
    shape = said.shape("shape")
    least = "at least " if said["bound"] == "min_" or ">" in said["sign"] else ""
    least = "at most " if said["bound"] == "max_" else least
    named = f", {AXES[came]}" if came in AXES else ""
    what = written(shape) if shape else f"a tensor of {came} axes{named}"
    owner = "The model" if is_model(layer) else class_of(layer)
    inside = not is_model(layer) and number_of(layer) > 0  # the first of a kind has no number
    return Advice(
        f"{owner} takes {least}{taken} axes, {_axes(taken)}; what came is {what}.",
        _other_rank(layer, taken, came, shape, inside=inside),
        "chain" if inside else None,
    )


def kernel(said: Said) -> Advice:
    """A convolution takes tensors with as many axes as its kernel has."""
    taken, shape = len(said.shape("kernel") or ()), said.shape("came") or ()
    text = f"A convolution takes {taken} axes, as its kernel has; what came is {written(shape)}."
    return Advice(text, _other_rank("conv_1", taken, len(shape), shape, inside=True))


def _axes(rank: int) -> str:
    return AXES.get(rank, f"{rank} axes")


CHANNELS = (1, 3, 4)  # of an image: gray, colours, colours and how clear they are
LEAST_ROWS = 20  # of an image: of fewer it is rather a sequence


def _may_be_image(shape: Shape) -> bool:
    rows = [size or LEAST_ROWS for size in shape[:-1]]
    return len(rows) == 2 and shape[-1] in CHANNELS and min(rows) >= LEAST_ROWS


def _other_rank(
    layer: str, taken: int, came: int, shape: Shape | None, *, inside: bool
) -> tuple[str, ...]:
    last = shape[-1] if shape else None
    name = f"{came} axes for {taken}"
    if layer.startswith("permute") and came > 2:
        return (f"Permute({(*range(came - 1, 0, -1),)})  # a number for each axis but the batch",)
    if layer.startswith("flatten"):
        name = "2 axes to flatten"
    elif (taken, came) == (3, 2) and inside:
        name = "2 axes for 3, from a layer"
    elif (taken, came) == (3, 2) and shape and shape[0] is not None:
        name = "2 axes for 3, of an array"
    elif (taken, came) == (4, 3) and shape and _may_be_image(shape):
        name = "3 axes for 4, of an image"
    axes = _axes(taken)[1:-1].replace("batch, ", "")
    sizes = {"units": last or 64, "last": last or "timesteps", "axes": axes}
    return changes(name, **sizes) or changes("other axes", **sizes)


def axis(said: Said) -> Advice:
    """A layer that was built for another size of an axis."""
    layer, shape = said["of"] or said["layer"], said.shape("shape") or ()
    value, axis = said.number("value"), said.number("axis")
    came = shape[axis] if -len(shape) <= axis < len(shape) else None
    text = (
        f"{class_of(layer)} was built for size {value} on axis {axis}, and what came has "
        f"{came}: {written(shape)}."
    )
    if prod(size or 0 for size in shape[1:]) == value:
        return Advice(text, changes("to flatten", value=value))
    own = class_of(layer)
    again = own if own in LAYERS and signature(own).required == ("units",) else None
    parts = {"shape": shape[1:], "layer": again, "fewer": _fewer(value, came)}
    return Advice(
        text, changes("another width", **parts), "chain" if number_of(layer) > 1 else None
    )


def fit(said: Said) -> Advice:
    """An array or tensor that does not fit the shape of an Input."""
    taken, came = said.shape("taken"), said.shape("came")
    if not taken or not came:
        text = f"The model takes {said['taken'] or 'another shape'}; what came is {said['came']}."
        return Advice(text, ("print(X.shape, model.input_shape)  # equal but for the batch",))
    if taken[0] and came[0] != taken[0] and same(taken[1:], came[1:]):
        text = f"The model takes batches of {taken[0]} samples, and {came[0]} came."
        return Advice(text, changes("fixed batch", batch=taken[0]), "samples")
    is_sample = same(came, taken[1:]) and came[0] is not None
    sample = "(timesteps, features), a sample without its batch" if is_sample else None
    if taken[-1] == 1 and same(came, taken[1:-1]):
        sample = "(timesteps,), a sample without its batch"
    text = f"The model takes {written(taken)}; what came is {written(came, axes=sample)}."
    is_of_set = is_sample and re.search(r"\.fit\(|training=True", said.text)  # arrays are cut
    return Advice(text, changes("batches") if is_of_set else _data_remedies(taken, came))


def checked(said: Said) -> Advice:
    """`Error when checking input` and `target`, of Keras 1 and 2."""
    layer, came = said["layer"], said.shape("came") or ()
    taken: Shape = (None,) * min(int(said["rank"] or 0), 9)
    text = f"{len(taken)} axes, {_axes(len(taken))}; what came is {written(came)}."
    if not taken:
        taken = said.shape("taken") or (None,)
        whole = len(taken) == 3 and taken[:1] == came[:1]  # with a batch that is fixed
        whole &= not (
            layer.startswith("conv2d") or (taken[:1] == taken[1:2] and taken[-1] in CHANNELS)
        )
        if taken[:1] != (None,) and len(taken) == len(came) and not whole:
            # Keras 2.1.3 and later write both without the batch, where both have the same rank.
            taken, came = (None, *taken), (None, *came)
        text = f"{written(taken)}; what came is {written(came)}."
    if re.search("target|output", said["what"] or ("" if "input" in layer else "output")):
        return Advice(f"y: {layer} takes {text}", _labels_remedies(taken, came), "labels")
    if said["rank"]:
        remedies = _other_rank(layer, len(taken), len(came), came, inside=False)
    else:
        remedies = _data_remedies(taken, came)
    return Advice(f"X: {layer} takes {text}", remedies)


def y_and_output(said: Said) -> Advice | None:
    """Two shapes that a loss compares; or a weight's and that of its values."""
    if re.search("[Aa]ssign|(?:load|set)_weights|checkpoint|variable", said.text) and (
        "train_" not in said.text
    ):
        text = f"A weight of shape {said['output']} is given values of shape {said['y']}."
        return Advice(text, changes("other weights"), "chain")
    y, output = said.shape("y"), said.shape("output")
    if not (y and output):
        return None
    if "the last dimension" in said.match[0] and (len(y), len(output)) == (1, 2):  # they are joined
        return first_dimension(said)
    text, remedies = _labels_said(output, y), _labels_remedies(output, y)
    if ("sparse" in said.text or "ndim - 1" in said.text) and len(y) == len(output):
        text = f"sparse_categorical_crossentropy takes y without the axis of classes. {text}"
        if len(y) == 2 and output[-1] not in (1, y[-1]):  # no class each, but a timestep
            return Advice(text, (*changes("all timesteps")[:2], *changes("one-hot")[1:]))
        wide = remedies if y[-1] != output[-1] else ()
        return Advice(text, (*changes("one-hot"), *wide))
    return Advice(text, remedies)


def first_dimension(said: Said) -> Advice:
    """Sparse labels: logits (batch, classes) and as many labels, all axes but the last joined."""
    output, y = said.shape("output") or (0,), said.shape("y") or (0,)
    rows, classes, given = output[0], output[-1], y[0]
    text = f"y gives {given} labels, and the model returns {rows} rows of {classes} classes."
    one_hot, last_only = changes("one-hot"), changes("last timestep only")
    if rows and given and rows % given == 0 and rows != given:
        hint = f" {rows} is {given} times {rows // given}: the output still has timesteps."
        return Advice(text + hint, (*last_only, *one_hot))
    if rows and given and given % rows == 0:
        wide, last_only = given // rows, changes("all timesteps")
        text += f" {given} is {rows} times {wide}: y has {wide} "
        if wide != classes:
            return Advice(f"{text}labels for each row, as if it had timesteps.", last_only[:2])
        text += "columns, as if it were one-hot."
    return Advice(text, (*one_hot, *last_only))


def unequal(said: Said) -> Advice:
    """Two tensors that an operation combines, and that differ: which of a model's tensors they are
    follows from the operation's name and from the shapes."""
    found = _NODE.search(said.text)
    node = next(filter(None, found.groups()), said.text) if found else said.text
    # Not the whole text: the program's own lines in a traceback may say `MatMul` too.
    operation = f"{node} {said.text[said.match.start() :]}"
    shapes = _SHAPES.search(operation)
    a, b = (shape_of(shapes[name]) if shapes else said.shape(name) for name in "ab")
    sizes = (said["m"], said["n"]) if said["m"] else (a, b)
    numbers = f": {sizes[0]} and {sizes[1]}" if sizes[0] else ""
    if re.search(r"MatMul|Matrix size|Inner dimensions", operation):
        return _product(numbers, a, b, is_state=not node.endswith("MatMul"))
    if _LOSS.search(node) or _looks_like_loss(a, b):
        return _labels(a, b, said.text, node)
    if a and b and "Input shapes are" in said.match[0]:  # of tensors of a model, with the batch
        text = f"Two tensors are combined entry by entry, and they are {a} and {b}."
        return Advice(text, together(a, b, without_batch=False), "chain")
    states = re.search("lstm|gru|rnn", node, re.IGNORECASE)
    text = (
        f"Two tensors are combined entry by entry, and differ{numbers}. The sizes of each axis, "
        "from the last backwards, must be equal, or one of them 1."
    )
    short, long = sorted((a or (), b or ()), key=len)
    if len(short) > 1 and (*long[:1], *long[2:]) == short:
        lacking = f"a = a[:, None]  # {short} becomes {(short[0], 1, *short[1:])}"
        return Advice(text, (lacking,), "chain")
    return Advice(text, changes("entry by entry", units=b[-1] if b and states else None), "chain")


def _looks_like_loss(a: Shape | None, b: Shape | None) -> bool:
    """`[16]` and `[16, 3]`, `[2, 1]` and `[4, 1]` are a loss; `[1, 160]` and `[1, 16]` a metric."""
    if not a or not b:
        return False
    if a[0] != b[0]:
        return a[1:] == b[1:]
    return {len(a), len(b)} == {1, 2} or (a[0] == 1 and len(a) == len(b) == 2)


# A loss of the code's own, `y_pred - y_true`: of what is combined, the last is data.
_DATA_LAST = re.compile(r"\([\w/.:]+, (?:data|IteratorGetNext)[\w:]*\)' with input shapes")


def _labels(a: Shape | None, b: Shape | None, text: str, node: str) -> Advice:
    if not a or not b:
        said = "The loss combines y and the output entry by entry, and they differ."
        return Advice(said, changes("a loss"), "labels")
    least, most = sorted((a[0] or 1, b[0] or 1))
    # All entries, as MeanIoU has them, of which the output has several for each of y.
    are_flat = len(a) == len(b) == 1 and "LogicalAnd" in node and most % least == 0
    of_classes = " of classes" * (node.startswith("Equal") and len(a) == len(b) + 1)
    if a[0] == b[0] == 1 or are_flat or of_classes:
        said = f"A metric{of_classes} compares y and the output entry by entry: {a} and {b}."
        return Advice(said, changes(f"a metric{of_classes}"), "labels")
    if a[1:] == b[1:] and a[0] != b[0]:
        said = f"{a} and {b} are combined: another number of samples in y or a state than came out."
        batch = most if most % least else "batch"  # the smaller is no part of the data
        return Advice(said, changes("fixed batch", batch=batch), "samples")
    # Keras 3 and `sub` have y first, SquaredDifference of Keras 2 the output; the shorter is y.
    y, output = (b, a) if "SquaredDifference" in text or _DATA_LAST.search(text) else (a, b)
    if len(a) != len(b) and "loss" not in node:
        y, output = sorted((a, b), key=len)
    return Advice(_labels_said(output, y), _labels_remedies(output, y), "labels")


def _product(numbers: str, a: Shape | None, b: Shape | None, *, is_state: bool) -> Advice:
    """x @ kernel: the features that came, and those that the layer was built for."""
    came = a[-1] if a else None
    built, wide = (b[-2], b[-1]) if b and len(b) > 1 else (None, None)
    text = f"The product of {a or 'x'} and {b or 'the kernel'} needs equal sizes{numbers}."
    # In a cell the first product is that of x, and the others, MatMul_1, those of the state.
    if built and wide in (3 * built, 4 * built) and is_state:
        said = f" The state that came has {came} units, or x {came} features, instead of {built}."
        return Advice(text + said, changes("another state", came=came, built=built), "chain")
    said = f" {came or 'Other'} features came where {built or 'others'} are taken."
    parts = {"came": came, "fewer": _fewer(built, came)}
    return Advice(text + said, changes("another kernel", **parts), "data")


# What makes one shape fit another: X the model's input, y its output.


def _fewer(taken: int | None, came: int | None) -> int | None:
    """How many features are taken of those that came; None where no more came."""
    return None if taken and came and came <= taken else taken


def _or(size: int | None, name: str = "timesteps") -> str:
    """A size; where any will do, a name for it."""
    return name if size is None else str(size)


def _data_remedies(taken: Shape, came: Shape) -> tuple[str, ...]:
    """Changes, likelier first, after which an array of shape `came` fits `taken`.

    >>> _data_remedies((None, 5, 1), (16, 5))[0]
    'X = X[..., None]  # (16, 5) becomes (16, 5, 1)'
    """
    unknown = iter(["-1"])  # one size can be worked out from the rest
    sizes = ", ".join(str(size or next(unknown, "timesteps")) for size in taken[1:])
    batch = "len(X)" if None in taken[1:] else "-1"
    reshape = f"X = X.reshape({batch}, {sizes})  # if the numbers are the same, in this order"
    own = f"Input(shape={came[1:]})  # the model takes what X has"
    if len(taken) == 1:
        return (own,)
    lacking = len(taken) - len(came)
    if lacking == 1 and came[:1] == (None,) and taken[1] in (1, None):
        return (f"X = X[:, None]  # {came} becomes {(came[0], 1, *came[1:])}", reshape)
    if lacking == 1 and came[:1] != (None,) and same(came, taken[1:]):
        return (f"X = X[None]  # a single sample lacks its batch: (1, {sizes})", reshape)
    if lacking == 1 and len(came) > 1 and taken[1] is not None and came[1:] == taken[2:]:
        own = f"Input(shape={(1, *came[1:])})  # with X = X[:, None], one step a sample"
        return (f"X = X[None]  # a single sample, which Keras cuts: (1, {sizes})", own)
    if lacking == 2 and taken[-1] == 1 and same(came, taken[1:-1]):
        return (f"X = X[None, ..., None]  # a single sample lacks its batch: (1, {sizes})",)
    if lacking == 1 and taken[-1] == 1:
        return (f"X = X[..., None]  # {came} becomes {(*came, 1)}", reshape, own)
    if len(came) != len(taken) and None not in came[1:] and _entries(came) == _entries(taken):
        return (reshape, f"Reshape(({sizes},))  # the same in the model, behind its Input", own)
    if len(came) < len(taken):
        grown = ", ".join(_or(size) for size in (*came[1:], 1))
        return (f"X = X[..., None]  # with Input(shape=({grown})), one feature a timestep", own)
    if len(came) > len(taken):
        return (own, reshape, "X = X[:, -1]  # only the last timestep")
    if len(came) == 3 and same(came[:0:-1], taken[1:]) and came[1] != came[2]:
        return ("X = X.transpose(0, 2, 1)  # timesteps and features are exchanged", own)
    if len(came) == 3 and came[2] == taken[2]:
        return (
            f"Input(shape=(None, {_or(taken[2], 'features')}))  # any number of timesteps",
            f"X = keras.utils.pad_sequences(X, maxlen={_or(taken[1])}, dtype='float32')",
            own,
        )
    if len(came) == 2 and came[-1] == 1:
        return (f"X = X.reshape(-1, {_or(taken[-1], 'features')})  # of one sample, one row", own)
    fewer = _fewer(taken[-1], came[-1])
    cut = [f"X = X[..., :{_or(fewer, 'features')}]"] if fewer or taken[-1] is None else []
    are_as_many = 0 in (_entries(came), _entries(taken)) or _entries(came) == _entries(taken)
    return (own, *cut, *[reshape] * are_as_many)


def _labels_remedies(output: Shape, y: Shape) -> tuple[str, ...]:
    """Changes, likelier first, after which `y` fits the model's output.

    >>> _labels_remedies((None, 10), (None, 1))[0]
    "loss='sparse_categorical_crossentropy'  # for y with the class as a number"
    """
    wide, columns = output[-1] if output else None, y[-1] if y else None
    if len(output) == len(y):
        if len(y) == 3 and output[1] != y[1] and output[1] and y[1]:
            other = changes("other timesteps", came=output[1], wanted=y[1])
            return other if y[1] > output[1] else other[1:]
        if len(y) == 4 and output[1:3] != y[1:3]:
            return rows_and_columns("other rows", output[1:3], y[1:3])
        if columns == 1 and wide != 1 and len(y) < 3:
            return changes("classes as numbers", classes=_or(wide, "classes"))
        if wide == 1 and columns != 1:
            found = changes("one unit", columns=_or(columns, "classes"))
            return found if columns in (2, None) else (found[0], *found[2:])  # of two classes
        return changes("other columns", columns=_or(columns, "n"), units=_or(wide, "n"))
    if len(output) == 2 and len(y) == 1:
        return changes("classes as numbers", classes=_or(wide, "classes"))
    if len(output) > len(y):
        if len(y) == 2 and output[1] is not None and output[1] == y[1]:
            if output[2:] and output[2] not in (1, None):
                return changes("classes as numbers", classes=output[2])[:2]
            return ("y = y[..., None]  # (batch, timesteps) becomes (batch, timesteps, 1)",)
        kept = changes("last timestep only")
        is_of_timesteps = len(y) == len(output) - 1 and same(y[1:], output[1:-1])
        return kept if is_of_timesteps else kept[:-1]
    if columns == 1 and len(output) == 2 and same(y[1:2], output[1:]):
        return ("y = y[..., 0]  # without the last axis, which is 1",)
    if len(output) == 1:
        return ("y = y.reshape(len(y))", "y = y.argmax(axis=-1)  # the class as a number")
    return changes("all timesteps")


def _labels_said(output: Shape | None, y: Shape | None) -> str:
    """Both shapes, their axes named."""
    return f"y is {written(y, 'classes')}, and the model returns {written(output, 'units')}."


def _entries(shape: Shape) -> int:
    """How many numbers a sample has; 0 where a size is not known."""
    return prod(size or 0 for size in shape[1:])


def advice(message: str) -> tuple[Advice, Said] | None:
    """What is said of a message, which is one line, and the words that it is known by; None where
    it is not known."""
    for entry, said in found_in(message):
        found = FUNCTIONS[entry.function](said) if entry.function else entry.advice(said)
        if found is not None:
            return found._replace(kind=found.kind or entry.kind), said
    return None


FUNCTIONS: Mapping[str, Callable[[Said], Advice | None]] = {
    function.__name__: function
    for function in (
        rank, kernel, axis, fit, checked, y_and_output, first_dimension, unequal,
        merged, side_by_side, multiplied, arguments, attribute, by_name, name,
    )
}  # fmt: skip
