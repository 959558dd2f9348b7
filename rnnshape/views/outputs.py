"""The table: what a network's layers return, in order, with shapes, axes and meanings."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from rnnshape.errors import counted
from rnnshape.expression import calls_within
from rnnshape.layer import Layer
from rnnshape.network import Ref, kind_of_axis
from rnnshape.output import Output
from rnnshape.program import arguments_with_names, called_with_names, nested_names
from rnnshape.report import Report
from rnnshape.rules.facts import Tensor
from rnnshape.signatures import is_operation
from rnnshape.views.blocks import GAP, Block, Grid, Heading, Lines, Row, Section
from rnnshape.views.page import Page
from rnnshape.views.text import Style, Text, styled, width_of

NOTE = "note: "
MOST_NOTES = 3
OPTIONS = {"batch": "-b", "timesteps": "-t", "features": "-f"}


def outputs(report: Report, page: Page, made: int = 1) -> Iterator[Block]:
    """One layer with its input and how its outputs are unpacked; of several, one table. `made` says
    how many models of the code are like this one."""
    note = f"{made} alike" if made > 1 else ""
    whole = [Ref(1, place) for place in range(len(report.outputs_of(report.layers[0])))]
    if len(report.layers) == 1 and [*report.returned] == whole:
        yield from _of_one_layer(report, report.layers[0], note, page)
    else:
        yield from _of_several_layers(report, note, page)


def notes(
    reports: Sequence[Report], page: Page, *, of_questions_alone: bool = False
) -> Iterator[Lines]:
    """Why the answer may surprise; each said once, and of which layer where there are several."""
    said: dict[str, None] = {}
    for report in reports:
        for note in report.notes:
            if of_questions_alone and note.text not in report.question.notes:
                continue
            layer = f"layer {note.layer}: " if note.layer and len(report.layers) > 1 else ""
            said[f"{layer}{page.product(note.text)}"] = None
    texts = [*said][:MOST_NOTES]
    if more := len(said) - len(texts):
        texts.append(f"{more} more with --json")
    lines = tuple(styled((NOTE, Style.QUIET), text) for text in texts)
    if lines:
        yield Lines(lines, indent=len(NOTE), is_prose=True)


def given(tensor: Tensor, page: Page) -> Text:
    """A tensor that goes into a layer: `inputs (2, 5, 1) = (batch, timesteps, features)`."""
    axes = f"= {page.axes(tensor.axes)}" if tensor.has_rank else ""
    return styled((tensor.name, Style.NAME), f" {page.shape(tensor.sizes)} ", (axes, Style.QUIET))


def assumed(report: Report, tensor: Tensor) -> str:
    """`assumed: batch, timesteps (-b, -t)`, of an input that code describes in part."""
    axes = [axis.name for axis in tensor.axes if axis.is_assumed]
    if report.question.is_of_word or not axes:
        return ""
    return f"assumed: {', '.join(axes)}{options_of(map(kind_of_axis, axes))}"


def options_of(kinds: Iterable[str]) -> str:
    """` (-b, -t)`: those that give sizes of these kinds."""
    options = dict.fromkeys(OPTIONS[kind] for kind in kinds if kind in OPTIONS)
    return f" ({', '.join(options)})" if options else ""


def shape(output: Output, page: Page) -> Text:
    """A shape; both of them where Keras and the rule disagree."""
    if output.agrees:
        return styled((page.shape(output.shape), Style.SHAPE))
    both = f"Keras {page.shape(output.keras)}\nrule  {page.shape(output.rule)}"
    return styled((both, Style.BAD))


def _of_one_layer(report: Report, layer: Layer, note: str, page: Page) -> Iterator[Block]:
    inputs: list[Text] = []
    for tensor in report.inputs:
        inputs.append(given(tensor, page))
        if text := assumed(report, tensor):
            inputs.append(styled((f"  {text}", Style.QUIET)))
    title = report.question.title
    yield Heading(f"{title}: {layer.call}" if title else str(layer.call), note, tuple(inputs))
    rows = tuple(_row(output, page) for output in report.outputs_of(layer))
    yield Grid(("Output", "Shape", "Axes", "What it is"), rows, folds=3)
    several = ", ".join(output.name for output in report.outputs_of(layer))
    names = nested_names(layer.facts.returns) if layer.facts else several or "o"
    yield Lines((styled(f"{names} = layer{_called(report, layer)}"),), indent=4)


def _row(output: Output, page: Page) -> Row:
    return (
        styled((output.name, Style.NAME)),
        shape(output, page),
        styled((page.axes(output.axes), Style.QUIET)),
        styled(output.meaning),
    )


def _of_several_layers(report: Report, note: str, page: Page) -> Iterator[Block]:
    """A row per tensor, so that each output is seen to become the next input."""
    question = report.question
    if question.title or not question.network.is_chain or note:
        yield Heading(question.title or counted(len(report.layers), "layer"), note)
    lines = [
        f"{tensor.name} {text}" for tensor in report.inputs if (text := assumed(report, tensor))
    ]
    texts = [_expression(report, layer) + _mask(report, layer, page) for layer in report.layers]
    widest = max(map(width_of, texts))
    for room, meanings in product((page.width, widest), (True, False)):
        grid = _wide(report, page, room, meanings=meanings)
        if page.fits(grid.width):
            break
    else:
        grid = _narrow(report, page)
    yield grid
    if lines:
        yield Lines(tuple(styled((line, Style.QUIET)) for line in lines), indent=2)


def _wide(report: Report, page: Page, room: int, *, meanings: bool) -> Grid:
    """A layer's expression, in so much room, and parameters stand beside its first output."""
    blank, cells = Text(), 4 if meanings else 3
    rows: list[Row | Section] = [
        (blank, blank, blank, *row[:cells]) for row in _rows(report, 0, page)
    ]
    for layer in report.layers:
        rows += [(blank, group, blank, *(blank,) * cells) for group in _new_group(report, layer)]
        first: Row = (
            styled((str(layer.number), Style.QUIET)),
            _titled(report, layer, page, room),
            _parameters(report, layer, page),
        )
        for row in _rows(report, layer.number, page):
            rows.append((*first, *row[:cells]))
            first = (blank, blank, blank)
    columns = ("", "Layer", "Parameters", "Tensor", "Shape", "Axes", "What it is")[: 3 + cells]
    return Grid(columns, (*rows, _total(report, page)), right=(0, 2))


