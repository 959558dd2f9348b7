"""The calls that gave data to a model, as they are compared with what it was then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from rnnshape.errors import Problem
from rnnshape.layer_names import names_of_outputs
from rnnshape.nest import within
from rnnshape.network import Network
from rnnshape.reading import graph
from rnnshape.reading.names.arguments import keys_of
from rnnshape.reading.names.by_name import needs_names, wrong_names
from rnnshape.reading.names.compiling import Compiled, functions_of
from rnnshape.reading.names.given import Several, in_order, left_open
from rnnshape.reading.names.session import session
from rnnshape.reading.names.subclassed import may_be_eager
from rnnshape.reading.names.tensors import name_given
from rnnshape.reading.names.training import OWN_LOSS, OWN_STEPS, Given
from rnnshape.reading.python import Open, body_of, is_of_code, own
from rnnshape.training.data import BATCHED, WITHOUT_LABELS, Data, Size, TrainingCall

OTHER_AXES = "with other numbers of axes than before, data may be refused"
OTHER_STEPS = "TimeDistributed may refuse another number of timesteps than before"
SQUEEZED = "squeeze without an axis, where batches may be of several sizes, may be refused"


def training_calls(model: Any, network: Network) -> Iterator[TrainingCall]:
    """The calls that gave data to a model; with its network as it was then, where that is
    another."""
    traced, shapes = set[str](), dict[object, list[Any]]()
    kinds = set[tuple[object, ...]]()  # of calls and data that Keras has traced
    for trained, layers, given in list(session().trained):
        if trained is not model:
            continue
        step = OWN_STEPS.get(given.call.call, "")
        names = (step, OWN_LOSS * (given.call.call not in WITHOUT_LABELS))
        if own_step := next((name for name in names if hasattr(type(model), name)), ""):
            x, y = (tuple(filter(None, within(arrays))) for arrays in (given.x, given.y))
            yield replace(given.call, x=x, y=y, own_step=own_step)
            continue
        if hasattr(type(model), OWN_STEPS["evaluate"]):
            given = given._replace(validation=None)
        is_first = not step or step not in traced
        given = _as_traced(given, kinds, may_be_eager(model, given.compiled))
        given = given._replace(call=replace(given.call, is_first=is_first))
        traced.add(step)
        if given.is_unbuilt and (then := model.own_chain()):  # other data has built it since
            yield replace(_call_on(model, then, given), network=then)
        elif layers is model.own_items or layers is model.own_gives:
            is_graph = step and not may_be_eager(model, given.compiled)
            given = _unless_refused_later(given, model, shapes) if is_graph else given
            yield _call_on(model, network, given)
        elif isinstance(layers, tuple):  # of a `Sequential`, which has others by now
            before = model.own_with_layers(layers)
            if then := before.own_network(network.name):
                yield replace(_call_on(before, then, given), network=then)
        else:
            with model.own_as_it_was(layers) as it_was:
                if it_was and (then := model.own_network(network.name)):
                    yield replace(_call_on(model, then, given), network=then)


def _as_traced(given: Given, kinds: set[tuple[object, ...]], is_eager: bool) -> Given:
    """A call, and whether Keras has traced the model for such a call and such data since it was
    compiled; `kinds` has all before."""
    call = given.call

    def kind(step: str, x: Several) -> tuple[object, ...]:
        data = ((bool(one.of), one.dtype) for one in within(x) if isinstance(one, Data))
        is_weighed = call.weights is not None or bool(call.class_weights)
        return step, call.call in BATCHED, (*data,), is_weighed, id(given.compiled)

    own, beside = kind(OWN_STEPS.get(call.call, ""), given.x), given.validation
    later = kind(OWN_STEPS["evaluate"], beside[0] if beside else given.x)
    is_traced = own in kinds and call.call in OWN_STEPS and not is_eager
    was_validated = later in kinds and not is_eager
    kinds |= {own, later} if beside or call.validation_split else {own}
    call = replace(call, is_traced=is_traced)
    return given._replace(call=call, is_validation_traced=was_validated)


def _call_on(model: Any, network: Network, given: Given) -> TrainingCall:
    """The call, with all in the order of the model's inputs and outputs, by their names."""
    takes, outputs = model.own_flow()[0], output_names(model, network)
    inputs = keys_of(model.own_nests[0]) or [
        name_given(taken) or getattr(taken.maker, "name", "") for taken in takes
    ]
    as_given = given
    if len(inputs) != len(network.given) or needs_names(model, given.x):  # not all is compared
        beside = given.validation and (None, *given.validation[1:])
        given = given._replace(x=None, validation=beside)
    compiled = given.compiled or Compiled()
    losses, metrics = functions_of(given.compiled, outputs)
    call = replace(
        given.call,
        x=in_order(given.x, inputs),
        y=in_order(given.y, outputs, may_lack=True),
        losses=losses,
        has_loss_each=isinstance(compiled.loss, list | tuple | dict),
        has_own_loss=body_of(compiled.loss) is not None or is_of_code(type(compiled.loss)),
        metrics=metrics,
        has_weighted=isinstance(compiled.weighted, Open) or bool(compiled.weighted),
    )
    if given.validation is not None:
        x, y, weights = given.validation
        validation = replace(
            call,
            x=in_order(x, inputs),
            y=in_order(y, outputs, may_lack=True),
            weights=weights and replace(weights, name=f"{weights.name} of validation_data"),
            validation_split=None,
            class_weights=(),
            batch_size=call.validation_batch_size,
            is_traced=given.is_validation_traced,
            has_steps=call.has_validation_steps,
            is_validation=True,
        )
        call = replace(call, validation=validation)
    found = wrong_names(call, model, as_given, inputs, outputs)
    for problem in (*_lacking_loss(call, network, given), *found):
        if problem not in session().problems:
            session().problems.append(problem)
    return call


