"""Calls of layers whose result no model takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice

from rnnshape.description import describe
from rnnshape.errors import QueryError
from rnnshape.reading import graph
from rnnshape.reading.names.session import Session
from rnnshape.reading.python import IsOpenError

MOST_CHECKED = 100


def refused_aside(held: Session) -> Iterator[QueryError]:
    """What Keras refuses of calls whose result no model takes: the code stops there, too."""
    left = {*held.calls} - held.taken
    for call in islice((call for call in held.certain if call in left), MOST_CHECKED):
        with suppress(IsOpenError):
            are_known = None not in map(graph.shape_of, call.tensors)
            if are_known and (found := _refused([call])):
                before = graph.calls_before([graph.Tensor(call)], [])  # tells more of what it takes
                wrong = _refused(before) or found
                wrong.place = wrong.place or call.layer.call.places.get("")
                yield wrong


def _refused(calls: Sequence[graph.LayerCall]) -> QueryError | None:
    try:
        describe(graph.network_of([], (), "", calls))
    except QueryError as wrong:
        return wrong
    return None
