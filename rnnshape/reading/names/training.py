"""The calls that give data to a model: `fit(X, y)`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, MappingView, Sequence
from contextlib import suppress
from dataclasses import replace
from types import FunctionType
from typing import Any, NamedTuple, TypeAlias

from rnnshape.errors import Problem
from rnnshape.layer_names import names_of_outputs
from rnnshape.nest import flattened, rebuilt, within
from rnnshape.network import Network
from rnnshape.reading.keras2 import Today
from rnnshape.reading.names.arguments import keys_of
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.beside import check_beside, check_counts, check_data_set, check_weights
from rnnshape.reading.names.by_name import wrong_names
from rnnshape.reading.names.compiling import Compiled, losses_of, metrics_of
from rnnshape.reading.names.data import Dataset, as_data_set, refuse, use_up
from rnnshape.reading.names.frames import Frame, in_columns
from rnnshape.reading.names.of_shapes import known_range
from rnnshape.reading.names.session import opened, session, where_of
from rnnshape.reading.names.tensors import name_given
from rnnshape.reading.python import Open, StandIn, opens_in, own
from rnnshape.reading.python.stand_in import is_of_code, what_it_is
from rnnshape.reading.python.streams import Stream
from rnnshape.signatures import signature
from rnnshape.training import Data, Function, TrainingCall, Validation
from rnnshape.training.data import BATCHED, WITHOUT_LABELS

LONGEST_NAME = 40  # characters of an argument that is no name
# What a model of the code may do itself with each batch.
OWN_STEPS = {"fit": "train_step", "train_on_batch": "train_step", "evaluate": "test_step",
             "test_on_batch": "test_step", "predict": "predict_step",
             "predict_on_batch": "predict_step"}  # fmt: skip
OWN_LOSS = "compute_loss"
MOST_IN_BATCH = 3

Several: TypeAlias = "Data | tuple[Data, ...] | dict[str, Data] | None"


class History(StandIn):
    """What `fit` returns: numbers by the names that `compile` gave the metrics."""

    history = property(lambda history: history)

    def __init__(self, compiled: Compiled | None) -> None:
        self.own_metrics = compiled.metrics if compiled else None

    def __getitem__(self, key: Any) -> Open:
        metrics = self.own_metrics if isinstance(self.own_metrics, list | tuple) else ()
        if key in ("acc", "val_acc") and "accuracy" in metrics and "acc" not in metrics:
            today = Today(f"history['{key}uracy']")
            session().old_name(f"history['{key}']", today)
        return opened(f"history[{key!r}]" if isinstance(key, str) else "history")


class Given(NamedTuple):
    """A call that gives data to a model, before it is known what the model's inputs and outputs
    are called.

    Attributes:
        call: all but the data and the losses.
        x, y: the data; None where there is none.
        validation: the same of `validation_data`, and the weights of its samples.
        compiled: None where the code does not compile the model.
    """

    call: TrainingCall
    x: Several
    y: Several
    validation: tuple[Several, Several, Data | None] | None
    compiled: Compiled | None


def first_given(method: str, x: Any) -> Any:
    """X as a model is given it: what gives batches as a data set, tables in columns."""
    x = as_data_set(x)
    return in_columns(x) if method in BATCHED else x


def given_to(
    model: Any, method: Any, x: Any, values: Sequence[Any], named: Mapping[str, Any]
) -> Given:
    """The call that is followed now, with its data."""
    evaluator, compiled = session().evaluator, model.own_compiled
    node = evaluator.node
    names = ("x",) if method == "__call__" else signature(method).names
    words = dict(zip(names, values, strict=False)) | dict(named)
    written = _written(node, names) if isinstance(node, ast.Call) else {}
    place = session().places().get("")
    file, line, column = where_of(place)
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name))) if evaluator.is_sure:
            if compiled is None and method not in WITHOUT_LABELS:
                message = f"{method} needs {name}.compile before, which this code does not call"
                message += ' (Keras: "You must call `compile()` before using the model")'
                session().uncompiled.append((message, place))
    if compiled and compiled.third and method not in WITHOUT_LABELS:
        write, at = f"metrics={compiled.third[0]}", compiled.third[1]
        message = f"compile takes loss_weights in the third place: write {write}"
        session().problem(message, write, place=at)
    call = TrainingCall(
        method,
        (),
        batch_size=_batch_size(words.get("batch_size")),
        validation_batch_size=_batch_size(words.get("validation_batch_size")),
        has_validation_steps=words.get("validation_steps") is not None,
        has_steps=any(words.get(word) is not None for word in ("steps", "steps_per_epoch")),
        validation_split=_fraction(words.get("validation_split")),
        class_weights=_keys(words.get("class_weight")),
        weights=_weights(words.get("sample_weight"), written.get("sample_weight")),
        file=file,
        line=line,
        column=column,
        code=place.line if place else "",
    )
    if words.get("x", x) is None and "x" in words and model.own_kind and method != "__call__":
        refuse(f"{method} is given None as data", "")
    x = _checked_kinds(model, method, x, words.get("y"))
    size = words.get("batch_size")
    if call.is_batched:
        check_counts(method, words)
    is_below = isinstance(size, int) and size < 0
    if call.is_batched and (
        is_below or isinstance(size, Array | str | float | tuple | list | dict)
    ):
        said = "truth value of an array" if isinstance(size, Array) else ""
        what = size if is_below else what_it_is(size)
        refuse(f"{method} takes a number as batch_size, which is given {what}", said)
    if isinstance(x, Dataset):
        if isinstance(x.own_element, tuple) and len(x.own_element) > MOST_IN_BATCH:
            message = f"a batch has at most x, y and sample_weight, not {len(x.own_element)} parts"
            refuse(message, "Data is expected to be in format")
        if evaluator.is_sure and call.is_batched:
            check_beside(method, words, x)
        given = _of_dataset(x, written.get("x"))
        call = replace(call, weights=given[2])
    else:
        y = in_columns(words.get("y")) if call.is_batched else words.get("y")
        check_weights(y, words)
        flat = flattened(x, Array)
        given = _several(flat, written.get("x"), "X"), _several(y, written.get("y"), "y"), None
    return Given(call, *given[:2], _validation(words, written.get("validation_data")), compiled)


def follow_step(model: Any, method: str, x: Any, values: Sequence[Any], named: Any) -> bool:
    """Follows what a model of the code does itself with each batch: that says what it is called
    with. False where it leaves that to Keras."""
    step = getattr(type(model), OWN_STEPS.get(method, ""), None)
    if step is None:
        return False
    y = values[1] if len(values) > 1 else named.get("y")
    batch = x.own_element if isinstance(x, Dataset) else x if y is None else (x, y)
    with suppress(Exception):
        step(model, rebuilt(batch, _one_batch))
    return True


def _one_batch(data: Any) -> Any:
    return Array((opened("batch"), *data.shape[1:])) if isinstance(data, Array) else data


def training_calls(model: Any, network: Network) -> Iterator[TrainingCall]:
    """The calls that gave data to a model; with its network as it was then, where that is
    another."""
    trains_itself = any(hasattr(type(model), name) for name in (*OWN_STEPS.values(), OWN_LOSS))
    traced = set[str]()
    for trained, layers, given in list(session().trained):
        if trained is not model or trains_itself:
            continue
        step = OWN_STEPS.get(given.call.call, "")
        given = given._replace(call=replace(given.call, is_first=not step or step not in traced))
        traced.add(step)
        if layers is model.own_items or layers is model.own_gives:
            yield _call_on(model, network, given)
        elif (before := model.own_with_layers(layers)) and (
            then := before.own_network(network.name)
        ):
            yield replace(_call_on(before, then, given), network=then)


def _call_on(model: Any, network: Network, given: Given) -> TrainingCall:
    """The call, with all in the order of the model's inputs and outputs, by their names."""
    takes, outputs = model.own_flow()[0], _output_names(model, network)
    inputs = keys_of(model.own_nests[0]) or [
        name_given(taken) or getattr(taken.maker, "name", "") for taken in takes
    ]
    if len(inputs) != len(network.inputs):  # of what it takes, too, not all is read
        beside = given.validation and (None, *given.validation[1:])
        given = given._replace(x=None, validation=beside)
    validation = None
    if given.validation is not None:
        x, y, weights = given.validation
        named = weights and replace(weights, name=f"{weights.name} of validation_data")
        validation = Validation(_ordered(x, inputs), _ordered(y, outputs), named)
    compiled = given.compiled or Compiled()
    call = replace(
        given.call,
        x=_ordered(given.x, inputs),
        y=_ordered(given.y, outputs),
        validation=validation,
        losses=losses_of(compiled.loss, outputs) if given.compiled else (),
        has_loss_each=isinstance(compiled.loss, list | tuple | dict),
        metrics=metrics_of(compiled, outputs),
        has_weighted=bool(compiled.weighted),
    )
    found = wrong_names(call, model, given, inputs, outputs)
    for problem in (*_lacking_loss(call, network, given), *found):
        if problem not in session().problems:
            session().problems.append(problem)
    return call


