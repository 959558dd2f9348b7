"""`Problem`: what does not fit, between layers, of the data, or with this Keras: as JSON has it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Problem"]


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
    call: str | None
    file: str | None
    line: int | None
    column: int | None
    name: str | None
    shape: tuple[int | None, ...] | None
    tensor: str | None
    expected: tuple[int | None, ...] | None
    loss: str | None
    message: str
    remedies: tuple[str, ...] = ()
    silent: bool = False
