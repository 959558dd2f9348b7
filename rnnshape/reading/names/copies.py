"""Copies of models, as `clone_model` makes them, and those of files that the code has saved: the
same layers, made anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rnnshape.errors import NotReadError
from rnnshape.nest import rebuilt, within
from rnnshape.reading import graph
from rnnshape.reading.names.attributes import with_trained
from rnnshape.reading.names.rows import overrides
from rnnshape.reading.names.session import Part, opened, session
from rnnshape.reading.names.tensors import Tensor, plain_sizes
from rnnshape.reading.names.weights import check_ending, refresh
from rnnshape.reading.python.doubts import conditions_now
from rnnshape.signatures import is_recurrent
from rnnshape.training.losses import SHORT, loss_named


def no_copy() -> NotReadError:
    return NotReadError(f"{opened().label} is not read: ask for the model itself")


def save(model: Any, filepath: Any = None, *given: Any, **named: Any) -> None:
    """`model.save(path)`."""
    if len(given) < 2 and "zipped" not in named:
        is_old = bool(named.get("save_format"))
        words = "`save_format` argument is" if is_old else "Invalid filepath extension for saving"
        check_ending("save", filepath, (".keras", ".h5", ".hdf5"), words)
    keep_saved(model, filepath)


def keep_saved(model: Any, filepath: Any) -> None:
    """Keeps a model for the code that loads it again; by a callback it is the one model that the
    code trains."""
    if not conditions_now(session().evaluator):
        session().saved.append((filepath, model))


def saved_as(path: Any, is_compiled: bool = True) -> Any:
    """A copy of the model that the code has saved there; None where there is none."""
    trained = [*dict.fromkeys(model for model, *_ in session().trained)]
    for filepath, saved in reversed(session().saved):
        model = trained[0] if saved is None and len(trained) == 1 else saved
        is_there = filepath is path or (isinstance(path, str) and filepath == path)
        if is_there and model is not None and path is not None:
            made = model.own_copied()
            said = model.own_compiled if is_compiled else None
            made.own_compiled = said and said._replace(optimizer=None)  # it has one of its own
            return made
    return None


def check_loss_of_h5(path: object, model: Any) -> None:
    """A `.h5` file has the losses as `compile` was given them, and Keras finds no short names but
    those that the code tells it."""
    is_h5 = isinstance(path, str) and path.endswith((".h5", ".hdf5"))
    is_asked = is_h5 and model.own_compiled and not session().has_custom_objects
    for word in within([model.own_compiled.loss]) if is_asked else ():
        name = loss_named(word) if isinstance(word, str) else None
        if name and word.lower() in SHORT:
            message = f"a .h5 file keeps no loss {word!r}: compile the model with {name!r}"
            session().problem(message, repr(name), words="Could not deserialize")


def made_anew(
    outputs: Iterable[graph.Tensor],
    calls: Iterable[graph.LayerCall],
    instead: Mapping[graph.Tensor, graph.Tensor],
    step: Callable[..., graph.LayerCall],
    model: Any = None,
) -> list[graph.Tensor]:
    """What a model returns whose calls are made once more: with other tensors `instead` of some,
    each call by `step`. Of a `model` that compares what it is given that is kept, too."""
    made, code = dict[object, graph.LayerCall](), session().evaluator

    def now(given: Any) -> Any:
        if not isinstance(given, graph.Tensor):
            return given
        if given not in instead and given.maker in made:
            return type(given)(made[given.maker], given.output)
        return instead.get(given, given)

    for call in calls:
        arguments, words = rebuilt((list(call.arguments), dict(call.keywords)), now)
        before, code.under = code.under, [*code.under, *call.sides]
        try:
            anew = made[call] = step(call.layer, arguments, words, call.group)
        finally:
            code.under = before
        anew.names, anew.returns = dict(call.names), call.returns
        anew.mask, anew.mask_of = call.mask, now(call.mask_of)
        anew.checked = tuple((now(one), *taken) for one, *taken in call.checked)
        for one in call.tensors if model is not None and model.own_compares else ():
            if one in instead and (shape := plain_sizes(one)):
                anew.checked += ((instead[one], shape, model.own_title),)
    return [*map(now, outputs)]


def graph_anew(
    takes: Sequence[graph.Tensor], gives: Sequence[graph.Tensor], copies: Any = None
) -> tuple[list[graph.Tensor], list[graph.Tensor]]:
    """Other inputs, and what other layers and models make of them, under the same names."""
    held, copies = session(), {} if copies is None else copies
    instead = {take: Tensor(input_anew(take)) for take in takes}
    calls, anew = graph.calls_before(gives, takes), list[graph.LayerCall]()

    def step(layer: graph.Layer, *given: Any) -> graph.LayerCall:
        anew.append(held.step(layer_anew(layer, copies), *given))
        return anew[-1]

    owners = [call.part.owner if call.part else call.layer.stand_in for call in calls]
    owners = [owner for owner in owners if owner is not None]
    are_own = any(overrides(owner, "get_config", "from_config") for owner in owners)
    if are_own or any(hasattr(owner, "own_function") for owner in owners):  # a `Lambda`
        raise no_copy()  # what the code makes of its configuration is not followed
    made = made_anew(gives, calls, instead, step)
    for call, other in zip(calls, anew, strict=True):
        if call.part and getattr(call.part.owner, "own_kind", ""):
            if call.part not in copies:
                copies[call.part] = Part(part_anew(call.part.owner, copies))
            other.part = copies[call.part]
    return [*instead.values()], made


def layer_anew(layer: graph.Layer, copies: dict[Any, Any]) -> graph.Layer:
    """Another layer, made as this one is now."""
    if layer not in copies:
        is_trained = layer.call["trainable"]
        refresh(layer.stand_in)
        copies[layer] = replace(layer, stand_in=None)
        if is_recurrent(layer.call.name) and layer.call.name != "RNN":  # its cell is made anew
            copies[layer].call = with_trained(layer.call, is_trained)
    made: graph.Layer = copies[layer]
    return made


def part_anew(model: Any, copies: dict[Any, Any]) -> Any:
    """A copy of a model within another, which is none of those that the code makes."""
    if model not in copies:
        models = [*session().models]
        copies[model] = made = model.own_copied(copies)
        made.own_variable, made.own_is_symbolic = model.own_variable, True
        session().models[:] = models
    return copies[model]


def input_anew(tensor: graph.Tensor) -> graph.InputTensor:
    """An input like that which a tensor is."""
    if isinstance(tensor.maker, graph.InputTensor):
        return replace(tensor.maker)
    return graph.InputTensor(plain_sizes(tensor))
