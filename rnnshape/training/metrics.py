"""What each metric makes of y and an output, by their shapes."""

from __future__ import annotations

from functools import partial
from math import prod

from rnnshape.signatures import names_in
from rnnshape.training.data import Function
from rnnshape.training.losses import SHORT, elementwise, same_shape, sparse, takes_other
from rnnshape.training.shapes import (
    OTHER,
    Judge,
    Outcome,
    Refusal,
    Shape,
    aligned,
    broadcast,
    repeats,
)


def _once_aligned(judge: Judge, y: Shape, output: Shape) -> Outcome:
    return judge(*aligned(y, output))


def _single(y: Shape, output: Shape) -> Outcome:
    """Entry by entry, and not reduced."""
    y, output = aligned(y, output)
    return elementwise(y, output)._replace(values=broadcast(y, output))


def _check_axis(y: Shape) -> None:
    if not y:
        raise Refusal("dimension")  # each operation has its own words around it


def _by_axis(y: Shape, output: Shape) -> Outcome:
    """Entry by entry, compared along the last axis."""
    _check_axis(y)
    return _aligned(y, output)


def _class_of_largest(y: Shape, output: Shape) -> Outcome:
    """The largest entry of y against the largest of the output."""
    _check_axis(y)
    given, labels, classes = y[-1], y[:-1], output[:-1]
    if len(labels) == len(output):
        if labels[-1] != 1:
            raise Refusal("Cannot squeeze axis=-1")
        labels = labels[:-1]
    both = broadcast(labels, classes)
    if len(y) == 1:
        return Outcome(both, "takes the place of the largest label for the class of all samples")
    if given != output[-1] or repeats(labels, classes, both):
        return Outcome(both, _takes_largest(given))
    return Outcome(y[:-1])


def _takes_largest(given: int) -> str:
    return (
        f"takes the largest of each {given} entries of y for its class"
        if given > 1
        else "takes the place of the only entry for the class, so that it is always 0"
    )


def _class_number(y: Shape, output: Shape) -> Outcome:
    """The number of a class against the largest entry of the output."""
    given = y
    if len(y) == len(output) and y[-1:] == (1,):
        y = y[:-1]
    both = broadcast(y, output[:-1])
    if repeats(y, output[:-1], both):
        if given != y and prod(both) != prod(given):
            raise Refusal("Input to reshape is a tensor with")
        return Outcome(both, f"repeats entries up to {both}")
    values = given if given != y else both
    return Outcome(values[:-1] if len(values) > 1 and values[-1] == 1 else values)


def _accuracy(y: Shape, output: Shape) -> Outcome:
    """What `accuracy` becomes, by the last size of both."""
    if not y:
        raise Refusal("tuple index out of range")
    if output[-1] == 1:
        return _single(y, output)
    if len(y) < len(output) or y[-1] == 1:
        return _class_number(y, output)
    return _class_of_largest(y, output)


def _same_number(y: Shape, output: Shape, words: str) -> Outcome:
    """All entries in a row. Of sizes that are not known, some give the same number."""
    if OTHER not in (*y, *output) and prod(y) != prod(output):
        raise Refusal(words)
    return Outcome()


def _counted(y: Shape, output: Shape) -> Outcome:
    """All entries in a row, of which a single one is repeated."""
    if 1 in (prod(y), prod(output)) and prod(y) != prod(output):
        return Outcome(silent="repeats the only entry")
    return _same_number(y, output, "Incompatible shapes")


def _number_among_largest(y: Shape, output: Shape) -> Outcome:
    words = "must match length of targets"
    if len(output) < 2:
        raise Refusal(words)
    return _same_number(y, output[:-1], words)._replace(values=y)


def _among_largest(y: Shape, output: Shape) -> Outcome:
    if len(y) < 2:
        raise Refusal("must match length of targets")
    silent = "" if y[-1] == output[-1] else _takes_largest(y[-1])
    return _number_among_largest(y[:-1], output)._replace(silent=silent)