def _lacking_loss(call: TrainingCall, network: Network, given: Given) -> Iterator[Problem]:
    """Where neither compile is given a loss nor any layer adds one."""
    if call.call in WITHOUT_LABELS or given.compiled is None:
        return
    loss = given.compiled.loss
    is_none = loss is None or (
        isinstance(loss, list | tuple) and all(part is None for part in within(loss))
    )
    if is_none and not (session().may_add_loss or any(step.unread for step in network.steps)):
        words = ' (Keras: "No loss to compute")' * (loss is None or len(call.y) > 1)
        yield call.problem("labels", f"compile is given no loss, and {call.call} needs one{words}")


def _output_names(model: Any, network: Network) -> list[str]:
    named = names_of_outputs(network, len(model.own_flow()[1]))
    return keys_of(model.own_nests[1]) or [name for name, _ in named]


# The data


# What Keras knows as no data.
NO_DATA = (str, bytes, int, float, range, set, frozenset, FunctionType)


def _checked_kinds(model: Any, method: str, x: Any, y: Any) -> Any:
    """X, or None where it or the labels are of a kind that Keras takes for no data."""
    if isinstance(x, Dataset | Stream) and method not in BATCHED:
        if any(hasattr(type(model), name) for name in OWN_STEPS.values()):
            return x
        refuse(
            f"{method} takes one batch, not what gives batches", "Only input tensors may be passed"
        )
        return None
    for value, what in ((x, "data, but arrays, data sets and generators"), (y, "labels")):
        if method in BATCHED and (kind := kind_of_no_data(value, may_yield=value is x)):
            words = (
                "" if kind in ("int", "float") else "Unrecognized data type"
            )  # NumPy's have others
            refuse(f"{method} takes no {kind} as {what}", words)
            return None
    return x


