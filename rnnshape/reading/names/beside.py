"""What a call that trains is given beside X and y: counts, weights, and what else Keras takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rnnshape.nest import within
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.datasets import Dataset, PyDataset, WithoutShapes, refuse, use_up
from rnnshape.reading.names.session import session
from rnnshape.reading.python import Open

COUNTS = ("epochs", "initial_epoch", "steps_per_epoch", "steps", "validation_steps",
          "validation_batch_size")  # fmt: skip
ALWAYS = ("epochs", "initial_epoch")  # they may be below 0, and not None


def check_counts(method: str, words: Mapping[str, Any]) -> None:
    """What a call counts is a whole number of Python's or NumPy's."""
    split = words.get("validation_split")
    is_validated = isinstance(words.get("validation_data"), tuple | list)
    for word in COUNTS if is_validated else COUNTS[:-2]:
        value, is_always = words.get(word, 1), word in ALWAYS
        is_below = isinstance(value, int) and value < 0 and not is_always
        if is_below or isinstance(value, float | str) or (value is None and is_always):
            refuse(f"{method} takes {word} as a whole number, not {value!r}", "")
    every = words.get("validation_freq") if is_validated or split else None
    if every == 0 or isinstance(every, float | str):
        refuse(f"{method} takes validation_freq as 1 or more, not {every!r}", "")
    if isinstance(split, str):
        refuse(f"{method} takes validation_split as a number, not {split!r}", "")


def check_beside(method: str, words: Mapping[str, Any], x: Dataset) -> None:
    """What Keras takes with arrays alone, not with what gives batches."""
    if method != "predict":
        check_data_set(x)
    if words.get("steps", words.get("steps_per_epoch")) is None:
        use_up(words.get("x"))
    split = words.get("validation_split")
    if isinstance(split, int | float) and split and words.get("validation_data") is None:
        message = "validation_split is for arrays alone: give what is to validate by itself"
        refuse(message, "is only supported for tensors or NumPy arrays")
    if x.own_origin == "generator" and words.get("class_weight") is not None:
        refuse("class_weight is not for generators", "Argument `class_weight` is not supported")
    for word in ("y", "sample_weight"):
        if isinstance(words.get(word), Array | Dataset | PyDataset):
            message = f"what gives batches has {word} in them: leave {word} out"
            refuse(message, "should not be passed")


def check_data_set(given: Any) -> None:
    """Data sets that nothing is trained with."""
    parts = [*within(given.own_element)] if isinstance(given, Dataset) else []
    if isinstance(given, WithoutShapes):
        message = "from_generator needs output_signature: what it gives has no known shape"
        refuse(message, 'unknown rank", "unknown TensorShape')
    elif any(isinstance(part, Dataset) for part in parts):
        message = "an element of window is a data set itself: flat_map makes batches of them"
        refuse(message, "Only input tensors may be passed")
    elif isinstance(given, list | tuple) and any(isinstance(part, Dataset) for part in given):
        refuse("validation_data is one data set, not several", "should not be passed")


def check_weights(y: Any, words: Mapping[str, Any]) -> None:
    """The weights of samples are one array, or several in the structure of y; those of classes a
    dictionary."""
    weights, of_classes = words.get("sample_weight"), words.get("class_weight")
    if not isinstance(of_classes, dict | Open | None):
        message = "class_weight is a dictionary, such as {0: 1.0, 1: 2.0}"
        session().problem(message, words="object has no attribute 'get'", kind="labels")
    elif of_classes is not None and isinstance(weights, Array):
        message = "class_weight and sample_weight: give one of them"
        said = 'You cannot `class_weight`", "cannot be specified at the same time'
        session().problem(message, words=said, kind="labels")
    if isinstance(weights, int | float | str):
        message = f"sample_weight is an array with a number for each sample, not {weights!r}"
        session().problem(message, words="Unrecognized data type", kind="labels")
    if isinstance(weights, list | tuple) and {*map(type, weights)} <= {int, float}:
        message = "sample_weight is a list of numbers: give an array, np.array(sample_weight)"
        session().problem(message, words="Unrecognized data type", kind="labels")
    if isinstance(weights, dict) and {*map(type, weights.values())} <= {int, float}:
        message = "sample_weight is a dictionary of numbers: class_weight takes those"
        session().problem(message, words="Unrecognized data type", kind="labels")
    several = isinstance(weights, dict | list | tuple) and any(
        isinstance(part, Array) for part in within(weights)
    )
    if not several or y is None or isinstance(y, Open):
        return
    if isinstance(y, Array):
        if isinstance(weights, dict):  # of a list Keras takes the first
            message = "sample_weight is a dictionary, and y one array: give one array"
            session().problem(message, words="Expected float32", kind="labels")
    elif _structure(y) != _structure(weights):
        message = f"sample_weight is {_structure(weights)}, and y is {_structure(y)}: give the same"
        of_keras = "You should provide one `sample_weight` array per output in `y`"
        session().problem(message, words=of_keras, kind="labels")


def check_dictionaries(pairs: Sequence[Any]) -> None:
    """Labels and weights in two dictionaries, where the model returns a list."""
    if any({*map(type, pair)} == {dict} and len(pair[0]) > 1 for pair in pairs):
        message = (
            "beside sample_weight the labels are as the outputs: lists of both, no dictionaries"
        )
        session().problem(message, kind="labels")


def _structure(value: Any) -> str:
    if isinstance(value, dict):
        return f"a dictionary of {listed(sorted(value))}"
    return f"a {type(value).__name__} of {len(value)}"


def listed(names: Sequence[object]) -> str:
    return ", ".join(map(repr, names))