def _narrow(report: Report, page: Page) -> Grid:
    """A layer's expression and parameters stand above its outputs, over all columns."""
    rows: list[Row | Section] = [(Text(), *row[:3]) for row in _rows(report, 0, page)]
    digits = len(str(len(report.layers)))
    for layer in report.layers:
        rows += [Section(styled(" " * (digits + 2)) + group) for group in _new_group(report, layer)]
        number = styled((f"{str(layer.number).rjust(digits)}  ", Style.QUIET))
        parameters = _parameters(report, layer, page)
        room = page.width - width_of(number) - GAP - width_of(parameters)
        title = number + _titled(report, layer, page, room)
        rows.append(Section(title, parameters, indent=digits + 4))
        rows += [(styled(" " * digits), *row[:3]) for row in _rows(report, layer.number, page)]
    rows.append(_total(report, page))
    over = Section(
        styled(" " * (digits + 2), ("Layer", Style.QUIET)), styled(("Parameters", Style.QUIET))
    )
    return Grid(("", "Tensor", "Shape", "Axes"), tuple(rows), folds=3, over=over)


def _titled(report: Report, layer: Layer, page: Page, room: int) -> Text:
    """A layer's expression and its mask, and the name that Keras gives it where there is room."""
    text, mask = _expression(report, layer), _mask(report, layer, page)
    if layer.same_as or layer.unread or layer.call["name"]:  # which the text has already
        return text + mask
    named = styled(text, "  ", (report.names[layer.number - 1], Style.QUIET), mask)
    return named if width_of(named) <= room else text + mask


def _rows(report: Report, number: int, page: Page) -> Iterator[Row]:
    """A row for each output of a layer, or each input, those marked that the model returns; with
    their places among all that it returns, where these are in another order than the rows."""
    made: Iterable[Output] = (Output(0, tensor) for tensor in report.inputs)
    if number:
        made = report.outputs_of(report.layers[number - 1])
    for place, output in enumerate(made):
        name, *others = _row(output, page)
        if at := report.places_returned.get(Ref(number, place)):
            numbers = f" {', '.join(map(str, at))}" * report.returns_in_other_order
            name = styled(name, f" {page.returned}{numbers}")
        yield (name, *others)


