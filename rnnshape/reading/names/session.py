"""What one reading has made so far: models, layers and calls, wherever the code makes them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from rnnshape.errors import NotReadError, Place, Problem, QueryError, did_you_mean, where_of
from rnnshape.expression import Unknown, calls_within
from rnnshape.layer_names import MADE_WITHIN, class_of
from rnnshape.network import Network, Shape, check_count
from rnnshape.reading import graph, keras2
from rnnshape.reading.python import Evaluator, IsOpenError, Open, own, sides_now
from rnnshape.reading.python.scope import Counts, Log
from rnnshape.reading.refused_calls import check_held, check_weights, leave_weights_open, refusal_of
from rnnshape.signatures import CHECKED, OPTIMIZERS, is_operation, signature, snake_case

MOST_MODELS = 1_000
MOST_PROBLEMS = 50
STEPS_OF_CALL = 10  # of Python that take about as long as one call of a layer
# What a handler does that only tells of what it caught.
SAYS = ("raise", "print(", "log(", "log.", "logg", "traceback.", "warn", "sys.", "exit(", "quit(")
MOST_CALLS = 200  # of training, that are kept
MORE_CALLS = "not all calls that give data are compared with their models: they are too many"


@dataclass(eq=False)
class Part:
    """One call of a model, or of a layer of the code: all steps within it are its own."""

    owner: Any


class Session:
    """The models, layers and calls of one reading.

    Attributes:
        unused, calls: the layers that nothing has taken yet, and all calls of layers, in order.
        loaded: what stands for models that the code loads from files.
        saved: the models that the code saves itself, with the path.
        saved_weights: those that the code saves itself, by the path.
        trained: the calls that give data to a model: the model, its layers then, and the call.
        built: the first call of each layer, which makes its weights.
        unchecked: calls of which it was not known if these weights are theirs, with that first one.
        on_a_side: the calls of a layer by the code of a model on sides of conditions, not known.
        certain: the calls that are surely made, within no model; taken: those of models.
        counts: how many names of Keras' own there are of each word; open where it is not known.
        holders: the models that each layer or model was added to, by its `id`.
        follows: each model that is followed now: "called" with a tensor, "tried" as Keras does it
            where a `Sequential` has an input, or "" with data.
        made_weights: the layers whose `build` the code has called.
        input_layers: what stands for the inputs among the layers of models, by their tensors.
        sources: what stands for data that layers are called with.
        unconnected: outputs of a layer that its first call did not have, with what it is.
        groups: the models and own layers that are called now, by their names; part: the first.
        defaults: what the code says for all layers that do not say it: data_format, dtype, floatx.
    """

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.models: list[Any] = Log()
        self.unused: list[Any] = Log()
        self.calls: list[graph.LayerCall] = Log()
        self.loaded: list[Open] = []
        self.saved: list[tuple[object, Any]] = []
        self.saved_weights: dict[str, Any] = {}
        self.trained: list[tuple[Any, object, Any]] = []
        self.counts = Counts()
        evaluator.roots += [self.models, self.unused, self.calls, self.counts]
        self.built: dict[Any, graph.LayerCall] = {}  # by a layer, and by those that it holds
        self.unchecked: dict[graph.LayerCall, graph.LayerCall] = {}
        self.on_a_side: dict[graph.Layer, list[graph.LayerCall]] = {}
        self.certain: list[graph.LayerCall] = []
        self.taken: set[graph.LayerCall] = set()
        self.unmasked: set[graph.Tensor] = set()  # by layers of the code that return what they take
        self.holders: dict[int, list[Any]] = {}
        self.made_weights: list[object] = []
        self.input_layers: dict[object, Any] = {}
        self.sources: dict[object, tuple[object, graph.InputTensor]] = {}
        self.unconnected: dict[graph.Tensor, str] = {}
        self.groups: list[str] = []
        self.part: Part | None = None
        self.problems: list[Problem] = []
        self.place_of: dict[Problem, Place | None] = {}
        self.uncompiled: list[tuple[str, Place | None]] = []
        self.compiled = set[str]()  # the names that code compiles
        self.may_compile = False  # whether any code may: what is read in no order, or not at all
        self.embeds = False  # whether any code names an Embedding
        self.may_add_loss = False  # the same of losses that layers add themselves
        self.has_custom_objects = False  # the same of what Keras is told by name
        self.squeezes = False  # anywhere, without an axis
        self.notes: dict[tuple[str, Place | None], None] = {}
        self.tells_what_is_sure = False  # alone, and not what is on a side of a condition
        self.number, self.follows = 0, list[str]()
        self.defaults: dict[str, Any] = {}

    def name_of(self, class_name: str) -> str:
        """The name that Keras would give the next layer or model of a class; empty where it is not
        known how many there are."""
        word = snake_case(class_name)
        many = self.counts.get(word, 0)
        if isinstance(many, Open):
            return ""
        self.counts[word] = many + 1
        return f"{word}_{many}" if many else word

    def take(self, layer: object) -> None:
        """Something takes a layer: it does not stand alone."""
        self.unused[:] = [other for other in self.unused if other is not layer]

    def train(self, model: object, layers: object, given: Any) -> None:
        """A call gives data to a model; what a loop does again is noted once."""
        is_new = all(
            call is not model or given[:4] != before[:4] for call, _, before in self.trained
        )
        if is_new and len(self.trained) == MOST_CALLS:
            self.evaluator.tell(NotReadError(MORE_CALLS))
        elif is_new:
            self.trained.append((model, layers, given))

    def step(
        self, layer: graph.Layer, given: Sequence[Any], named: Mapping[str, Any], within: str = ""
    ) -> graph.LayerCall:
        """One more call of a layer, in the models that are being called and those `within`."""
        self.number += 1
        check_count(self.number // 10)  # most of them may be in no model
        self.evaluator.spend(STEPS_OF_CALL)
        if is_operation(layer.call.name) and not self.groups:
            layer.name = self.name_of(class_of(layer.call))  # Keras counts these, too
        within_it = MADE_WITHIN.get(layer.call.name, ())
        if within_it and all(call.layer is not layer for call in self.calls):
            for made in within_it:
                self.name_of(made)
        group = "/".join(filter(None, [*self.groups, within]))
        words = tuple((word, _in_a_row(value)) for word, value in named.items())
        arguments = tuple(map(_in_a_row, given))
        call = graph.LayerCall(self.number, layer, arguments, words, group=group, part=self.part)
        call.place = self.evaluator.place if layer in self.built else None
        if (self.groups or group) and not self._is_built(layer):
            call.sides = sides_now(self.evaluator)[self.evaluator.around :]
        if self.evaluator.trying and None not in map(graph.shape_of, call.tensors):
            if (wrong := refusal_of(call)) is not None:  # the code itself may know what to do
                raise wrong
            check_weights(self.built.get(layer, call), call)
        self.calls.append(call)
        if (before := self.on_a_side.get(layer)) and self.groups:
            leave_weights_open(before, call, unknown_of(before[0].sides[0].asked))
        if call.sides and layer.unread is None:
            self.on_a_side.setdefault(layer, []).append(call)
        code = self.evaluator
        if not (code.under or code.doubted or code.calls_itself or call.sides):
            is_of_layer = self.part and not self.part.owner.own_is_model
            if (is_of_layer or not self.groups) and not code.trying:
                self.certain.append(call)
            check_held(self.built.setdefault(layer.innermost, call), call)
            first = self.built.setdefault(layer, call)
            if first is not call and None in [getattr(t.maker, "shapes", 0) for t in call.tensors]:
                self.unchecked[call] = first  # to find the shapes of a long loop takes time
            else:
                check_weights(first, call)
        return call

    def _is_built(self, layer: graph.Layer) -> bool:
        """Whether a layer surely has weights by now."""
        holders = (model for model in self.holders_of(layer.stand_in) if model.own_kind)
        say = (model.own_kind != "Sequential" or model.own_described().shape for model in holders)
        return layer in self.built or layer in self.made_weights or any(say)

    def take_calls(self, calls: Sequence[graph.LayerCall]) -> None:
        """Notes the calls of a model, and checks those whose shapes were not known as they were
        made."""
        self.taken.update(calls)
        for call in calls:
            if (first := self.unchecked.pop(call, None)) is not None:
                check_weights(first, call)

    def first_call(self, stand_in: Any) -> graph.LayerCall | None:
        """That by which a layer has its weights."""
        layer: Any = stand_in.own_layer
        if layer not in self.built:
            self.call_around(stand_in)
        return self.built.get(layer)

    def call_around(self, stand_in: Any) -> None:
        """Keras calls a layer or model where it is added to a `Sequential` that says what it is
        given, or where that is built; here it is followed once it is asked for."""
        for model in () if self.follows else [*self.holders_of(stand_in)]:
            if model.own_open is None:
                self.call_around(model)
                if model.own_is_described:
                    model.own_flow()

    def holders_of(self, stand_in: Any) -> Iterator[Any]:
        """The models that a layer or model was added to, and is in now."""
        for model in self.holders.get(id(stand_in), ()):
            held = [part for item in model.own_items for part in (item, own(item, "own_inside"))]
            if model is not stand_in and any(part is stand_in for part in held):
                yield model

    def models_around(self, stand_in: Any) -> list[Any]:
        """The models that it is in, and those that these are in."""
        found = [stand_in]
        for model in found:
            others = self.holders_of(model)
            found += (one for one in others if not any(one is known for known in found))
        return found[1:]

    def source(self, key: object, owner: object, shape: Shape | Unknown | None, name: str) -> Any:
        """What stands for data: the same of the same data. The owner is kept, as its `id` is."""
        made = graph.InputTensor(shape, name, is_data=True)
        return self.sources.setdefault(key, (owner, made))[1]

    def check_arguments(self, of: str, named: Mapping[str, Any]) -> None:
        """Notes what a method, an optimizer or a callback does not take, or no longer."""
        places = self.places()
        for word in named:
            today = keras2.argument(of, word)
            if today is not None:
                value = self.evaluator.words_of_call().get(word)
                self.old_name(word, today.given(value) if value else today, of, places.get(word))
            elif of in CHECKED and word not in (known := signature(of).names):
                message = f"{of} takes no {word!r}{did_you_mean(word, known)}"
                words = f"got an unexpected keyword argument '{word}'"
                words = "Argument(s) not recognized" if of in OPTIMIZERS else words
                self.problem(message, words=words, place=places.get(word))

    @property
    def is_ready_for_none(self) -> bool:
        """Whether the code goes on in another way if Keras has none of the name that it asks for:
        in a `try`, and by `hasattr` or a default of `getattr`."""
        is_tried = bool(self.evaluator.trying)
        match self.evaluator.node:
            case ast.Call(func=ast.Name(id="hasattr")):
                return True
            case ast.Call(func=ast.Name(id="getattr"), args=given):
                return is_tried or len(given) > 2
        return is_tried and isinstance(self.evaluator.node, ast.Import | ast.ImportFrom)

    def old_name(
        self, old: str, today: keras2.Today, of: str = "", place: Place | None = None
    ) -> None:
        """Notes a name or argument of Keras 1 or 2 that is read as it was meant."""
        owner = f"{of} takes no {old}" if of else f"{old} is gone"
        nothing = ": leave it out" if of else ", and nothing takes its place"
        mend = f": write {today.code}" if today.code else nothing
        if today.keras3 == "warned":
            note = f"this Keras warns of {old}{f' of {of}' if of else ''}{mend}"
            self.notes[note, place] = None
        elif today.keras3 == "refused":
            library = "TensorFlow" if old.startswith("tensorflow.") else "Keras"
            message = f"{owner} in this {library}{mend}"
            for said in [said for said in self.notes if place and said[1] == place]:
                del self.notes[said]  # which says less
            self.problem(message, *filter(None, [today.code]), place=place)

    def notes_of(self, network: Network) -> tuple[str, ...]:
        """What is to be said of the layers of a network."""
        layers = [call for step in network.steps for call in calls_within(step.layer)]
        places = [place for call in layers for place in call.places.values()]
        said = (note for note, place in self.notes if place is None or place in places)
        return tuple(dict.fromkeys(said))

    def problem(
        self, message: str, *remedies: str, words: str = "", place: Any = None, kind: str = "keras"
    ) -> None:
        """Notes what this Keras refuses, in its own `words`: where it is followed now, if there is
        no other place. Raises it where the code goes on without."""
        if self.tells_what_is_sure and not self.evaluator.is_sure:
            return
        text = f'{message} (Keras: "{words}")' if words else message
        if any(map(_goes_on, self.evaluator.trying)):
            raise GoneError(text, place)
        place = place or self.evaluator.place
        found = Problem(kind, text, None, *where_of(place), remedies=remedies)
        if found not in self.problems and len(self.problems) < MOST_PROBLEMS:
            self.problems.append(found)
            self.place_of[found] = place

    @contextmanager
    def within_call(self, title: str = "", owner: object = None) -> Iterator[None]:
        """While code that a layer or model calls is followed: Keras gives it real tensors."""
        before, start, code = self.part, len(self.calls), self.evaluator
        sides = code.around, code.early
        if not self.groups:  # what depends on these is the model, and none of its layers
            code.around, code.early = len(code.under), []
        self.part = before or (Part(owner) if owner is not None else None)
        self.groups.append(title)
        try:
            yield
        finally:
            self.groups.pop()
            if not self.groups:
                code.around, code.early = sides
            self.part = before
            made = [call for call in self.calls[start:] if not call.beside]
            for call in made if not self.groups else ():
                call.beside = made

    def is_traced(self) -> bool:
        """Whether a layer's code is followed for a graph of layers, whose batch Keras has not: not
        where the code's own `compute_output_shape` says what Keras takes it to make."""
        said = getattr(type(self.part and self.part.owner), "compute_output_shape", None)
        is_said = getattr(said, "__module__", "") == "__main__"
        return bool(self.groups) and all(self.follows) and not is_said

    @contextmanager
    def aside(self) -> Iterator[None]:
        """While something is called of which no call stays."""
        before, number, counts = len(self.calls), self.number, {**self.counts}
        try:
            yield
        finally:
            del self.calls[before:]
            self.number = number
            self.counts.clear()
            self.counts.update(counts)

    def follow_build(self, build: Callable[..., object], *shape: Any, **named: Any) -> None:
        """Code makes what a layer or model of its own keeps."""
        groups, self.groups = self.groups, []
        try:
            build(*shape, **named)
        finally:
            self.groups = groups

    def of_keras(self, *names: str) -> Any:
        """What code has of Keras under a name, or in a module of it."""
        return reduce(self.evaluator.attribute, names, self.evaluator.modules["keras"])

    def places(self) -> dict[str, Place]:
        """Where the call that is followed now and its arguments stand."""
        return self.evaluator.places_of_call()


