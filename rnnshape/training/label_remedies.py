"""What can be changed where y does not fit: likely changes, of which those stay that fit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from rnnshape.signatures import snake_case
from rnnshape.training.data import Function, Model, Port, Sizes, TrainingCall
from rnnshape.training.losses import LOSSES, ONE_HOT, judge_of_loss, loss_named, written
from rnnshape.training.metrics import METRICS, judge_of_metric, metric_named
from rnnshape.training.samples import cut_to
from rnnshape.training.shapes import Judge, likely_outcome, rearranged

MOST_REMEDIES = 2


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
        return all(likely_outcome(self.y, self.output, judge).fits for *_, judge in judges(self))


def label_remedies(model: Model, call: TrainingCall, index: int, now: Attempt) -> tuple[str, ...]:
    """The code of the changes after which y fits, the likelier first."""
    y = call.y[index]
    texts = {
        _in_call(call, index, attempt.text): None
        for attempt in _attempts(model, call, index, now)
        if not (y.of and y.name in attempt.text) and attempt.fits  # an element has no name
        if not (f" with {y.name} = " in attempt.text and y.name in [x.name for x in call.x])
    }
    return tuple(texts)[:MOST_REMEDIES]


def _in_call(call: TrainingCall, index: int, text: str) -> str:
    """`fit(X, X[:, -1])` in the place of `X = X[:, -1]`, where X is what goes in, too."""
    y = call.y[index]
    before, is_named = f"{y.name} = ", y.name.isidentifier()
    if not (is_named and text.startswith(before) and any(x.name == y.name for x in call.x)):
        return text
    made, _, others = text.removeprefix(before).partition(" with ")
    changed = (*call.y[:index], replace(y, name=made), *call.y[index + 1 :])
    return replace(call, y=changed).written + f" with {others}" * bool(others)


def _attempts(model: Model, call: TrainingCall, index: int, now: Attempt) -> Iterator[Attempt]:
    yield from _fewer_samples(call, index, now)
    yield from _other_metrics(call, now)
    yield from (other_time := list(_of_time(model, call, now)))
    yield from _of_classes(call, index, now)
    yield from _other_units(now)
    if now.port.is_repeated and len(now.y) > 1 and now.y[1] is not None:
        repeated = (*now.output[:1], now.y[1], *now.output[2:])
        yield now.and_then(f"RepeatVector({now.y[1]})", output=repeated)
    yield from _reshaped(call.y[index].name, now)
    for attempt in other_time:
        twice = (*_of_classes(call, index, attempt), *_other_units(attempt))
        yield from (other for other in twice if other.text.count(" with ") == 1)
    if now.loss and loss_named(now.loss.name) == "sparse_categorical_crossentropy":
        for attempt in _one_hot(call, index, now):
            yield _with_loss(call, index, attempt, "categorical_crossentropy")


def _with_loss(call: TrainingCall, index: int, now: Attempt, name: str) -> Attempt:
    """Another loss; of several outputs the losses of all of them are written."""
    if now.loss is None or loss_named(now.loss.name) == name:
        return now
    text = written(name, now.loss)
    if len(call.losses) > 1:
        texts = [_as_given(loss) for loss in call.losses]
        text = f"[{', '.join([*texts[:index], text, *texts[index + 1 :]])}]"
    return now.and_then(f"loss={text}", loss=Function(name))


def _as_given(loss: Function | None) -> str:
    """A loss that stays as it is, as code."""
    name = loss and loss_named(loss.name)
    is_of_logits = loss is not None and dict(loss.arguments).get("from_logits")
    return written(name, loss) if name and loss and is_of_logits else repr(loss and loss.name)


def _one_hot(call: TrainingCall, index: int, now: Attempt) -> Iterator[Attempt]:
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
    is_one_hot = is_one_hot and data.dtype != "int64"  # that are numbers of classes
    if classes == 1:
        if is_one_hot and loss != "binary_crossentropy":
            yield from _units(now, now.y[-1])
            yield from (_with_loss(call, index, unit, whole) for unit in _units(now, now.y[-1]))
        if data.values_below is not None and data.values_below > 2:
            yield from _units(now, data.drawn_below or data.values_below)
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
    """With sequences or without; or all of a sample in one axis."""
    output = now.output
    if now.port.returns_sequences and len(output) == 3:
        port, last = now.port._replace(masked=False), (output[0], output[2])
        yield now.and_then("return_sequences=False", output=last, port=port)
    if now.port.returns_sequences is False and len(output) == 2 and model.inputs:
        given = call.x[0].shape if call.x and call.x[0].shape else model.inputs[0].shape
        if len(given) > 1:
            port = now.port._replace(masked=now.port.takes_mask)
            all_steps = (output[0], given[1], output[1])
            yield now.and_then("return_sequences=True", output=all_steps, port=port)
    if now.port.takes_flattened and len(output) > 2 and None not in output[1:]:
        last = (output[0], output[-1])
        yield now.and_then(f"Flatten() before Dense({last[1]})", output=last)


def _units(now: Attempt, units: int | None, others: str = "") -> Iterator[Attempt]:
    if now.port.units_of and units is not None and units != now.output[-1]:
        changed, (name, _, _) = (*now.output[:-1], units), now.port.units_of.partition("(")
        text = now.port.units_of.format(units)
        tells = name == "Dense" and re.search(
            "'(sigmoid|softmax)'", text
        )  # which told classes itself
        if others:
            text = f"{name}({units}{others})"
        elif 1 in (units, now.output[-1]) and tells and units > 1 and _takes_classes(now.loss):
            text = f"Dense({units}, activation='softmax')"
        elif 1 in (units, now.output[-1]) and "='softmax'" in text:  # which is of several
            text = f"{name}({units})"
        yield now.and_then(text, output=changed)


def _takes_classes(loss: Function | None) -> bool:
    """Whether a loss takes one probability for each class."""
    name = loss and loss_named(loss.name)
    is_of_logits = loss and dict(loss.arguments).get("from_logits")
    return bool(name and name.endswith("categorical_crossentropy") and not is_of_logits)


def _other_units(now: Attempt) -> Iterator[Attempt]:
    yield from _units(now, now.y[-1] if len(now.y) == len(now.output) else 1)


def _reshaped(name: str, now: Attempt) -> Iterator[Attempt]:
    y, output = now.y, now.output
    yield now.and_then(f"{name} = {name}[..., None]", y=(*y, 1))
    for text, shape in rearranged(name, y, output):
        yield now.and_then(text, y=shape)
    if len(y) > len(output):
        yield now.and_then(f"{name} = {name}[:, -1]", y=(*y[:1], *y[2:]))


def _fewer_samples(call: TrainingCall, index: int, now: Attempt) -> Iterator[Attempt]:
    """As many samples of X and y, where Keras does not count them."""
    if call.is_batched or not (call.x and now.y) or now.y[0] in (None, now.output[0]):
        return
    if now.output[0] is not None and now.output[0] < now.y[0]:
        text = cut_to([call.y[index].name], now.output[0])
        yield now.and_then(text, y=(now.output[0], *now.y[1:]))
        return
    text = cut_to([data.name for data in call.x], now.y[0])
    yield now.and_then(text, output=(now.y[0], *now.output[1:]))


def _other_metrics(call: TrainingCall, now: Attempt) -> Iterator[Attempt]:
    """The metric that is meant, in the place of one that does not fit."""
    if len(call.metrics) != 1 or call.has_weighted:
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


def judges(now: Attempt) -> Iterator[tuple[str, str | None, Judge]]:
    """What compares y with the output: how it is called, its name if it is the loss, its rule."""
    if now.loss and (judged := judge_of_loss(now.loss, now.port.masked)):
        yield judged[0], *judged
    for metric in now.metrics:
        if judge := judge_of_metric(metric, now.port.masked):
            yield f"the metric {metric_named(metric.name)}", None, judge
