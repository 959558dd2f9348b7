"""`Problem`: what does not fit, between layers, of the data, or with this Keras: as JSON has it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong, where it stands, and what mends it. None where there is no value.

    Attributes:
        kind: `"data"` of X, `"labels"` of y, the loss, metrics and class weights, `"samples"` of
            their numbers, `"chain"` between layers, `"keras"` of what this Keras does not have.
        call: the method that is called: `"fit"`.
        file, line, column: where; lines and columns count from 1.
        name, shape: the array that does not fit.
        tensor, expected: the input or output, and the shape that is expected of the array.
        message: one sentence.
        remedies: code that mends it, the likelier first.
        silent: whether Keras trains without an error.
    """

    kind: str
    message: str
    call: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None
    name: str | None = None
    shape: tuple[int | None, ...] | None = None
    tensor: str | None = None
    expected: tuple[int | None, ...] | None = None
    loss: str | None = None
    remedies: tuple[str, ...] = ()
    silent: bool = False
