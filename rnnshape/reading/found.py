"""What was read: networks, and what is to be said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rnnshape.errors import QueryError
from rnnshape.network import Network

if TYPE_CHECKING:
    from rnnshape.training.data import TrainingCall


class Reading(NamedTuple):
    """What was read.

    Attributes:
        networks: in the order in which the text makes them.
        messages: what Keras would refuse, and what could not be read (a `NotReadError`); the
            networks are those that could.
        notes: of each network, what is to be said of it; empty where there is nothing.
        names_used: those that `--let` gave and that were asked for.
        names_open: those that `--let` could give.
        refusals: what Python itself would not do in the text.
        calls: those that give data to one of the networks: its number, from 0, and the call.
    """

    networks: tuple[Network, ...]
    messages: tuple[QueryError, ...] = ()
    notes: tuple[tuple[str, ...], ...] = ()
    names_used: tuple[str, ...] = ()
    names_open: tuple[str, ...] = ()
    refusals: tuple[QueryError, ...] = ()
    calls: tuple[tuple[int, TrainingCall], ...] = ()

    def calls_of(self, network: int) -> tuple[TrainingCall, ...]:
        """Those that give data to the network of a number."""
        return tuple(call for number, call in self.calls if number == network)

    def notes_of(self, network: int) -> tuple[str, ...]:
        """What is to be said of the network of a number."""
        return next(iter(self.notes[network : network + 1]), ())

    def refused(self) -> QueryError:
        """What is said where there is nothing to answer."""
        first, *others = self.messages
        first.others = tuple(others)
        return first
