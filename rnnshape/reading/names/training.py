"""The calls that give data to a model: `fit(X, y)`."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

from rnnshape.errors import where_of
from rnnshape.nest import flattened, rebuilt, within
from rnnshape.reading.keras2 import Today
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.compiling import Compiled, check_trained
from rnnshape.reading.names.datasets import Dataset, refuse, resized, taken_apart
from rnnshape.reading.names.generators import as_data_set
from rnnshape.reading.names.given import (
    MOST_IN_BATCH,
    Several,
    are_several_weighed,
    check_beside,
    check_kinds,
    check_weights,
    in_columns,
    kind_of_no_data,
    left_open,
    of_dataset,
    several,
    validation_of,
    weights_of,
    written_in,
)
from rnnshape.reading.names.session import opened, session
from rnnshape.reading.python import IsOpenError, Open, StandIn, own
from rnnshape.reading.python.streams import Stream
from rnnshape.signatures import signature
from rnnshape.training.data import BATCHED, WITHOUT_LABELS, Data, TrainingCall

# What a model of the code may do itself with each batch.
OWN_STEPS = {"fit": "train_step", "train_on_batch": "train_step", "evaluate": "test_step",
             "test_on_batch": "test_step", "predict": "predict_step",
             "predict_on_batch": "predict_step"}  # fmt: skip
OWN_LOSS = "compute_loss"
TRAINING = ("fit", "train_on_batch")
# What `fit(**options)` may be given that decides what is known of X and y.
DECIDING = ("x", "y", "batch_size", "epochs", "validation_split", "sample_weight")
TAKEN_BY_FIT = tuple(word if word in DECIDING else "" for word in signature("fit").names)
NAMES_OF_ACCURACY = ("acc", "accuracy")
PLACE_OF_SPLIT = 6  # of `validation_split` among what `fit` takes
SEVERAL_WEIGHTS = "it is compared where it is one array, beside one of labels"
OF_CLASSES = "of labels of more than two axes Keras takes none"
BESIDE_CLASSES = "beside class_weight Keras takes none"
WHICH = "under this condition it may be another one"


class History(StandIn):
    """What `fit` returns: numbers by the names that `compile` gave the metrics."""

    history = property(lambda history: history)

    def own_class_is_open(self) -> Open:
        """It stands for its dictionary, too."""
        return opened("a history")

    def __init__(
        self, compiled: Compiled | None, may_validate: bool = True, may_log: bool = True
    ) -> None:
        """Whether it `may_validate`, and whether callbacks or the model's own code `may_log`."""
        self.own_may_validate, self.own_may_log = may_validate, may_log
        given = (compiled.metrics, compiled.weighted) if compiled else ()
        metrics = [*within([part for part in given if part is not None])]
        are_names = compiled is not None and all(type(one) is str for one in metrics)
        self.own_metrics: list[Any] | None = metrics if are_names else None

    def __iter__(self) -> Any:  # else Python would ask for [0], [1], ... for ever
        raise IsOpenError(opened("the names of a history"))

    def __getitem__(self, key: Any) -> Open:
        lacks = self.own_lacking(key) if isinstance(key, str) else ""
        if lacks and session().evaluator.is_sure:
            session().problem(f"history has no {key!r}: {lacks} (Python: KeyError)")
        return opened(f"history[{key!r}]" if isinstance(key, str) else "history")

    def own_lacking(self, key: str) -> str:
        """Why nothing has this name; empty of what may have it."""
        name, metrics = key.removeprefix("val_"), self.own_metrics
        if name != key and not self.own_may_validate:
            return "fit is given no validation_data"
        if name not in NAMES_OF_ACCURACY or metrics is None or name in metrics:
            return ""
        [other] = {*NAMES_OF_ACCURACY} - {name}
        if other in metrics and name == "acc":
            session().old_name(f"history['{key}']", Today(f"history['{key}uracy']"))
            return ""
        if other in metrics:
            return f"compile calls the metric {other!r}"
        return "" if self.own_may_log else f"compile is given no metrics=['{name}']"


