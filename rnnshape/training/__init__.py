"""Whether X, y, the losses and the metrics fit a model, as Keras has it: plain data, no Keras."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from rnnshape.errors import Problem
from rnnshape.training.data import NOT_GIVEN as NOT_GIVEN
from rnnshape.training.data import Data as Data
from rnnshape.training.data import Function as Function
from rnnshape.training.data import Model as Model
from rnnshape.training.data import Port as Port
from rnnshape.training.data import TrainingCall as TrainingCall
from rnnshape.training.losses import judge_of_loss as judge_of_loss
from rnnshape.training.losses import loss_named as loss_named
from rnnshape.training.metrics import judge_of_metric as judge_of_metric
from rnnshape.training.metrics import metric_named as metric_named


def problems_of(
    model: Model, call: TrainingCall, validated: Model | None = None
) -> tuple[Problem, ...]:
    """What does not fit in a call that gives data to a model, in the order that Keras finds it;
    `validated` is the model with the sizes of `validation_data`.

    Of what is not known nothing is said, unless all that it may be is wrong.

    >>> model = Model((Port("input", (None, 5, 3)),), (Port("dense", (None, 3)),))
    >>> x, y, loss = Data("X", (100, 5, 3)), Data("y", (100,)), Function("categorical_crossentropy")
    >>> (problem,) = problems_of(model, TrainingCall("fit", (x,), (y,), (loss,)))
    >>> print(problem.message.partition(" with")[0])
    y (100,) does not fit the output dense (batch, 3)
    >>> print(*problem.remedies, sep="\\n")
    y = keras.utils.to_categorical(y, 3)
    loss='sparse_categorical_crossentropy'
    """
    from rnnshape.training.order import in_order  # few programs give data

    return tuple(in_order(call, partial(_as_given, model, validated or model)))


def _as_given(model: Model, validated: Model, call: TrainingCall) -> list[Problem]:
    """The same of the arrays in the places that they have."""
    from rnnshape.training.inputs import input_problems  # few programs give data
    from rnnshape.training.labels import label_problems
    from rnnshape.training.samples import sample_problems

    found = [*sample_problems(model, call)]
    found += (of_x := [*input_problems(model, call)])
    # Of X that is wrong the samples are none, and labels by columns are told as such.
    is_alone = of_x and (not call.is_batched or bool(call.x[0].of))
    later = replace(call, x=()) if is_alone else call
    if is_alone and call.x[0].may_be_single:  # so may the labels beside it
        later = replace(later, y=())
    turned = [one.name for one in found if one.remedies == (f"{one.name} = {one.name}.T",)]
    found += [one for one in label_problems(model, later) if one.name not in turned]
    if call.call == "fit" and call.validation:
        later_model = _with_batch(validated, call)
        found += _as_given(later_model, later_model, call.validation)
    return found


def _with_batch(model: Model, call: TrainingCall) -> Model:
    """The model after a call: the states that it keeps are of the batches that it was given."""
    if not (model.is_stateful and model.inputs and call.rows):
        return model
    port, *others = model.inputs
    shape = (port.shape[0] or call.rows, *port.shape[1:])
    return model._replace(inputs=(port._replace(shape=shape), *others))
