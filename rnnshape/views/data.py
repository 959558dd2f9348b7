"""Does the data fit: a line for each call that gives data to a network, and what is wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import chain, zip_longest

from rnnshape.description import Description, describe
from rnnshape.errors import Place, Problem
from rnnshape.expression import MOST_NAMES, reasons
from rnnshape.fitting import has_known_inputs, layer_without_rule
from rnnshape.input_shapes import UNKNOWN_ENTRIES, UNREAD_ENTRIES
from rnnshape.network import Network
from rnnshape.ports import (
    outputs_of_other_rows,
    outputs_with_data,
    unread_of_other_sizes,
    unread_of_whole_numbers,
)
from rnnshape.report import Report
from rnnshape.rules.facts import Tensor
from rnnshape.training.data import NOT_GIVEN, Data, Function, TrainingCall
from rnnshape.training.losses import judge_of_loss, loss_named
from rnnshape.training.metrics import judge_of_metric
from rnnshape.training.samples import are_batches_known
from rnnshape.views.blocks import Block, Lines, Picture
from rnnshape.views.page import Page
from rnnshape.views.text import Style, Text, styled, whole

LEFT = 14  # columns that a page has beside a part of a line of code


def data(report: Report, page: Page) -> Iterator[Block]:
    """Every call of which something is known, and under it what does not fit; then what is not
    compared, and why."""
    quiet, told, left_out = list[Text](), set[Problem](), dict[str, None]()
    for call in report.question.calls:
        wrong = [problem for problem in report.problems if call.has(problem)]
        not_compared = _not_compared(report, call)
        left_out.update(dict.fromkeys(filter(None, not_compared.values())))
        line = _call(call, wrong, page, not_compared)
        if not wrong:
            quiet += [line] if any(data.shape for data in call.arrays) else []
            continue
        if quiet:
            yield Lines(tuple(quiet), indent=2)
            quiet = []
        yield Lines((line,), indent=2)
        for problem in (one for one in wrong if one not in told):
            told.add(problem)
            yield from _problem(problem, call, page)
    if quiet:
        yield Lines(tuple(quiet), indent=2)
    if left_out:
        yield Lines(tuple(page.pending("not compared", [*left_out][:MOST_NAMES])), indent=2)


def _not_compared(report: Report, call: TrainingCall) -> dict[Data, str]:
    """The arrays of which nothing was found because nothing could be compared: not all is known of
    them, or of what meets them, the model, the loss and the metrics. With why, where nothing else
    says it."""
    if call.own_step:
        return dict.fromkeys(call.arrays, f"{call.own_step} is the code's own")
    network = call.network if isinstance(call.network, Network) else report.question.network
    described = report.description
    if network is not report.question.network or not described.is_complete:
        # What Keras measured has the sizes of its own input, and not of X.
        described = describe(network, report.question.dimensions)
    are_known = all(tensor.known_size is not None for tensor in described.inputs)
    refs = network.returned(max(1, len(described.layers[-1].outputs)))
    made = [described.tensor(ref) for ref in refs]
    are_made = [bool(tensor and tensor.known_size is not None) for tensor in made]
    every, takes_known = call.with_validation, are_known and has_known_inputs(network, call.x)
    found = {} if takes_known else {x: "" for each in every for x in each.x}
    if first := layer_without_rule(described, network, report.question.dimensions):
        why = "" if first.unread else f"there is no rule for {first.without_rule}"
        found |= dict.fromkeys(call.x, why)
    for given in every:
        if layer := unread_of_other_sizes(network, given.x):
            why = f"{layer} is read with other sizes"
            found |= dict.fromkeys((*given.x, *given.y), why)
        for x, layer in unread_of_whole_numbers(network, given.x):
            why = f"{layer} is not read: it may look up the numbers of {x.name} in a table"
            found[x] = why if layer else ""
    if network.is_stateful:
        found |= {x: "" for each in every for x in each.x if not are_batches_known(each, x)}
    unjudged = _unjudged(call)
    for given in every:
        of_batch = described, given, report.question.dimensions
        others = outputs_of_other_rows(network, *of_batch) if given.rows is None else {}
        sizes = report.question.dimensions
        shapes = outputs_with_data(network, given, sizes) if given.y else {}
        outputs = [
            known and ref not in others and None not in shapes.get(ref, (None, None))[1:]
            for ref, known in zip(refs, are_made, strict=True)
        ]
        each = outputs if len(outputs) == len(given.y) else [all(outputs)] * len(given.y)
        why = unjudged or "the first axis of the output is not the batch" * bool(others)
        without = [layer for layer in described.layers if layer.has_no_rule]
        why = why or "".join(f"there is no rule for {one.without_rule}" for one in without[:1])
        for y, tensor in zip(given.y, made, strict=False):
            may_be_masked = tensor and tensor.masked and tensor.mask_runs is None
            if tensor and may_be_masked and len(y.shape or ()) != len(tensor.axes):
                found[y] = "whether a mask comes with the output is not known"
        found |= _of_other_samples(given)
        pairs = zip(given.y, each, strict=True)
        found |= {one: why for one, known in pairs if unjudged is not None or not known}
        beyond = _perhaps_beyond(given, described, made, has_numbers=report.question.is_of_code)
        found |= dict(beyond)
    for array in call.arrays:
        if array.unknown is not None:
            [found[array]] = reasons([array.unknown], names_files=False)
        elif array.shape and 0 in array.shape[1:]:
            found[array] = f"{array.name} is empty"
        elif array.dtype in (UNKNOWN_ENTRIES, UNREAD_ENTRIES):
            tells = ".astype('float32') would tell"
            found[array] = f"{array.name} may hold other things than numbers: {tells}"
    return found


def _of_other_samples(call: TrainingCall) -> dict[Data, str]:
    """What may have more samples than X, or fewer: of one of both it is not known how many; and
    in a single batch, of which Keras compares none, any other number, which some layers take."""
    if not call.x or call.x[0].of:
        return {}
    first, *others = (*call.x, *call.y) if call.is_batched else call.x
    found = {}
    for one in others:
        is_unknown = None in (one.samples, first.samples)
        if one != NOT_GIVEN and one.shape and one.samples != first.samples:
            has = "may have" if is_unknown else "has"
            if is_unknown or not call.is_batched:  # else it is told as a problem
                why = f"{one.name} {has} another number of samples than {first.name}"
                found[one] = why if first.shape else ""  # else it is said of that
    return found


def _perhaps_beyond(
    call: TrainingCall, described: Description, made: Sequence[Tensor | None], *, has_numbers: bool
) -> Iterator[tuple[Data, str]]:
    """Whole numbers that choose a row or a class, of which nobody knows whether all are there; of
    a shape alone, which has none, nothing is said."""
    ends = [
        (x, end, "the Embedding takes")
        for x, end in zip(call.x, described.inputs_below, strict=False)
    ]
    for y, loss, tensor in zip(call.y, call.losses, made, strict=False):
        is_sparse = loss and loss_named(loss.name) == "sparse_categorical_crossentropy"
        classes = tensor.shape[-1] if is_sparse and tensor and tensor.known_size else None
        ends.append((y, classes, "the output takes"))
    for data, end, takes in ends:
        if end is None or data == NOT_GIVEN:
            continue
        if data.values_below is None and not data.drawn_below and has_numbers:
            yield data, f"the numbers of {data.name} are not known: {takes} 0 to {end - 1}"
        elif data.drawn_below > end >= (data.values_below or 0):
            yield data, f"{data.name} may hold {data.drawn_below - 1}: {takes} 0 to {end - 1}"


def _unjudged(call: TrainingCall) -> str | None:
    """The loss or the metric of which it is not known what it takes; None where there is none."""
    given = zip_longest(call.losses or [None], call.y)
    for loss in (loss for loss, y in given if y != NOT_GIVEN):
        if loss is None or not judge_of_loss(loss):
            return _unknown("loss", loss)
    for metric in chain.from_iterable(call.metrics):
        if not judge_of_metric(metric):
            return _unknown("metric", metric)
    return None


def _unknown(kind: str, function: Function | None) -> str:
    name = function.name if function and function.name.isidentifier() else ""
    return f"what {f'the {kind} {name}' if name else f'a {kind}'} takes is not known"


def _call(
    call: TrainingCall, wrong: list[Problem], page: Page, not_compared: Collection[Data]
) -> Text:
    """`fit(X, y)  X (100, 5, 3) ✓  y (100,) ✗ expected (100, 3)`"""
    style = Style.PLAIN if wrong else Style.QUIET
    parts = [styled((whole(str(call)), style))]
    of_all = any(problem.name is None for problem in wrong)  # arrays together
    given: list[tuple[Data, str]] = []
    for each in call.with_validation:
        given += [(x, "data") for x in each.x]
        given += [(y, "labels") for y in each.y if y != NOT_GIVEN]

    def found(array: Data, kind: str) -> tuple[Problem, ...]:
        kinds = ("samples", kind)
        return tuple(one for one in wrong if one.name == array.name and one.kind in kinds)

    # One array stands once, unless it is right as x and wrong as y.
    for array, problems in dict.fromkeys((array, found(array, kind)) for array, kind in given):
        is_checked = array not in not_compared and not of_all
        parts.append(_array(array, problems, page, style, is_checked=is_checked))
    return Text("  ").join(parts)


def _array(
    array: Data, found: Sequence[Problem], page: Page, style: Style, *, is_checked: bool
) -> Text:
    shape = page.shape(array.shape)
    is_whole = bool(array.shape and {None, 0}.isdisjoint(array.shape[1:]))  # samples may be any
    holds = False if found else True if is_whole and is_checked else None
    text = styled((whole(f"{array.name} {shape} "), style), page.mark(holds))
    expected = next((problem.expected for problem in found if problem.expected), None)
    if expected and expected != array.shape:
        text += styled(whole(f" expected {page.shape(expected).replace('(?', '(batch', 1)}"))
    return text


def _problem(problem: Problem, call: TrainingCall, page: Page) -> Iterator[Block]:
    yield Lines((styled(page.mark(False), f" {problem.message}"),), 2)
    if call.code.strip():
        yield Picture(_code(problem, call, page))
    changes = [
        styled(("or " if number else "write ", Style.QUIET), (change, Style.NAME))
        for number, change in enumerate(problem.remedies)
    ]
    if changes:
        yield Lines(tuple(changes), 4)


def _code(problem: Problem, call: TrainingCall, page: Page) -> Text:
    """The line of the code, with a caret under what is wrong."""
    line, column = call.code.rstrip(), (call.column or 1) - 1
    start, width = column, max(1, line.find("(", column) - column)
    if problem.name:
        word = rf"(?<![\w.]){re.escape(problem.name)}(?!\w)"
        inputs = [x.name for x in call.x] if problem.kind == "labels" else []
        found = [*re.compile(word).finditer(line, start + width)]
        for taken in found[inputs.count(problem.name) :][:1] or found[:1]:
            start, width = taken.start(), len(problem.name)
    indent = min(len(line) - len(line.lstrip()), start)
    place = Place(line[indent:], start - indent, start - indent + width)
    where = f"line {call.line}" if call.line else ""
    where = f"{call.file}, {where}" if call.file else where
    lines = [where] if where else []
    lines += [f"| {text}" for text in place.shown(max(page.width - LEFT, 20))]
    return Text("\n").join(styled((f"  {line}", Style.QUIET)) for line in lines)
