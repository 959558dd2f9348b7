"""What the user's own code makes of tensors, as Keras runs it on symbolic ones of several sizes:
masks, the batch and all, so that no size is made up. Keras is not imported here."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from rnnshape.expression import Unknown, is_size
from rnnshape.nest import rebuilt, within
from rnnshape.network import Shape
from rnnshape.reading.names.rows import BETWEEN, LENGTHS
from rnnshape.reading.replay import RecordedShape
from rnnshape.reading.symbolic import (
    arguments_of,
    bases,
    called_with,
    calls_in,
    is_built,
    is_made_of_layers,
    keras_of,
    keys_in,
    left_as_it_is,
    python_of,
    shape_of,
    tensors_in,
    traced,
)
from rnnshape.training.shapes import of_rank

BATCHES = (2, 3, 7)
# That are tried in the place of sizes that are open, and how far apart those of several places are;
# then such as can be halved, the same in all places.
TRIED = (LENGTHS, BETWEEN), ((8, 48, 336), 0)


def ran(function: Callable[..., Any], given: Sequence[Any], keras: Any) -> list[Any]:
    """The shapes that a function makes of symbolic tensors, nested as it returns these, as Keras
    runs it: masks and all. Once for each choice of numbers in the place of sizes that are open, but
    for those that can't be run; what is raised by all of these is raised."""
    shapes = [shape_of(tensor) or () for tensor in given]
    places = sorted({n for shape in shapes for n, size in enumerate(shape) if n and size is None})
    is_open = any(None in shape for shape in shapes)
    refused: Exception = ValueError()
    for lengths, between in TRIED if places else TRIED[:1]:
        runs = []
        for batch, length in [*zip(BATCHES, lengths, strict=True)][: 3 if places else 1 + is_open]:
            numbers = {0: batch} | {n: length + between * at for at, n in enumerate(places)}
            filled = [
                keras.KerasTensor(
                    [n or numbers[at] for at, n in enumerate(shape)],
                    tensor.dtype,
                    sparse=tensor.sparse,
                )
                for shape, tensor in zip(shapes, given, strict=True)
            ]
            try:
                spec = sys.modules["keras.src.backend"].compute_output_spec(function, *filled)
                runs.append(keras.tree.map_structure(shape_of, spec))
            except Exception as wrong:  # it is the user's own `call`
                refused = wrong
        if len(runs) > is_open:
            return runs
    raise refused


def runs_of(flow: Any, shapes: Sequence[Shape | None]) -> list[dict[str, list[RecordedShape]]]:
    """What all calls in a model, and in those within it, return in each run, by the `id` of what
    they returned as the model was made. `shapes` are of its inputs, where they are known. What
    Keras raises where it can't run it is raised."""
    keras = keras_of(flow)
    flatten = keras.tree.flatten

    def all_calls(*given: Any) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}

        def run(flow: Any, *given: Any) -> list[Any]:
            made = dict(zip(map(id, flow.inputs), given, strict=True))
            for node in calls_in(flow):
                inner, (arguments, words) = node.operation, node.arguments.fill_in(made)
                held = getattr(inner, "_functional", inner) if is_made_of_layers(inner) else None
                is_inner = hasattr(held, "_nodes_by_depth")
                values = run(held, *flatten(arguments)) if is_inner else inner(*arguments, **words)
                made |= zip(map(id, node.output_tensors), flatten(values), strict=True)
            for name, value in made.items():
                found.setdefault(str(name), []).append(value)
            return [made[id(output)] for output in flow.outputs]

        run(flow, *given)
        return found

    given = flow.inputs
    if len(shapes) == len(given):
        given = [
            keras.KerasTensor(_taken(tensor, shape), tensor.dtype, sparse=tensor.sparse)
            for shape, tensor in zip(shapes, given, strict=True)
        ]
    return ran(all_calls, given, keras)


def _taken(source: Any, shape: Sequence[Any] | None) -> RecordedShape:
    """What an input is given, as Keras makes it of another shape: with or without a last axis of
    size 1, and of any batch but its own."""
    own = shape_of(source) or ()
    given = of_rank([size if is_size(size) else None for size in shape or ()], own)
    if not own or len(given) != len(own):
        return own
    return (own[0] if own[0] == given[0] else None, *given[1:])


def returned_in(runs: Sequence[dict[str, list[RecordedShape]]], node: Any) -> list[Shape | None]:
    """What a call in a model returns, of all runs together."""

    def each(tensor: Any) -> list[RecordedShape]:
        found = (run.get(str(id(tensor))) or [None] for run in runs)
        return [several[0] if len({*several}) == 1 else None for several in found]

    given, name = [*map(each, node.arguments.keras_tensors)], str(node.operation.name)
    return [_over_runs(name, each(tensor), given) for tensor in node.output_tensors]


def _over_runs(
    name: str, made: Sequence[RecordedShape], given: Sequence[Sequence[RecordedShape]]
) -> Shape | None:
    """A shape that differs from run to run, with a None for the batch, and for the first other size
    that differs in what it is made of; what differs otherwise is open."""
    known = [shape for shape in made if shape is not None]
    if len({*map(len, known)}) != 1 or len(known) < len(made):
        return None
    columns = [[*zip(*filter(None, shapes), strict=True)] for shapes in given if None not in shapes]
    batch = next((sizes[0] for sizes in columns if sizes), None)
    left = (size for sizes in columns for size in sizes[1:] if len({*size}) > 1)
    length, why = next(left, None), "Keras knows it only when it runs"

    def over_all(place: int, sizes: tuple[Any, ...]) -> Any:
        if len({*sizes}) == 1:
            return sizes[0]
        is_given = sizes == (length if place else batch)
        return None if is_given else Unknown(f"{name}.shape[{place}]", (), why)

    return tuple(over_all(*sizes) for sizes in enumerate(zip(*known, strict=True)))


