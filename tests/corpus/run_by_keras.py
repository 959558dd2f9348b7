"""Runs programs by Keras itself, and says of each model that they make what is in it.

`python -m tests.corpus.run_by_keras` reads JSON from standard input, `{name: {"text": ...,
"sizes": [[shape, ...], ...]}}`, and writes `{name: truth}`. `sizes` are the shapes of the inputs
for which somebody else answered: where Keras leaves a size open, the models run on these.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from inspect import signature
from math import prod
from types import FrameType, ModuleType
from typing import Any

from rnnshape import QueryError, inspect
from rnnshape.reading.saved_model import read_config

OPEN_SIZES = (2, 5, 5, 5, 5)  # batch and the others, where nobody says them
_ZERO = {"string": ("a", "U1")}  # what stands in an input, where it is no 0
LARGEST = 2_000_000  # numbers of an input: what nobody needs to be right
DEEPEST = 3  # of attributes and lists in which a model is looked for

Shapes = list[list[int | None]]


@dataclass
class Recorded:
    """What a program did, as long as it is recorded."""

    models: list[Any] = field(default_factory=list)
    first_calls: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    calls: list[tuple[Any, Shapes, list[bool]]] = field(default_factory=list)  # with masks
    deferred: set[int] = field(default_factory=set)  # sequential models without an `Input`
    lines: dict[int, set[int]] = field(default_factory=dict)  # of the program, by layer and model
    depth: int = 0  # of layers whose inner calls are their own


class Keras:
    """Keras, with an eye on the calls of its layers."""

    def __init__(self) -> None:
        import keras
        import tensorflow

        tensorflow.config.run_functions_eagerly(True)  # tracing takes longer than these arrays
        gc.freeze()
        self.keras, self.recorded, self.file = keras, Recorded(), ""
        self._watch_calls()
        self._watch_models()
        self._train_little()

    def _watch_calls(self) -> None:
        operation = sys.modules["keras.src.ops.operation"].Operation
        layer = self.keras.Layer
        for kind in (operation, layer):
            kind.__call__ = self._recording(kind.__call__)

    def _recording(self, original: Any) -> Any:
        def call(this: Any, *arguments: Any, **keywords: Any) -> Any:
            recorded, is_model = self.recorded, isinstance(this, self.keras.Model)
            if recorded.depth and not is_model:
                return original(this, *arguments, **keywords)
            if is_model and arguments:
                spec = self.keras.tree.map_structure(_spec, (arguments, keywords))
                recorded.first_calls.setdefault(id(this), spec)
            before = self.masked((arguments, keywords)) or keywords.get("mask") is not None
            ends = not self.inner(this)
            recorded.depth += ends
            try:
                returned = original(this, *arguments, **keywords)
            finally:
                recorded.depth -= ends
            if recorded.depth == 0:
                self._note_lines(this)
            if recorded.depth == 0 and not is_model:
                masks = [before, self.masked(returned)]
                recorded.calls.append((this, self.shapes(returned), masks))
            return returned

        return call

    def _watch_models(self) -> None:
        keras = self.keras
        make, build = keras.Layer.__new__, keras.Sequential.build

        def made(kind: Any, *arguments: Any, **keywords: Any) -> Any:
            layer = make(kind, *arguments, **keywords)
            if isinstance(layer, keras.Model):
                self.recorded.models.append(layer)
            self._note_lines(layer)
            return layer

        def built(this: Any, input_shape: Any = None) -> Any:
            if not any(isinstance(one, keras.layers.InputLayer) for one in this._layers[:1]):
                self.recorded.deferred.add(id(this))
            return build(this, input_shape)

        keras.Layer.__new__, keras.Sequential.build = staticmethod(made), built

    def _train_little(self) -> None:
        """One epoch says of shapes what many say."""
        trainer = sys.modules["keras.src.backend.tensorflow.trainer"].TensorFlowTrainer
        fit = trainer.fit

        def fitted(this: Any, *arguments: Any, **keywords: Any) -> Any:
            bound = signature(fit).bind(this, *arguments, **keywords)
            bound.arguments["epochs"] = bound.arguments.get("initial_epoch", 0) + 1
            return fit(*bound.args, **bound.kwargs)

        trainer.fit = fitted

    def _note_lines(self, layer: Any) -> None:
        """Where in the program this happens: its line, and those of the functions around it."""
        lines = self.recorded.lines.setdefault(id(layer), set())
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            if frame.f_globals.get("__file__") == self.file:
                lines.add(frame.f_lineno)
            frame = frame.f_back

    def shapes(self, returned: Any) -> Shapes:
        flat = self.keras.tree.flatten(returned)
        return [list(one.shape) for one in flat if hasattr(one, "shape")]

    def masked(self, nest: Any) -> bool:
        flat = self.keras.tree.flatten(nest)
        return any(getattr(one, "_keras_mask", None) is not None for one in flat)

    def inner(self, layer: Any) -> list[Any]:
        """The layers inside that an answer may list in its place: none of Keras' own layers."""
        if not isinstance(layer, self.keras.Layer):
            return []
        if isinstance(layer, self.keras.Model) or not type(layer).__module__.startswith("keras."):
            return [
                one for one in layer._layers if not isinstance(one, self.keras.layers.InputLayer)
            ]
        wrapped = getattr(layer, "layer", None)
        return [wrapped] if isinstance(wrapped, self.keras.Model) else []

    def layer_of_keras(self, layer: Any) -> str | None:
        """The class of Keras that a layer is of, or that its own class derives from."""
        kinds = type(layer).__mro__[: type(layer).__mro__.index(self.keras.Layer)]
        of_keras = (one for one in kinds if one.__module__.startswith("keras."))
        return next((one.__name__ for one in of_keras), None)

    # One program

    def run(self, text: str, name: str, sizes: list[Shapes]) -> dict[str, Any]:
        """What a program makes, or the error with which it ends."""
        self._forget()
        module = ModuleType("__main__")
        self.file = module.__file__ = f"{name}.py"
        main, arguments = sys.modules["__main__"], sys.argv
        sys.modules["__main__"], sys.argv = module, [f"{name}.py"]
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(text, f"{name}.py", "exec"), vars(module))
                return self._truth(vars(module), sizes)
        except Exception:
            return {"error": traceback.format_exc()}
        finally:
            sys.modules["__main__"], sys.argv = main, arguments

    def _forget(self) -> None:
        keras = self.keras
        keras.utils.clear_session(free_memory=False)  # to collect takes longer than a program
        keras.utils.set_random_seed(0)  # some make another model each time
        keras.config.set_floatx("float32")
        keras.config.set_image_data_format("channels_last")
        keras.config.set_dtype_policy("float32")
        self.recorded = Recorded()

    def _truth(self, variables: dict[str, Any], sizes: list[Shapes]) -> dict[str, Any]:
        program = self.recorded
        models = list({id(one): one for one in program.models if hasattr(one, "name")}.values())
        names: dict[int, list[str]] = {}
        for path, model in self._named(variables, "", DEEPEST, set()):
            names.setdefault(id(model), []).append(path)
        inside = {id(below) for one in models if id(one) in names for below in self._below(one)}
        loose = [(type(layer).__name__, shapes) for layer, shapes, _ in program.calls]
        answers = [self._model(one, program, sizes) for one in models]
        for model, answer in zip(models, answers, strict=True):
            answer["variables"] = names.get(id(model), [])
            answer["inside"] = id(model) in inside
            parts = (model, *self._below(model))
            answer["lines"] = sorted(
                set().union(*(program.lines.get(id(one), ()) for one in parts))
            )
        return {"models": answers, "loose": loose}

    def _named(self, value: Any, path: str, deeper: int, seen: set[int]) -> Iterator[Any]:
        """The models that variables, attributes, lists and dictionaries hold at the end."""
        if isinstance(value, self.keras.Model):
            yield path, value
        if deeper < 0 or id(value) in seen:
            return
        seen.add(id(value))
        if isinstance(value, dict):
            parts = [(str(key), one) for key, one in value.items() if not str(key).startswith("__")]
        elif isinstance(value, list | tuple):
            parts = [(str(number), one) for number, one in enumerate(value)]
        elif type(value).__module__ == "__main__" and not isinstance(value, self.keras.Layer):
            parts = [(key, one) for key, one in getattr(value, "__dict__", {}).items()]
        else:
            return
        for key, one in parts:
            yield from self._named(one, f"{path}.{key}" if path else key, deeper - 1, seen)

    def _below(self, layer: Any) -> Iterator[Any]:
        for one in self.inner(layer):
            yield one
            yield from self._below(one)

    # One model

    def _model(self, model: Any, program: Recorded, sizes: list[Shapes]) -> dict[str, Any]:
        given = self._given(model, program)
        answer: dict[str, Any] = {
            "name": model.name,
            "class": type(model).__name__,
            "inputs": [shape for shape, _ in given[1]] if given else None,
            "batch_matters": id(model) not in program.deferred
            and isinstance(model, self.keras.src.models.Functional | self.keras.Sequential),
            "runs": [],
            "layers": [],
        }
        for shapes in self._possible(answer["inputs"], sizes):
            structure, flat = given or (None, [(shapes[0], "float32")])
            try:
                calls = self._calls(model, structure, shapes, [dtype for _, dtype in flat])
            except Exception as wrong:
                answer.setdefault("failures", []).append(f"{shapes}: {wrong}"[:500])
                continue
            answer["layers"] = self._layers(model, set())
            called = {id(layer) for layer, *_ in calls}
            run = {
                "inputs": shapes,
                "calls": {
                    str(one): [made for at, made, _ in calls if id(at) == one] for one in called
                },
                "operations": [
                    (type(at).__name__, made, isinstance(at, self.keras.Layer))
                    for at, made, _ in calls
                ],
                "masks": [(at.name, masks, made) for at, made, masks in calls],
            }
            answer["runs"].append(run)
        answer["parameters"] = model.count_params() if model.built else None
        answer["read"] = self._read(model, answer["runs"][-1]["inputs"]) if answer["runs"] else {}
        own = [
            one
            for part in (model, *self._below(model))
            if isinstance(part, self.keras.Model)
            for one in (*part._trainable_variables, *part._non_trainable_variables)
        ]
        answer["weights"] = [list(one.shape) for one in own]
        answer["summary"] = self._summary(model) if model.built else ""
        return answer

    @staticmethod
    def _read(model: Any, shapes: Shapes) -> dict[str, Any]:
        """What rnnshape says of the live model, and of its config, for inputs of these shapes."""
        given = [tuple(shape) for shape in shapes] if len(shapes) > 1 else tuple(shapes[0])
        found: dict[str, Any] = {}
        # A layer of the program's own may have no config, and a lambda no file with its source.
        with contextlib.suppress(NotImplementedError, OSError):
            for kind in ("live", "saved"):
                try:
                    what = model if kind == "live" else _saved(model)
                    found[kind] = inspect(what, input=given).to_dict(["weights"])
                    del found[kind]["assumed"]  # sizes are given
                except QueryError as wrong:
                    found[kind] = {"error": wrong.message}
        return found

    @staticmethod
    def _summary(model: Any) -> str:
        lines: list[str] = []
        model.summary(print_fn=lines.append)
        return "\n".join(lines)

    def _given(self, model: Any, program: Recorded) -> Any:
        """How a model is called: the structure of its inputs, and a shape and a dtype of each."""
        tree = self.keras.tree
        if getattr(model, "inputs", None):  # Functional, or a Sequential that is built
            flat = [(list(one.shape), str(one.dtype)) for one in model.inputs]
            structure = getattr(model, "_inputs_struct", None)
            return ((structure if structure is not None else model.inputs[0],), {}), flat
        if id(model) in program.first_calls:
            structure = program.first_calls[id(model)]
            specs = [one for one in tree.flatten(structure) if isinstance(one, _Spec)]
            return structure, [([None, *one.shape[1:]], one.dtype) for one in specs]
        built = getattr(model, "_build_shapes_dict", None) or {}
        if set(built) == {"input_shape"} and isinstance(built["input_shape"][0], int | None):
            shape = list(built["input_shape"])
            return ((_Spec(shape, "float32"),), {}), [(shape, "float32")]
        return None

    def _possible(self, inputs: Shapes | None, sizes: list[Shapes]) -> list[Shapes]:
        """For which shapes to run: those that were answered and fit, or else some of our own."""
        if inputs is None:
            return [one for one in sizes if len(one) == 1 and None not in one[0]][:3]
        own = [_filled(shape) for shape in inputs]
        fitting = [one for one in sizes if _fits(one, inputs)]
        return [one for n, one in enumerate([*fitting, own]) if one not in [*fitting, own][:n]][:3]

    def _calls(self, model: Any, structure: Any, shapes: list[Any], dtypes: list[str]) -> Any:
        import numpy

        if max(int(numpy.prod(one)) for one in shapes) > LARGEST:
            raise ValueError("too large to be tried")
        tree = self.keras.tree
        made = [numpy.full(s, *_ZERO.get(d, (0, d))) for s, d in zip(shapes, dtypes, strict=True)]
        arrays = iter(made)

        def filled(one: Any) -> Any:
            is_tensor = isinstance(one, _Spec | self.keras.KerasTensor)
            return self.keras.ops.convert_to_tensor(next(arrays)) if is_tensor else one

        structure = structure or ((_Spec(shapes[0], dtypes[0]),), {})
        arguments, keywords = tree.map_structure(filled, structure)
        self.recorded = Recorded()
        keywords = {name: value for name, value in keywords.items() if name != "training"}
        model(*arguments, **keywords)
        return self.recorded.calls

    def _layers(
        self, layer: Any, seen: set[int], beside: frozenset[int] = frozenset()
    ) -> list[dict[str, Any]]:
        """What is in a model or a layer, each layer once, with what is inside it; `beside` are the
        weights of the layers around."""
        found = []
        weights = {id(one): {*map(id, one.weights)} for one in self.inner(layer)}
        for one in self.inner(layer):
            if id(one) not in seen:
                seen.add(id(one))
                of_others = (held for key, held in weights.items() if key != id(one))
                others = beside.union(*of_others)
                inner = self._layers(one, seen, others)
                below = sum(part.count_params() for part in self.inner(one) if part.built)
                total = one.count_params() if one.built else None
                found.append(
                    {
                        "id": str(id(one)),
                        "class": type(one).__name__,
                        "of_keras": self.layer_of_keras(one),
                        "name": one.name,
                        "parameters": total,
                        "cudnn": cudnn(one),
                        "own": max((total or 0) - below, 0),
                        "of_user": not type(one).__module__.startswith("keras."),
                        "is_model": isinstance(one, self.keras.Model),
                        "shared": sum(prod(w.shape) for w in one.weights if id(w) in others),
                        "layers": inner,
                    }
                )
        return found