def _mask(report: Report, layer: Layer, page: Page) -> Text:
    """Where a mask comes from, who uses it, and who loses it."""
    mask = layer.mask
    if mask is None:
        return Text()
    if mask.is_lost:
        return styled("  ", ("mask lost here", Style.BAD))
    if mask.arrives is False:
        return styled("  ", ("mask from here" if mask.leaves else "mask ?", Style.QUIET))
    if not mask.is_used and not (layer.number in report.layers_returned and mask.leaves):
        return Text()
    mark = page.mark(True) if mask.arrives else Text("?", Style.QUIET)
    return styled("  ", ("mask ", Style.QUIET), mark)


def _new_group(report: Report, layer: Layer) -> Iterator[Text]:
    """The name of the model that the layer is the first of, where it stands in one."""
    group = layer.step.group
    before = report.layers[layer.number - 2].step.group if layer.number > 1 else ""
    if group and group != before:
        yield styled((f"{group.replace('/', ' / ')}:", Style.QUIET))


def _expression(report: Report, layer: Layer) -> Text:
    """The layer, and what it is called with where that is not simply what comes before it."""
    step = layer.step
    inside = "  " if step.group else ""
    if layer.same_as is None and (is_operation(layer.call.name) or step.unread):
        return styled(inside, (called_with_names(step, _names(report, layer)), Style.TITLE))
    again = f"layer {layer.same_as} again" if layer.same_as else str(layer.call)
    call = styled(inside, (again, Style.TITLE))
    if report.question.network.is_chain:
        return call
    return call + styled(_called(report, layer))


def _called(report: Report, layer: Layer) -> str:
    """`(x, initial_state=[h, c])`"""
    return f"({', '.join(arguments_with_names(layer.step, _names(report, layer)))})"


def _names(report: Report, layer: Layer) -> dict[Ref, str]:
    """Those of the tensors that a layer is called with; with what makes them, where a later one has
    taken the name since, or another of these has it too."""
    tensors = {ref: report.description.tensor(ref) for ref in layer.step.refs}
    names = {ref: tensor.name if tensor else "o" for ref, tensor in tensors.items()}
    made, counts = dict[Ref, str](), Counter(names.values())
    for ref, name in names.items():
        numbers = report.layers_by_output.get(name, [])
        after = bisect_right(numbers, ref.step)
        is_taken = after < len(numbers) and numbers[after] < layer.number
        if is_taken or counts[name] > 1:
            name = f"{name} of layer {ref.step}" if ref.step else f"input {name}"
        made[ref] = name
    return made


def _parameters(report: Report, layer: Layer, page: Page) -> Text:
    """A layer's parameters, with a star where they follow from a size that is assumed."""
    if layer.same_as is not None:
        return Text()
    number = page.number(report.parameters_of(layer))
    is_certain = report.question.is_of_word or not report.assumes_of(layer)
    return number if is_certain else number + styled("*")


def _total(report: Report, page: Page) -> Section:
    """All parameters, and the bytes that they take; where some are not trained, how many are."""
    digits = len(str(len(report.layers)))
    text = f"{report.least_parameters:,}"
    assumes = any(report.assumes_of(layer) for layer in report.layers)
    text += "*" if assumes and not report.question.is_of_word else ""
    weights, words, parts = report.weights, "in total ", ""
    if report.parameters is None:
        words, text = (f"{words}at least ", text) if report.least_parameters else (words, "?")
    elif weights is not None:
        text += f" ({page.bytes(weights)})"
        trained = [weight for weight in weights if weight.is_trained]
        calls = (call for layer in report.layers for call in calls_within(layer.call))
        if any(word == "trainable" for call in calls for word, _ in call.left_open):
            parts = ", trainable ?"
        elif frozen := [weight for weight in weights if not weight.is_trained]:
            part = f"{sum(weight.size for weight in trained):,} trainable"
            other = f"{sum(weight.size for weight in frozen):,} non-trainable"
            words, parts = "", f": {part} ({page.bytes(trained)}), {other} ({page.bytes(frozen)})"
            if not page.fits(digits + 2 + len(text + parts)):
                parts = f": {part}, {other}"
    total = styled(" " * (digits + 2), (words, Style.QUIET), (text, Style.SHAPE), parts)
    words = f"{page.returned} what the model returns"
    legends = [f"{words}, in this order"] * report.returns_in_other_order + [words]
    room = width_of(total) + GAP
    legend = next((one for one in legends if page.fits(room + width_of(Text(one)))), "")
    last = styled((legend, Style.QUIET)) if legend else Text()
    return Section(total, last, indent=digits + 4)