class GoneError(QueryError, TypeError, AttributeError):
    """Keras' own error where it has no such name or argument: which of these depends on that."""


def _goes_on(tried: ast.Try | ast.TryStar) -> bool:
    """Whether a handler does more than to say what it caught."""
    handled = (part for handler in tried.handlers for part in handler.body)
    return not all(ast.unparse(part).startswith(SAYS) for part in handled)


def _in_a_row(given: Any) -> Any:
    """What a layer is called with, without the names of dictionaries, in Keras' order."""
    if isinstance(given, dict):
        given = tuple(given[key] for key in sorted(given, key=str))
    if isinstance(given, list | tuple):
        return tuple(map(_in_a_row, given))
    if not isinstance(given, graph.Tensor | Unknown | bool | int | float | str | None):
        raise IsOpenError(given if isinstance(given, Open) else opened())  # it is no tensor
    return given


IN_WORDS = ("a ", "an ", "the ")  # of what the code has no name for, so that `--let` gives none
SESSION: ContextVar[Session] = ContextVar("SESSION")


def session() -> Session:
    return SESSION.get()


def opened(label: str = "", reason: str = "") -> Open:
    """Something open that the piece of code makes which is followed now, and is its label where
    there is no other."""
    evaluator = session().evaluator
    return evaluator.open(label or evaluator.node, reason)


def gives_open(what: str) -> Callable[..., Open]:
    """A method that returns something that is not known."""
    return lambda *_, **__: opened(what)


def unknown_of(value: Open) -> Unknown:
    """The same as plain data."""
    roots = value.roots or (value,)
    file, line, _ = where_of(roots[0].place)
    names = tuple(dict.fromkeys(r.label for r in roots if not r.label.startswith(IN_WORDS)))
    is_number, made = value.is_number, value.made
    return Unknown(value.label, names, value.reason, file or "", line, is_number, made)


def open_of(value: Unknown) -> Open:
    """What is not known of plain data, as code meets it."""
    found = opened(value.name, value.reason)
    roots = tuple(map(opened, value.asked))
    return replace(found, roots=roots, is_named=True, is_number=value.is_number)


def refused(words: str, kind: type[Exception] = ValueError) -> Exception:
    """What NumPy or TensorFlow raises: told where the code surely comes there and catches none."""
    now = session().evaluator
    return QueryError(words) if (now.is_run if kind is IndexError else now.is_sure) else kind(words)
