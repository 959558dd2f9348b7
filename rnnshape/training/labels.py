"""y against a model's outputs, with their losses and metrics; and what can be changed where it does
not fit: likely changes, of which those stay that fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest
from typing import Any, NamedTuple

from rnnshape.errors import Problem
from rnnshape.signatures import snake_case
from rnnshape.training.data import (
    WITHOUT_LABELS,
    Data,
    Function,
    Model,
    Port,
    Sizes,
    TrainingCall,
    counted,
    shown,
)
from rnnshape.training.inputs import (
    OF_VALIDATION,
    cut_to,
    dtype_problem,
    other_orders,
    written_call,
)
from rnnshape.training.losses import LOSSES, ONE_HOT, judge_of_loss, loss_named, written
from rnnshape.training.metrics import METRICS, judge_of_metric, metric_named
from rnnshape.training.shapes import (
    Judge,
    Outcome,
    Shape,
    aligned,
    broadcast,
    in_general,
    rearranged,
    settled,
)

MOST_REMEDIES = 2
NO_WEIGHTS = ("class_weight=None",)


def label_problems(model: Model, call: TrainingCall) -> Iterator[Problem]:
    """What Keras refuses of y, or trains on though it is something else."""
    if call.call in WITHOUT_LABELS or not call.y:
        return
    if len(call.y) != len(model.outputs):
        if call.losses and all(call.losses):
            yield _wrong_number(model, call)
        return
    yield from _of_class_weights(model, call)
    found = _of_outputs(model, call)
    for order in other_orders(call, call.y) if len(found) > 1 else ():
        if not _of_outputs(model, replace(call, y=order)):
            found = [replace(one, remedies=(written_call(call, call.x, order),)) for one in found]
            break
    yield from found


def _of_outputs(model: Model, call: TrainingCall) -> list[Problem]:
    wrong = []
    lines = zip_longest(call.y, model.outputs, call.losses, call.metrics)
    for index, (y, port, loss, metrics) in enumerate(lines):
        if y is None or port is None or not port.shape:
            continue
        now = Attempt("", *_sizes(call, y, port), port, loss, metrics or ())
        found = dtype_problem(call, y, "labels") or _wrong_shape(model, call, index, now)
        if found is None or found.silent:  # where Keras refuses the shape, it comes to no label
            found = _wrong_labels(call, y, port, loss, found) or found
        found = found or (_wrong_weights(call, now) if len(model.outputs) == 1 else None)
        wrong += [found] if found else []
    return wrong


def _sizes(call: TrainingCall, y: Data, port: Port) -> tuple[Sizes, Sizes]:
    """The shapes of one batch of y and of the output."""
    rows = call.rows if call.rows is not None else port.shape[0]
    if y.shape is None or call.is_batched:
        # Other numbers of samples are a matter of their own.
        return (rows, *(y.shape or ())[1:]), (rows, *port.shape[1:])
    return y.shape, (y.samples if rows is None else rows, *port.shape[1:])


def _wrong_number(model: Model, call: TrainingCall) -> Problem:
    words = "y_true and y_pred have different structures"
    if len(call.y) == 1:
        words = "The path: (0,) in the `loss` argument, can't be found"
    made, given = counted("output", model.outputs), counted("array", call.y)
    message = f'the model has {made}, but gets {given} of labels (Keras: "{words}")'
    with_states = len(call.y) == 1 and len({output.name for output in model.outputs}) == 1
    remedies = ("return_state=False",) if with_states else ()
    return call.problem("labels", message, call.y[0], remedies=remedies)


def _wrong_shape(model: Model, call: TrainingCall, index: int, now: Attempt) -> Problem | None:
    y = call.y[index]
    if y.shape is None:
        return None
    outcomes = [
        (what, loss, judge, found)
        for what, loss, judge in _judges(now)
        if (found := settled(now.y, now.output, judge))
    ]
    if not outcomes:
        return None
    what, loss, judge, found = outcomes[0]
    samples = y.samples if call.is_batched else now.output[0]
    expected = (samples, *_expected(what, now)[1:])
    message = f"{y} does not fit the output {now.port} with {what}"
    if expected != y.shape and settled(expected, (samples, *now.output[1:]), judge) is None:
        message += f", which takes {shown(expected)}"
    # A metric may refuse what the loss takes.
    refused = next((outcome.refused for *_, outcome in outcomes if outcome.refused), "")
    if refused:
        message += f' (Keras: "{refused}")'
    else:
        message += f": without an error, Keras {found.silent}"
    return call.problem(
        "labels",
        message,
        y,
        tensor=now.port.name,
        expected=expected,
        loss=loss,
        remedies=label_remedies(model, call, index, now),
        silent=not refused,
    )


def _wrong_weights(call: TrainingCall, now: Attempt) -> Problem | None:
    """A weight for each sample, where there is a loss for each step of it."""
    weights, judged = call.weights, judge_of_loss(now.loss, now.port.masked) if now.loss else None
    if weights is None or not weights.shape or not judged or None in (*now.y[1:], *now.output[1:]):
        return None
    values = in_general(now.y, now.output, judged[1]).values
    losses = now.output[: len(values)][:1] + values[1:]

    def judge(given: Shape, values: Shape) -> Outcome:
        return Outcome(broadcast(*aligned(given, values)))

    given = (now.output[0], *weights.shape[1:]) if call.is_batched else weights.shape
    found = settled(given, losses, judge)
    if found is None:
        return None
    beside = OF_VALIDATION * weights.name.endswith(OF_VALIDATION)
    message = (
        f"sample_weight{beside} {shown(weights.shape)} does not fit {judged[0]}, which makes of y "
        f'and the output {shown(losses)} losses (Keras: "{found.refused}")'
    )
    extended = f"{weights.name}[{', '.join((':', *['None'] * (len(losses) - 1)))}]"
    remedies = (f"sample_weight={extended}",) if len(given) == 1 and not beside else ()
    return call.problem("labels", message, weights, remedies=remedies)


def _judges(now: Attempt) -> Iterator[tuple[str, str | None, Judge]]:
    """What compares y with the output: how it is called, its name if it is the loss, its rule."""
    if now.loss and (judged := judge_of_loss(now.loss, now.port.masked)):
        yield judged[0], *judged
    for metric in now.metrics:
        if judge := judge_of_metric(metric, now.port.masked):
            yield f"the metric {metric_named(metric.name)}", None, judge


def _expected(what: str, now: Attempt) -> Sizes:
    if "parse" in what or what == "categorical_generalized_cross_entropy":
        return now.output[:-1] or now.output
    return (now.output[0], None) if what == "ctc" else now.output


def _wrong_labels(
    call: TrainingCall, y: Data, port: Port, loss: Function | None, silent: Problem | None
) -> Problem | None:
    """Numbers of classes that the output does not have."""
    name, classes = loss_named(loss.name) if loss else None, port.shape[-1]
    if name != "sparse_categorical_crossentropy" or classes is None:
        return None
    least, below = y.values_from or 0, y.values_below or 0
    if least >= 0 and below <= classes:
        return None
    wrong = least if least < 0 else below - 1
    remedies = []
    if least and below - least <= classes:
        remedies.append(f"{y.name} = {y.name} {'-' if least > 0 else '+'} {abs(least)}")
    if port.units_of and least >= 0:
        remedies.append(f"{port.units_of}({below})")
    return call.problem(
        "labels",
        f"{y} has the label {wrong}, but the output {port} takes 0 to {classes - 1} "
        f'(Keras: "which is outside the valid range of [0, {classes})")',
        y,
        tensor=port.name,
        expected=(y.samples, *port.shape[1:-1]),
        loss=name,
        remedies=silent.remedies if silent else tuple(remedies),
    )


def _of_class_weights(model: Model, call: TrainingCall) -> Iterator[Problem]:
    if not call.class_weights:
        return
    if call.is_batched and len(model.outputs) > 1:
        words = "`class_weight` is only supported for Models with a single output."
        message = f'the model has {len(model.outputs)} outputs (Keras: "{words}")'
        yield call.problem("labels", message, remedies=NO_WEIGHTS)
        return
    port, loss, y = model.outputs[0], (*call.losses, None)[0], call.y[0]
    name, classes = loss_named(loss.name) if loss else None, port.shape[-1]
    words = ""
    if y.shape is not None and len(y.shape) > 2:
        words = "only 0-dimensional arrays can be converted to Python scalars"
    elif name == "sparse_categorical_crossentropy" and y.shape is not None:
        # The weights are (samples,), the single losses of sequences (samples, timesteps).
        steps = port.shape[1] if len(port.shape) == 3 else None
        words = "Incompatible shapes" if steps not in (None, 1, call.rows) else ""
    if words:
        message = f'class_weight takes one label for each sample, not {y} (Keras: "{words}")'
        yield call.problem("labels", message, y, expected=(y.samples,), remedies=NO_WEIGHTS)
        return
    if classes is None or name is None or "crossentropy" not in name:
        return
    last = max(classes, 2) - 1
    beyond = sorted(key for key in call.class_weights if not 0 <= key <= last)
    if beyond:
        keys = ", ".join(map(str, beyond))
        message = (
            f"class_weight has the key{'s' * (len(beyond) > 1)} {keys}, but the output {port} has "
            f"classes 0 to {last}: without an error, Keras leaves these weights out"
        )
        where = {"tensor": port.name, "loss": name, "remedies": NO_WEIGHTS}
        yield call.problem("labels", message, None, silent=True, **where)


class Attempt(NamedTuple):
    """A y, an output, and what compares them, after a change of the code."""

    text: str
    y: Sizes
    output: Sizes
    port: Port
    loss: Function | None
    metrics: tuple[Function, ...]

    def and_then(self, text: str, **changes: Any) -> Attempt:
        """The same with one change more."""
        both = f"{self.text} with {text}" if self.text else text
        return self._replace(text=both, **changes)

    @property
    def labels(self) -> Sizes:
        """The shape of y without a last axis of 1."""
        return self.y[:-1] if len(self.y) > 1 and self.y[-1] == 1 else self.y

    @property
    def fits(self) -> bool:
        return all(in_general(self.y, self.output, judge).fits for *_, judge in _judges(self))


def label_remedies(model: Model, call: TrainingCall, index: int, now: Attempt) -> tuple[str, ...]:
    """The code of the changes after which y fits, the likelier first."""
    y = call.y[index]
    texts = {
        attempt.text: None
        for attempt in _attempts(model, call, index, now)
        if not (y.of and y.name in attempt.text) and attempt.fits  # an element has no name
    }
    return tuple(texts)[:MOST_REMEDIES]


def _attempts(model: Model, call: TrainingCall, index: int, now: Attempt) -> Iterator[Attempt]:
    yield from _fewer_samples(call, now)
    yield from _other_metrics(call, now)
    yield from (other_time := list(_of_time(model, call, now)))
    yield from _of_classes(call, index, now)
    yield from _other_units(now)
    yield from _reshaped(call.y[index].name, now)
    for attempt in other_time:
        yield from (*_of_classes(call, index, attempt), *_other_units(attempt))
    if now.loss and loss_named(now.loss.name) == "sparse_categorical_crossentropy":
        for attempt in _one_hot(call, index, now):
            yield _with_loss(call, index, attempt, "categorical_crossentropy")


def _with_loss(call: TrainingCall, index: int, now: Attempt, name: str) -> Attempt:
    """Another loss; of several outputs the losses of all of them are written."""
    if now.loss is None or loss_named(now.loss.name) == name:
        return now
    text = written(name, now.loss)
    if len(call.losses) > 1:
        texts = [repr(loss.name) if loss else "None" for loss in call.losses]
        text = f"[{', '.join([*texts[:index], text, *texts[index + 1 :]])}]"
    return now.and_then(f"loss={text}", loss=Function(name))


def _one_hot(call: TrainingCall, index: int, now: Attempt) -> Iterator[Attempt]:
    """y with an entry for each class."""
    name, below, classes = call.y[index].name, call.y[index].values_below, now.output[-1]
    if classes is None or (below is not None and below > classes):
        return
    text = f"{name} = keras.utils.to_categorical({name}, {classes})"
    yield now.and_then(text, y=(*now.labels, classes))


def _of_classes(call: TrainingCall, index: int, now: Attempt) -> Iterator[Attempt]:
    loss = loss_named(now.loss.name) if now.loss else None
    if loss == "cosine_similarity" and now.output[-1] == 1:
        yield _with_loss(call, index, now, "mean_squared_error")
    if loss not in LOSSES or not (loss in ONE_HOT or "crossentropy" in loss):
        return
    data, classes = call.y[index], now.output[-1]
    sparse, whole = "sparse_categorical_crossentropy", "categorical_crossentropy"
    is_one_hot = len(now.y) == len(now.output) and now.y[-1] not in (None, 1)
    if classes == 1:
        if is_one_hot and loss != "binary_crossentropy":
            yield from _units(now, now.y[-1])
            yield from (_with_loss(call, index, unit, whole) for unit in _units(now, now.y[-1]))
        if data.values_below is not None and data.values_below > 2:
            yield from _units(now, data.values_below)
        else:
            yield _with_loss(call, index, now, "binary_crossentropy")
    elif loss.startswith("binary"):
        takes_logits = now.loss and dict(now.loss.arguments).get("from_logits")
        yield from _units(now, 1, "" if takes_logits else ", activation='sigmoid'")
        yield _with_loss(call, index, now, sparse)
    if loss in ONE_HOT and now.labels[1:] == now.output[1:-1]:
        yield from _one_hot(call, index, now)
        yield _with_loss(call, index, now, sparse)
    if loss == sparse and is_one_hot:
        if now.y[-1] == classes:
            yield _with_loss(call, index, now, whole)
        else:
            yield from (_with_loss(call, index, unit, whole) for unit in _units(now, now.y[-1]))
    most = 2 if loss == "binary_crossentropy" else classes
    if is_one_hot and (most is None or (now.y[-1] or 0) <= most):
        text = f"{data.name} = {data.name}.argmax(axis=-1)"
        yield now.and_then(text, y=now.y[:-1])


def _of_time(model: Model, call: TrainingCall, now: Attempt) -> Iterator[Attempt]:
    """With sequences or without."""
    output = now.output
    if now.port.returns_sequences and len(output) == 3:
        port, last = now.port._replace(masked=False), (output[0], output[2])
        yield now.and_then("return_sequences=False", output=last, port=port)
    if now.port.returns_sequences is False and len(output) == 2 and model.inputs:
        given = call.x[0].shape if call.x and call.x[0].shape else model.inputs[0].shape
        if len(given) > 1:
            all_steps = (output[0], given[1], output[1])
            yield now.and_then("return_sequences=True", output=all_steps)


def _units(now: Attempt, units: int | None, others: str = "") -> Iterator[Attempt]:
    if now.port.units_of and units is not None and units != now.output[-1]:
        changed = (*now.output[:-1], units)
        yield now.and_then(f"{now.port.units_of}({units}{others})", output=changed)


def _other_units(now: Attempt) -> Iterator[Attempt]:
    yield from _units(now, now.y[-1] if len(now.y) == len(now.output) else 1)


def _reshaped(name: str, now: Attempt) -> Iterator[Attempt]:
    y, output = now.y, now.output
    yield now.and_then(f"{name} = {name}[..., None]", y=(*y, 1))
    for text, shape in rearranged(name, y, output):
        yield now.and_then(text, y=shape)
    if len(y) > len(output):
        yield now.and_then(f"{name} = {name}[:, -1]", y=(*y[:1], *y[2:]))


def _fewer_samples(call: TrainingCall, now: Attempt) -> Iterator[Attempt]:
    """X of as many samples as y, where Keras does not count them."""
    if call.is_batched or not (call.x and now.y) or now.y[0] in (None, now.output[0]):
        return
    text = cut_to([data.name for data in call.x], now.y[0])
    yield now.and_then(text, output=(now.y[0], *now.output[1:]))


def _other_metrics(call: TrainingCall, now: Attempt) -> Iterator[Attempt]:
    """The metric that is meant, in the place of one that does not fit."""
    if len(call.metrics) != 1:
        return
    others = tuple(map(_of_other_labels, now.metrics))
    if others != now.metrics and not any(other.arguments for other in others):
        names = ", ".join(repr(other.name) for other in others)
        yield now.and_then(f"metrics=[{names}]", metrics=others)


def _of_other_labels(metric: Function) -> Function:
    """The metric for the number of a class, in the place of that for an entry for each class."""
    name = metric_named(metric.name) or ""
    other = name.removeprefix("Sparse") if name.startswith("Sparse") else f"Sparse{name}"
    return replace(metric, name=snake_case(other)) if other in METRICS else metric
