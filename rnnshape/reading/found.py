"""What was read: questions, and what is to be said of their text."""

from __future__ import annotations

from itertools import zip_longest
from typing import Literal, NamedTuple, TypeAlias

from rnnshape.errors import NotReadError, QueryError, did_you_mean, shortened
from rnnshape.expression import Value
from rnnshape.network import Network, Question

Kind: TypeAlias = Literal[
    "value", "list", "dict", "tuple", "object", "numpy", "array", "table", "module", "open"
]


class NamedValue(NamedTuple):
    """A name that has a value before the code begins, as in a notebook.

    Attributes:
        name: as code writes it.
        kind: what `value` is: the value itself, that of a list or a dictionary, of a tuple or an
            object whose parts have names, a whole number of NumPy's, the shape of an array or a
            table, a module's path, or why it is not known.
        value: plain, a list as a tuple, and a dictionary and what has names as one of pairs.
    """

    name: str
    kind: Kind
    value: Value


class Reading(NamedTuple):
    """What was read.

    Attributes:
        questions: each a network, in the order in which the text makes them, with the calls that
            give it data, and what is to be said of it.
        messages: what Keras would refuse, and what could not be read (a `NotReadError`); the
            networks are those that could.
        names_used: those that `--let` gave and that were asked for.
        names_open: those that `--let` could give.
        refusals: what Python itself would not do in the text.
    """

    questions: tuple[Question, ...]
    messages: tuple[QueryError, ...] = ()
    names_used: tuple[str, ...] = ()
    names_open: tuple[str, ...] = ()
    refusals: tuple[QueryError, ...] = ()

    @property
    def networks(self) -> tuple[Network, ...]:
        return tuple(question.network for question in self.questions)

    def in_common(self, other: Reading, why: str) -> Reading:
        """The same without the questions that are others in another reading; `why` is told."""
        pairs = [*zip_longest(self.questions, other.questions)]
        names = [(a or b).network.name or "a network" for a, b in pairs if a != b]
        told = (NotReadError(f"{name} is not read: {why}") for name in dict.fromkeys(names))
        same = tuple(one for one, another in pairs if one == another)
        return self._replace(questions=same, messages=(*self.messages, *told))

    def named(self, name: str, of: str) -> Reading:
        """The network of a name, or those that differ; a `QueryError` where `of` has none."""
        names = [network.name for network in self.networks]
        if name in names:
            asked = [question for question in self.questions if question.network.name == name]
            differ = tuple(one for place, one in enumerate(asked) if one not in asked[:place])
            return self._replace(questions=differ, messages=())
        if self.messages:  # it may be what they are about
            raise self.refused()
        known = ", ".join(dict.fromkeys(filter(None, names)))
        others = f": it has {known}" if known else ": none has a name"
        hint = did_you_mean(name, names) or others
        raise QueryError(f"{of} has no model {shortened(name)}{hint}")

    def refused(self) -> QueryError:
        """What is said where there is nothing to answer."""
        first, *others = self.messages
        first.others = tuple(others)
        return first
