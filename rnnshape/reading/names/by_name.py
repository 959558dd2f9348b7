"""What is given by name, or for each output: whether a model has these names, and as many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rnnshape.errors import Problem, counted, did_you_mean
from rnnshape.nest import within
from rnnshape.program import DEPENDS
from rnnshape.reading.graph import LayerCall
from rnnshape.reading.names.arguments import keys_of
from rnnshape.reading.names.given import listed
from rnnshape.reading.names.rows import overrides
from rnnshape.reading.names.tensors import name_given
from rnnshape.reading.python import opens_in
from rnnshape.reading.python.stand_in import is_of_code, own
from rnnshape.signatures import arguments_of, snake_case
from rnnshape.training import losses
from rnnshape.training import metrics as metrics_of_keras
from rnnshape.training.data import WITHOUT_LABELS, Data, TrainingCall
from rnnshape.training.losses import loss_named
from rnnshape.training.metrics import metric_named

BY_KERAS = "keras_tensor"  # how it names the tensor of an `Input` that has no name


def wrong_names(
    call: TrainingCall, model: Any, given: Any, inputs: Sequence[str], outputs: Sequence[str]
) -> Iterator[Problem]:
    """What Keras refuses of a call by the names of the model's inputs and outputs alone."""
    keyed_inputs, keyed = map(keys_of, model.own_nests)
    takes, gives = model.own_flow()
    is_graph = model.own_kind == "Functional"
    is_keyed = isinstance(model.own_nests[0], dict)
    # Those of the code, or that Keras makes up.
    are_known = all(name_given(one) or getattr(one.maker, "has_no_name", False) for one in takes)
    of_call = "the model" if call.call == "__call__" else call.call
    to_validate = given.validation and given.validation[0]
    for what, x in ((of_call, given.x), ("validation_data", to_validate)):
        if needs_names(model, x):
            words = "The structure of `inputs` doesn't match the expected structure"
            message = f"{what} is given no dictionary of {listed([*model.own_nests[0]])}"
            yield call.problem("data", f'{message} (Keras: "{words}")')
        if is_graph and (keyed_inputs if is_keyed else are_known):
            by_name = keyed_inputs or [*map(name_given, takes)]
            yield from _lacking_inputs(call, what, x, by_name)
        if model.own_kind == "Sequential" and isinstance(x, dict) and call.call != "__call__":
            names = [*filter(None, map(name_given, takes))]
            is_taken = any(key in names or (not names and key.startswith(BY_KERAS)) for key in x)
            if not (is_taken or any(map(is_of_code, map(type, model.own_items)))):
                message = "is given a dictionary, but a Sequential takes the array itself"
                yield call.problem("data", f"{what} {message}")
    is_renamed = "output_names" in vars(model)
    if call.call in WITHOUT_LABELS or given.compiled is None or not gives or is_renamed:
        return
    loss, metrics = given.compiled.loss, given.compiled.metrics
    keys = {str(key) for part in (given.y, loss, metrics) if isinstance(part, dict) for key in part}
    is_named = bool(keyed) or (is_graph and all(_is_named(tensor, keys) for tensor in gives))
    has_loss = [loss for loss in call.losses if loss] and len(gives) == 1
    if has_loss and given.y is None and call.x and all(data.shape for data in call.x):
        message = f"{call.call} is given no labels, which the loss compares with the output"
        yield call.problem("labels", message, words="None values not supported")
    is_bare = given.validation is not None and given.validation[1] is None
    beside = call.validation.x if is_bare and call.validation else ()
    if has_loss and beside and all(data.shape for data in beside):
        message = "validation_data has no labels, which the loss compares with the output"
        yield call.problem("labels", message, words="Attempt to convert a value (None)")
    yield from _unknown_names(call, loss, [metrics, given.compiled.weighted])
    labels, weighted = given.y if isinstance(given.y, dict) else {}, given.compiled.weighted
    # The only loss of a list is that of the only labels, whatever their name.
    is_single = isinstance(loss, list | tuple) and len(labels) == len(loss) - loss.count(None) == 1
    compared = [name for name, its in zip(keyed, call.losses, strict=False) if its]
    may_be_several = any(_is_of_open_list(tensor) for tensor in gives)
    if labels and not keyed and len(outputs) == 1 and not may_be_several:
        message = "of a model with one output the labels are the array itself, not a dictionary"
        remedies = tuple(
            data.with_elements("x, y", f"x, y[{key!r}]") if data.of else f"y={data.name}"
            for key, data in labels.items()
        )
        yield call.problem("labels", message, remedies=remedies)
    elif is_named and (keyed or not is_single):
        needed = compared if keyed else outputs
        yield from _of_other_outputs(call, "labels are given", given.y, outputs, "", needed)
        beside = given.validation and given.validation[1]
        yield from _of_other_outputs(call, "labels to validate are given", beside, outputs, "")
    if is_named:
        words, needed = ("can't be found", ()) if keyed else ("Expected keys", outputs)
        yield from _of_other_outputs(call, "compile is given losses", loss, outputs, words, needed)
    elif isinstance(loss, dict) and (model.own_kind == "Sequential" or overrides(model, "call")):
        message = "a loss by name is for the outputs of a Functional model"
        words = "'NoneType' object is not iterable"
        only = [one for one in loss.values() if isinstance(one, str) and len(loss) == 1]
        remedies = tuple(f"loss={one!r}" for one in only)
        yield call.problem("labels", message, words=words, remedies=remedies)
    yield from _numbers_of_losses(call, given.compiled, outputs, model.own_nests[1])
    if len(gives) > 1:
        for word, of_word in (("metrics", metrics), ("weighted_metrics", weighted)):
            yield from _numbers_of_metrics(call, word, of_word, outputs, is_named)


