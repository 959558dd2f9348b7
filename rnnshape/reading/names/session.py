"""What one reading makes of Keras. Keras has such a thing too: its layers are made anywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from rnnshape.errors import Place
from rnnshape.expression import Unknown
from rnnshape.network import MOST_LAYERS, Shape, too_many_layers
from rnnshape.reading import graph
from rnnshape.reading.python import Evaluator, Open
from rnnshape.reading.python.scope import Log

if TYPE_CHECKING:
    from rnnshape.reading.names.layers import Layer
    from rnnshape.reading.names.models import Model

__all__ = ["SESSION", "Session", "session", "unknown_of"]


class Session:
    """The models, layers and calls of one reading.

    Attributes:
        unused: the layers that nothing has taken yet.
        calls: of layers, in order.
        loaded: what stands for models that the code loads from files.
        sources: what stands for data that layers are called with.
        groups: the models that are being called.
        data_format: where channels stand in images, if the code says it for all layers.
        sequential: makes a `Sequential`, for pasted code in which only `model.add(...)` is left.
    """

    def __init__(self, evaluator: Evaluator, sequential: Callable[[], Any]) -> None:
        self.evaluator, self.sequential = evaluator, sequential
        self.models: list[Model] = Log()
        self.unused: list[Layer] = Log()
        self.calls: list[graph.LayerCall] = Log()
        self.loaded: list[Open] = Log()
        evaluator.roots += [self.models, self.unused, self.calls]
        self.sources: dict[object, tuple[object, graph.InputTensor]] = {}
        self.groups: list[str] = []
        self.number = 0
        self.data_format: Any = None
        self.counts: dict[str, int] = {}

    def name_of_next(self, kind: str) -> str:
        """The name that Keras gives to one more layer of a class: `lstm`, `lstm_1`."""
        number = self.counts.get(kind, 0)
        self.counts[kind] = number + 1
        return f"{kind}_{number}" if number else kind

    def take(self, layer: object) -> None:
        """Something takes a layer: it does not stand alone."""
        self.unused[:] = [one for one in self.unused if one is not layer]

    def step(
        self, layer: graph.Layer, given: Sequence[Any], named: Mapping[str, Any]
    ) -> graph.LayerCall:
        """One more call of a layer."""
        self.number += 1
        if self.number > 10 * MOST_LAYERS:
            raise too_many_layers()
        group = "/".join(filter(None, self.groups))
        words = tuple(named.items())
        call = graph.LayerCall(self.number, layer, tuple(given), words, group=group)
        self.calls.append(call)
        return call

    def source(self, key: object, owner: object, shape: Shape | Unknown | None, name: str) -> Any:
        """What stands for data: the same of the same data. The owner is kept, as its `id` is."""
        made = graph.InputTensor(shape, name)
        return self.sources.setdefault(key, (owner, made))[1]

    def places(self) -> dict[str, Place]:
        """Where the call that is followed now and its arguments stand."""
        return self.evaluator.places_of_call()


SESSION: ContextVar[Session] = ContextVar("SESSION")


def session() -> Session:
    return SESSION.get()


def unknown_of(value: Open) -> Unknown:
    """The same as plain data."""
    roots = value.roots or (value,)
    place = roots[0].place
    where = value.source.where if value.source else ""
    line = getattr(roots[0].node, "lineno", None) if place else None
    return Unknown(
        value.label,
        tuple(dict.fromkeys(root.label for root in roots)),
        value.reason,
        where.removesuffix("line ").rstrip(", "),
        line,
    )
