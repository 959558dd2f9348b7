"""What a call gives a model, as plain data: arrays, data sets and tables, alone or several; and
what stands beside these: counts, weights, and what else Keras takes."""

from __future__ import annotations

import ast
from collections.abc import Mapping, MappingView, Sequence
from dataclasses import replace
from types import FunctionType
from typing import Any, TypeAlias

from rnnshape.expression import Unknown
from rnnshape.nest import flattened, rebuilt, within
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.datasets import Dataset, refuse, taken_apart
from rnnshape.reading.names.frames import Frame
from rnnshape.reading.names.generators import PyDataset, use_up
from rnnshape.reading.names.of_tensorflow import EagerTensor
from rnnshape.reading.names.ranges import known_range
from rnnshape.reading.names.session import session, unknown_of
from rnnshape.reading.names.sizes import CLASSES, known_sizes
from rnnshape.reading.python import Open, exact, opens_in, own
from rnnshape.reading.python.stand_in import is_of_code, what_it_is
from rnnshape.reading.python.streams import Stream
from rnnshape.signatures import CALLBACKS
from rnnshape.training.data import NOT_GIVEN, OF_COLUMN, OF_TABLE, OF_TENSOR, Data

LONGEST_NAME = 40  # characters of an argument that is no name
UNNAMED = Unknown("y", (), "which output has its name is not known")
COLUMN = "a column"  # of a table
MOST_IN_BATCH = 3

Several: TypeAlias = "Data | tuple[Data, ...] | dict[str, Data] | None"

# What Keras knows as no data.
NO_DATA = (str, bytes, int, float, range, set, frozenset, FunctionType)


def kind_of_no_data(value: Any, *, may_yield: bool = True) -> str:
    """What Python calls a value that is no data for Keras; empty of what may be some."""
    if isinstance(value, Stream):
        return "" if may_yield and value.kind == "generator" else value.kind
    kind = type(exact(value))
    may_be_array = any(hasattr(kind, name) for name in ("__array__", "__getattr__"))
    is_object = all(map(is_of_code, kind.__mro__[:-1])) and not may_be_array
    is_none = kind in NO_DATA or isinstance(value, MappingView) or is_of_code(value)
    return kind.__name__ if is_none or is_object else ""


def written_in(node: ast.Call, words: Sequence[str]) -> dict[str, ast.expr]:
    if any(isinstance(part, ast.Starred) for part in node.args):
        return {}
    found = dict(zip(words, node.args, strict=False))
    return found | {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}


def several(value: Any, node: ast.expr | None, usual: str, of: str = "") -> Several:
    """An array, or several in a list or by their names; `of` a data set, if it has a name."""
    if isinstance(value, dict):
        pairs = zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ()
        written = {getattr(key, "value", None): text for key, text in pairs}
        made = {key: _data(part, written.get(key), str(key), of) for key, part in [*value.items()]}
        if isinstance(node, ast.Name):  # another name of what is in it is not changed with it
            made = {key: replace(made[key], name=f"{node.id}[{key!r}]") for key in made}
        return {str(key): made[key] for key in made}
    if isinstance(value, list | tuple) and any(
        isinstance(part, Array) or (isinstance(part, Open) and not part.is_number) for part in value
    ):
        if len(value) > 1:
            usual = f"{node.id}[{{}}]" if isinstance(node, ast.Name) else f"{usual}{{}}"
        nodes = _parts_of(node, len(value))
        named = enumerate(zip(value, nodes, strict=True), "[" not in usual)
        return tuple(_data(part, of_part, usual.format(n), of) for n, (part, of_part) in named)
    return None if value is None else _data(value, node, usual, of)


def _parts_of(node: ast.expr | None, many: int) -> Sequence[ast.expr | None]:
    """What the parts of a list or tuple are written as, where they are written there."""
    parts = node.elts if isinstance(node, ast.List | ast.Tuple) else []
    are_each = len(parts) == many and not any(isinstance(one, ast.Starred) for one in parts)
    return parts if are_each else [None] * many


