"""Optimizers: what `compile` takes for one, and the models that one of them trains."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rnnshape.errors import did_you_mean
from rnnshape.reading import graph
from rnnshape.reading.names.rows import kept
from rnnshape.reading.names.session import opened, session
from rnnshape.reading.python import Open, StandIn
from rnnshape.signatures import OPTIMIZERS, module_of, signature

OPTIMIZER = "an optimizer"  # and not its name
NO_OPTIMIZER = "Could not interpret optimizer identifier"


class Optimizer(StandIn):
    """A class of Keras' optimizers: what is made of it changes no shape."""

    own_what = "an optimizer's class"

    def __init__(self, name: str, is_gone: bool) -> None:
        self.own_name, self.own_is_gone = name, is_gone

    def __call__(self, learning_rate: Any = None, *_: Any, **named: Any) -> Open:
        name, held = self.own_name, session()
        if self.own_is_gone:
            write = f"keras.optimizers.{name}"
            message = f"Keras has no legacy optimizers any more: write {write}"
            held.problem(message, write, words="is not supported in Keras 3")
        held.check_arguments(name, named)
        if isinstance(learning_rate, str):
            message = f"{name} takes a number as learning_rate, not {learning_rate!r}"
            held.problem(message, words="Argument `learning_rate` should be float")
        return replace(opened(f"{name}(...)"), stands_for=OPTIMIZER)


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
    held = session()
    is_object = isinstance(optimizer, Open) and optimizer.stands_for == OPTIMIZER
    if not is_object or not held.evaluator.is_sure:
        return
    layers = filter(_has_weights, kept(model))
    trained = {layer for layer in layers if getattr(layer.stand_in, "trainable", True) is True}
    if not trained:
        return
    first = held.optimizers.setdefault(id(optimizer.start), (optimizer.start, trained))
    if trained - first[1]:
        message = "this optimizer has trained without some of these layers: make one anew"
        held.problem(message, words="Unknown variable")


def _has_weights(layer: graph.Layer) -> bool:
    words = signature(layer.call.name).names if module_of(layer.call.name) == "layers" else ()
    return any(word.endswith("_initializer") for word in words)
