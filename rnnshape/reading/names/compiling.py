"""Losses, metrics and optimizers, and `compile`, which is given them."""

from __future__ import annotations

import builtins
import inspect
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from rnnshape.errors import Place, counted, did_you_mean, shortened
from rnnshape.expression import calls_within
from rnnshape.nest import within
from rnnshape.reading import graph
from rnnshape.reading.names.arrays import Array, array_of_shape
from rnnshape.reading.names.of_tensorflow import as_tensor
from rnnshape.reading.names.rows import has_weights, kept
from rnnshape.reading.names.session import opened, session
from rnnshape.reading.names.sizes import known_sizes
from rnnshape.reading.python import Open, StandIn, body_of, own
from rnnshape.reading.python.handed_on import functions_of as methods_of
from rnnshape.reading.python.reached import may_be_called
from rnnshape.signatures import OPTIMIZERS, Signature, arguments_of, signature
from rnnshape.training.data import Function, shown
from rnnshape.training.losses import judge_of_loss
from rnnshape.training.metrics import judge_of_metric
from rnnshape.training.shapes import certain_outcome, likely_outcome

OF_EACH_BATCH = ("call", "update_state")  # of a loss, and of a metric
NO_OPTIMIZER = "Could not interpret optimizer identifier"


class Optimizer(StandIn):
    """A class of Keras' optimizers."""

    own_what = "an optimizer's class"

    def __init__(self, name: str, is_gone: bool) -> None:
        self.own_name, self.own_is_gone = name, is_gone

    def __call__(self, learning_rate: Any = 0.1, *_: Any, **named: Any) -> MadeOptimizer:
        name, held = self.own_name, session()
        if self.own_is_gone:
            write = f"keras.optimizers.{name}"
            message = f"Keras has no legacy optimizers any more: write {write}"
            held.problem(message, write, words="is not supported in Keras 3")
        held.check_arguments(name, named)
        if isinstance(learning_rate, int | str | list | tuple | None):
            mend = f": write {learning_rate}.0" * (type(learning_rate) is int)
            given = shortened(repr(learning_rate))
            message = f"{name} takes a float as learning_rate, not {given}{mend}"
            held.problem(message, words="Argument `learning_rate` should be float")
        return MadeOptimizer()


class MadeOptimizer(StandIn):
    """An optimizer, which changes no shape; `own_trained` are the layers that it has trained."""

    own_what = "an optimizer"
    own_trained: set[graph.Layer] | None = None
    own_takes_all = False

    def build(self, *_: Any, **__: Any) -> None:
        """The code says itself what it will train."""
        self.own_takes_all = True

    def own_copied(self) -> MadeOptimizer:
        made = MadeOptimizer()
        made.own_trained = self.own_trained
        return made


def optimizer_of(identifier: Any) -> Any:
    """`keras.optimizers.get("adam")`: one of that name; of an optimizer, itself."""
    return MadeOptimizer() if isinstance(identifier, str | None) else identifier


def check_optimizer(value: Any) -> None:
    """What `compile` is given."""
    if isinstance(value, Optimizer):
        text = session().evaluator.words_of_call().get("optimizer", value.own_name)
        message = f"compile takes an optimizer, not its class: write {text}()"
        session().problem(message, f"{text}()", words=NO_OPTIMIZER)
    known = [name.lower() for name in OPTIMIZERS]
    hint = did_you_mean(value, known) if isinstance(value, str) else ""
    if hint and value.lower() not in known:  # others may be the code's own
        session().problem(f"Keras has no optimizer {value!r}{hint}", words=NO_OPTIMIZER)


def check_trained(optimizer: Any, model: Any) -> None:
    """An optimizer keeps numbers for each weight that it trains first, and takes no other."""
    is_known = isinstance(optimizer, MadeOptimizer) and not optimizer.own_takes_all
    if not is_known or not session().evaluator.is_sure:
        return
    every = kept(model)
    inner = {part for layer in every for part in layer.holds}  # perhaps seen by the code since
    layers = (one for one in every - inner if any(map(has_weights, calls_within(one.call))))
    trained = {layer for layer in layers if getattr(layer.stand_in, "trainable", True) is True}
    if trained - (optimizer.own_trained or trained):
        message = "this optimizer has trained without some of these layers: make one anew"
        session().problem(message, words="Unknown variable")
    optimizer.own_trained = optimizer.own_trained or trained


REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none")
# What a config says of a loss that was given nothing of the kind.
USUAL = ("axis", -1), ("axis", None), ("ignore_class", None)


class LossOrMetric(StandIn):
    """A loss or metric of Keras: its class, a function, or what is made of the class."""

    own_what = "a loss or a metric"

    def __init__(self, name: str, module: str = "") -> None:
        self.own_name, self.own_arguments = name, ()  # type: tuple[str, tuple[tuple[str, object], ...]]
        self.own_module = module
        self.own_is_made = name[:1].islower()

    def __call__(self, *given: Any, **named: Any) -> Any:
        if self.own_is_made:
            return _compared(self, given, named)
        made = LossOrMetric(self.own_name, self.own_module)
        known = arguments_of(self.own_module, self.own_name)
        places = [*(known.positional if known else ()), *map(str, range(len(given)))]
        words = dict(zip(places, given, strict=False)) | named
        if known is not None:
            _check_arguments(self.own_name, known, words)
        plain = bool | int | float | str | None
        arguments = ((k, value if isinstance(value, plain) else "?") for k, value in words.items())
        made.own_arguments = tuple(arguments)
        made.own_is_made = True
        return made


def _compared(loss: LossOrMetric, given: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """What a loss makes of labels and of what a model makes, which the code gives it itself."""
    is_function = loss.own_name[:1].islower()
    function = Function(loss.own_name, loss.own_arguments)
    judged = judge_of_loss(function, is_called=is_function)
    shapes = [own(part, "shape") for part in given[:2]]
    is_known = len(shapes) == 2 and all(isinstance(shape, tuple) for shape in shapes)
    if loss.own_module != "losses" or not (judged and is_known):
        return opened("a loss")
    y, made = map(known_sizes, shapes)
    of_any_batch = [(None, *sizes[1:]) if sizes else sizes for sizes in (y, made)]
    if None in (*y[:1], *made[:1]):  # as many samples, as far as anybody knows
        y, made = of_any_batch
    found = certain_outcome(y, made, judged[1])
    if found is not None and found.refused and session().evaluator.is_sure:
        told = of_any_batch if session().evaluator.rounds else (y, made)  # once of all rounds
        message = f"y {shown(told[0])} does not fit {shown(told[1])} with {judged[0]}"
        session().problem(message, words=found.refused, kind="labels")
    each, arguments = likely_outcome(y, made, judged[1]), dict(loss.own_arguments)
    reduction = None if is_function else arguments.get("reduction", "sum")
    is_read = not named and len(given) == 2 and reduction in (*REDUCTIONS, None)
    if not is_read or each.refused or not all(isinstance(part, Array) for part in given):
        return opened("a loss")
    if reduction not in ("none", None):
        return as_tensor(array_of_shape(()))
    if each.silent and None in (*y, *made):  # it may be broadcast
        return opened("a loss")
    return as_tensor(array_of_shape(each.values if each.silent else shapes[1][: len(each.values)]))


def _check_arguments(name: str, known: Signature, words: Mapping[str, Any]) -> None:
    """Notes what a loss or a metric does not take, and what it needs."""
    for word in (word for word in words if word.isidentifier() and word not in known.names):
        message = f"{name} takes no {word!r}{did_you_mean(word, known.names)}"
        said = f"got an unexpected keyword argument '{word}'"
        session().problem(message, words=said, place=session().places().get(word))
    if lacking := [word for word in known.required if word not in words]:
        session().problem(f"{name} needs {' and '.join(lacking)}", words="__init__() missing")
    reduction = words.get("reduction")
    if isinstance(reduction, str) and reduction not in REDUCTIONS:
        message = f"{name} takes no reduction {reduction!r}: leave it out"
        session().problem(message, words="Invalid value for argument `reduction`")


def loss_or_metric(name: str, path: str) -> LossOrMetric | None:
    """What `keras.losses` or `keras.metrics` has under a name that there is a rule for."""
    module = path.rpartition(".")[2]
    if module == "losses":
        has_rule = judge_of_loss(Function(name)) is not None
    else:
        has_rule = module == "metrics" and judge_of_metric(Function(name)) is not None
    if not has_rule:
        return None
    return LossOrMetric(name, "" if path.startswith("tf_keras") else module)


class Compiled(NamedTuple):
    """What `compile` says: the losses, their weights and all metrics, as the code gives them; and
    where it gives metrics in the third place, as Keras 2 had it, how and where that is written.
    `is_eager` is whether it may run the model as Python does, and not as one graph."""

    loss: Any = None
    metrics: Any = None
    weighted: Any = None
    loss_weights: Any = None
    third: tuple[str, Place | None] | None = None
    is_eager: bool = False
    optimizer: Any = None


def compiled(
    values: Sequence[Any], named: Mapping[str, Any], before: Compiled | None = None
) -> Compiled:
    """What `compile` says; Keras keeps the loss and the metrics of `before` where it says none."""
    words = dict(zip(signature("compile").names, values, strict=False)) | dict(named)
    check_optimizer(words.get("optimizer"))
    metrics, weights, third = words.get("metrics"), words.get("loss_weights"), None
    if isinstance(metrics, str | LossOrMetric | set):
        write = f"metrics=[{metrics!r}]" if isinstance(metrics, str) else "metrics=[...]"
        message = f"compile takes metrics in a list: write {write}"
        session().problem(message, write, words="to be a list")
    parts = weights if isinstance(weights, list | tuple) else [weights]
    if "loss_weights" not in named and any(map(_is_metric, parts)):
        text = session().evaluator.words_of_call().get("2", "[...]")
        metrics, weights, third = weights, None, (text, session().evaluator.place)
    elif type(weights) in (int, bool) and weights:
        message = f"loss_weights is {weights}: write {float(weights)}"
        session().problem(message, words="Expected `loss_weights` argument to be a float")
    loss, weighted = words.get("loss"), words.get("weighted_metrics")
    if before and loss is None:
        loss, weights = before.loss, before.loss_weights
    if before and metrics is weighted is None:
        metrics, weighted = before.metrics, before.weighted
    eager, optimizer = words.get("run_eagerly"), optimizer_of(words.get("optimizer"))
    is_eager = isinstance(eager, Open) or bool(eager)
    return Compiled(loss, metrics, weighted, weights, third, is_eager, optimizer)


def _is_metric(one: object) -> bool:
    return isinstance(one, str) or (callable(one) and not isinstance(one, Open))


def handed_on(model: Any, unknown: Open) -> None:
    """Code that is not read may compile and build it; Python's own and Keras' do not."""
    is_of_keras = first_name(unknown) in ("keras", "tf")
    model.own_is_handed |= not (is_of_keras or is_of_python(unknown))


def is_of_python(unknown: Open) -> bool:
    """Whether a function or a module of Python's own makes it."""
    name = first_name(unknown)
    return name in sys.stdlib_module_names or hasattr(builtins, name)


def first_name(unknown: Open) -> str:
    """`keras` of `keras.utils.plot_model(m)`."""
    return re.split(r"\W", unknown.label)[0]


def may_be_compiled(model: Any, words: Collection[str], _: Open) -> None:
    """Code that has such words in it may have called the methods of these names."""
    if "compile" in words:
        model.own_compiled = None


def follow_functions(said: Compiled | None, gives: Sequence[Any], y: Any) -> None:
    """Calls the losses and metrics of the code as Keras does where a model is trained, with labels
    and with what the model returns: what they name may be gone."""
    given: list[Any] = [*within([said.loss, said.metrics, said.weighted])] if said else []
    called = [one for one in given if body_of(one) is not None]
    for one in called:
        _check_takes_two(one)
    own_methods: list[Any] = [method for one in given for method in methods_of(one)]
    called += [method for method in own_methods if method.__name__ in OF_EACH_BATCH]
    kinds = (vars(one.stands_for) for one in given if _is_of_class(one))
    methods = [kind[word] for kind in kinds for word in OF_EACH_BATCH if word in kind]
    shapes = [tensor.shape for tensor in gives]
    y_pred, y_true = opened("y_pred"), opened("y_true")  # type: tuple[Any, Any]
    if len(shapes) == 1 and isinstance(shapes[0], tuple):
        y_pred = as_tensor(array_of_shape((opened("batch"), *shapes[0][1:])))
        if isinstance(sizes := getattr(y, "shape", None), tuple) and len(sizes) == len(shapes[0]):
            known = (opened("a size") if size is None else size for size in sizes[1:])
            y_true = as_tensor(array_of_shape((opened("batch"), *known)))
    held = session()
    before, held.tells_what_is_sure = held.tells_what_is_sure, True
    for one in (*called, *methods):
        changes = may_be_called(held.evaluator, held.evaluator.module, opened("a loss"), [one])
        if body_of(one) is not None and not changes:
            of_self = (opened("self"),) * (one in methods)
            with suppress(Exception), held.aside():  # what it makes is not followed
                one(*of_self, y_true, y_pred)
    held.tells_what_is_sure = before


def _check_takes_two(function: Any) -> None:
    """A loss or metric that is a function is called with the labels and the predictions."""
    takes = inspect.signature(function)
    try:
        takes.bind("y_true", "y_pred")
    except TypeError:
        words = [*takes.parameters.values()]
        stars = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        needed = [word for word in words if word.default is word.empty and word.kind not in stars]
        more = counted(len(needed) - 2, "required positional argument")
        said = f"missing {more}" if len(needed) > 2 else "but 2 were given"
        names = ", ".join(word.name for word in words)
        message = f"Keras gives {function.__name__} y_true and y_pred alone, and it takes {names}"
        session().problem(message, words=said)


def _is_of_class(value: Any) -> bool:
    """Whether it is of a class of the code that derives from what is not read, as `Loss` is."""
    return isinstance(value, Open) and isinstance(value.stands_for, type)


def functions_of(
    compiled: Compiled | None, outputs: Sequence[str]
) -> tuple[tuple[Function | None, ...], tuple[tuple[Function, ...], ...]]:
    """The loss and the metrics of each output: of what `compile` is given, or a config has of that.
    Of several outputs Keras takes a list with an entry for each, or names."""
    if compiled is None:
        return (), ()
    losses = _by_output(compiled.loss, outputs)
    found: list[tuple[Function, ...]] = [()] * len(outputs)
    for given in (compiled.metrics, compiled.weighted):
        each = [given] if len(outputs) == 1 and isinstance(given, list | tuple) else given
        parts = zip(found, _by_output(each, outputs), strict=False)
        found = [(*before, *_functions(part)) for before, part in parts]
    return tuple(map(_function, losses)), tuple(found)


def _by_output(value: Any, outputs: Sequence[str]) -> Iterator[Any]:
    if isinstance(value, dict) and "class_name" not in value:
        return (value.get(name) for name in outputs)
    if isinstance(value, list | tuple) and value:
        return iter(value) if len(value) == len(outputs) else iter(())
    return (value for _ in outputs)


def _functions(value: Any) -> Iterator[Function]:
    for part in value if isinstance(value, list | tuple) else [value]:
        if isinstance(part, list | tuple):
            yield from _functions(part)
        elif part is not None:
            # The object of a loss gives one number, of which Keras leaves out no masked steps.
            is_loss = own(part, "own_module") == "losses" and part.own_name[:1].isupper()
            yield (None if is_loss else _function(part)) or Function("?", (("?", "?"),))


def _function(value: Any) -> Function | None:
    match value:
        case str():
            return Function(value)
        case LossOrMetric():
            return Function(value.own_name, value.own_arguments)
        case {"class_name": "function", "config": str(name)}:  # which Keras takes for its own
            return Function(name)
        case {"class_name": str(name), "config": dict(config)}:
            return Function(name, tuple(part for part in config.items() if part not in USUAL))
    return None
