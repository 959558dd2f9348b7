"""X against a model's inputs: how many samples there are, and of which shape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rnnshape.errors import Problem
from rnnshape.training.data import Data, Kind, Model, Port, Sizes, TrainingCall, counted, shown
from rnnshape.training.shapes import (
    Judge,
    Outcome,
    Shape,
    certain_outcome,
    likely_outcome,
    of_rank,
    rearranged,
)

OF_A_LAYER = "each layer has its own words"
OF_VALIDATION = " of validation_data"
CLASSES_OF_TEXT = "{0} = np.unique({0}, return_inverse=True)[1]"
ANY = 0  # in the place of None, where an input takes any size
NO_NUMBERS = {  # how a dtype begins: what it holds, and what Keras calls it
    "object": ("objects", "object"),
    "string": ("text", ""),
    "str": ("text", "str"),
    "<U": ("text", "str"),
    "category": ("categories", "category"),
    "period": ("periods", "period"),
    "mixed": ("columns that are no numbers", ""),
    "bytes": ("bytes", "bytes"),
    "void": ("records", "void"),
    "datetime64": ("dates", "datetime64"),
    "timedelta64": ("times", "timedelta64"),
    "float128": ("float128", "float128"),
    "Int": ("pandas' own whole numbers", "Int"),
    "UInt": ("pandas' own whole numbers", "UInt"),
    "Float": ("pandas' own numbers", "Float"),
    "boolean": ("pandas' own True and False", "boolean"),
}


def input_problems(model: Model, call: TrainingCall) -> Iterator[Problem]:
    """What Keras refuses of X, or takes for something else."""
    if len(call.x) != len(model.inputs):
        if call.x and model.inputs:
            yield _wrong_number(model, call)
        return
    for x, port in zip(call.x, model.inputs, strict=True):
        wrong = dtype_problem(call, x, "data") if port.dtype != "string" else None
        is_text = (x.dtype or "").startswith(("list of text", "<U", "str"))
        if wrong and is_text and port.whole_numbers_below and x.name.isidentifier():
            wrong = replace(wrong, remedies=(_as_numbers_of_words(x, port),))
        wrong = wrong or _wrong_shape(model, call, x, port) or _wrong_index(call, x, port)
        yield from [wrong] if wrong else []


def _as_numbers_of_words(x: Data, port: Port) -> str:
    is_written = len(port.shape) == 2 and port.shape[1]
    length = f", output_sequence_length={port.shape[1]}" if is_written else ""
    made = f"keras.layers.TextVectorization({port.whole_numbers_below}{length})"
    return f"words = {made}; words.adapt({x.name}); {x.name} = words({x.name})"


def text_problems(model: Model, call: TrainingCall) -> Iterator[Problem]:
    """Text that Keras does not cut into batches, whatever the layers take."""
    not_cut = {
        "<U": ("NumPy's text", "Invalid dtype: str"),
        "str": ("text of pandas", "Invalid dtype: str"),
        "list": ("a list", "Unrecognized data type"),
    }
    for data, port in zip(call.x, model.inputs, strict=False):
        what, words = not_cut.get((data.dtype or "").partition(" ")[0], ("", ""))
        if what and port.dtype == "string" and call.is_batched and not data.of:
            message = f"{data} is {what}: Keras takes text as a tensor"
            remedy = f"{data.name} = tf.constant({data.name})"
            yield call.problem("data", message, data, words, remedies=(remedy,))


def dtype_problem(call: TrainingCall, data: Data, kind: Kind) -> Problem | None:
    """Entries that are no numbers, and lists, which Keras takes for one array each."""
    name, dtype = data.name, data.dtype or ""
    if dtype.startswith("list"):
        words = "Unrecognized data type" if call.is_batched else "Only input tensors may be passed"
        if kind == "labels" and not call.is_batched:
            words = "y_true and y_pred have different structures"
        message = f"{name} is a list, which Keras takes for one array each"
        makes = "keras.utils.pad_sequences" if None in (data.shape or ()) else "np.array"
        remedies: tuple[str, ...] = (f"{name} = {makes}({name})",)
        if dtype != "list" and kind == "labels":
            remedies = (CLASSES_OF_TEXT.format(name),)
    elif found := next((start for start in NO_NUMBERS if dtype.startswith(start)), None):
        if kind == "labels" and not call.is_batched:
            return None
        what, words = NO_NUMBERS[found]
        words = f"Invalid dtype: {words}" if call.is_batched and words else ""
        words = "Cast string to float is not supported" if data.of else words
        message = f"{data} holds {what} where numbers are expected"
        is_of_lists = what == "objects" and len(data.shape or ()) == 1
        makes = f"keras.utils.pad_sequences({name})" if is_of_lists else f"{name}.astype('float32')"
        remedies = () if dtype == "mixed" else (f"{name} = {makes}",)
        if kind == "labels" and what in ("text", "categories"):
            remedies = (CLASSES_OF_TEXT.format(name),)
    else:
        return None
    return call.problem(kind, message, data, words, remedies=remedies)


def _wrong_number(model: Model, call: TrainingCall) -> Problem:
    arrays, inputs = counted("array", call.x), counted("input", model.inputs)
    words = "" if model.is_sequential else f"but it received {len(call.x)} input tensors"
    is_silent = model.is_sequential and model.inputs[0].is_described
    if name := list_of_samples(model, call):
        words = "Invalid input shape for input" if is_silent else words
        return list_for_array(call, "data", name, "input", words, call.x[0])
    if is_silent:
        message = f"the model has {inputs}, and of {arrays} Keras takes the first without an error"
    else:
        message = f"the model has {inputs}, but gets {arrays}"
    x, others = call.x[: len(model.inputs)], call.x[len(model.inputs) :]
    y = others if call.takes_labels and not call.y else call.y
    fewer = replace(call, x=x, y=y, validation=None).written
    remedies = (fewer,) if others else ()
    many, first = len(model.inputs), call.x[0]
    if first.of and len(call.x) + len(call.y) + bool(call.weights) == many + 1:
        apart = ", ".join(f"x{number + 1}" for number in range(many))
        remedies = (first.with_elements(f"{apart}, y", f"({apart}), y"),)
    return call.problem("data", message, first, words, silent=is_silent, remedies=remedies)


def one_list(arrays: Sequence[Data]) -> Data | None:
    """The array that a list of arrays of one shape would be."""
    names = {data.name.partition("[")[0] for data in arrays if data.name.endswith("]")}
    first = arrays[0].shape
    if len(names) != 1 or any(data.shape != first for data in arrays):
        return None
    return replace(arrays[0], name=names.pop(), shape=first and (len(arrays), *first))


def list_for_array(
    call: TrainingCall, kind: Kind, name: str, port: str, words: str, data: Data | None = None
) -> Problem:
    """A list of arrays where one array is meant, which Keras takes for an input or output each."""
    if call.is_batched and len({given.samples for given in (*call.x, *call.y)}) > 1:
        words = "Data cardinality is ambiguous"
    message = f"{name} is a list, of which Keras takes each array for an {port}"
    samples = call.x[0].samples if call.x else None
    is_each_whole = kind == "labels" and len(call.y) != samples == call.y[0].samples is not None
    mend = f"{name} = {name}[0]" if is_each_whole else f"{name} = np.array({name})"
    return call.problem(kind, message, data, words, remedies=(mend,))


def list_of_samples(model: Model, call: TrainingCall) -> str:
    """The name of a list of arrays of one shape, which the only input takes as one array."""
    whole = one_list(call.x)
    if len(model.inputs) > 1 or whole is None:
        return ""
    wrong = [_wrong_shape(model, call, data, model.inputs[0]) for data in (call.x[0], whole)]
    return whole.name if wrong[0] and not wrong[1] and whole.shape else ""


def _wrong_shape(model: Model, call: TrainingCall, x: Data, port: Port) -> Problem | None:
    if x.shape is None:
        return None
    judge, sizes = _judge(model, port), tuple(size or ANY for size in port.shape)
    found = certain_outcome(x.shape, sizes, judge)
    if found is None:
        return _single_sample(call, x, port)
    taken, samples = port.shape, x.samples
    is_one_sample = any(taken[1:]) and likely_outcome((None, *x.shape), sizes, judge).fits
    if found.refused != OF_A_LAYER or is_one_sample:
        samples = None if len(x.shape) != len(taken) else samples
    elif port.needed and model.is_sequential:
        taken = port.needed
    expected = (samples, *taken[1:])
    takes = shown(expected, "any").replace("(any", "(batch", 1)
    return call.problem(
        "data",
        f"{x} does not fit the input {port.name}, which takes {takes}",
        x,
        "" if found.refused == OF_A_LAYER else found.refused,
        tensor=port.name,
        expected=expected,
        remedies=tuple(_remedies(model, call, x, x.shape, port))[:2],
    )


def _single_sample(call: TrainingCall, x: Data, port: Port) -> Problem | None:
    """One sample with a last axis of 1, which Keras takes for as many samples as it has steps."""
    sizes = x.shape or ()
    is_other = sizes != port.shape[1:] or len(sizes) < 2 or None in sizes
    if is_other or x.of or x.samples == 1 or not call.is_batched:
        return None
    message = (
        f"{x} has the shape of a single sample: Keras takes it for {x.samples} samples without an "
        "error"
    )
    expected, remedies = (1, *sizes), (f"{x.name} = {x.name}[None]",)
    return call.problem(
        "data", message, x, tensor=port.name, expected=expected, remedies=remedies, silent=True
    )


def _judge(model: Model, port: Port) -> Judge:
    """What Keras makes of X."""

    def judge(x: Shape, taken: Shape) -> Outcome:
        if not (model.is_sequential or model.takes_other_sizes):
            # Keras compares what is left without a last axis of 1.
            pair = [shape[:-1] if shape[-1:] == (1,) else shape for shape in (x, taken)]
            if any(b not in (a, ANY) for a, b in list(zip(*pair, strict=False))[1:]):
                return Outcome(refused="is incompatible with the layer: expected shape=")
        if not port.is_described:
            return Outcome() if len(x) == len(taken) else Outcome(refused=OF_A_LAYER)
        x = of_rank(x, taken)
        if len(x) != len(taken):
            return Outcome(refused="Invalid input shape for input")
        needed = zip(x[1:], (port.needed or ())[1:], strict=False)
        if any(size not in (given, None) for given, size in needed):
            return Outcome(refused=OF_A_LAYER)
        return Outcome()

    return judge


def _remedies(model: Model, call: TrainingCall, x: Data, shape: Sizes, port: Port) -> Iterator[str]:
    name, taken = x.name, port.shape
    judge, sizes = _judge(model, port), tuple(size or ANY for size in taken)
    if x.of:
        # In batches of a data set the number of samples may differ.
        labels = (call.y[0].shape or ()) if call.y else ()
        axes = len(model.outputs[0].shape) if model.outputs else 0
        # A label each, of what only lacks features.
        are_many = axes == 2 and labels != () and labels[:1] == shape[:1]
        are_many &= likely_outcome((*shape, 1), sizes, judge).fits
        is_single = x.may_be_single and len(labels) != axes and not are_many
        if is_single and likely_outcome((None, *shape), sizes, judge).fits:
            if x.origin == "tensorflow":
                yield f"{x.set_in_code} = {x.set_in_code}.batch(32)"
            elif x.origin == "generator" and call.y and call.y[0].shape:  # a number has no [None]
                yield x.with_elements("x, y", "x[None], y[None]")
        if not is_single and call.y and likely_outcome((*shape, 1), sizes, judge).fits:
            if x.origin in ("tensorflow", "generator"):
                yield x.with_elements("x, y", "x[..., None], y")
            elif (own := name.removesuffix(f" of {x.of}")) not in (name, "X"):
                yield f"{own} = {own}[..., None]"
        return
    samples = call.y[0].samples if call.y else None
    may_be_described = len(shape) == len(taken) and None not in shape[1:]
    counts_samples = taken[1:] == shape[:-1]  # the model was told the number of samples, too
    if counts_samples and may_be_described:
        yield f"Input({shown(shape[1:])})"
    changed: list[tuple[str, Sizes]] = []
    if (port.whole_numbers_below or 0) in shape[-1:]:  # an entry for each row of the Embedding
        changed.append((f"{name} = {name}.argmax(axis=-1)", shape[:-1]))
    may_be_one = not call.y and call.line and (taken[1:2] != (1,) or shape[:1] == (1,))
    if samples == 1 or may_be_one:  # of an option the first size is the samples
        changed.append((f"{name} = {name}[None]", (1, *shape)))
    names = [data.name for data in (*call.x, *call.y)]
    is_assigned = bool(call.y) and all(map(str.isidentifier, names))
    if samples is None and shape and is_assigned and not call.is_batched:
        # of a loop over samples
        text = f"{', '.join(names)} = {', '.join(f'{one}[None]' for one in names)}"
        changed.append((text, (1, *shape)))
    if shape[:1] == (1,) and samples in (None, *shape[1:2]):
        changed.append((f"{name} = {name}[0]", shape[1:]))
    if lacking := shape and taken[len(shape) :]:
        one_step = [(f"{name} = {name}[:, None]", (shape[0], 1, *shape[1:]))]
        changed += one_step if taken[1] == 1 else []
        if {*lacking} <= {1, None}:
            text = f"{name} = {name}[...{', None' * len(lacking)}]"
            changed.append((text, shape + (1,) * len(lacking)))
        is_any = taken[1] is None and port.takes_one_step
        changed += one_step if is_any and len(shape) > 1 else []
    changed += rearranged(name, shape, taken)
    is_known = taken[-1] not in (None, 1)  # else Keras passes over a last axis of 1
    for text, new in changed:
        if likely_outcome(new, sizes, judge).fits and not (is_known and new[-1:] == (1,)):
            yield text
    if lacking and shape[1:] == taken[1:-1] and is_known:  # one feature a timestep
        yield f"{name} = {name}[..., None] with Input({shown((*shape[1:], 1))})"
    if may_be_described and not counts_samples and samples in (None, shape[0]):
        yield f"Input({shown(shape[1:])})"


def _wrong_index(call: TrainingCall, x: Data, port: Port) -> Problem | None:
    """Indices that an Embedding has no row for."""
    below = port.whole_numbers_below
    if below is None:
        return None
    if x.values_below is not None and x.values_below > below:
        end = x.drawn_below or x.values_below
        what = f"{'random ' * bool(x.drawn_below)}indices up to {end - 1}"
        words = f"is not in [0, {below})"
        message = f"{x} has {what}, but the Embedding of the input {port.name} has "
        message += f"{below} rows, 0 to {below - 1}"
        remedies: tuple[str, ...] = (f"input_dim={end}",)
        if x.values_from and end - x.values_from <= below and not x.drawn_below:
            remedies = (*remedies, f"{x.name} = {x.name} - {x.values_from}")
        return call.problem("data", message, x, words, tensor=port.name, remedies=remedies)
    if x.values_from is None or x.values_from >= 0:
        return None
    silent = -x.values_from <= below
    what = "takes it without an error for the last rows" if silent else "refuses it"
    message = (
        f"{x} has the index {x.values_from}, but the Embedding of the input {port.name} has "
        f"rows from 0: Keras {what}"
    )
    moved = (x.values_below or 0) - x.values_from
    remedies = (f"{x.name} = {x.name} + {-x.values_from}",) if moved <= below else ()
    return call.problem("data", message, x, tensor=port.name, remedies=remedies, silent=silent)