def _unless_refused_later(given: Given, model: Any, shapes: dict[object, list[Any]]) -> Given:
    """Keras runs a model as one graph, made at the first call of each kind since `compile`, and may
    refuse another number of axes later, and `TimeDistributed` of timesteps; of `squeeze` without an
    axis TensorFlow does not know how many it leaves, where not all batches are of one size."""
    call, beside, why, calls = given.call, given.validation, "", model.own_calls()
    checked = beside[:2] if beside else (given.x, given.y) if call.validation_split else None
    for method, data in ((call.call, (given.x, given.y)), ("evaluate", checked)):
        now = [one.shape if one else None for one in within(data)]
        before = shapes.setdefault((method, id(given.compiled)), now) if data else now
        for first, then in zip(before, now, strict=False):
            if first and then and len(first) != len(then):
                why = OTHER_AXES
            elif first and then and None not in (steps := {*first[1:2], *then[1:2]}):
                why = OTHER_STEPS if len(steps) > 1 and _goes_over(steps, calls) else why
    for layer in [one.layer for one in calls] if call.is_batched else []:
        is_squeeze = layer.call.name == "squeeze" and layer.call["axis"] is None
        if is_squeeze or (layer.unread and session().squeezes):
            why = SQUEEZED
    if not why:
        return given
    x, y, beside = left_open((given.x, given.y, beside), "the model", why)
    return given._replace(x=x, y=y, validation=beside)


def _goes_over(steps: set[Size], calls: Sequence[graph.LayerCall]) -> bool:
    """Whether a `TimeDistributed` may go over so many timesteps: no layer says how many it has."""
    over_time = (one for one in calls if one.layer.call.name == "TimeDistributed")
    given = [tensor for one in over_time for tensor in one.tensors]
    sizes = [size for one in given for size in (graph.plain_sizes(one) or (None, None))[1:2]]
    return any(not isinstance(size, int) or size in steps for size in sizes)


def _lacking_loss(call: TrainingCall, network: Network, given: Given) -> Iterator[Problem]:
    """Where neither compile is given a loss nor any layer adds one."""
    if call.call in WITHOUT_LABELS or given.compiled is None:
        return
    loss = given.compiled.loss
    is_none = loss is None or (
        isinstance(loss, list | tuple) and all(part is None for part in within(loss))
    )
    if is_none and not (session().may_add_loss or any(step.unread for step in network.steps)):
        words = ' (Keras: "No loss to compute")' * (loss is None or len(call.y) > 1)
        yield call.problem("labels", f"compile is given no loss, and {call.call} needs one{words}")


def output_names(model: Any, network: Network) -> list[str]:
    """What Keras calls the outputs of a model: by their layers, or the models in it."""
    gives = model.own_flow()[1]
    names = [name for name, _ in names_of_outputs(network, len(gives))]
    for place, tensor in enumerate(gives[: len(names)]):
        part = getattr(tensor.maker, "part", None)
        owner = part and part.owner
        name = own(owner, "own_name") or own(owner, "own_auto_name")
        names[place] = name if isinstance(name, str) and name else names[place]
    return keys_of(model.own_nests[1]) or names