def kind_of_no_data(value: Any, *, may_yield: bool = True) -> str:
    """What Python calls a value that is no data for Keras; empty of what may be some."""
    if isinstance(value, Stream):
        return "" if may_yield and value.kind == "generator" else value.kind
    kind = type(value)
    may_be_array = any(hasattr(kind, name) for name in ("__array__", "__getattr__"))
    is_object = all(map(is_of_code, kind.__mro__[:-1])) and not may_be_array
    is_none = kind in NO_DATA or isinstance(value, MappingView) or is_of_code(value)
    return kind.__name__ if is_none or is_object else ""


def _written(node: ast.Call, words: Sequence[str]) -> dict[str, ast.expr]:
    if any(isinstance(part, ast.Starred) for part in node.args):
        return {}
    found = dict(zip(words, node.args, strict=False))
    return found | {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}


def _several(value: Any, node: ast.expr | None, usual: str, of: str = "") -> Several:
    """An array, or several in a list or by their names; `of` a data set, if it has a name."""
    if isinstance(value, dict):
        return {str(key): _data(part, None, str(key), of) for key, part in list(value.items())}
    if isinstance(value, list | tuple) and any(isinstance(part, Array | Open) for part in value):
        if len(value) > 1:
            usual = f"{node.id}[{{}}]" if isinstance(node, ast.Name) else f"{usual}{{}}"
        named = enumerate(value, "[" not in usual)
        return tuple(_data(part, None, usual.format(number), of) for number, part in named)
    return None if value is None else _data(value, node, usual, of)


def _of_dataset(value: Dataset, node: ast.expr | None) -> tuple[Several, Several, Data | None]:
    """The input, the labels and the weights among the elements of a data set."""
    text = ast.unparse(node) if node is not None else ""
    name = text if 0 < len(text) <= LONGEST_NAME else "the data set"
    element = value.own_element
    parts = element[:2] if isinstance(element, tuple) else (element,)
    x, y = (*parts, element if isinstance(element, Open) else None)[:2]
    given, origin = _several(flattened(x, Array), None, "X", name), value.own_origin
    if origin == "generator" and not isinstance(given, Data):
        origin = "code"  # of several inputs no `x[None]` makes a batch
    given = rebuilt(given, lambda one: one and replace(one, origin=origin))
    weights = element[2] if isinstance(element, tuple) and len(element) > 2 else None
    return given, _several(y, None, "y", name), _weights(weights, None)


