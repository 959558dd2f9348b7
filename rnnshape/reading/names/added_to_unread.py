"""What code adds to a model that it does not make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rnnshape.reading.names.session import session
from rnnshape.reading.python import Open


def added_to_unknown(text: str, given: Sequence[Any], found: Open, _: str) -> Any:
    """`model.add(LSTM(4))` of a model that the code does not make, of which more was not pasted: it
    is a `Sequential`."""
    owner, _, word = text.partition("(")[0].rpartition(".")
    evaluator = session().evaluator
    first = owner.partition(".")[0]
    session().may_compile = True  # of a model, what is not read
    for layer in given:
        session().take(layer)
    if word != "add" or not first.isidentifier() or first in evaluator.module.names:
        return found
    model = session().of_keras("Sequential")()
    (evaluator.parts if "." in owner else evaluator.module.names)[owner] = model
    model.own_is_assigned(owner.rpartition(".")[2], True)
    return model.add(*given)