def in_columns(value: Any) -> Any:
    """What `fit`, `evaluate` and `predict` make of a column of a table: a table of one column."""
    if not isinstance(value, Frame) or len(value.shape) != 1:
        return value
    made = Frame((*value.shape, 1), dtype=value.own_entries)
    made.own_name, made.own_what, made.own_range = value.own_name, COLUMN, value.own_range
    return made


def of_dataset(value: Dataset, node: ast.expr | None) -> tuple[Several, Several, Data | None]:
    """The input, the labels and the weights among the elements of a data set."""
    text = ast.unparse(node) if node is not None else ""
    name = text if 0 < len(text) <= LONGEST_NAME else "the data set"
    x, y, weights = taken_apart(value.own_element)
    as_it_runs = _as_the_first(y, taken_apart(value.own_first)[1])
    given, origin = several(flattened(x, Array), None, "X", name), value.own_origin
    if origin == "generator" and not isinstance(given, Data):
        origin = "code"  # of several inputs no `x[None]` makes a batch
    is_batched = value.own_is_batched
    given = rebuilt(given, lambda x: x and replace(x, origin=origin, is_batched=is_batched))
    static, labels = (several(part, None, "y", name) for part in (y, as_it_runs))
    if static != labels:
        labels = rebuilt(labels, lambda y: y and replace(y, known_at_run=True))
    return given, labels, weights_of(weights, None)


def _as_the_first(labels: Any, of_first: Any) -> Any:
    """The labels of an element with the sizes of the first, but for the number of samples: a loss
    compares what runs, where TensorFlow may not know the length of a window before."""
    firsts: list[Any] = []
    rebuilt(of_first, firsts.append)
    left = iter(firsts)

    def known(leaf: Any) -> Any:
        first = next(left, None)
        if not (isinstance(leaf, Array) and isinstance(first, Array) and leaf.shape[1:]):
            return leaf
        found = Array((*leaf.shape[:1], *first.shape[1:]), dtype=leaf.own_dtype)
        found.own_range = known_range(leaf)
        return found

    return rebuilt(labels, known)


def _data(value: Any, node: ast.expr | None, usual: str, of: str) -> Data:
    name = own(value, "own_name", "") or usual
    name = f"{name} of {of}" if of else name
    if node is not None and len(text := ast.unparse(node)) <= LONGEST_NAME:
        name = text
    if isinstance(value, list | tuple) and all(found.is_number for found in opens_in(value)):
        is_text = any(isinstance(part, str) for part in within(value))
        return Data(name, _shape_of_list(value), "list of text" if is_text else "list", of=of)
    unknown = _unknown_in(value)
    if of and isinstance(value, int | float):
        refuse(f"{name} is a number: yield an array of one for each sample", "at least rank 1")
    if not isinstance(value, Array):
        return Data(name, None, of=of, unknown=unknown)
    least, most, drawn = known_range(value)
    sizes, rows = known_sizes(value.shape), OF_COLUMN if value.own_what == COLUMN else OF_TABLE
    is_tensor = isinstance(value, EagerTensor) and not of  # what maps elements has no arrays
    rows = rows if isinstance(value, Frame) else OF_TENSOR * is_tensor
    known = Data(name, sizes, value.own_entries, least, most, of, rows, drawn_below=drawn)
    classes = [size.stands_for for size in opens_in(value.shape[-1:])]
    return replace(known, unknown=unknown, is_one_hot=CLASSES in classes)


def _unknown_in(value: Any) -> Unknown | None:
    """What the shape of data follows from that is not known; that Python comes to no call at all
    after what it refuses."""
    found = session().evaluator.ended
    if found is None and isinstance(value, Open) and not value.is_undefined:
        found = value if value.reason else value.part(".shape")
    if found is None and isinstance(value, Array):
        found = next(opens_in(value.shape[1:]), None)
    return None if found is None else unknown_of(found)


def weights_of(value: Any, node: ast.expr | None) -> Data | None:
    value = in_columns(value)
    return _data(value, node, "sample_weight", "") if isinstance(value, Array) else None


def _shape_of_list(value: Any) -> tuple[int | None, ...]:
    """The sizes of lists within each other; None where some differ."""
    shape: list[int | None] = []
    parts = [value]
    while parts and all(isinstance(part, list | tuple) for part in parts):
        sizes = {len(part) for part in parts}
        shape.append(sizes.pop() if len(sizes) == 1 else None)
        parts = [one for part in parts for one in part]
    return tuple(shape)


