"""What stands among layers and is none that a rule knows: `Lambda`, inputs, what is not read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from rnnshape.reading import graph
from rnnshape.reading.names.arguments import Input, passed
from rnnshape.reading.names.layers import Layer
from rnnshape.reading.names.session import opened, session
from rnnshape.reading.names.tensors import (
    Tensor,
    name_given,
    plain_shape,
    plain_sizes,
    unread_layer,
    unread_step,
)
from rnnshape.reading.python import IsOpenError


class Lambda(Layer):
    """`Lambda(lambda x: x * 2)`: its function is followed. It is one row, as in Keras: its shape is
    that of what its function makes."""

    own_is_row = own_is_without_weights = True
    own_why = "it runs code, which is not measured"
    own_text = "Lambda(...)"

    def __init__(
        self,
        function: Any = None,
        output_shape: Any = None,
        mask: Any = None,
        arguments: Any = None,
        **named: Any,
    ) -> None:
        super().__init__(**named)
        self.own_function, self.own_arguments = function, arguments or {}
        self.own_said = output_shape

    def call(self, *given: Any, **named: Any) -> Any:
        made: Any = opened("Lambda", "what it does is not in this code")
        if callable(self.own_function):
            made = opened("Lambda")
            with suppress(IsOpenError):
                inputs = given[0] if given else named.get("inputs")
                made = session().evaluator.really(self.own_function, inputs, **self.own_arguments)
        is_known = isinstance(made, Tensor) and plain_sizes(made) is not None
        return made if is_known else self._as_said(graph.tensors_in([given, named]), made)

    def _as_said(self, tensors: Iterable[Any], made: Any) -> Any:
        """What Keras goes by itself, where the code says what the function returns."""
        shapes = [plain_sizes(tensor) for tensor in tensors]
        if not (isinstance(self.own_said, list | tuple) and shapes and shapes[0]):
            return made
        return Tensor(graph.InputTensor((shapes[0][0], *plain_shape(self.own_said))))

    def own_counted(self, inner: Sequence[graph.LayerCall]) -> int:
        return 0


class Wrapper(Layer):
    """What a layer of the code around another derives from."""

    def __init__(self, layer: Any = None, **named: Any) -> None:
        super().__init__(**named)
        self.layer = layer


class UnreadLayer(Layer):
    """Something that stands where a layer would, and that is not read."""

    own_is_any = True

    def __init__(self, layer: graph.Layer) -> None:
        super().__init__()
        self.own_layer = layer

    def __call__(self, *given: Any, **named: Any) -> Any:
        return unread_step(self.own_layer, [*map(passed, given)])


class UnreadModel(UnreadLayer):
    """A model of `keras.applications`, of which is known at most what it takes."""

    def __init__(
        self, text: str, input_tensor: Any = None, input_shape: Any = None, **_: Any
    ) -> None:
        super().__init__(unread_layer(text, opened(text, "what is in it is not read")))
        self.own_name, self.own_model = "", text
        is_known = isinstance(input_shape, list | tuple)
        shape = plain_shape((None, *input_shape)) if is_known else self.own_layer.unread
        is_given = isinstance(input_tensor, Tensor)
        self.input = input_tensor if is_given else Tensor(graph.InputTensor(shape, "inputs"))
        self.inputs = [self.input]

    def own_is_assigned(self, name: str, in_module: bool) -> None:
        if not self.own_name:
            self.own_name = name
            self.own_layer = unread_layer(
                name, opened(name, f"what is in {self.own_model} is not read")
            )

    @property
    def output(self) -> Any:
        return unread_step(self.own_layer, self.inputs)

    outputs = property(lambda self: [self.output])

    @property
    def own_title(self) -> str:
        return self.own_name or self.own_model

    def get_layer(self, *_: Any, **__: Any) -> UnreadModel:
        return UnreadModel(opened().label, self.input)


class InputLayer(Layer):
    """An input among `model.layers`; where code makes one, it is the tensor."""

    own_is_without_weights = True

    def __new__(cls, *values: Any, **named: Any) -> Any:
        is_made = values and isinstance(values[0], Tensor)
        return super().__new__(cls) if is_made else Input(*values, **named)

    def __init__(self, tensor: Tensor) -> None:
        super().__init__()
        self.output = tensor

    @property
    def input(self) -> Tensor:
        held = session()
        words = 'write its output, or the inputs of the model (Keras: "cannot be empty")'
        message = f"an InputLayer has no input in this Keras: {words}"
        held.problem("keras", message, ("model.inputs",), held.evaluator.place)
        return self.output

    @property
    def own_title(self) -> Any:
        return name_given(self.output) or opened("the name of an input")
