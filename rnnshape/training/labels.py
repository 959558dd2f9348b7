"""y against a model's outputs, with their losses and metrics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest

from rnnshape.errors import Problem
from rnnshape.training.data import (
    UNKNOWN,
    Data,
    Function,
    Model,
    Port,
    Sizes,
    TrainingCall,
    counted,
    shown,
)
from rnnshape.training.inputs import OF_VALIDATION, dtype_problem, list_for_array, one_list
from rnnshape.training.label_remedies import Attempt, judges, label_remedies
from rnnshape.training.losses import ONE_HOT, judge_of_loss, loss_named
from rnnshape.training.shapes import (
    Outcome,
    Shape,
    aligned,
    broadcast,
    certain_outcome,
    likely_outcome,
)

NO_WEIGHTS = ("class_weight=None",)


def label_problems(model: Model, call: TrainingCall) -> Iterator[Problem]:
    """What Keras refuses of y, or trains on though it is something else."""
    if not (call.takes_labels and call.y):
        return
    are_known = all(output.shape is not UNKNOWN for output in model.outputs)
    if len(call.y) != len(model.outputs):
        if are_known and (call.has_own_loss or (call.losses and all(call.losses))):
            yield _wrong_number(model, call)
        return
    if are_known:
        yield from _of_class_weights(model, call)
        yield from _of_weights_of_several(model, call)
    lines = zip_longest(call.y, model.outputs, call.losses, call.metrics)
    for index, (y, port, loss, metrics) in enumerate(lines):
        if port.shape is UNKNOWN:
            loss, metrics = None, ()
        now = Attempt("", *_sizes(call, y, port), port, loss, metrics or ())
        found = dtype_problem(call, y, "labels") or _wrong_shape(model, call, index, now)
        if found is None or found.silent:  # where Keras refuses the shape, it comes to no label
            found = _wrong_labels(call, y, port, loss, found) or found
        if found:
            yield found
        is_weighed = len(model.outputs) == 1 and (found is None or found.silent)
        if is_weighed and (wrong := _wrong_weights(call, now)):
            yield replace(wrong, remedies=found.remedies) if found and found.loss else wrong


def _sizes(call: TrainingCall, y: Data, port: Port) -> tuple[Sizes, Sizes]:
    """The shapes of one batch of y and of the output."""
    rows = call.rows if call.rows is not None else port.shape[0]
    # Of arrays Keras counts the samples itself; of batches it repeats a single one.
    has_all = len(y.shape or ()) >= len(port.shape) - (port.shape[-1:] == (1,))
    is_repeated = y.samples == 1 and has_all
    is_other = y.shape == () or (y.samples and rows not in (None, 1) and not is_repeated)
    is_counted = call.is_batched and not (y.of and is_other)
    made = rows if port.is_of_batch or port.shape[0] is None else port.shape[0]
    if not port.is_of_batch and made == rows and y.shape:  # then those of the last batch may differ
        rows = call.last_rows
    if y.shape is None or is_counted or y.shape[:1] == (None,):
        return (rows, *(y.shape or ())[1:]), (made, *port.shape[1:])
    return y.shape, (y.samples if made is None else made, *port.shape[1:])


def _wrong_number(model: Model, call: TrainingCall) -> Problem:
    words = "y_true and y_pred have different structures"
    if len(call.y) == 1 and not call.has_loss_each:
        words = "The path: (0,) in the `loss` argument, can't be found"
    whole = one_list(call.y) if len(model.outputs) == 1 < len(call.y) else None
    if whole is not None:
        return list_for_array(call, "labels", whole.name, "output", words)
    made, given = counted("output", model.outputs), counted("array", call.y)
    message = f"the model has {made}, but gets {given} of labels"
    is_one_layer = len({output.name for output in model.outputs}) == 1
    are_several = len({output.place for output in model.outputs}) == len(model.outputs)
    with_states = len(call.y) == 1 and is_one_layer and are_several
    remedies = ("return_state=False",) if with_states else ()
    return call.problem("labels", message, call.y[0], words, remedies=remedies)


def _wrong_shape(model: Model, call: TrainingCall, index: int, now: Attempt) -> Problem | None:
    y = call.y[index]
    is_beside_wrong = y.of and y.shape == () and not call.x  # the data set lacks its batches
    if y.shape is None or is_beside_wrong:
        return None
    if y.of and y.shape == () and call.x[0].origin != "tensorflow":
        words = "the arrays must be at least rank 1"
        return call.problem("labels", f"{y} has no samples", y, words, tensor=now.port.name)
    outcomes = [
        (what, loss, judge, found)
        for what, loss, judge in judges(now)
        if (found := certain_outcome(now.y, now.output, judge, _several(y, loss)))
    ]
    if not outcomes:
        return None
    what, loss, judge, found = outcomes[0]
    samples = ((y.of and now.output[0]) or y.samples) if call.is_batched else now.output[0]
    expected = (samples, *_expected(what, now)[1:])
    message = f"{y} does not fit the output {now.port} with {what}"
    is_told = expected != y.shape and now.port.has_samples
    if is_told and certain_outcome(expected, (samples, *now.output[1:]), judge) is None:
        message += f", which takes {shown(expected)}"
    # A metric may refuse what the loss takes.
    refused = next((outcome.refused for *_, outcome in outcomes if outcome.refused), "")
    if not now.port.is_of_batch:
        if not refused and now.port.shape[0] is None:  # nobody knows how many rows meet
            return None
        of_batch = f", here of {now.y[0]}" if now.y[0] is not None else ""
        message += f", whose first axis is not the batch{of_batch}"
    if now.port.is_of_pairs:
        message += ", in which the batch is more than one axis"
    is_open = any(x.of and None in (x.shape or ())[1:] for x in call.x)  # as TensorFlow has it
    is_relaxed = (call.is_traced or is_open) and refused == "Dimensions must be equal"
    if y.known_at_run or is_relaxed or not now.port.is_of_batch:
        refused = refused and "Graph execution error"
    if y.is_one_hot and now.y[-1] is None and now.output[-1] != 1:  # likely as many as it has
        now = now._replace(y=(*now.y[:-1], now.output[-1]))
    return call.problem(
        "labels",
        message if refused else f"{message}: without an error, Keras {found.silent}",
        y,
        refused,
        tensor=now.port.name,
        expected=expected if now.port.has_samples else None,
        loss=loss,
        remedies=label_remedies(model, call, index, now) if now.port.has_samples else (),
        silent=not refused,
    )


def _several(y: Data, loss: str | None) -> tuple[bool, bool]:
    """Whether the last axes of y and of the output surely are those of several classes."""
    return y.is_one_hot, loss in (*ONE_HOT, "sparse_categorical_crossentropy")


def _wrong_weights(call: TrainingCall, now: Attempt) -> Problem | None:
    """A weight for each sample, where there is a loss for each step of it."""
    weights, judged = call.weights, judge_of_loss(now.loss, now.port.masked) if now.loss else None
    are_known = call.y[0].shape is not None and None not in (*now.y[1:], *now.output[1:])
    if weights is None or not weights.shape or not judged or not are_known:
        return None
    values = likely_outcome(now.y, now.output, judged[1]).values
    losses = now.output[: len(values)][:1] + values[1:]

    def judge(given: Shape, values: Shape) -> Outcome:
        return Outcome(broadcast(*aligned(given, values)))

    is_counted = call.is_batched and not (call.x and call.x[0].of)
    has_rows = is_counted or now.output[0] is None
    given = (now.output[0], *weights.shape[1:]) if has_rows else weights.shape
    found = certain_outcome(given, losses, judge)
    if found is None:
        return None
    beside = OF_VALIDATION * weights.name.endswith(OF_VALIDATION)
    message = (
        f"sample_weight{beside} {shown(weights.shape)} does not fit {judged[0]}, which makes of y "
        f"and the output {shown(losses)} losses"
    )
    axes = ", ".join((":", *["None"] * (len(losses) - 1)))
    code = f"sample_weight={weights.name}[{axes}]"
    if call.x and call.x[0].of:
        code = call.x[0].with_elements("x, y, w", f"x, y, w[{axes}]")
    remedies = (code,) if len(given) == 1 < len(losses) and not beside else ()
    return call.problem("labels", message, weights, found.refused, remedies=remedies)


def _of_weights_of_several(model: Model, call: TrainingCall) -> Iterator[Problem]:
    """One array of weights for several outputs has one for each sample."""
    weights = call.weights
    sizes = weights.shape or () if weights else ()
    is_one_each = len(sizes) < 2 or (len(sizes) == 2 and sizes[1] in (1, None))
    if weights and not is_one_each and call.is_batched and len(model.outputs) > 1:
        words = "it should only have one scalar score per sample"
        message = f"{weights} is one array for {len(model.outputs)} outputs"
        yield call.problem("labels", message, weights, words)


def _expected(what: str, now: Attempt) -> Sizes:
    if "parse" in what:
        return now.output[:-1] or now.output
    return (now.output[0], None) if what == "ctc" else now.output


def _wrong_labels(
    call: TrainingCall, y: Data, port: Port, loss: Function | None, silent: Problem | None
) -> Problem | None:
    """Numbers of classes that the output does not have."""
    name, classes = loss_named(loss.name) if loss else None, port.shape[-1]
    if name != "sparse_categorical_crossentropy" or classes is None:
        return None
    if loss and not judge_of_loss(loss):  # it may pass over some
        return None
    axes = [*(y.shape or ())]
    if silent and len(axes[:-1] if axes[-1:] == [1] else axes) < len(port.shape) - 1:
        return None  # Keras takes another axis for the classes
    least, below = y.values_from or 0, y.values_below or 0
    if least >= 0 and below <= classes:
        return None
    end = y.drawn_below or below
    what = f"the label {least if least < 0 else below - 1}"
    if end != below and least >= 0:
        what = f"random labels up to {end - 1}"
    remedies = []
    if least and below - least <= classes and end == below:
        remedies.append(f"{y.name} = {y.name} {'-' if least > 0 else '+'} {abs(least)}")
    if port.units_of and least >= 0:
        remedies.append(port.units_of.format(end))
    return call.problem(
        "labels",
        f"{y} has {what}, but the output {port} takes 0 to {classes - 1}",
        y,
        f"which is outside the valid range of [0, {classes})",
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
        message = f"the model has {len(model.outputs)} outputs"
        yield call.problem("labels", message, None, words, remedies=NO_WEIGHTS)
        return
    port, loss, y = model.outputs[0], (*call.losses, None)[0], call.y[0]
    name, classes = loss_named(loss.name) if loss else None, port.shape[-1]
    words = ""
    if y.shape is not None and len(y.shape) > 2:
        words = "arrays can be converted to Python scalars"  # NumPy 1 and 2 begin otherwise
    elif name == "sparse_categorical_crossentropy" and y.shape is not None:
        # The weights are (samples,), the single losses of sequences (samples, timesteps).
        steps = port.shape[1] if len(port.shape) == 3 else None
        words = "Incompatible shapes" if steps not in (None, 1, call.rows) else ""
    if words:
        message = f"class_weight takes one label for each sample, not {y}"
        yield call.problem("labels", message, y, words, expected=(y.samples,), remedies=NO_WEIGHTS)
        return
    if classes is None or name is None or "crossentropy" not in name:
        return
    last = max(classes, 2) - 1
    beyond = [key for key in call.class_weights if key not in range(last + 1)]
    if beyond:
        keys = ", ".join(map(repr, beyond))
        message = (
            f"class_weight has the key{'s' * (len(beyond) > 1)} {keys}, but the output {port} has "
            f"classes 0 to {last}: without an error, Keras leaves these weights out"
        )
        found = call.problem("labels", message, silent=True, remedies=NO_WEIGHTS)
        yield replace(found, tensor=port.name, loss=name)