def validation_of(
    pair: Any, words: Mapping[str, Any], node: ast.expr | None
) -> tuple[Several, Several, Data | None] | None:
    if words.get("validation_steps") is None:
        use_up(words.get("validation_data"))
    pair = pair[0] if isinstance(pair, list | tuple) and len(pair) == 1 else pair
    if kind := kind_of_no_data(pair):
        refuse(f"validation_data takes no {kind}", "Unrecognized data type")
    check_data_set(pair)
    if isinstance(pair, Dataset):
        is_whole = words.get("validation_steps") is None
        return of_dataset(pair if is_whole else pair.own_of_some(), node)
    if isinstance(pair, dict) and words.get("y") is not None:
        of_keras = 'The structure of `inputs` doesn", "Attempt to convert a value (None)'
        refuse("validation_data is (x, y), and not a dictionary, which is all x", of_keras)
    is_array = isinstance(pair, Array) and "validation_freq" not in words  # else perhaps not used
    if is_array or isinstance(pair, Open):
        return several(in_columns(pair), node, "X_val"), None, None
    if isinstance(pair, list | tuple) and not 0 < len(pair) <= MOST_IN_BATCH:
        message = f"validation_data has at most x, y and sample_weight, not {len(pair)} parts"
        refuse(message, "Data is expected to be in format")
    if not isinstance(pair, list | tuple) or not 2 <= len(pair) <= MOST_IN_BATCH:
        return None
    (x, y), nodes = map(in_columns, pair[:2]), _parts_of(node, len(pair))
    is_cut = "validation_batch_size" in words  # then the first batch is of another size
    weights = weights_of(pair[2], None) if len(pair) > 2 and not is_cut else None
    given = several(flattened(x, Array), nodes[0], "X_val"), several(y, nodes[1], "y_val")
    return *given, weights


def in_order(several: Several, names: Sequence[str], *, may_lack: bool = False) -> tuple[Data, ...]:
    """The arrays in the order of the names, of which some `may_lack`, as where there is no loss; of
    what is not known, one that is not for each."""
    if several is None:
        return ()
    if isinstance(several, dict):
        if {*names} <= {*several} or (may_lack and {*several} <= {*names}):
            return tuple(several.get(name, NOT_GIVEN) for name in names)
        others = [*within(several)] if may_lack else []  # nobody knows for which output each is
        return tuple(replace(data, shape=None, unknown=UNNAMED) for data in others)
    if isinstance(several, Data):
        return (several,) * (len(names) if several.is_open else 1)
    if len(several) < len(names) and any(data.is_open for data in several):
        return ()  # one that is not known may be a list of several
    return several


COUNTS = ("batch_size", "epochs", "initial_epoch", "steps_per_epoch", "steps")
TO_VALIDATE = ("validation_steps", "validation_batch_size", "validation_freq")
ALWAYS = ("epochs", "initial_epoch")  # they may be below 0, and not None
# What else than a whole number a call takes beside data, and in words.
KINDS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "validation_split": ((int, float), "a number"),
    "validation_freq": ((int, list, tuple, set, range), "1 or more"),
    "class_weight": ((dict,), "a dictionary such as {0: 1.0, 1: 2.0}"),
}
PLAIN = (int, float, str, list, tuple, dict, Array)


