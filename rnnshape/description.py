"""The rule, asked for every layer of a network: what goes in, what comes out, and what holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

from rnnshape.columns import (
    RANKS,
    columns_of,
    inputs_without_rank,
    may_be_of_other_ranks,
    merged,
    merged_facts,
    ranks_of,
    words_and_flags,
)
from rnnshape.errors import QueryError
from rnnshape.layer import Layer, layer_of_unknown
from rnnshape.network import (
    Dimensions,
    Network,
    Question,
    Ref,
    Step,
    check_names,
    kind_of_axis,
    without_states,
)
from rnnshape.network_inputs import (
    OTHER_BATCHES,
    every_size,
    may_need_one_batch,
    mend_by_data,
    other_sizes,
    with_assumed_as_open,
)
from rnnshape.rule_run import Measured, RuleRun, tensor_of
from rnnshape.rules.facts import Tensor
from rnnshape.rules.registry import HAND_ON_NUMBERS

MOST_TRIES = 600  # of layers, with other words and flags
MOST_TRIED = 65  # sizes of a batch, for which what is refused may fit


@dataclass(frozen=True)
class Description:
    """What the rule says of a network.

    Attributes:
        inputs: what the network is given, with sizes for its open dimensions.
        layers: first to last, one for each step of the network.
        inputs_below: of every input, what its whole numbers stay below; None where it takes any
            numbers.
    """

    inputs: tuple[Tensor, ...]
    layers: tuple[Layer, ...]
    inputs_below: tuple[int | None, ...] = ()

    @cached_property
    def assumed_kinds(self) -> list[str]:
        """The kinds of sizes that no text says: `["batch", "timesteps"]`."""
        return _assumed_kinds(self.inputs)

    @cached_property
    def is_complete(self) -> bool:
        """Whether the rule says something of every layer."""
        return all(layer.facts for layer in self.layers)

    def tensor(self, ref: Ref) -> Tensor | None:
        """The tensor of a reference; None where it is not known."""
        return tensor_of(ref, self.inputs, self.layers)


def describe(
    network: Network,
    dimensions: Dimensions | None = None,
    measured: Measured = (),
) -> Description:
    """What the rule says of a network, or a `QueryError` if Keras would refuse it.

    Pure and instant: neither NumPy nor TensorFlow is imported.

    Args:
        network: what is asked.
        dimensions: the sizes of what its inputs leave open.
        measured: of each layer, the shapes that Keras returned: from these the rule goes on after
            a layer that there is no rule for.

    >>> from rnnshape.chains import chain
    >>> from rnnshape.reading import parse
    >>> [layer] = describe(chain([parse("GRU(3, return_state=True)")])).layers
    >>> [(output.name, output.shape) for output in layer.outputs]
    [('o', (2, 3)), ('h', (2, 3))]
    """
    sizes = dimensions or Dimensions()
    check_names(network)
    runs = [RuleRun(network, sizes, column, measured) for column in columns_of(network)]
    passed, without_rank = runs, inputs_without_rank(network)
    chosen = words_and_flags(network) if len(runs) > 1 else {}  # most networks have nothing open
    for number, step in enumerate(network.steps, start=1):
        if number in runs[0].of_any_shape or number in without_rank.values():
            passed = [
                run.with_rank(rank, [one for one in without_rank if without_rank[one] == number])
                for place, run in enumerate(passed)
                for rank in ranks_of(place, len(passed))
            ]
        choices = [choice for choice, first in chosen.items() if first == number]
        for choice in choices:
            both = [*passed, *(others := [run.with_other(choice) for run in passed])]
            are_few = len(both) <= max(2 * len(runs), MOST_TRIES // len(network.steps))
            passed = both if are_few else [*passed[::2], *others[1::2]]
        passed = _described(step, number, passed)
        passed = _without_alike(passed) if choices else passed
    layers, inputs = passed[0].layers, passed[0].inputs
    if len(runs) > 1:
        # Of what only unread layers take, a run that is refused further on says nothing.
        read = {ref for step in network.steps if step.unread is None for ref in step.refs}
        others = [run.with_rank(rank, without_rank) for run in runs for rank in RANKS]
        inputs = tuple(
            merged(*(run.inputs[place] for run in (passed if Ref(0, place) in read else others)))
            for place in range(len(inputs))
        )
        layers = [
            _merged_layer(several) for several in zip(*(r.layers for r in passed), strict=True)
        ]
    return Description(inputs, tuple(layers), tuple(_inputs_below(network, layers)))


def description_of(network: Network, dimensions: Dimensions | None = None) -> Description | None:
    """What the rule says of a network; None where Keras would refuse it."""
    with suppress(QueryError):
        return describe(network, dimensions)
    return None


def is_taken(network: Network, dimensions: Dimensions | None = None) -> bool:
    """Whether the rule refuses nothing of a network."""
    return description_of(network, dimensions) is not None


def is_of_the_batch(wrong: QueryError, network: Network) -> bool:
    """Whether the rule refuses what it takes in batches of another size."""
    written = map(int, re.findall(r"\b[1-9]\d{0,4}\b", wrong.message))
    batches = {*range(1, MOST_TRIED), *written}
    return any(is_taken(network, Dimensions(batch=batch)) for batch in batches)


def describe_what_fits(question: Question, measured: Measured = ()) -> tuple[Description, Question]:
    """What the rule says of a network, and the question with sizes that Keras takes: where it would
    refuse the usual ones, more of what is assumed, as nobody has said that there are but 5
    timesteps; or, of code that none of these fits, none."""
    network, sizes = question.network, question.dimensions
    try:
        return describe(network, sizes, measured), question
    except QueryError as wrong:
        refusals = [wrong]
        assumed = _assumed_kinds(RuleRun(network, sizes, columns_of(network)[0], measured).inputs)
        of_calls = [call.rows for call in question.calls]
        for other in other_sizes(network, sizes, assumed, of_calls):
            try:
                described = describe(network, other, measured)
                if not any(of_calls):  # else what the data says of it is told
                    _check_is_no_chance(network, other, measured)
            except QueryError as again:
                refusals.append(again)
                continue
            return described, replace(question, dimensions=other)
        depends = not _are_certain(refusals)  # on what is assumed
        if depends and question.is_of_code:
            unsaid = with_assumed_as_open(network, sizes)
            with suppress(QueryError):
                return describe(unsaid, sizes, measured), replace(question, network=unsaid)
        for other in every_size(sizes, assumed) if depends and not question.is_of_code else ():
            if is_taken(network, other):
                return describe(network, other, measured), replace(question, dimensions=other)
        mend_by_data(wrong, question, is_taken)
        raise


def _check_is_no_chance(network: Network, sizes: Dimensions, measured: Measured) -> None:
    """A `QueryError` where a batch fits that nobody has said, and twice as many do not, though the
    network needs no one batch: it is as long as another axis, as 7 where there are 7 timesteps."""
    for kind, size in () if may_need_one_batch(network) else sizes.usual:
        if kind == "batch" and size in OTHER_BATCHES:
            describe(network, replace(sizes, usual=((kind, 2 * size),)), measured)


def _assumed_kinds(inputs: Iterable[Tensor]) -> list[str]:
    axes = (axis for tensor in inputs for axis in tensor.axes if axis.is_assumed)
    return [*dict.fromkeys(kind_of_axis(axis.name) for axis in axes)]


def _described(step: Step, number: int, runs: list[RuleRun]) -> list[RuleRun]:
    """Adds the layer of a step to each run; returns those in which the rule takes the numbers."""
    made = _layers_of(step, number, runs)
    for run, layer in made:
        run.layers.append(layer)
    return [run for run, _ in made]


def _without_alike(runs: list[RuleRun]) -> list[RuleRun]:
    """Those that differ in their numbers, in what the last layer returns, or before: others go on
    alike."""
    found: dict[object, RuleRun] = {}
    for run in runs:
        *before, last = run.layers
        made = [(tensor.has_rank, tensor.masked, tensor.axes) for tensor in last.outputs]
        numbers = run.column._replace(changed=frozenset())
        found.setdefault((str(numbers), *map(id, before), str(made)), run)
    return [*found.values()]


def _layers_of(step: Step, number: int, runs: list[RuleRun]) -> list[tuple[RuleRun, Layer]]:
    made: list[tuple[RuleRun, Layer]] = []
    refused: list[tuple[RuleRun, QueryError]] = []
    for run in runs:
        try:
            made.append((run, run.layer(step, number)))
        except QueryError as wrong:
            refused.append((run, wrong))
    return _of_those_left(step, number, runs, made, refused) if refused else made


def _of_those_left(
    step: Step,
    number: int,
    runs: list[RuleRun],
    made: Sequence[tuple[RuleRun, Layer]],
    refused: Sequence[tuple[RuleRun, QueryError]],
) -> list[tuple[RuleRun, Layer]]:
    """What is known of a layer that the rule refuses with some of the numbers, or all."""
    taken, errors = [run for run, _ in made], [wrong for _, wrong in refused]
    are_too_few = _columns_in(taken) < min(2, _columns_in(runs))
    if not are_too_few and not _other_ranks_fit(taken, refused):
        # Into what is arranged anew only the numbers may not go that were tried.
        others = ((run, _of_unknown(step, number, run)) for run, _ in refused)
        return [*made, *((run, layer) for run, layer in others if layer.facts)]
    if len(runs) == 1 or not _depends_on_open(step, runs):
        raise errors[0]
    if not made and (certain := _wrong_with_any(step, runs, errors)):
        raise certain
    if (asked := without_states(step.layer, step)) is not step:
        found = _layers_of(asked, number, runs)
        return [(run, replace(one, step=step, inputs=run.given(step))) for run, one in found]
    return [(run, _of_unknown(step, number, run)) for run in runs]


def _other_ranks_fit(
    taken: Sequence[RuleRun], refused: Sequence[tuple[RuleRun, QueryError]]
) -> bool:
    """Whether what is not read may be of other ranks than where its numbers are taken, with other
    numbers than those that were tried."""
    by_sizes = (
        run
        for run, wrong in refused
        if all(one[0] not in ("rank", "axis") for one in wrong.unequal)
    )
    return not {*map(_ranks_tried, by_sizes)} <= {*map(_ranks_tried, taken)}


def _ranks_tried(run: RuleRun) -> tuple[int, ...]:
    unread = (run.layers[number - 1] for number in run.of_any_shape if number <= len(run.layers))
    tensors = (*run.inputs, *(tensor for layer in unread for tensor in layer.known_outputs))
    return tuple([len(tensor.axes) for tensor in tensors])


def _of_unknown(step: Step, number: int, run: RuleRun) -> Layer:
    return layer_of_unknown(number, step, run.column, run.given(step))


def _columns_in(runs: Iterable[RuleRun]) -> int:
    """How many choices of numbers some runs have: several have one, with other ranks."""
    return len({tuple(run.column.numbers.values()) for run in runs})


def _depends_on_open(step: Step, runs: Sequence[RuleRun]) -> bool:
    """Whether what a layer is, or what it is given, differs between the columns; of one that is
    called again, also what it was built for."""
    built = runs[0].network.steps[step.same_as - 1].refs if step.same_as is not None else ()

    def asked(run: RuleRun) -> tuple[object, ...]:
        given = map(run.tensor, (*step.refs, *built))
        shapes = [tensor.shape if tensor else run.column.place for tensor in given]
        return (str(run.column.layer(step.layer)), *shapes)

    return len(set(map(asked, runs))) > 1


def _are_certain(refusals: Sequence[QueryError]) -> bool:
    """Whether it is wrong whatever stands in the place of what was tried: always the same is."""
    if len({(wrong.message, wrong.unequal) for wrong in refusals}) == 1:
        return True
    return _unequal_in_all(refusals)


def _unequal_in_all(refusals: Sequence[QueryError]) -> bool:
    return bool(frozenset.intersection(*(wrong.unequal for wrong in refusals)))


def _wrong_with_any(
    step: Step, runs: Sequence[RuleRun], refusals: Sequence[QueryError]
) -> QueryError | None:
    """What is wrong with a layer whatever is open, with `?` for the numbers that were tried; None
    where others may be right."""
    if may_be_of_other_ranks(runs[0].network) or not _unequal_in_all(refusals):
        return None
    pairs = zip(refusals, runs, strict=True)
    written = (
        w.message.replace(str(r.column.layer(step.layer)), str(step.layer)) for w, r in pairs
    )
    texts = [re.split(r"(\d+)", message) for message in written]
    if len({len(text) for text in texts}) > 1:
        return None
    words = zip(*texts, strict=True)
    first = refusals[0]
    wrong = QueryError("".join("?" if len({*w}) > 1 else w[0] for w in words), first.place)
    wrong.remedies = tuple(
        code for code in first.remedies if all(code in other.remedies for other in refusals)
    )
    return wrong


def _merged_layer(layers: Sequence[Layer]) -> Layer:
    """What is the same in all columns; what differs is not known."""
    first = layers[0]
    inputs = tuple(
        merged(*(tensor for tensor in tensors if tensor)) if all(tensors) else None
        for tensors in zip(*(layer.inputs for layer in layers), strict=True)
    )
    facts = [layer.facts for layer in layers if layer.facts]
    known = merged_facts(facts) if len(facts) == len(layers) else None
    outputs: tuple[Tensor, ...] = ()
    if len({len(layer.known_outputs) for layer in layers}) == 1:
        outputs = tuple(
            merged(*tensors)
            for tensors in zip(*(layer.known_outputs for layer in layers), strict=True)
        )
    return replace(first, inputs=inputs, facts=known, known_outputs=outputs)


def _inputs_below(network: Network, layers: Sequence[Layer]) -> Iterator[int | None]:
    """What comes to an `Embedding` by way of other layers, such as `Reshape`, counts too."""
    limits: dict[Ref, int] = {}
    for number in range(len(layers), 0, -1):
        step, facts = network.steps[number - 1], layers[number - 1].facts
        below = facts.whole_numbers_below if facts else None
        passed_on = (limit for ref, limit in limits.items() if ref.step == number)
        limit = min((limit for limit in (below, *passed_on) if limit), default=None)
        is_kept = below is not None or step.layer.name in HAND_ON_NUMBERS
        for ref in step.refs if limit and is_kept else ():
            limits[ref] = min(limit or 0, limits.get(ref, limit or 0))
    for number in range(len(network.inputs)):
        yield limits.get(Ref(0, number))