def shapes_by_keras(layer: Any, *shapes: RecordedShape) -> list[Shape | None]:
    """What a layer returns of tensors of these shapes; nothing where Keras can't tell."""
    keras = keras_of(layer)
    if not is_built(layer) or None in shapes:
        return []

    def given_and_made(*given: Any) -> list[Any]:
        return [*given, *keras.tree.flatten(layer(*given))]

    with suppress(Exception):
        runs = ran(given_and_made, [*map(keras.KerasTensor, shapes)], keras)
        several, many = [*map(list, zip(*runs, strict=False))], len(shapes)
        return [_over_runs(str(layer.name), made, several[:many]) for made in several[many:]]
    return []


@dataclass(frozen=True)
class Seen:
    """A tensor that a run has come by, by its number."""

    number: int


@dataclass(frozen=True)
class RunOfCall:
    """What a model with a `call` of its own does when it is called.

    Attributes:
        calls: of its layers, in order: each with its arguments, by position and by name, and with
            the tensors that it returned.
        outputs: what the model returned.
        keys: those of the dictionary that this is, if it is one.
        shapes: of all tensors, by their numbers; those that it was given come first.
    """

    calls: tuple[tuple[Any, Sequence[Any], Mapping[str, Any], Sequence[Seen]], ...]
    outputs: tuple[Seen, ...]
    keys: tuple[str, ...]
    shapes: tuple[Shape | None, ...]

    def shapes_given_to(self, layer: Any) -> list[Shape | None]:
        """The shapes that a layer is called with, where it is each time with as many sizes; with a
        None for those that differ."""
        calls = [arguments for other, arguments, _, _ in self.calls if other is layer]
        given = ([self.shapes[one.number] for one in within(call) if isinstance(one, Seen)]
                 for call in calls)  # fmt: skip
        return [
            tuple(sizes[0] if len({*sizes}) == 1 else None for sizes in zip(*shapes, strict=True))
            if None not in shapes and len({*map(len, shapes)}) == 1
            else None
            for shapes in zip(*given, strict=False)
        ]


def run_of_call(model: Any, given: Mapping[str, Any]) -> RunOfCall | None:
    """What a model does with such arguments; None where Keras can't tell."""
    tensors, keras = [one.shape for one in tensors_in(given)], keras_of(model)
    if None in tensors:
        return None
    told: list[tuple[Any, Any, list[str]]] = []

    def called(*values: Any) -> list[Any]:
        seen, calls, each, depth = [*values], list[Any](), iter(values), [0]
        numbers = {id(value): number for number, value in enumerate(seen)}

        def noted(value: Any) -> Any:
            if not (hasattr(value, "shape") and hasattr(value, "dtype")):
                return value
            if numbers.setdefault(id(value), len(seen)) == len(seen):
                seen.append(value)  # which is kept, so that no other has its id
            return Seen(numbers[id(value)])

        def noting(layer: Any, call: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(call)
            def one(*arguments: Any, **words: Any) -> Any:
                if not is_built(layer):
                    raise ValueError("it would make its weights")
                depth[0] += 1
                made = call(*arguments, **words)
                depth[0] -= 1
                if depth[0] == 0:
                    ends = [*map(noted, keras.tree.flatten(made))]
                    calls.append((layer, rebuilt([*arguments], noted), rebuilt(words, noted), ends))
                return made

            return one

        words = {word: rebuilt(nest, lambda _: next(each)) for word, nest in given.items()}
        layers = [layer for layer in model.layers if "call" not in vars(layer)]
        for layer in layers:
            vars(layer)["call"] = noting(layer, python_of(layer.call))
        if "call" not in vars(model):
            layers.append(model)
            vars(model)["call"] = python_of(model.call)
        try:
            made = called_with(model, words)
        finally:
            for layer in layers:
                del vars(layer)["call"]
        told.append((calls, [*map(noted, keras.tree.flatten(made))], keys_in(made)))
        return seen

    runs: list[Any] = []
    with suppress(Exception), left_as_it_is(model):  # one that is refused may have built a layer
        runs = ran(called, [*map(keras.KerasTensor, tensors)], keras)
    if len({*map(len, runs)}) != 1:
        return None
    several = [*zip(*runs, strict=True)]
    shapes = [_over_runs(str(model.name), made, several[: len(tensors)]) for made in several]
    calls, outputs, keys = told[0]
    return RunOfCall(tuple(calls), tuple(outputs), tuple(keys), tuple(shapes))


def output_keys(model: Any) -> list[str]:
    """The keys of a model that returns a dictionary, in the order of its outputs."""
    if getattr(model, "built", False) and {"Functional", "Sequential"}.isdisjoint(bases(model)):
        with suppress(Exception), traced(model, ()) as flow:  # it has a `call` of its own
            run = None if flow else run_of_call(model, arguments_of(model))
            return [*run.keys] if run else keys_in(getattr(flow, "_outputs_struct", None))
    return keys_in(getattr(model, "_outputs_struct", None))
