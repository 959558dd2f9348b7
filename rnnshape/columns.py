"""The rule counts with numbers alone. Where sizes are open it is run three times, with other
numbers in their place: each run is a column. Of what is not read, other ranks and batches are
tried, too.

What is the same in all columns does not depend on what is open; what differs does, and is open too.
A column in which the rule refuses its numbers is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, TypeAlias, cast

from rnnshape.expression import Call, Unknown, Value, calls_within, unknowns_in
from rnnshape.nest import rebuilt
from rnnshape.network import Network, Shape, Step
from rnnshape.rules.arguments import MAY_BE_ARRAY, SMALL, candidates, changes_no_shape
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.signatures import module_of, signature

# Far from each other, so that each passes where others are too small, and a part of the first
# `x[:, :20]` is another than of the others; none is another's double.
FIRST = (3, 1031, 4127)
STEP = (10, 26, 102)  # between the numbers of two values in one column
RANKS = (3, 2, 4, 5)  # that are tried for an input of which not even the rank is known
# The axes that a layer around one that is not known hands on as they came.
KEPT = {"TimeDistributed": 2}

# Arguments that say a shape: nobody knows of how many axes one is that is not known.
SHAPES = ("newshape", "target_shape", "shape")

BLANK, UNKNOWN = Tensor("", ()), Tensor("o", (), has_rank=False)

Numbers: TypeAlias = Mapping[Unknown, int]


class Column(NamedTuple):
    """One choice of numbers for all that is open.

    Attributes:
        place: the column's own, which chooses among words and flags.
        numbers: for each value that is open.
        rank: for what has none that is known: inputs, and what a step that is not read returns.
        keeps_batch: whether such a step returns as many samples as it is given; else all such
            steps return as many, so that they may be taken together.
        changed: words and flags that are others than the column's own place chooses.
    """

    place: int
    numbers: Numbers
    rank: int
    keeps_batch: bool = False
    changed: frozenset[object] = frozenset()

    def any_shape(self, unknown: Unknown, rank: int) -> tuple[int, ...]:
        """A shape of which nothing is known."""
        return tuple(self.numbers[unknown] + 3 * place for place in range(rank))

    def returned(self, unknown: Unknown, layer: Call, given: Tensor) -> tuple[int, ...]:
        """The same of what a step returns that is not read, and is given a tensor."""
        kept = [axis.length for axis in given.axes[: KEPT.get(layer.name, int(self.keeps_batch))]]
        samples = FIRST[self.place % len(FIRST)] + 1
        made = (samples, *self.any_shape(unknown, self.rank)[1:])
        return *kept, *made[len(kept) :]

    def sizes(self, shape: Shape) -> tuple[Any, ...]:
        """A shape with numbers for what is open in it."""
        return tuple(self.numbers[size] if isinstance(size, Unknown) else size for size in shape)

    def layer(self, call: Call) -> Call:
        """A layer with numbers for what is open in its arguments, or words and flags where it takes
        these."""
        if not self.numbers or next(unknowns_in(call), None) is None:
            return call

        def known(name: str, argument: str, value: Value) -> Value:
            if not isinstance(value, Unknown):
                return value
            place, is_changed = self.place, choice_of(value) in self.changed
            if isinstance(signature(name).defaults.get(argument), bool):
                return place % 2 == is_changed
            place = int(place % len(FIRST) == 0) if is_changed else place
            size = self.numbers.get(value, FIRST[0])
            if argument in signature(name).tensors and not value.is_number:
                return Call(MAY_BE_ARRAY, (("length", size),))
            row = [*self.numbers].index(value) if argument in SMALL else 0
            return candidates(name, argument, size, place, row)

        def whole(name: str, argument: str, value: Value) -> Value:
            is_shape = argument in SHAPES and isinstance(value, Unknown) and not value.is_number
            several = (value,) * (1 + self.place % len(FIRST)) if is_shape else value
            return cast(Value, rebuilt(several, partial(known, name, argument)))

        def filled(call: Call) -> Call:
            arguments = ((word, whole(call.name, word, value)) for word, value in call.arguments)
            return replace(call, arguments=tuple(arguments))

        return call.changed(filled)


def columns_of(network: Network) -> list[Column]:
    """One column where everything is known; else some that differ in all that is open."""
    guessed = of_any_shape(network)
    unknowns = tuple(dict.fromkeys((*network.unknowns, *guessed.values())))
    if not unknowns:
        return [Column(0, {}, RANKS[0])]
    numbers = [
        {unknown: first + step * at for at, unknown in enumerate(unknowns)}
        for first, step in zip(FIRST, STEP, strict=True)
    ]
    columns = [Column(place, given, RANKS[0]) for place, given in enumerate(numbers)]
    every = (pair for s in network.steps for c in calls_within(s.layer) for pair in c.arguments)
    if any(next(unknowns_in(value), None) for word, value in every if word in SMALL):
        columns += [column._replace(place=len(FIRST) + column.place) for column in columns]
    if guessed and any(len(step.refs) > 1 for step in network.steps):
        # What layers take together has one batch: the columns where it has two are left out.
        columns += [
            column._replace(place=len(columns) + column.place, keeps_batch=True)
            for column in columns
        ]
    return columns


# Arguments of layers that are numbers, or numbers for each axis: no rank follows from these.
NUMBERS = {
    *("units", "filters", "kernel_size", "strides", "pool_size", "dilation_rate", "groups"),
    *("input_dim", "output_dim", "num_heads", "key_dim", "value_dim", "depth_multiplier"),
    *("n", "size", "cropping", "num_classes"),
}


def may_be_of_other_ranks(network: Network) -> bool:
    """Whether what is open may be what no column has: of several flags and words not all
    combinations are tried, and a shape may have any number of sizes."""
    others = (word for _, call, word, _ in _open_arguments(network) if not _is_chosen(call, word))
    return any(word not in NUMBERS for word in others) or len(words_and_flags(network)) > 1


def choice_of(value: Unknown) -> object:
    """What a word or flag is known by: its name, or when the code made it of other values."""
    return value.made or value


def words_and_flags(network: Network) -> dict[object, int]:
    """What stands for one of some words of a layer, or for True or False: each with the first step
    that has it."""
    found: dict[object, int] = {}
    for number, call, word, value in _open_arguments(network):
        if _is_chosen(call, word):
            found.setdefault(choice_of(value), number)
    return found


def _is_chosen(call: Call, word: str) -> bool:
    return isinstance(signature(call.name).defaults.get(word), bool | str)


def _open_arguments(network: Network) -> Iterator[tuple[int, Call, str, Unknown]]:
    for number, step in enumerate(network.steps, start=1):
        for call in calls_within(step.layer):
            for word, value in call.arguments:
                if isinstance(value, Unknown) and not changes_no_shape(word):
                    yield number, call, word, value


def inputs_without_rank(network: Network) -> dict[int, int]:
    """The inputs of which not even the rank is known, each with the first step that takes it."""
    places = [n for n, one in enumerate(network.inputs) if isinstance(one.shape, Unknown)]
    found: dict[int, int] = {}
    for number, step in enumerate(network.steps if places else (), start=1):
        for ref in step.refs:
            if ref.step == 0 and ref.output in places:
                found.setdefault(ref.output, number)
    return dict.fromkeys(places, 0) | found


def ranks_of(number: int, of: int) -> Sequence[int]:
    """The ranks that are tried in one of some runs for what has none that is known: all where there
    are few runs. Else one, another in the next run of the same ranks before it, so that what is
    refused of those says nothing of this."""
    if of <= 4 * len(FIRST):
        return RANKS
    return RANKS[(number + number // len(FIRST)) % len(RANKS) :][:1]


def open_in(network: Network) -> tuple[Unknown, ...]:
    """What is open in a network: the values that count, and the layers that are not read."""
    found: dict[Unknown, None] = {}
    for source in network.inputs:
        found |= dict.fromkeys(unknowns_in(source.shape))
    for step in network.steps:
        if network.unknowns:  # most networks have none
            found |= dict.fromkeys(unknowns_in(step.layer.changed(_that_counts)))
        if step.unread is not None and not (is_answerable(step) and step.parameters is not None):
            found[step.unread] = None
    return tuple(found)


def of_any_shape(network: Network) -> dict[int, Unknown]:
    """The steps that are not read and return one tensor, of which not even the rank is known."""
    unread = {
        number: step.unread
        for number, step in enumerate(network.steps, start=1)
        if step.unread is not None and not step.returns
    }
    taken: dict[int, set[int]] = {}
    for step in network.steps if unread else ():
        for ref in step.refs:
            taken.setdefault(ref.step, set()).add(ref.output)
    return {number: why for number, why in unread.items() if taken.get(number) == {0}}


def is_answerable(step: Step) -> bool:
    """Whether all that an unread layer returns is known."""
    return step.returns is not None and all(
        shape is not None and next(unknowns_in(shape), None) is None for shape in step.returns
    )


def merged(*tensors: Tensor) -> Tensor:
    """A tensor with the axes that are the same in all columns, and the others not known."""
    first, runs = tensors[0], {bool(tensor.mask_runs and tensor.masked) for tensor in tensors}
    if True in runs and len(runs) > 1:
        first = replace(next(one for one in tensors if one.masked), mask_runs=None)
    if len({len(tensor.axes) for tensor in tensors}) > 1:
        return replace(first, axes=(), has_rank=False)
    axes: list[Axis] = []
    for several in zip(*(tensor.axes for tensor in tensors), strict=True):
        lengths = {None if axis.is_unknown else axis.length for axis in several}
        is_unknown = None in lengths or len(lengths) > 1
        factors = {axis.factor for axis in several}  # of what is not known, one is made up
        factor = factors.pop() if len(factors) == 1 else 1
        axes.append(replace(several[0], is_unknown=is_unknown, factor=factor))
    return replace(first, axes=tuple(axes))


def merged_facts(facts: Sequence[Facts]) -> Facts | None:
    """The same of the facts; where even the number of tensors differs, nothing of these is."""
    first, is_alike = facts[0], len({rebuilt(fact.returns, lambda _: BLANK) for fact in facts}) == 1

    def common(name: str) -> Any:
        """Of several values, those that are in all columns; a single one, or None."""
        values = [getattr(fact, name) for fact in facts]
        if isinstance(values[0], tuple) and not hasattr(values[0], "_fields"):
            return tuple(value for value in values[0] if all(value in other for other in values))
        return values[0] if all(value == values[0] for value in values) else None

    places = zip(*(fact.outputs for fact in facts), strict=is_alike)
    alike = ("relations", "warnings", "notes", "recurrence", "whole_numbers_below", "cudnn")
    arrives = {fact.mask_arrives for fact in facts} - {None}
    return replace(
        first,
        returns=rebuilt(first.returns, lambda _: merged(*next(places))) if is_alike else (UNKNOWN,),
        weights=tuple(_merged_weights(facts)),
        mask_arrives=arrives.pop() if len(arrives) == 1 else None,
        **{name: common(name) for name in alike},
    )


def _merged_weights(facts: Sequence[Facts]) -> Iterator[Tensor]:
    """Of one that is not there in all columns no size is known."""
    for place, weight in enumerate(max(facts, key=lambda fact: len(fact.weights)).weights):
        several = [fact.weights[place] for fact in facts if place < len(fact.weights)]
        is_there = len(several) == len(facts)
        axes = tuple(replace(axis, is_unknown=True) for axis in weight.axes)
        yield merged(*several) if is_there else replace(weight, axes=axes, has_rank=bool(axes))


def _that_counts(call: Call) -> Call:
    """A layer with nothing open but what changes a shape or a number of parameters."""
    if module_of(call.name) is None:
        return replace(call, arguments=())
    given = [name for name, value in call.arguments if isinstance(value, Unknown)]
    return call.without(*filter(changes_no_shape, given))
