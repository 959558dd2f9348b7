"""What stands among layers and is none that a rule knows: `Lambda`, inputs, what is not read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from rnnshape.reading import graph
from rnnshape.reading.names.arguments import Input, passed
from rnnshape.reading.names.layers import Layer
from rnnshape.reading.names.session import opened, session, unknown_of
from rnnshape.reading.names.tensors import (
    Tensor,
    name_given,
    plain_shape,
    unread_layer,
    unread_step,
)
from rnnshape.reading.python import IsOpenError


class LambdaLayer(Layer):
    """`Lambda(lambda x: x * 2)`: its function is followed. It is one row, as in Keras: its shape is
    that of what its function makes."""

    own_is_row = True
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

    def call(self, *given: Any, **named: Any) -> Any:
        if not callable(self.own_function):
            return opened("Lambda", "what it does is not in this code")
        with suppress(IsOpenError):
            inputs = given[0] if given else named.get("inputs")
            return session().evaluator.really(self.own_function, inputs, **self.own_arguments)
        return opened("Lambda")

    def own_counted(self, inner: Sequence[graph.LayerCall]) -> int:
        return 0


class UnreadLayer(Layer):
    """Something that stands where a layer would, and that is not read."""

    def __init__(self, layer: graph.Layer) -> None:
        super().__init__()
        self.own_layer = layer

    def __call__(self, *given: Any, **named: Any) -> Any:
        return unread_step(self.own_layer, [*map(passed, given)])


class UnreadModel(UnreadLayer):
    """A model of `keras.applications`, of which is known at most what it takes."""

    def __init__(self, text: str, takes: Tensor) -> None:
        super().__init__(unread_layer(text, opened(text, "what is in it is not read")))
        self.input, self.inputs = takes, [takes]

    @property
    def output(self) -> Any:
        return unread_step(self.own_layer, self.inputs)

    @property
    def outputs(self) -> list[Any]:
        return [self.output]

    def get_layer(self, *_: Any, **__: Any) -> UnreadModel:
        return UnreadModel(opened().label, self.input)


def application(name: str) -> Callable[..., UnreadModel]:
    """`VGG16(include_top=False, input_shape=(64, 64, 3))`"""

    def made(*_: Any, input_tensor: Any = None, input_shape: Any = None, **__: Any) -> UnreadModel:
        known = isinstance(input_shape, list | tuple)
        shape = plain_shape((None, *input_shape)) if known else unknown_of(opened(f"{name}.input"))
        takes = input_tensor if isinstance(input_tensor, Tensor) else None
        return UnreadModel(f"{name}(...)", takes or Tensor(graph.InputTensor(shape, "inputs")))

    return made


class InputLayer(Layer):
    """An input among `model.layers`; where code makes one, it is the tensor."""

    def __new__(cls, *values: Any, **named: Any) -> Any:
        is_made = values and isinstance(values[0], Tensor)
        return super().__new__(cls) if is_made else Input(*values, **named)

    def __init__(self, tensor: Tensor) -> None:
        super().__init__()
        self.output = self.input = tensor

    @property
    def own_title(self) -> Any:
        return name_given(self.output) or opened("the name of an input")
