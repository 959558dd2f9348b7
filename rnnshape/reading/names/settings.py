"""What a layer's argument may be beside plain data: initializers, regularizers, constraints."""

from __future__ import annotations

from typing import Any

from rnnshape import signatures
from rnnshape.expression import Call, bind, unknowns_in
from rnnshape.reading.names.arrays import Array, array_of_shape
from rnnshape.reading.names.of_tensorflow import as_tensor
from rnnshape.reading.names.session import opened, session
from rnnshape.reading.names.tensors import argument
from rnnshape.reading.python import IsOpenError, StandIn


class Setting(StandIn):
    """What a layer's argument may be, `L2(0.01)`; its name alone stands for its defaults."""

    def __init__(self, name: str, call: Call | None = None) -> None:
        self.own_name, self.own_call = name, call

    def __call__(self, *values: Any, **named: Any) -> Any:
        if self.own_call is not None:  # of all that these are, code calls initializers
            is_one = signatures.module_of(self.own_name) == "initializers"
            shape = values[0] if values else named.get("shape")
            return as_tensor(array_of_shape(shape)) if is_one else opened(f"{self.own_name}(...)")
        plain = {word: argument(value) for word, value in named.items()}
        call = bind(self.own_name, [argument(value) for value in values], plain, session().places())
        for found in unknowns_in(call):
            arrays = [one for one in (*values, *named.values()) if isinstance(one, Array)]
            if arrays:
                return OfArray(self.own_name, arrays[0])
            raise IsOpenError(opened(found.name, found.reason))
        return Setting(self.own_name, call)

    def own_as_argument(self) -> Call:
        return self.own_call or bind(self.own_name, (), {})


class OfArray(Setting):
    """`Constant(matrix)`, of which the numbers are not known."""

    def __init__(self, name: str, array: Array) -> None:
        super().__init__(name)
        self.own_array, self.own_unread = array, opened("", "an array as an argument is not read")

    def own_as_argument(self) -> Call:
        raise IsOpenError(self.own_unread)
