"""`--x`, `--y` and `--loss`: the data that a network is asked about, by its shape."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from math import prod
from pathlib import Path

from rnnshape.cli.arguments import UsageError
from rnnshape.cli.options import Options
from rnnshape.description import describe
from rnnshape.errors import shortened
from rnnshape.expression import is_size
from rnnshape.fitting import call_with
from rnnshape.input_shapes import Shape, as_far_as_taken, dtype_written, with_input
from rnnshape.network import Question
from rnnshape.reading import let_value
from rnnshape.reading.files import without_waiting
from rnnshape.training.data import USUAL_BATCH, Data

LONGEST_HEADER = 10_000  # bytes


def shape_of(option: str, text: str) -> tuple[tuple[int, ...], str | None]:
    """The shape that is written, or that the header of a `.npy` file has; and the dtype, where
    that is of no numbers.

    >>> shape_of("--x", "16,5,3")
    ((16, 5, 3), None)
    """
    asked = f"{option} {shortened(text)}".rstrip()
    try:
        if text.lower().endswith(".npy"):
            if os.path.exists(text) and not os.path.isfile(text):  # to read it may take for ever
                raise UsageError(f"{asked}: it is not a file")
            return _header(Path(text))
        value = let_value(text if "," in text else f"{text},")
        if isinstance(value, tuple):
            sizes = tuple(size for size in value if is_size(size))
            if sizes == value:
                return sizes, None
    except FileNotFoundError:
        raise UsageError(f"{asked}: there is no such file") from None
    except OSError as problem:
        raise UsageError(f"{asked}: {problem.strerror or problem}") from None
    except (SyntaxError, ValueError, TypeError, LookupError, MemoryError, RecursionError):
        if os.path.exists(text):
            raise UsageError(f"{asked}: it is no whole .npy file") from None
    raise UsageError(f"{asked}: give a shape, such as 16,5,3, or a .npy file")


def _header(path: Path) -> tuple[tuple[int, ...], str | None]:
    with open(path, "rb", opener=without_waiting) as file:
        if file.read(6) != b"\x93NUMPY":
            raise ValueError
        length = 2 if file.read(2)[0] == 1 else 4
        text = file.read(min(int.from_bytes(file.read(length), "little"), LONGEST_HEADER))
        left = os.fstat(file.fileno()).st_size - file.tell()
    header = ast.literal_eval(text.decode("latin1"))
    shape = header["shape"]
    if not all(is_size(size) or (type(size) is int and size == 0) for size in shape):
        raise ValueError
    entries = re.fullmatch(r".[biufc](\d{1,3})", str(header["descr"]))
    if entries and prod(shape) * int(entries[1]) > left:  # some of it is gone
        raise ValueError
    return tuple(shape), dtype_written(header["descr"])


def with_data(question: Question, options: Options) -> Question:
    """The question with the sizes of the data that the options give, and the call that gives it."""
    if options.loss and not options.y:
        raise UsageError(f"--loss {options.loss[0]}: it compares y with the output: give --y")
    if not (options.x or options.y):
        return question
    x, y = (
        tuple(
            replace(_data(option, text, options.arrays), name=f"{name}{number or ''}")
            for number, text in enumerate(texts)
        )
        for option, name, texts in (("--x", "X", options.x), ("--y", "y", options.y))
    )
    sized = _sized(question, x, options) if x else question
    call = call_with(question, x, y, options.loss)
    # Without a loss the numbers of samples are all that is compared.
    needs_loss = options.y and not any(call.losses)
    notes = ("whether y fits the output depends on the loss: give --loss",) if needs_loss else ()
    return replace(sized, calls=(*question.calls, call), notes=(*question.notes, *notes))


def _data(option: str, text: str, arrays: Mapping[str, Data]) -> Data:
    return arrays.get(text) or Data("", *shape_of(option, text))


def shapes_of_x(arguments: Sequence[str], arrays: Mapping[str, Data]) -> list[Shape]:
    """What `--x` gives: a layer that was called on data of one shape takes that of others, too."""
    shapes = []
    words = (part for word in arguments for part in re.split("(?<=^--x)=", word))
    for option, word in pairwise(words):
        with suppress(UsageError):  # it is told when the options are read
            if option == "--x" and (shape := _data(option, word, arrays).shape):
                shapes.append(_first_batch(shape))
    return shapes


def _first_batch(shape: Shape) -> Shape:
    """The shape of what `predict` takes of an array first."""
    return min(shape[0] or 1, USUAL_BATCH), *shape[1:]


def _sized(question: Question, x: Sequence[Data], options: Options) -> Question:
    """With the sizes of X, where the network takes it; where not, a problem tells."""
    shapes = [_first_batch(part.shape) for part in x if part.shape]
    found = as_far_as_taken(question, shapes)
    network = question.network
    if found is question and len(x) > 1 and network.is_chain and not (network.kind or network.name):
        if len(network.steps) > 1:
            raise UsageError(f"--x is given {len(x)} times, for the one input of {network}")
        several = with_input(question, shapes)  # of an expression nothing else would tell
        describe(several.network, several.dimensions)
    if found is question:
        return question
    for word in ("batch", "timesteps", "features"):
        given, size = options.dimensions.given(word), found.dimensions.given(word)
        if given is not None and size is not None and given != size:
            raise UsageError(f"--{word} {given}: --x {options.x[0]} says {size}")
    return found
