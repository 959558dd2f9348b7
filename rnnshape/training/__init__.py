"""Whether X, y, the losses and the metrics fit a model, as Keras has it: plain data, no Keras."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import islice, permutations
from operator import is_not

from rnnshape.errors import Problem
from rnnshape.training.data import Data, Model, TrainingCall, listed

MOST_ARRAYS = 5  # of which all orders are tried


def problems_of(
    model: Model, call: TrainingCall, validated: Model | None = None
) -> tuple[Problem, ...]:
    """What does not fit in a call that gives data to a model, in the order that Keras finds it;
    `validated` is the model with the sizes of `validation_data`.

    Of what is not known nothing is said, unless all that it may be is wrong. Where two problems or
    more are gone once the arrays are in another order, that is their only remedy.

    >>> from rnnshape.training.data import Function, Port
    >>> model = Model((Port("input", (None, 5, 3)),), (Port("dense", (None, 3)),))
    >>> x, y, loss = Data("X", (100, 5, 3)), Data("y", (100,)), Function("categorical_crossentropy")
    >>> (problem,) = problems_of(model, TrainingCall("fit", (x,), (y,), (loss,)))
    >>> print(problem.message.partition(" with")[0])
    y (100,) does not fit the output dense (batch, 3)
    >>> print(*problem.remedies, sep="\\n")
    y = keras.utils.to_categorical(y, 3)
    loss='sparse_categorical_crossentropy'
    """
    problems = partial(_as_given, model, validated or model)
    found, least = problems(call), 1 if call.x and call.x[0].of else 2
    for other, code in _other_orders(call) if len(found) >= least else ():
        rest = problems(other)
        gone = [one for one in found if one not in rest]
        is_of_shapes = any(one.expected is not None for one in gone)  # and not of the numbers
        is_better = len(gone) >= least and is_of_shapes and all(one in found for one in rest)
        if is_better and _has_features(model, other):
            found = [replace(one, remedies=(code,)) if one in gone else one for one in found]
            break
    return tuple(found)


def _as_given(model: Model, validated: Model, call: TrainingCall) -> list[Problem]:
    """The same of the arrays in the places that they have."""
    from rnnshape.training.inputs import input_problems  # few programs give data
    from rnnshape.training.labels import label_problems
    from rnnshape.training.samples import sample_problems

    of_x = [*input_problems(model, call)]
    is_refused = any(not one.silent for one in of_x)  # then nothing is silent
    found = [one for one in sample_problems(model, call) if not (one.silent and is_refused)] + of_x
    # Of X that is wrong the samples are none, and labels by columns are told as such.
    is_alone = of_x and (not call.is_batched or bool(call.x[0].of))
    later = replace(call, x=()) if is_alone else call
    is_shifted = is_alone and len(call.x) != len(model.inputs)
    if is_shifted or (is_alone and call.x[0].may_be_single):  # so are the labels beside it
        later = replace(later, y=())
    turned = [one.name for one in found if one.remedies == (f"{one.name} = {one.name}.T",)]
    unlike = [one.name for one in found if one.kind == "samples" and not one.remedies]
    found += [
        replace(one, remedies=()) if one.name in unlike else one
        for one in label_problems(model, later)
        if one.name not in turned
    ]
    if call.call == "fit" and call.validation:
        later_model = with_batch(validated, call)
        found += _as_given(later_model, later_model, call.validation)
    return found


def with_batch(model: Model, call: TrainingCall) -> Model:
    """The model after a call: the states that it keeps are of the batches that it was given."""
    if not (model.is_stateful and model.inputs and call.rows):
        return model
    port, *others = model.inputs
    shape = (port.shape[0] or call.rows, *port.shape[1:])
    return model._replace(inputs=(port._replace(shape=shape), *others))


def _other_orders(call: TrainingCall) -> Iterator[tuple[TrainingCall, str]]:
    """The calls with the arrays in another order, first those in which few change places, and the
    code. Only what is given in a list has an order in it."""
    arrays = call.arrays
    parts = [part for each in call.with_validation for part in (each.x, each.y)]
    if len(call.x) == len(call.y) == 1 and call.x[0].of:
        more = ", w" * bool(call.weights)
        code = call.x[0].with_elements(f"x, y{more}", f"y, x{more}")
        yield replace(call, x=call.y, y=call.x), code
    elif len(arrays) <= MOST_ARRAYS and all(data.shape and not data.of for data in arrays):
        is_written = all(listed(part) in call.code for part in parts)
        orders = [*permutations(arrays)][1:] if is_written else []
        for order in sorted(orders, key=lambda order: sum(map(is_not, order, arrays))):
            other = _with(call, iter(order))
            yield other, other.written


def _has_features(model: Model, call: TrainingCall) -> bool:
    """Whether X is as wide as the inputs; what Keras refuses of a last axis of 1 the layers say."""
    pairs = [
        (data.shape or (), port.shape) for data, port in zip(call.x, model.inputs, strict=False)
    ]
    alike = [(given[-1], taken[-1]) for given, taken in pairs if given and len(given) == len(taken)]
    return all(None in pair or pair[0] == pair[1] for pair in alike)


def _with(call: TrainingCall, arrays: Iterator[Data]) -> TrainingCall:
    x, y = (tuple(islice(arrays, len(part))) for part in (call.x, call.y))
    return replace(call, x=x, y=y, validation=call.validation and _with(call.validation, arrays))
