"""What was read: questions, and what is to be said of their text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, NamedTuple, TypeAlias

from rnnshape.errors import NotReadError, Place, QueryError, did_you_mean, shortened
from rnnshape.expression import Value
from rnnshape.network import Network, Question
from rnnshape.training.data import Data, TrainingCall

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
        """What another reading says as well; the rest is told as not read, and why."""
        left, same, lost = [*other.questions], list[Question](), list[Question]()
        for question in self.questions:
            names = [one.network.name for one in left]
            name = question.network.name
            found = left.pop(names.index(name)) if name in names else None
            alike = found and _alike(question, found, why)
            if alike is not None:
                same.append(alike)
            else:
                lost.append(question)
        told: list[QueryError] = [
            NotReadError(f"{one.network.name or 'a network'} is not read: {why}", _place(one))
            for one in (*lost, *left)
        ]
        said = [(type(wrong), wrong.message, wrong.place) for wrong in other.messages]
        for wrong in self.messages:
            is_said = (type(wrong), wrong.message, wrong.place) in said
            words = wrong if is_said else NotReadError(f"{wrong.message}: {why}", wrong.place)
            told.append(words)
        return self._replace(questions=tuple(same), messages=tuple(told))

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


def _place(question: Question) -> Place | None:
    """Where the first of its layers is made."""
    places = (layer.places.get("") for layer in question.network.layers)
    return next((place for place in places if place is not None), None)


def _alike(one: Question, other: Question, why: str) -> Question | None:
    """A question with what two have in common of their data; None where their networks differ."""
    found = [_call_alike(*calls) for calls in zip(one.calls, other.calls, strict=False)]
    calls = tuple(call for call in found if call is not None)
    are_all = len(calls) == len(one.calls) == len(other.calls)
    notes = one.notes if are_all else (*one.notes, f"some data is not compared: {why}")
    made = replace(one, calls=calls, notes=notes)
    return made if made == replace(other, calls=made.calls, notes=made.notes) else None


def _call_alike(one: TrainingCall, other: TrainingCall) -> TrainingCall | None:
    validation = one.validation
    if validation is not None and other.validation is not None:
        validation = _call_alike(validation, other.validation)
    x, y = _arrays_alike(one.x, other.x), _arrays_alike(one.y, other.y)
    made, another = (replace(call, x=x, y=y, validation=validation) for call in (one, other))
    are_all = len(x) == len(one.x) == len(other.x) and len(y) == len(one.y) == len(other.y)
    return made if are_all and made == another else None


def _arrays_alike(some: tuple[Data, ...], others: tuple[Data, ...]) -> tuple[Data, ...]:
    found = (_data_alike(*pair) for pair in zip(some, others, strict=False))
    return tuple(data for data in found if data is not None)


def _data_alike(one: Data, other: Data) -> Data | None:
    """An array that holds numbers of either; None where they differ in more than these."""
    if one == other:
        return one
    ends = (end or 0 for data in (one, other) for end in (data.values_below, data.drawn_below))
    numbers: dict[str, Any] = {"values_from": None, "values_below": None, "drawn_below": max(ends)}
    made = replace(one, **numbers)
    return made if made == replace(other, **numbers) else None