def _data(value: Any, node: ast.expr | None, usual: str, of: str) -> Data:
    name = own(value, "own_name", "") or usual
    name = f"{name} of {of}" if of else name
    if node is not None and len(text := ast.unparse(node)) <= LONGEST_NAME:
        name = text
    if isinstance(value, list | tuple) and not [*opens_in(value)]:
        return Data(name, _shape_of_list(value), "list", of=of)
    if not isinstance(value, Array):
        return Data(name, None, of=of)
    least, most, drawn = known_range(value)
    sizes, is_table = tuple(map(_number, value.shape)), isinstance(value, Frame)
    return Data(name, sizes, value.own_entries, least, most, of, is_table, drawn_below=drawn)


def _weights(value: Any, node: ast.expr | None) -> Data | None:
    value = in_columns(value)
    return _data(value, node, "sample_weight", "") if isinstance(value, Array) else None


def _shape_of_list(value: Any) -> tuple[int, ...]:
    shape: list[int] = []
    while isinstance(value, list | tuple):
        shape.append(len(value))
        value = value[0] if value else None
    return tuple(shape)


def _validation(
    words: Mapping[str, Any], node: ast.expr | None
) -> tuple[Several, Several, Data | None] | None:
    pair = as_data_set(words.get("validation_data"))
    if words.get("validation_steps") is None:
        use_up(words.get("validation_data"))
    pair = pair[0] if isinstance(pair, list | tuple) and len(pair) == 1 else pair
    if kind := kind_of_no_data(pair):
        refuse(f"validation_data takes no {kind}", "Unrecognized data type")
    check_data_set(pair)
    if isinstance(pair, Dataset):
        return _of_dataset(pair, node)
    if isinstance(pair, dict) and words.get("y") is not None:
        of_keras = 'The structure of `inputs` doesn", "Attempt to convert a value (None)'
        refuse("validation_data is (x, y), and not a dictionary, which is all x", of_keras)
    if isinstance(pair, Array) and "validation_freq" not in words:  # else it may never be used
        return _several(in_columns(pair), None, "X_val"), None, None
    if isinstance(pair, list | tuple) and not 0 < len(pair) <= MOST_IN_BATCH:
        message = f"validation_data has at most x, y and sample_weight, not {len(pair)} parts"
        refuse(message, "Data is expected to be in format")
    if not isinstance(pair, list | tuple) or not 2 <= len(pair) <= MOST_IN_BATCH:
        return None
    x, y = map(in_columns, pair[:2])
    is_cut = "validation_batch_size" in words  # then the first batch is of another size
    weights = _weights(pair[2], None) if len(pair) > 2 and not is_cut else None
    return _several(flattened(x, Array), None, "X_val"), _several(y, None, "y_val"), weights


def _ordered(several: Several, names: Sequence[str]) -> tuple[Data, ...]:
    """The arrays in the order of the names; of what is not known, one that is not for each."""
    if several is None:
        return ()
    if isinstance(several, dict):
        return tuple(several[name] for name in names) if {*names} <= {*several} else ()
    if isinstance(several, Data):
        return (several,) * (len(names) if several.is_open else 1)
    if len(several) < len(names) and any(data.is_open for data in several):
        return ()  # one that is not known may be a list of several
    return several


def compiled_losses(model: Any, network: Network) -> tuple[Function | None, ...]:
    """The losses of a model of the code, as it was compiled last."""
    compiled = model.own_compiled
    return losses_of(compiled.loss, _output_names(model, network)) if compiled else ()


# Plain values


def _number(value: Any) -> int | None:
    return value if type(value) is int else None


def _batch_size(value: Any) -> int | None:
    return value if (type(value) is int and value >= 0) or value is None else 0


def _fraction(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _keys(value: Any) -> tuple[object, ...]:
    return tuple(key for key in value if type(key) in (int, str)) if isinstance(value, dict) else ()
