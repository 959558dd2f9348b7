"""What the outputs of layers are called: by the rule, and by the code."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from rnnshape.chains import chain
from rnnshape.description import describe
from rnnshape.errors import QueryError
from rnnshape.expression import Call
from rnnshape.nest import rebuilt, within


@lru_cache(maxsize=1000)
def names_returned(call: Call) -> tuple[Any, ...]:
    """The names of what a layer returns, nested as Keras nests it."""
    try:
        [layer] = describe(chain([call])).layers
    except QueryError:  # whoever describes the network will say why
        return ()
    returns: Any = layer.facts.returns if layer.facts else None
    return tuple(rebuilt(returns, lambda output: output.name)) if returns else ("o",)


def names_of(calls: Sequence[Any]) -> dict[Any, tuple[str, ...]]:
    """What the code calls each call's outputs; nothing where the rule would say the same, or
    where a name is given to several tensors one after the other."""
    users = Counter(name for call in calls for name in call.names.values())
    chosen = {}
    for call in calls:
        named: Any = ("o",) if call.layer.unread else names_returned(call.layer.call)
        default: list[str] = [*within(named)]
        last = max(call.names, default=0)
        default += [f"o{index + 1}" for index in range(len(default), last + 1)]
        own = [
            word if name is None or users[name] > 1 or _is_default(name, word) else name
            for index, word in enumerate(default)
            for name in [call.names.get(index)]
        ]
        is_said = own != default or (call is not calls[-1] and len(own) > 1)
        chosen[call] = tuple(own if len({*own}) == len(own) else default) if is_said else ()
    return chosen


def _is_default(name: str, word: str) -> bool:
    """Whether it is the rule's own name, or what `--code` makes of it where that is taken."""
    return re.fullmatch(rf"{re.escape(word)}(_\d+)?", name) is not None