def history_of(model: Any, named: Mapping[str, Any]) -> History:
    """What the call of `fit` that is followed now returns."""
    node = session().evaluator.node
    if not isinstance(node, ast.Call) or not all(word.arg for word in node.keywords):
        return History(model.own_compiled)
    is_long, may_log = len(node.args) > PLACE_OF_SPLIT, named.get("callbacks") is not None
    own_code = (*OWN_STEPS.values(), "compute_metrics")
    may_log |= is_long or any(hasattr(type(model), one) for one in own_code)
    beside = (named.get(word) for word in ("validation_split", "validation_data"))
    may_validate = may_log or any(value is not None for value in beside)
    return History(model.own_compiled, may_validate, may_log)


class Given(NamedTuple):
    """A call that gives data to a model, before it is known what the model's inputs and outputs
    are called.

    Attributes:
        call: all but the data and the losses.
        x, y: the data; None where there is none.
        validation: the same of `validation_data`, and the weights of its samples.
        compiled: None where the code does not compile the model.
        is_validation_traced: whether Keras has traced the model for such a validation.
        is_unbuilt: whether the model is a `Sequential` that this data does not build.
    """

    call: TrainingCall
    x: Several
    y: Several
    validation: tuple[Several, Several, Data | None] | None
    compiled: Compiled | None
    is_validation_traced: bool = False
    is_unbuilt: bool = False


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
    written = written_in(node, names) if isinstance(node, ast.Call) else {}
    place = session().places().get("")
    file, line, column = where_of(place)
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name))) if evaluator.is_sure:
            is_needed = method not in WITHOUT_LABELS and not model.own_is_handed
            if compiled is None and is_needed:
                needs = f"{method} needs {name}.compile before, which"
                keras = "You must call `compile()` before using the model"
                message = f'{needs} this code does not call (Keras: "{keras}")'
                session().uncompiled.append((message, place))
                is_in_order = len(evaluator.calls) == 1 and "cell" not in (file or "")
                if session().may_compile and is_in_order and not _says_compile_before(line):
                    session().problem(f"{needs} stands below", words=keras)
    if compiled and compiled.third and method not in WITHOUT_LABELS:
        write, at = f"metrics={compiled.third[0]}", compiled.third[1]
        message = f"compile takes loss_weights in the third place: write {write}"
        session().problem(message, write, place=at)
    epochs = words.get("epochs")
    is_run = not (isinstance(epochs, int) and epochs == 0)
    if compiled and method in TRAINING and is_run:
        check_trained(compiled.optimizer, model)
    size, to_validate = (words.get(word) for word in ("batch_size", "validation_batch_size"))
    split = words.get("validation_split")
    call = TrainingCall(
        method,
        (),
        batch_size=_batch_size(split if isinstance(split, Open) else size),
        validation_batch_size=_batch_size(size if to_validate is None else to_validate),
        has_validation_steps=words.get("validation_steps") is not None,
        has_steps=any(words.get(word) is not None for word in ("steps", "steps_per_epoch")),
        validation_split=float(split) if isinstance(split, int | float) else None,
        is_sure=evaluator.is_sure and is_run,
        class_weights=_keys(words.get("class_weight")),
        weights=weights_of(words.get("sample_weight"), written.get("sample_weight")),
        file=file,
        line=line,
        column=column,
        code=place.line if place else "",
    )
    if words.get("x", x) is None and "x" in words and model.own_kind and method != "__call__":
        refuse(f"{method} is given None as data", "")
    x = _checked_kinds(model, method, x, words.get("y"))
    check_kinds(method, words)
    if isinstance(x, Dataset):
        if isinstance(x.own_element, tuple) and len(x.own_element) > MOST_IN_BATCH:
            message = f"a batch has at most x, y and sample_weight, not {len(x.own_element)} parts"
            refuse(message, "Data is expected to be in format")
        if call.is_batched:
            check_beside(method, words, x)
        given = of_dataset(x.own_of_some() if call.has_steps else x, written.get("x"))
        call = replace(call, weights=given[2])
        labels = [taken_apart(x.own_element)[1:]]
    else:
        y = in_columns(words.get("y")) if call.is_batched else words.get("y")
        labels = [(y, words.get("sample_weight"))]
        flat = flattened(x, Array)
        given = several(flat, written.get("x"), "X"), several(y, written.get("y"), "y"), None
    of_classes, of_samples = words.get("class_weight"), labels[0][1]
    is_twice = of_classes is not None and isinstance(of_samples, Array | Open)
    are_known = not any(isinstance(one, Open) for one in (of_samples, of_classes))
    if is_twice and are_known:
        said = 'You cannot `class_weight`", "cannot be specified at the same time'
        refuse("class_weight and sample_weight: give one of them", said)
    beside = as_data_set(words.get("validation_data"))
    validation = validation_of(beside, words, written.get("validation_data"))
    labels.append(taken_apart(own(beside, "own_element", beside))[1:])
    for y, weights in labels if call.is_batched and not isinstance(x, Dataset) else ():
        check_weights(y, weights, model.own_nests[1] if model.own_kind else None)
    if any(are_several_weighed(*pair) for pair in labels):
        given, validation = left_open((given, validation), "sample_weight", SEVERAL_WEIGHTS)
    if isinstance(of_classes, Open) and len(own(words.get("y"), "shape", ())) > 2:
        given, validation = left_open((given, validation), "class_weight", OF_CLASSES)
    if is_twice and not are_known:
        given, validation = left_open((given, validation), "sample_weight", BESIDE_CLASSES)
    if evaluator.is_of_several:
        left = rebuilt((given, validation), lambda one: one and replace(one, shape=None))
        given, validation = left_open(left, "the model", WHICH)
    return Given(call, *given[:2], validation, compiled)


