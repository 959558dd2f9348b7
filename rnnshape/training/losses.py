"""What each loss makes of y and an output, by their shapes: a function per family of losses."""

from __future__ import annotations

from functools import partial

from rnnshape.signatures import arguments_of, names_in, snake_case
from rnnshape.training.data import Function
from rnnshape.training.shapes import Judge, Outcome, Refusal, Shape, aligned, broadcast, repeats

# Arguments of losses and metrics that do not change which shapes fit.
HARMLESS = {
    *("name", "dtype", "reduction", "from_logits", "label_smoothing", "delta", "alpha", "beta"),
    *("gamma", "apply_class_balancing", "margin", "remove_diagonal", "q"),
    *("threshold", "thresholds", "num_thresholds", "curve", "summation_method", "k"),
    *("num_classes", "target_class_ids", "specificity", "sensitivity", "recall", "precision"),
}


def elementwise(y: Shape, output: Shape) -> Outcome:
    """Entry by entry; what does not have the same shape is broadcast."""
    both = broadcast(y, output)
    silent = ""
    if repeats(y, output, both):
        silent = f"repeats entries up to {both} and takes the mean of these"
    return Outcome(both[:-1], silent)


def one_for_all(y: Shape, output: Shape) -> Outcome:
    """One number for all entries of a batch."""
    return elementwise(y, output)._replace(values=())


def same_shape(y: Shape, output: Shape) -> Outcome:
    """Entry by entry; nothing is broadcast."""
    if len(y) != len(output):
        raise Refusal("Arguments `target` and `output` must have the same rank (ndim)")
    if y != output:
        raise Refusal("Arguments `target` and `output` must have the same shape")
    return Outcome(output[:-1])


def sparse(y: Shape, output: Shape) -> Outcome:
    """y has the number of a class where the output has an entry for each class."""
    if len(y) == len(output) and y[-1:] == (1,):
        y = y[:-1]
    if len(y) != len(output) - 1:
        raise Refusal("Argument `output` must have rank (ndim) `target.ndim - 1`")
    if y != output[:-1]:
        raise Refusal(
            "Arguments `target` and `output` must have the same shape up until the last dimension"
        )
    return Outcome(y)


def relative(judge: Judge, why: str, y: Shape, output: Shape) -> Outcome:
    """Relative to the other entries of the last axis: of one alone it does not learn."""
    found = judge(y, output)
    if found.fits and output[-1] == 1:
        return found._replace(silent=f"learns nothing, because {why}")
    return found


def ctc(y: Shape, output: Shape) -> Outcome:
    if len(y) != 2:
        raise Refusal("Targets `y_true` are expected to be a tensor of shape")
    if len(output) != 3:
        raise Refusal("Logits `y_pred` are expected to be a tensor of shape")
    return Outcome(y[:1])


def circle(y: Shape, output: Shape) -> Outcome:
    """Of all pairs of samples, each with one label."""
    if len(output) > 2 and {*output[1:]} != {1}:
        raise Refusal("Dimensions must be equal")
    if {*y[1:]} - {1} and y[0] != 1:
        raise Refusal("Incompatible shapes")
    return Outcome(y[:1])