def _by_column(words: str, y: Shape, output: Shape) -> Outcome:
    """A number for each entry of the last axis, of (batch, features)."""
    if len(y) != 2 or len(output) != 2:
        raise Refusal(f"{words} expects 2D inputs with shape")
    if y[-1] not in (1, output[-1]):
        raise Refusal("in `variable.assign(value)` must match")
    return Outcome(silent="" if y == output else "repeats y for each column of the output")


def _overlap_of_largest(y: Shape, output: Shape) -> Outcome:
    _check_axis(y)
    if len(y) < 2:
        return Outcome(silent=_takes_largest(y[-1]))
    found = _same_number(y[:-1], output[:-1], "Incompatible shapes")
    return found if y[-1] == output[-1] else Outcome(silent=_takes_largest(y[-1]))


_aligned = partial(_once_aligned, elementwise)
_in_buckets = partial(_same_number, words="does not start with segment_ids.shape")
_JUDGES: list[tuple[Judge, bool, str]] = [
    (_aligned, True, "MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError"),
    (_aligned, True, "MeanSquaredLogarithmicError LogCoshError CosineSimilarity"),
    (_by_axis, True, "PearsonCorrelation ConcordanceCorrelation"),
    (_single, False, "RootMeanSquaredError"),
    (_single, True, "Accuracy BinaryAccuracy"),
    (_accuracy, True, "accuracy"),
    (elementwise, True, "KLDivergence Poisson Hinge SquaredHinge CategoricalHinge"),
    (same_shape, True, "BinaryCrossentropy CategoricalCrossentropy"),
    (sparse, True, "SparseCategoricalCrossentropy"),
    (_class_of_largest, True, "CategoricalAccuracy"),
    (_class_number, True, "SparseCategoricalAccuracy"),
    (_among_largest, True, "TopKCategoricalAccuracy"),
    (_number_among_largest, True, "SparseTopKCategoricalAccuracy"),
    (_counted, False, "Precision Recall TruePositives TrueNegatives"),
    (_counted, False, "FalsePositives FalseNegatives IoU BinaryIoU MeanIoU"),
    (_in_buckets, False, "AUC SensitivityAtSpecificity SpecificityAtSensitivity"),
    (_in_buckets, False, "PrecisionAtRecall RecallAtPrecision"),
    (partial(_once_aligned, partial(_by_column, "R2Score")), False, "R2Score"),
    (partial(_by_column, "FBetaScore"), False, "F1Score FBetaScore"),
    (_overlap_of_largest, False, "OneHotIoU OneHotMeanIoU"),
]
# What a metric makes of y and the output, and whether it leaves out what a mask leaves out.
METRICS = {
    name: (judge, is_masked) for judge, is_masked, names in _JUDGES for name in names.split()
}
NAMES = {
    **names_in("metrics"),
    **{spelt: SHORT[name] for name in SHORT for spelt in (name, name.upper()) if name != "kld"},
}


def metric_named(text: str) -> str | None:
    """The class of a metric, by any name that `compile` takes; None of no metric.

    >>> metric_named("mae"), metric_named("acc"), metric_named("keras.metrics.AUC")
    ('MeanAbsoluteError', 'accuracy', 'AUC')
    """
    if text in ("accuracy", "acc"):
        return "accuracy"
    return NAMES.get(text.rpartition(".")[2])


def judge_of_metric(metric: Function, masked: bool = False) -> Judge | None:
    """What a metric makes of y and an output; None where there is no rule for it.

    >>> judge_of_metric(Function("accuracy"))((16,), (16, 3)).fits
    True
    """
    name = metric_named(metric.name)
    if name not in METRICS or takes_other("metrics", metric):
        return None
    judge, is_masked = METRICS[name]
    return partial(_with_mask, judge, masked and is_masked)


def _with_mask(judge: Judge, masked: bool, y: Shape, output: Shape) -> Outcome:
    found = judge(y, output)
    if masked and len(output) in (2, 3):
        values, mask = aligned(found.values, output[:-1])
        if broadcast(mask, values[: len(mask)]) != values[: len(mask)]:
            raise Refusal("Incompatible shapes")
    return found