def needs_names(model: Any, x: Any) -> bool:
    """Whether Keras refuses arrays without names: its inputs are a dictionary in another order than
    that of their names."""
    names = [*model.own_nests[0]] if isinstance(model.own_nests[0], dict) else []
    is_known = isinstance(x, tuple) or (isinstance(x, Data) and not x.is_open)
    return is_known and model.own_kind == "Functional" and names != sorted(names)


def _unknown_names(call: TrainingCall, loss: Any, metrics: Any) -> Iterator[Problem]:
    """Losses and metrics by names that Keras does not have, which it asks of nobody else, and of
    metrics that need arguments."""
    for what, given, known, names in (
        ("loss", loss, loss_named, losses.NAMES),
        ("metric", metrics, metric_named, metrics_of_keras.NAMES),
    ):
        for name in _texts(given):
            its = arguments_of("metrics", known(name) or "") if what == "metric" else None
            if its and its.required:
                message = f"{known(name)} needs arguments: write keras.metrics.{known(name)}(...)"
                yield call.problem("labels", message, words=f"{known(name)}.__init__() missing")
            elif known(name) is None:
                message = f"Keras has no {what} {name!r}{did_you_mean(name, names)}"
                words = f"Could not interpret {what} identifier: {name}"
                yield call.problem("labels", message, words=words)


def _texts(value: Any) -> Iterator[str]:
    """The names in what `compile` is given; a config is none."""
    if isinstance(value, str):
        yield value
    elif not (isinstance(value, dict) and "class_name" in value):
        parts = value.values() if isinstance(value, dict) else value
        for part in parts if isinstance(value, dict | list | tuple) else ():
            yield from _texts(part)


def _is_of_open_list(tensor: Any) -> bool:
    """Whether it stands for what the code leaves open, which may be a list of several."""
    maker = tensor.maker
    return isinstance(maker, LayerCall) and maker.layer.call.name.startswith(DEPENDS)