ONE_ENTRY = "the last axis has only one entry"
ONE_CLASS = "of one class the loss is always 0"
ONE_LABEL = f"{ONE_CLASS}, and refuses any label but 0"
_JUDGES: list[tuple[Judge, str]] = [
    (elementwise, "MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError"),
    (elementwise, "MeanSquaredLogarithmicError Huber LogCosh Poisson KLDivergence"),
    (elementwise, "Hinge SquaredHinge CategoricalHinge"),
    (one_for_all, "Dice Tversky"),
    (partial(relative, elementwise, ONE_ENTRY), "CosineSimilarity"),
    (partial(relative, elementwise, ONE_ENTRY), "CategoricalFocalCrossentropy"),
    (same_shape, "BinaryCrossentropy BinaryFocalCrossentropy"),
    (partial(relative, same_shape, ONE_CLASS), "CategoricalCrossentropy"),
    (partial(relative, sparse, ONE_LABEL), "SparseCategoricalCrossentropy"),
    (circle, "Circle"),
    (ctc, "CTC"),
]
# What a loss makes of y and the output, once aligned, by the name of its function.
LOSSES = {snake_case(name): judge for judge, names in _JUDGES for name in names.split()}
CLASSES = names_in("losses")  # of losses, by any name
SHORT = {
    "mse": "MeanSquaredError",
    "mae": "MeanAbsoluteError",
    "mape": "MeanAbsolutePercentageError",
    "msle": "MeanSquaredLogarithmicError",
    "bce": "BinaryCrossentropy",
    "kld": "KLDivergence",
}
NAMELESS = "CategoricalGeneralizedCrossEntropy"  # which `compile` finds by no name
NAMES = {
    **{spelt: snake_case(name) for spelt, name in CLASSES.items() if name != NAMELESS},
    **{spelt: snake_case(SHORT[name]) for name in SHORT for spelt in (name, name.upper())},
}
# Functions that align y and the output, as their classes and `compile` do for all.
ALIGN = {
    *("mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error", "huber"),
    *("mean_squared_logarithmic_error", "cosine_similarity", "log_cosh"),
}
# Of these y has an entry for each class.
ONE_HOT = {
    *("categorical_crossentropy", "categorical_focal_crossentropy"),
    *("categorical_hinge", "kl_divergence"),
}


def loss_named(text: str) -> str | None:
    """The name of the function of a loss, by any name that `compile` takes; None of no loss.

    >>> loss_named("MSE"), loss_named("keras.losses.CategoricalCrossentropy"), loss_named("mes")
    ('mean_squared_error', 'categorical_crossentropy', None)
    """
    word = text.rpartition(".")[2]
    return "crossentropy" if word.lower() in ("ce", "crossentropy") else NAMES.get(word)


def written(name: str, like: Function) -> str:
    """Another loss as code: with `from_logits`, where the loss that it replaces has it.

    >>> written("huber", Function("mse"))
    "'huber'"
    >>> written("poisson", Function("Huber", (("from_logits", True),)))
    'keras.losses.Poisson(from_logits=True)'
    """
    logits = dict(like.arguments).get("from_logits")
    if not logits:
        return repr(name)
    return f"keras.losses.{CLASSES[name]}(from_logits={logits!r})"


def resolved(name: str, y: Shape, output: Shape) -> str:
    """Which loss `crossentropy` is for these shapes."""
    if name != "crossentropy":
        return name
    if output[-1] == 1:
        return "binary_crossentropy"
    is_sparse = len(y) < len(output) or y[-1] == 1
    return "sparse_categorical_crossentropy" if is_sparse else "categorical_crossentropy"


def takes_other(module: str, function: Function) -> bool:
    """Whether a loss or a metric is given what changes the data that it takes."""
    known = arguments_of(module, function.name)
    as_keras = [*known.defaults.items()] if known else []
    return any(
        key not in HARMLESS and (key, value) not in as_keras for key, value in function.arguments
    )


def judge_of_loss(
    loss: Function, masked: bool = False, is_called: bool = False
) -> tuple[str, Judge] | None:
    """The loss' own name, and what it makes of y and an output; None where there is no rule.

    `masked` says whether a mask reaches the output, `is_called` whether code calls the function.

    >>> name, judge = judge_of_loss(Function("mse"))
    >>> judge((16, 1), (16, 3)).silent
    'repeats entries up to (16, 3) and takes the mean of these'
    """
    name = loss_named(loss.name)
    if name not in (*LOSSES, "crossentropy") or takes_other("losses", loss):
        return None
    if is_called and name not in ALIGN:
        return name, LOSSES.get(name, elementwise)
    return name, partial(_with_mask, name, masked)


def _with_mask(name: str, masked: bool, y: Shape, output: Shape) -> Outcome:
    name = resolved(name, y, output)
    given, left = aligned(y, output)
    found = LOSSES[name](given, left)
    if name == "sparse_categorical_crossentropy" and len(left) < len(output):
        found = found._replace(silent=f"takes axis {len(left) - 1} for classes")
    # Of more axes it is not known which of them the mask has.
    if masked and len(output) in (2, 3) and found.values:
        values, mask = aligned(found.values, output[:-1])
        both = broadcast(values, mask)
        if both != values and not found.silent:
            return Outcome(both, f"repeats single losses {values} up to {both}")
    return found