@dataclass(frozen=True)
class _Spec:
    """A tensor that a model was called with: what is needed to make another."""

    shape: Any
    dtype: str


def _spec(one: Any) -> Any:
    if not hasattr(one, "shape"):
        return one
    return _Spec(list(one.shape), str(getattr(one.dtype, "name", one.dtype)))


def _saved(model: Any) -> Any:
    try:
        text = model.to_json()
    except TypeError:  # a lambda holds something without one
        raise NotImplementedError("a layer has no config") from None
    [question] = read_config(text, "model.json").questions
    return question


def _filled(shape: list[int | None]) -> list[int | None]:
    return [OPEN_SIZES[n] if size is None else size for n, size in enumerate(shape)]


def _fits(answered: Shapes, inputs: Shapes) -> bool:
    return len(answered) == len(inputs) and all(
        one is not None
        and len(one) == len(shape)
        and None not in one
        and all(
            n == 0 or size in (None, of)
            for n, (of, size) in enumerate(zip(one, shape, strict=True))
        )
        for one, shape in zip(answered, inputs, strict=True)
    )


def cudnn(layer: Any) -> bool | None:
    """What Keras itself would say where there is a GPU."""
    rnn = sys.modules["keras.src.backend.tensorflow.rnn"]

    if inside := [getattr(layer, name, None) for name in ("forward_layer", "backward_layer")]:
        found = [cudnn(one) for one in inside if one is not None]
        if found:
            return None if None in found else all(found)
    kind, cell = type(layer).__name__, type(getattr(layer, "cell", None)).__name__
    if kind == "RNN" and cell in ("LSTMCell", "GRUCell"):
        return False  # it asks for no kernel
    if kind not in ("LSTM", "GRU"):
        return None
    asked = [layer.cell.activation, layer.cell.recurrent_activation, layer.unroll]
    asked.append(layer.cell.use_bias)
    if kind == "LSTM":
        allowed = rnn._do_lstm_arguments_support_cudnn(*asked)
    else:
        allowed = rnn._do_gru_arguments_support_cudnn(*asked, layer.cell.reset_after)
    return bool(allowed and layer.use_cudnn in ("auto", True) and not layer.recurrent_dropout)


def main() -> None:
    os.environ |= {
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "CUDA_VISIBLE_DEVICES": "-1",
    }
    programs = json.load(sys.stdin)
    sys.stdin = io.StringIO()
    keras = Keras()
    for name, one in programs.items():
        truth = keras.run(one["text"], name, one.get("sizes", []))
        print(json.dumps({"program": name, **truth}), flush=True)


if __name__ == "__main__":
    main()