def _is_named(tensor: Any, keys: Iterable[str]) -> bool:
    """Whether the code names what makes it, or Keras does, by a name that none of the keys can be:
    its number is not sure."""
    maker = tensor.maker
    if not isinstance(maker, LayerCall):
        return False
    layer, stem = maker.layer, snake_case(maker.layer.call.name)
    name = layer.name
    if maker.part is not None:  # a model, or a layer of the code, that returns it
        name = own(maker.part.owner, "own_name", "")
        stem = snake_case(type(maker.part.owner).__name__)
        if name and not name.startswith(stem):
            return True
    elif not name:
        return isinstance(layer.call["name"], str)
    return name.startswith(stem) and not any(key.startswith(stem) for key in keys)


def _lacking_inputs(
    call: TrainingCall, given: str, x: Any, inputs: Sequence[str]
) -> Iterator[Problem]:
    if not isinstance(x, dict):
        return
    by_keras = [
        any(name.startswith(start) for name in x) for start in ("input_layer", BY_KERAS)
    ]  # needs both
    lacking = [name for name in inputs if (name not in x if name else not all(by_keras))]
    if lacking:
        others = [name for name in x if name not in inputs]
        what = f"the input {lacking[0]!r}" if lacking[0] else "an Input that the code gives no name"
        message = f"{given} is given no data for {what}"
        message += f": of no input are {listed(others)}" if others else ""
        is_layer = by_keras[0] and not lacking[0]
        words = "doesn't match the expected structure" if is_layer else "Missing data for input"
        yield call.problem("data", f'{message} (Keras: "{words}")')


def _of_other_outputs(
    call: TrainingCall,
    what: str,
    given: Any,
    outputs: Sequence[str],
    words: str,
    needed: Sequence[str] = (),
) -> Iterator[Problem]:
    """What is given by name is for outputs of the model, and for those that need it."""
    if isinstance(given, dict) and not {*needed} <= {*given} <= {*outputs}:
        message = f"{what} for {listed([*given])}, but the outputs are {listed(outputs)}"
        yield call.problem("labels", message, words=words)


def _numbers_of_losses(
    call: TrainingCall, compiled: Any, outputs: Sequence[str], nest: Any
) -> Iterator[Problem]:
    """Keras takes a weight for each loss, in whatever nest, and no more losses than outputs."""
    loss, weights, several = compiled.loss, compiled.loss_weights, len(outputs)
    are_listed = isinstance(loss, list) and isinstance(nest, list) and several > 1
    if are_listed and {*map(type, loss[several:])} - {type(None)}:
        message = f"compile is given {len(loss)} losses for {several} outputs"
        yield call.problem("labels", message, words="can't be found in either the model's output")
    is_config = isinstance(loss, dict) and "class_name" in loss
    is_plain = isinstance(weights, list | tuple | dict | float)
    if loss is None or is_config or not is_plain or [*opens_in([loss, weights])]:
        return
    if isinstance(loss, dict) and isinstance(weights, dict) and not isinstance(nest, dict):
        weights = [weights[name] for name in loss if name in weights]
    many, given = (len([*within(part)]) for part in (loss, weights))
    if many != given:
        message = f"compile is given {many} loss{'es' * (many != 1)} and {given} loss_weights"
        yield call.problem("labels", message)


def _numbers_of_metrics(
    call: TrainingCall, word: str, metrics: Any, outputs: Sequence[str], is_named: bool
) -> Iterator[Problem]:
    """Of several outputs Keras takes a list with an entry for each, or a dictionary of names."""
    several = len(outputs)
    if isinstance(metrics, list | tuple):
        if metrics and len(metrics) != several:
            many = counted(len(metrics), "metric")
            message = (
                f"compile is given {many} in a list, which of {several} outputs has one for each"
            )
            same = [*within(metrics)]
            is_plain = all(isinstance(metric, str) for metric in same)
            remedies = (f"{word}={[same] * several!r}",) if is_plain else ()
            yield call.problem("labels", message, words=f"Invalid `{word}`", remedies=remedies)
    elif is_named:
        yield from _of_other_outputs(
            call, f"compile is given {word}", metrics, outputs, f"Invalid `{word}`"
        )
