"""Models: of inputs and outputs, and those of the code with a `call` of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partialmethod
from typing import Any

from rnnshape.errors import NotReadError, Place, QueryError
from rnnshape.nest import rebuilt, within
from rnnshape.network import Network, check_count
from rnnshape.reading import graph, keras2
from rnnshape.reading.names import rows
from rnnshape.reading.names.arguments import (
    are_arrays,
    check_called,
    check_number,
    holds_tensors,
    keys_of,
    lacks,
    open_shape,
    passed,
    wrong_with_ends,
)
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.attributes import as_attribute, frozen, may_be_trained
from rnnshape.reading.names.compiling import Compiled, compiled, handed_on, may_be_compiled
from rnnshape.reading.names.copies import graph_anew, made_anew, no_copy, save
from rnnshape.reading.names.defaults import fix_policy
from rnnshape.reading.names.first_call import (
    as_any_input,
    beside_others,
    called_as_trained,
    followed_for_itself,
    is_given_several,
    with_inputs,
)
from rnnshape.reading.names.inputs import check_mixed, in_order_of, name_of_model
from rnnshape.reading.names.layers import Layer
from rnnshape.reading.names.of_tensorflow import as_tensor
from rnnshape.reading.names.open_tensors import with_steps
from rnnshape.reading.names.other_layers import (
    counted_layers,
    layer_named,
    layers_of,
    of_sequential,
)
from rnnshape.reading.names.own_call import check_begun, own_called
from rnnshape.reading.names.predictions import (
    called_with_several,
    check_fits,
    method_of_today,
    predicted,
    predictions,
    reshaped,
    trained,
    with_own_call,
)
from rnnshape.reading.names.rows import as_argument, nested_like, overrides
from rnnshape.reading.names.session import MOST_MODELS, opened, session
from rnnshape.reading.names.subclassed import OPTIONS, check_given, try_call
from rnnshape.reading.names.tensors import Tensor, name_given, plain_shape, plain_sizes, tensors_of
from rnnshape.reading.names.training import TAKEN_BY_FIT, History, history_of
from rnnshape.reading.names.weights import load_weights, refresh, save_weights
from rnnshape.reading.python import IsOpenError, Open, opens_in, outermost_call, sides_now


class Model(Layer):
    """A model of inputs and outputs; or one of the code, whose `call` is followed.

    Attributes:
        own_takes, own_gives: its inputs and outputs.
        own_nests: both in the lists, tuples and dictionaries that they are given in, if any.
        own_open: what is not known of it, where it can't be answered.
        own_name, own_variable: the name that it is given, and that of the variable that holds it.
        own_auto_name: the name that Keras gives it otherwise; empty where its number is not known.
        own_sides: conditions under which it is made, not known; own_tried: `try`s around it.
        own_compiled: its losses and metrics; None where it is not compiled.
    """

    own_takes: list[Tensor]
    own_gives: list[Tensor]
    own_nests: tuple[Any, Any]
    own_open: Open | None
    own_items: tuple[Any, ...]
    own_shape: Any
    own_compiled: Compiled | None
    own_checks_as: Any = property(rows.compared_as)
    own_is_of_module = own_is_symbolic = own_is_aside = own_is_graph = own_options = False
    own_is_of_data = own_is_handed = False  # as `call` asks for sizes of it; to unread code
    own_compares: bool = False  # whether it takes what it was made for alone
    own_trains: bool | None = None  # whether what it was followed with last trains it
    own_goes_apart = False  # whether it takes or returns other shapes then
    own_before: tuple[Any, ...] = ()  # what it took and returned before it was followed anew
    own_what, own_is_model, own_batch, own_called_again = "a model", True, None, (0, None, None)
    own_takes_open: tuple[str, ...] = ("inputs",)
    own_fit_takes, own_part_is_set = TAKEN_BY_FIT, may_be_trained

    def __new__(cls, *given: Any, **named: Any) -> Any:
        kind = Functional if cls is Model and (given or named) else cls
        made, held, code = super().__new__(kind), session(), session().evaluator
        if len(held.models) >= MOST_MODELS:
            raise NotReadError(f"this makes too many models: at most {MOST_MODELS:,} are read")
        made.own_takes, made.own_gives, made.own_nests = [], [], (None, None)
        made.own_open = made.own_shape = made.own_compiled = None
        made.own_name, made.own_variable, made.own_auto_name, made.own_items = "", "", "", ()
        made.own_sides, made.own_tried = sides_now(code), code.trying
        made.own_made_in, made.own_within = outermost_call(code), (*code.calls,)
        made.own_node = (code.source, code.node)
        held.models.append(made)
        return made

    def __init__(
        self, inputs: Any = None, outputs: Any = None, *others: Any, name: Any = None, **more: Any
    ) -> None:
        session().check_arguments("Model", more)
        self.own_nests = more.get("input", inputs), with_steps(more.get("output", outputs))
        self.own_takes, self.own_gives = map(tensors_of, self.own_nests)
        self.own_name, self.own_is_begun = name_of_model(name, others), True
        fix_policy()
        kind = type(self).__name__
        self.own_auto_name = session().name_of(kind) if name is None else self.own_name
        self.own_open = next(opens_in([*self.own_nests]), None)
        if (inputs is not None or outputs is not None) and self.own_open is None:
            for message in wrong_with_ends(self):
                raise self.own_refused(message)
        vars(self)["trainable"] = more.get("trainable", True)  # which its layers are not told

    def own_refused(self, message: str, place: Place | None = None) -> QueryError:
        self.own_open = opened(self.own_title or "a model", message)
        return QueryError(message, place)

    def __setattr__(self, name: str, value: Any) -> None:
        """`model.trainable = False` is said of each of its layers."""
        value = as_attribute(self, name, value)
        is_new = name == "trainable" and self.own_changes_trainable(value)
        if is_new and (self.own_kind or self.own_takes) and self.own_calls():  # it has them
            for part in self.own_layers:
                part.trainable = value
        object.__setattr__(self, name, value)

    def own_is_assigned(self, name: str, in_module: bool) -> None:
        if not self.own_is_of_module:
            self.own_variable, self.own_is_of_module = name, in_module

    def own_merged(self, name: str, one: Any, other: Any, because: Open) -> Any:
        if name[4:] in ("variable", "name", "is_of_module", "is_built", "is_symbolic"):
            return other
        if name in ("own_open", "own_compiled"):
            return None if name == "own_compiled" else one if other is None else other
        if name in ("own_takes", "own_gives", "own_nests") and not self.own_kind:
            left, right = (
                len(x) > 0 if name != "own_nests" else x[1] is not None for x in (one, other)
            )
            if not (left and right):  # where it is called says what it is
                return one if left else other
        self.own_open = because if self.own_open is None else self.own_open
        return other

    @staticmethod
    def own_chosen_over(mine: Model, other: object, because: Open) -> object:
        """Of a model and something unread, the model; of two models, each is answered."""
        found = other.alternatives if isinstance(other, Open) else (other,)
        others = [one for one in found if isinstance(one, Model) and one is not mine]
        if others:
            return replace(because.part(""), alternatives=(mine, *others))
        return mine if other is None or isinstance(other, Open) else because

    def own_calls(self) -> list[graph.LayerCall]:
        takes, gives = self.own_flow()
        calls = graph.calls_before(gives, takes)
        return rows.that_follow_from(takes, calls) if self.own_kind and takes else calls

    def call(self, inputs: Any = None, *_: Any, **__: Any) -> Any:
        """Its layers, called once more."""
        given = tensors_of(passed(self.own_in_order(inputs)))
        if self.own_open is not None:
            raise IsOpenError(self.own_open)
        if not self.own_takes:
            why = "what it does when called is not in this code"
            raise IsOpenError(opened(self.own_title or "a model", why))
        check_number(self.own_title or "this model", len(self.own_takes), given)
        for mine, other in zip(self.own_takes, given, strict=True):
            if isinstance(other.maker, graph.InputTensor) and other.maker.shape is None:
                other.maker.shape = plain_sizes(mine)
            check_fits(self, plain_sizes(mine), plain_sizes(other))
            if (made := reshaped(self.own_title, mine, other, given)) is not None:
                return made
        return self.own_made_anew(dict(zip(self.own_takes, given, strict=True)))

    def own_made_anew(self, instead: Mapping[graph.Tensor, graph.Tensor]) -> Any:
        """What it returns with other tensors instead of some that it takes."""
        held, calls = session(), self.own_calls()
        check_count(len(calls))
        title = self.own_title if held.groups[-1:] != [self.own_title] else ""
        with held.within_call(title, self):
            made = made_anew(self.own_gives, calls, instead, held.step, self)
        return nested_like(self.own_nests[1], made)

    def own_in_order(self, given: Any) -> Any:
        """What it is called with."""
        names = keys_of(self.own_nests[0]) or [*map(name_given, self.own_takes)]
        return in_order_of(names, given, self.own_title or "this model")

    def __call__(self, inputs: Any = None, *more: Any, **named: Any) -> Any:
        if not self.own_is_aside:  # which no code has written
            check_given(self, (inputs, *more), named)
        session().call_around(self)
        first: Any = opened("inputs") if inputs is None else inputs
        tensors = {word: part for word, part in named.items() if word not in OPTIONS}
        first, more, tensors = beside_others((first, more, tensors))
        named = {**named, **tensors}
        check_mixed(self, first)
        is_data = isinstance(first, Array)
        self.own_is_symbolic |= not (is_data or self.own_is_aside)
        if is_given_several(self, (first, *more, *tensors.values())):
            return called_with_several(self, first, more, named)
        if is_data and not self.own_takes and (more or named):  # not by `build` alone
            kept = holds_tensors((more, named))
            first, more, named = (with_inputs(x, is_batch_kept=kept) for x in (first, more, named))
        elif is_data:
            is_described = self.own_is_described
            trained(self, "__call__", first)
            if is_described:
                has_options = overrides(self, "call") and bool({*named} - {"training", "mask"})
                made = opened("predictions") if has_options else predictions(self, first)
                return rebuilt(made, as_tensor)
            if not self._takes(plain_shape(first.shape)):
                return opened("predictions")
        elif self.own_kind == "Functional" and are_arrays(first):
            trained(self, "__call__", first)
        if isinstance(first, Open) and first.reason:
            self._built_by(first)
            raise IsOpenError(first)
        was_built = self.own_is_described and bool(self.own_takes)
        if not was_built:
            options = (*more, *named.values())
            self.own_options = bool(options) and not (self.own_is_aside or holds_tensors(options))
            self.own_follow(as_any_input(first), more, named)
        if is_data or not holds_tensors(first):
            return rebuilt(predictions(self, first), as_tensor)
        if not overrides(self, "call"):
            return self.call(first)
        is_new = self.own_takes and not was_built and rows.uses_all(self.own_gives, [more, named])
        return self.own_made_anew({}) if is_new else self._followed((first, *more), named)

    def own_begin_anew(self) -> None:
        """What it is called with next says what it takes."""
        self.own_before += ((self.own_takes, self.own_gives, self.own_nests),)
        self.own_takes, self.own_gives = [], []

    @contextmanager
    def own_as_it_was(self, gives: object) -> Iterator[bool]:
        """While it is what it was when it returned these; whether it ever was."""
        now = self.own_takes, self.own_gives, self.own_nests
        then = next((flow for flow in self.own_before if flow[1] is gives and flow[0]), None)
        self.own_takes, self.own_gives, self.own_nests = then or now
        try:
            yield then is not None
        finally:
            self.own_takes, self.own_gives, self.own_nests = now

    def own_made_of(self, start: Any, more: Sequence[Any], named: Any) -> Any:
        """What it makes of the first tensors that it is called with."""
        if not self.own_is_built:
            self.own_is_built = True
            check_begun(self)
            if overrides(self, "build") and isinstance(start, Tensor):
                session().follow_build(self.build, start.shape)
        with session().within_call():
            made = own_called(self.call, (start, *more), named)
            for weight in (one for one in self.own_weights if one.own_layer is None):
                weight.own_as_operand()  # it has those that nothing uses, too
            return made

    def build(self, input_shape: Any = None, **_: Any) -> None:
        """Keras makes nothing by that, but it says what is meant where nothing calls the model."""
        if isinstance(input_shape, list | tuple) and not self.own_takes:
            self.own_shape = plain_shape(input_shape)

    def fit(self, *given: Any, **named: Any) -> History:
        history = history_of(self, named)
        trained(self, "fit", *given, **named)
        return history

    @classmethod
    def from_config(cls, config: Any) -> Any:
        if isinstance(config, Open):
            raise no_copy()
        return super().from_config(config)

    def own_copied(self, copies: Any = None) -> Any:
        if not (self.own_kind and self.own_takes and self.own_gives):
            raise no_copy()
        made = Functional(*graph_anew(*self.own_flow(), copies), name=self.own_name)
        made.own_nests, made.own_auto_name = self.own_nests, self.own_auto_name
        session().counts["functional"] = opened()  # of a Sequential in it, more are made
        return made

    own_is_described: Any = property(lambda model: bool(model.own_takes))  # it has an input

    def _takes(self, shape: Any) -> bool:
        """Whether the rule takes it with data of a shape; where it is not known, it does."""
        return True

    own_follow, own_may_be_changed, own_handed_to = followed_for_itself, may_be_compiled, handed_on
    evaluate = partialmethod(trained, "evaluate")
    train_on_batch = partialmethod(trained, "train_on_batch")
    test_on_batch = partialmethod(trained, "test_on_batch")
    predict = partialmethod(predicted, "predict")
    predict_on_batch = partialmethod(predicted, "predict_on_batch")

    def own_network(self, name: str) -> Network | None:
        """What it is as plain data; None where it has no layers."""
        takes, gives = self.own_flow()
        if self.own_open is not None:
            raise IsOpenError(self.own_open)
        if not (calls := self.own_calls()):
            if {*gives} <= {*takes} and (gives or self.own_kind):
                return None
            raise IsOpenError(opened("", "what its outputs are made of is not known"))
        session().take_calls(calls)
        for call in calls:
            refresh(call.layer.stand_in)
        gives, calls = with_own_call(self, gives, calls)
        network = graph.network_of(takes, gives, name, calls, self.own_checks_as)
        network = rows.without_lost(self, network, calls)
        return frozen(network) if vars(self).get("trainable") is False else network

    def _built_by(self, x: Any) -> None:
        """Data says what a model takes that has not been built."""
        if self.own_takes or self.own_open is not None:
            return
        if isinstance(x, Array):
            batch = self.own_batch and min(x.shape[0], self.own_batch)
            shape = plain_shape((batch, *x.shape[1:]))
            called_as_trained(self, Tensor(graph.InputTensor(shape, "inputs")))
        elif isinstance(x, Open):
            self.own_shape = self.own_shape or open_shape(x)
        elif not self.own_kind and any(isinstance(part, Array | Open) for part in within(x)):
            called_as_trained(self, with_inputs(x))  # several inputs

    def compile(self, *given: Any, **named: Any) -> None:
        session().check_arguments("compile", named)
        self.own_compiled = compiled(given, named, self.own_compiled)

    own_as_argument, summary, to_json = as_argument, Layer.own_nothing, Layer.get_config
    add = pop = of_sequential
    save, save_weights, load_weights = save, save_weights, load_weights
    layers, own_layers = property(counted_layers), property(layers_of)

    def get_layer(self, name: Any = None, index: Any = None) -> Any:
        return self.layers[index] if index is not None else layer_named(self, name)

    own_lacks: Any = lacks

    def own_reaches(self, name: str) -> bool:
        is_end = name.removesuffix("_shape").removesuffix("s") in ("input", "output")
        is_kept = name == "trainable" or (name == "optimizer" and self.own_compiled is not None)
        return is_end or is_kept or keras2.attribute(name, "model") is not None

    def __getattr__(self, name: str) -> Any:
        if not session().is_ready_for_none and (gone := keras2.attribute(name, "model")):
            return method_of_today(self, name, gone)
        if name == "optimizer" and self.own_compiled is not None:
            return self.own_compiled.optimizer
        end = name.removesuffix("_shape")
        if end not in ("input", "inputs", "output", "outputs"):
            return super().__getattr__(name)
        if self.own_open is not None:
            raise IsOpenError(self.own_open)
        is_made = self.own_kind or self.own_is_symbolic or self.own_nests[0] is not None
        if self.own_lacks(name) or not is_made:
            raise AttributeError(name)
        check_called(self, name)
        is_output = name.startswith("out")
        several: list[Any] = self.own_flow()[is_output]
        if end != name:
            return nested_like(None, [tensor.shape for tensor in several])
        return [*several] if end.endswith("s") else nested_like(self.own_nests[is_output], several)

    own_title: Any = property(lambda model: model.own_name or model.own_variable or "")
    name: Any = property(
        lambda model: model.own_name or model.own_auto_name or opened("a name"),
        vars(Layer)["name"].fset,
    )

    def own_flow(self) -> tuple[list[Tensor], list[Tensor]]:
        """What goes in and comes out; a model of the code that nobody calls is called here."""
        if not self.own_takes and self.own_open is None and not self.own_kind:
            try_call(self)
        return self.own_takes, self.own_gives


class Functional(Model):
    """What `Model(inputs, outputs)` makes."""

    own_kind, own_compares = "Functional", True
