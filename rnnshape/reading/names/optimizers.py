"""Optimizers: what `compile` takes for one, and the models that one of them trains."""

from __future__ import annotations

from typing import Any

from rnnshape.errors import did_you_mean
from rnnshape.expression import calls_within
from rnnshape.reading import graph
from rnnshape.reading.names.rows import kept
from rnnshape.reading.names.session import session
from rnnshape.reading.python import StandIn
from rnnshape.signatures import OPTIMIZERS, module_of, signature

NO_OPTIMIZER = "Could not interpret optimizer identifier"


class Optimizer(StandIn):
    """A class of Keras' optimizers."""

    own_what = "an optimizer's class"

    def __init__(self, name: str, is_gone: bool) -> None:
        self.own_name, self.own_is_gone = name, is_gone

    def __call__(self, learning_rate: Any = None, *_: Any, **named: Any) -> MadeOptimizer:
        name, held = self.own_name, session()
        if self.own_is_gone:
            write = f"keras.optimizers.{name}"
            message = f"Keras has no legacy optimizers any more: write {write}"
            held.problem(message, write, words="is not supported in Keras 3")
        held.check_arguments(name, named)
        if isinstance(learning_rate, str):
            message = f"{name} takes a number as learning_rate, not {learning_rate!r}"
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
    layers = filter(_has_weights, kept(model))
    trained = {layer for layer in layers if getattr(layer.stand_in, "trainable", True) is True}
    if not trained:
        return
    if trained - (optimizer.own_trained or trained):
        message = "this optimizer has trained without some of these layers: make one anew"
        session().problem(message, words="Unknown variable")
    optimizer.own_trained = optimizer.own_trained or trained


def _has_weights(layer: graph.Layer) -> bool:
    calls = [call for call in calls_within(layer.call) if module_of(call.name) == "layers"]
    words = {word: call for call in calls for word in signature(call.name).names}
    found = [word for word in words if word.endswith("_initializer")]
    if {"center", "scale"} <= {*words}:  # of which each has a weight
        return any(words[word][word] is not False for word in ("center", "scale"))
    return bool(found)