def _says_compile_before(line: int | None) -> bool:
    """Whether the code says it above a line: it may be called where that is not followed."""
    above = session().evaluator.source.text.splitlines()[: line or 0]
    return not line or "compile" in "\n".join(above).replace("re.compile", "")


def follow_step(model: Any, method: str, x: Any, values: Sequence[Any], named: Any) -> bool:
    """Follows what a model of the code does itself with each batch: that says what it is called
    with. False where it leaves that to Keras."""
    step = getattr(type(model), OWN_STEPS.get(method, ""), None)
    if step is None:
        return False
    y = values[1] if len(values) > 1 else named.get("y")
    batch = x.own_element if isinstance(x, Dataset) else x if y is None else (x, y)
    with suppress(Exception):
        step(model, resized(batch, lambda shape: (opened("batch"), *shape[1:])))
    return True


def _checked_kinds(model: Any, method: str, x: Any, y: Any) -> Any:
    """X, or None where it or the labels are of a kind that Keras takes for no data."""
    if isinstance(x, Dataset | Stream) and method not in BATCHED:
        if any(hasattr(type(model), name) for name in OWN_STEPS.values()):
            return x
        words = "Only input tensors may be passed"
        refuse(f"{method} takes one batch, not what gives batches", words)
        return None
    for value, what in ((x, "data, but arrays, data sets and generators"), (y, "labels")):
        if method in BATCHED and (kind := kind_of_no_data(value, may_yield=value is x)):
            is_number = kind in ("int", "float")  # of which NumPy's have other words
            words = "" if is_number else "Unrecognized data type"
            refuse(f"{method} takes no {kind} as {what}", words)
            return None
    return x


def _batch_size(value: Any) -> int | None:
    return value if (type(value) is int and value >= 0) or value is None else 0


def _keys(value: Any) -> tuple[object, ...]:
    return tuple(key for key in value if type(key) in (int, str)) if isinstance(value, dict) else ()