def check_kinds(method: str, words: Mapping[str, Any]) -> None:
    """What a call is given beside data is of the kinds that Keras takes, and no count below 0."""
    is_validated = isinstance(words.get("validation_data"), tuple | list)
    split, callbacks = words.get("validation_split"), words.get("callbacks")
    is_split = isinstance(split, int | float) and bool(split)
    to_validate = TO_VALIDATE if is_validated else TO_VALIDATE[-1:] if is_split else ()
    for word in (*COUNTS, *to_validate, "validation_split", "class_weight"):
        value = words.get(word, 1 if word in ALWAYS else None)
        least = None if word in ALWAYS else int(word == "validation_freq")
        is_below = isinstance(value, int) and least is not None and value < least
        kinds, takes = KINDS.get(word, ((int,), "a whole number"))
        is_other = isinstance(value, PLAIN) and not isinstance(value, kinds)
        if is_below or is_other or (value is None and word in ALWAYS):
            is_shown = isinstance(value, int | float | str | None)
            given = repr(value) if is_shown else what_it_is(value)
            refuse(f"{method} takes {word} as {takes}, not {given}", "")
    are_open = isinstance(callbacks, Open)
    for one in within(callbacks if are_open else callbacks or []):  # Keras sets the model of each
        kind = one.without_base if isinstance(one, Open) else one
        path = one.label if isinstance(one, Open) and one.node is None else ""
        if isinstance(kind, FunctionType) and kind.__name__ not in CALLBACKS:
            refuse(f"{method} takes callbacks, not a function", "set_model")
        elif ".callbacks." in path or isinstance(kind, type | FunctionType):
            name = path.rpartition(".")[2] or kind.__name__
            refuse(f"{method} takes callbacks, not their classes: write {name}(...)", "set_model")
        elif isinstance(one, str | int | float | None):
            refuse(f"{method} takes callbacks, not {one!r}", "set_model")


def check_beside(method: str, words: Mapping[str, Any], x: Dataset) -> None:
    """What Keras takes with arrays alone, not with what gives batches."""
    if method != "predict":
        check_data_set(x)
    is_whole = words.get("steps", words.get("steps_per_epoch")) is None
    if is_whole and session().evaluator.is_sure:
        use_up(words.get("x"))
    split = words.get("validation_split")
    if isinstance(split, int | float) and split and words.get("validation_data") is None:
        message = "validation_split is for arrays alone: give what is to validate by itself"
        refuse(message, "is only supported for tensors or NumPy arrays")
    if words.get("class_weight") is not None and x.own_origin == "generator":
        refuse("class_weight is not for generators", "Argument `class_weight` is not supported")
    for word in ("y", "sample_weight"):
        if isinstance(words.get(word), Array | Dataset | PyDataset):
            message = f"what gives batches has {word} in them: leave {word} out"
            refuse(message, "should not be passed")


def check_data_set(given: Any) -> None:
    """Data sets that nothing is trained with."""
    parts = [*within(given.own_element)] if isinstance(given, Dataset) else []
    if any(isinstance(part, Dataset) for part in parts):
        message = "an element of window is a data set itself: flat_map makes batches of them"
        refuse(message, "Only input tensors may be passed")
    elif isinstance(given, list | tuple) and any(isinstance(part, Dataset) for part in given):
        refuse("validation_data is one data set, not several", "should not be passed")


def are_several_weighed(y: Any, weights: Any) -> bool:
    """Whether there are weights of samples, and not one array of these and one of labels."""
    is_several = isinstance(y, list | tuple | dict) and weights is not None
    return is_several or isinstance(weights, int | float | str | list | tuple | dict)


def check_weights(y: Any, weights: Any, outputs: Any) -> None:
    """Refuses weights of several outputs that are not nested as their labels are, and labels beside
    weights that are not nested as the outputs of the model."""
    nests = (list, tuple, dict)
    if type(y) not in nests or weights is None or [*opens_in([y, weights])]:
        return
    forms = [rebuilt(nest, lambda _: True) for nest in (y, weights)]
    if type(weights) in nests and forms[0] != forms[1]:
        message = "sample_weight is neither one array nor nested as y is"
        refuse(message, "You should provide one `sample_weight` array per output in `y`")
    elif type(outputs) in nests and len(outputs) > 1 and {type(y), type(outputs)} > {dict}:
        kind = "a dictionary" if type(outputs) is dict else "a list"
        refuse(f"with sample_weight Keras takes y as {kind}, as the model returns it", "")


def left_open(several: Any, name: str, why: str) -> Any:
    """The same data, of which it is not known whether it fits."""
    unknown = Unknown(name, (), why)
    return rebuilt(several, lambda one: one and replace(one, unknown=one.unknown or unknown))


def listed(names: Sequence[object]) -> str:
    return ", ".join(map(repr, names))
