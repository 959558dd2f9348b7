"""Keras code, followed without running it: which models it makes, of which layers."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rnnshape.chains import input_of_first_layer
from rnnshape.columns import RANKS, columns_of
from rnnshape.description import describe, is_taken
from rnnshape.errors import IncompleteError, NotReadError, QueryError
from rnnshape.expression import Call, Let, calls_within
from rnnshape.nest import rebuilt
from rnnshape.network import Network, Question
from rnnshape.program import MADE_WHERE
from rnnshape.reading import graph
from rnnshape.reading.found import NamedValue, Reading
from rnnshape.reading.modules import look_through, modules_for
from rnnshape.reading.names.arrays import array_of_shape
from rnnshape.reading.names.calls_with_data import output_names, training_calls
from rnnshape.reading.names.compiling import functions_of
from rnnshape.reading.names.frames import Frame
from rnnshape.reading.names.keras import MODULES, NAMES, module_named, why_unknown
from rnnshape.reading.names.layers import Layer
from rnnshape.reading.names.models import Model
from rnnshape.reading.names.of_pandas import known_of_open
from rnnshape.reading.names.rows import attributes_of, is_only_built
from rnnshape.reading.names.session import (
    MORE_CALLS,
    MOST_MODELS,
    SESSION,
    GoneError,
    Session,
    opened,
)
from rnnshape.reading.names.sizes import NumPyNumber
from rnnshape.reading.python import Evaluator, IsOpenError, follow_module, own, python
from rnnshape.reading.python.allowed import namedtuple
from rnnshape.reading.python.evaluator import MOST_MESSAGES, shortened
from rnnshape.reading.python.limits import ExhaustedError
from rnnshape.reading.uncalled import (
    call_if_it_makes_a_model,
    call_what_is_not_called,
    refused_aside,
)
from rnnshape.reading.unread import (
    first_of,
    tell_of_layers_never_called,
    tell_of_unread,
    tell_open,
)
from rnnshape.source import STOPS, Source
from rnnshape.training.data import TrainingCall

NOT_OF_TODAY = ("print ", "exec ", "!", "%", "?")  # of Python 2 and of notebooks
BROKEN_LINES = 20  # that are left out of a text, one after the other, until the rest can be read
MORE_MESSAGES = f"at most {MOST_MESSAGES} messages of a kind are told: there may be more"
MOST_IN_ALL = 5_000  # layers of all networks
# Of all calls that give data, each times the layers of its network and how often the rule is asked
# of these: for what it returns, and for each axis that it takes.
MOST_COMPARED, OF_OUTPUTS = 25_000, 8
ONLY_BUILT = "build(...) makes no weights where a model has its own call: call it on data"
OF_SET = "it follows from the order of a set, which is another one in each run: sort the set"
USUAL_AXES, SIZE = (2, 3, 4, 5), 16  # of a tensor, where a layer is tried


def read_code(
    text: str,
    let: Let,
    where: str = "",
    folder: Path | None = None,
    begins: Sequence[NamedValue] = (),
) -> Reading:
    """The networks that a text in Python makes.

    Args:
        text: the code.
        let: values of what it takes from data, by their names: `vocab_size`, `X_train.shape[2]`.
        where: the file that it is from.
        folder: where that file is; those beside it, and of its project, can be imported.
        begins: what names stand for as the code begins.

    >>> reading = read_code("x = Input((5, 2)); y = LSTM(3)(x); m = Model(x, y)", {})
    >>> [(network.name, *network.layers) for network in reading.networks]
    [('m', <Call LSTM(3)>)]
    """
    line = f"{where}, line " if where else "line " if "\n" in text.strip() else ""
    return read_sources([Source(text, line)], let, folder, begins)


def read_sources(
    sources: Iterable[Source],
    let: Let,
    folder: Path | None = None,
    begins: Sequence[NamedValue] = (),
) -> Reading:
    """The same of several texts, each of which knows the names of those before."""
    sources = [*sources]
    text = "\n".join(source.text for source in sources)
    evaluator = follower(let, folder, begins, text)
    reading = _read(sources, evaluator)
    if evaluator.sets.is_used:
        session, again = SESSION.get(), follower(let, folder, begins, text)
        again.sets.is_turned = True
        reading = reading.in_common(_read(sources, again), OF_SET)
        SESSION.set(session)
    return reading


def _read(sources: Sequence[Source], evaluator: Evaluator) -> Reading:
    SESSION.get().embeds = any("Embedding(" in source.text for source in sources)
    for source in sources:
        look_through(source)
    for source in sources:
        statements, source = _statements(evaluator, source)
        follow_module(evaluator, source, statements, evaluator.module)
    held = SESSION.get()
    refused = [*held.problems]  # of what is called, where no network has them
    try:
        if held.models or held.calls:
            call_if_it_makes_a_model(evaluator, evaluator.handed)
        else:
            call_what_is_not_called(evaluator)
    except ExhaustedError as wrong:
        evaluator.tell(NotReadError(str(wrong)))
    if not (held.models or held.calls):
        tell_of_layers_never_called(evaluator)
    reading = reading_of(evaluator)
    told = (QueryError(problem.message, held.place_of.get(problem)) for problem in refused)
    return reading if reading.questions else reading._replace(messages=(*reading.messages, *told))


def follower(
    let: Let, folder: Path | None = None, begins: Sequence[NamedValue] = (), text: str = ""
) -> Evaluator:
    """What follows code that may name all of Keras, with a session of its own."""
    modules = modules_for(folder, text) if folder else None
    find = modules.found if modules else (lambda evaluator, path: None)
    evaluator = python(
        MODULES, NAMES, _as_python(dict(let)), array_of_shape, find, why_unknown, known_of_open
    )
    if modules:
        evaluator.modules["importlib"] = modules.importlib(evaluator)
        if modules.package:
            evaluator.module.names["__package__"] = modules.package
    SESSION.set(Session(evaluator))
    makes: dict[str, Callable[[Any], object]] = {
        "value": lambda value: value,
        "list": list,
        "dict": dict,
        "tuple": lambda pairs: namedtuple("Named", dict(pairs))(**dict(pairs)),
        "object": lambda pairs: _object_of(evaluator, dict(pairs)),
        "numpy": NumPyNumber,
        "array": array_of_shape,
        "table": Frame,
        "module": module_named,
        "open": lambda why: opened("", why),
    }
    for name, kind, value in begins:
        evaluator.module.names[name] = makes[kind](value)
    return evaluator


def _object_of(evaluator: Evaluator, names: dict[str, object]) -> SimpleNamespace:
    """An object that has these names, and may have others."""
    made = SimpleNamespace(**names)
    evaluator.unsure.note_more(vars(made), opened("", "it is an object of the notebook"))
    return made


def _as_python(let: Any) -> Any:
    """What `--let` gives, with dictionaries for the calls that make them."""

    def changed(value: Any) -> Any:
        return _as_python(dict(value.arguments)) if isinstance(value, Call) else value

    return rebuilt(let, changed)


def reading_of(evaluator: Evaluator) -> Reading:
    """What has been read."""
    questions: list[Question] = []
    usual = [f"defaults of the code: {', '.join(evaluator.notes)}"] if evaluator.notes else []
    held = SESSION.get()
    if (ended := evaluator.ended) is not None:
        evaluator.tell(NotReadError(f"{STOPS}{ended.reason}", ended.place))
    layers = compared = 0
    for message, place in held.uncompiled[:1] if not held.may_compile else ():
        held.problem(message, place=place)
    try:
        for question in _finished(evaluator):
            layers += len(question.network.steps)
            if len(questions) == MOST_MODELS or layers > MOST_IN_ALL:
                words = f"{MOST_MODELS:,} models and {MOST_IN_ALL:,} layers"
                evaluator.tell(NotReadError(f"at most {words} are answered: there are more"))
                break
            calls = list[TrainingCall]()
            for call in question.calls:
                compared += _work_of(call, question.network)
                if compared > MOST_COMPARED:
                    evaluator.tell(NotReadError(MORE_CALLS))
                    break
                calls.append(call)
            notes = (*usual, *held.notes_of(question.network), *question.notes)
            network = replace(question.network, problems=tuple(held.problems))
            made = replace(
                question, network=network, is_of_code=True, notes=notes, calls=tuple(calls)
            )
            questions.append(made)
        if all(isinstance(one, NotReadError) for one in evaluator.messages):
            for wrong in refused_aside(held) if held.taken or not questions else ():
                evaluator.tell(wrong)
    except (ExhaustedError, QueryError) as wrong:
        evaluator.tell(wrong if isinstance(wrong, QueryError) else NotReadError(str(wrong)))
    for caught in evaluator.caught if not questions else ():
        if not isinstance(caught, GoneError):  # the code writes it in another way, too
            evaluator.tell(caught)
    is_much = len(evaluator.messages) >= MOST_MESSAGES
    return Reading(
        tuple(questions),
        (*evaluator.messages, *[NotReadError(MORE_MESSAGES)] * is_much),
        tuple(sorted(evaluator.let_used)),
        tuple(evaluator.labels),
        tuple(QueryError(refusal.reason, refusal.place) for refusal in evaluator.refusals),
    )


def _work_of(call: TrainingCall, network: Network) -> int:
    network = call.network if isinstance(call.network, Network) else network
    shapes = (source.shape for source in network.inputs)
    axes = sum(len(shape) if isinstance(shape, tuple) else len(RANKS) for shape in shapes)
    layers = sum(1 for step in network.steps for _ in calls_within(step.layer))  # cells, too
    described = (layers + axes) * (OF_OUTPUTS + axes) * len(columns_of(network))
    return described + OF_OUTPUTS * len(network.outputs)  # of which each is compared with a y


# The text


def _statements(evaluator: Evaluator, source: Source) -> tuple[list[ast.stmt], Source]:
    """The statements of a text; where some lines are not Python of today, those that are left."""
    text = source.text.replace("\xa0", " ")  # a space that web pages have, and Python doesn't
    source = Source(text, source.where)
    lines, before, is_said = list(source.lines), 0, False
    for rounds_left in reversed(range(BROKEN_LINES + 1)):
        try:
            return source.statements(), source
        except QueryError as wrong:
            number = wrong.place.number if wrong.place else 0
            is_last = not (number and rounds_left)
            line = lines[number - 1] if number else ""
            stripped = line.lstrip()
            if not is_said and (is_last or not stripped.startswith(NOT_OF_TODAY)):
                evaluator.tell(NotReadError(wrong.message, wrong.place))
                is_said = True
        if is_last:
            break
        lines[number - 1] = "" if number == before else f"{line.removesuffix(stripped)}pass"
        before = number
        source = Source("\n".join(lines), source.where)
    return [], source


# The networks


def _finished(evaluator: Evaluator) -> Iterator[Question]:
    """Every model that was made, with the calls that give it data; where there is none, all calls
    of layers, or every layer alone."""
    held = SESSION.get()
    models = list(held.models)
    only_built = [model for model in models if is_only_built(model)]
    evaluator.steps = min(evaluator.steps, evaluator.most // 2)  # whatever the statements took
    for model in reversed(models):  # one that holds another says what that one is given
        evaluator.begin_statement()
        unanswered = suppress(IsOpenError, QueryError, RecursionError, ExhaustedError)
        with unanswered, evaluator.within(*model.own_node):
            model.own_flow()
    for model in models:
        name = _title(model, models)
        notes = tuple(f"{MADE_WHERE}{one}" for one in _conditions_of(model))
        with evaluator.within(*model.own_node):
            evaluator.begin_statement()
            try:
                network = model.own_network(name)
                if network is not None:
                    notes += (*_not_counted(model), *getattr(model.own_shape, "notes", ()))
                    notes += (ONLY_BUILT,) * any(model is one for one in only_built)
                    calls = tuple(training_calls(model, network))
                    losses, metrics = functions_of(model.own_compiled, output_names(model, network))
                    yield Question(
                        network, calls=calls, losses=losses, metrics=metrics, notes=notes
                    )
            except IsOpenError as wrong:
                tell_open(evaluator, name, wrong.value)
            except QueryError as wrong:
                wrong.place = wrong.place or evaluator.place
                evaluator.tell(wrong)
            except (ExhaustedError, RecursionError) as wrong:
                is_deep = isinstance(wrong, RecursionError)
                why = "is nested too deeply" if is_deep else "takes too many steps"
                text = f"{name or 'a model'} {why} to be read"
                evaluator.tell(NotReadError(text, evaluator.place))
    if models:
        tell_of_unread(evaluator, {model.own_variable for model in models})
        return
    if held.calls:
        used = {tensor.maker for call in held.calls for tensor in call.tensors}
        last = [call for call in held.calls if call not in used]
        outputs = [tensor for call in last for tensor in graph.tensors_in(graph.returned(call))]
        yield Question(graph.network_of([], outputs, "", held.calls, kind=""))
        tell_of_unread(evaluator)
        return
    left_out: dict[str, list[Call]] = {}
    for layer in list(held.unused):
        network, why = _alone(layer), ""
        try:
            describe(network)
        except IncompleteError:
            why = "one tensor alone is not enough"
        except QueryError:  # of what else it is told by whoever answers it
            if any(is_taken(_alone(layer, axes)) for axes in USUAL_AXES):
                why = "nothing says how many axes there are"
        if why:
            left_out.setdefault(why, []).append(layer.own_layer.call)
        else:
            yield Question(network)
    for why, those in left_out.items():
        text = f"nothing calls {first_of(those)}, and {why}"
        evaluator.tell(NotReadError(text, those[0].places.get("")))
    tell_of_unread(evaluator)


def _not_counted(model: Model) -> tuple[str, ...]:
    """Layers and models within one of the code, or within what of the code is in it, that this call
    does not use: Keras counts their parameters, too."""
    takes, gives = model.own_flow()
    calls = graph.calls_before(gives, takes)
    used = {layer for call in calls for layer in (call.layer, *call.layer.innermost)}
    others = {call.layer for call in SESSION.get().calls} - used
    owners = {id(one): one for one in (model, *(call.part.owner for call in calls if call.part))}
    parts = [
        part
        for one in owners.values()
        if own(one, "own_row") not in used
        and one.own_kind != "Sequential"  # it counts none of them
        for part in attributes_of(one).values()
    ]
    rows = dict[str, None]()
    for part in parts:
        if isinstance(part, Model) and not others.isdisjoint(
            call.layer for call in part.own_calls()
        ):
            rows[part.own_title or "a model"] = None
        elif (layer := part.own_layer) not in used and not (layer and layer.innermost <= used):
            is_made = layer in others or layer in SESSION.get().made_weights
            rows |= {str(layer.call): None} if layer and is_made else {}
    return (f"not counted: {', '.join(rows)}, which this call does not use",) if rows else ()


def _alone(layer: Layer, axes: int = 0) -> Network:
    """A layer that nothing calls; of a number of axes, where it says nothing of its input."""
    source = input_of_first_layer(layer.own_layer.call)
    shape = (None, *(SIZE,) * (axes - 1)) if source.shape is None and axes else source.shape
    tensor = graph.Tensor(graph.InputTensor(shape, "", source.dtype))
    call = graph.LayerCall(1, layer.own_layer, (tensor,))
    return graph.network_of([tensor], [*graph.tensors_in(graph.returned(call))], "", [call])


def _conditions_of(model: Any) -> Iterator[str]:
    """Under which of those that are not known a model is made, the innermost first: those around
    it, and those under which the function had not returned."""
    yield from dict.fromkeys(shortened(side.said) for side in reversed(model.own_sides))


def _title(model: Model, models: Sequence[Model]) -> str:
    """What the code calls a model, or the call that makes it; `self.model` is its name, if it is
    that of no other."""
    name, made_in = model.own_variable or model.own_name, model.own_made_in
    if made_in is None or model.own_is_of_module:
        return name
    of_method = isinstance(made_in.func, ast.Attribute)
    if of_method and name and [one.own_variable for one in models].count(name) == 1:
        return name
    several = [other for other in models if other.own_made_in is made_in]
    made_in = shortened(ast.unparse(made_in))
    return f"{name} in {made_in}" if len(several) > 1 and name else made_in
