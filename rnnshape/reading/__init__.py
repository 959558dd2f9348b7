"""Whatever is asked in words of Keras becomes a `Network`: text, code, notebooks, saved models.

Nothing that is read is ever run or imported.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from rnnshape.errors import NotReadError, QueryError, did_you_mean, of_type, shortened
from rnnshape.expression import NO_LET, Call, Let, Value, is_size, plain
from rnnshape.network import UNSAID, Dimensions, Question
from rnnshape.reading.files import SUFFIXES, file_and_name, file_text, is_file
from rnnshape.reading.found import NamedValue, Reading
from rnnshape.reading.literal import literal_network

__all__ = ["SUFFIXES", "Reading", "check_value", "is_file", "let_value", "parse", "read"]

LONGEST_VALUE = 10_000  # characters of a `--let`


def read(
    what: str, let: Let = NO_LET, dimensions: Dimensions = UNSAID, begins: Sequence[NamedValue] = ()
) -> Reading:
    """The networks that a text or a file asks for, or a `QueryError`.

    Args:
        what: Keras text, or the path of a file that has one of `SUFFIXES`; `FILE:NAME` for one
            model of it.
        let: values of what code takes from data, by their names: `vocab_size`.
        dimensions: the sizes that code takes from data for its inputs.
        begins: what names stand for as a text begins, which may give them another value.

    >>> [str(network) for network in read("GRU(3) -> Dense(1)").networks]
    ['GRU(3) -> Dense(1)']
    """
    file, name = file_and_name(what)
    if not file:
        are_known = all(named.kind != "open" for named in begins)  # no layer is another's name
        network = literal_network(what) if are_known else None
        if network is not None:
            return Reading((Question(network),))
        from rnnshape.reading.text import read_text

        return _without_refused(read_text(what, let, begins), dimensions)
    path = Path(file)
    try:
        os.stat(file)
    except PermissionError as wrong:  # of a folder on the way to it
        raise QueryError(f"{shortened(file)} can't be read: {wrong.strerror}") from None
    except (OSError, ValueError):  # or a name that no file can have
        raise QueryError(f"there is no file {shortened(file)}{_other_file(path)}") from None
    reading = _file(path, let)
    if not reading.questions and not reading.messages:
        is_torch = re.search(r"\b(import|from) torch\b", file_text(path))
        hint = ": it imports torch, and only Keras' layers are answered" if is_torch else ""
        raise NotReadError(f"{path.name} makes no Keras layers{hint}")
    if name:
        return reading.named(name, shortened(file))
    return _without_refused(reading, dimensions)


def parse(text: str) -> Call:
    """The call that a Keras expression writes, under any prefix, or a `QueryError`.

    >>> parse("tf.keras.layers.Dense(units=10)")
    <Call Dense(10)>
    """
    from rnnshape.reading.text import read_call

    if not isinstance(text, str):
        raise TypeError(f"text is {of_type(text)}: give a Keras expression, such as 'LSTM(64)'")
    return read_call(text)


def _other_file(path: Path) -> str:
    """The file beside it that may be meant."""
    with suppress(OSError, ValueError):
        names = [name for name in os.listdir(path.parent) if name.lower().endswith(SUFFIXES)]
        if path.name in names:
            return ": the link of that name leads nowhere"
        return did_you_mean(path.name, names)
    return ""


def _without_refused(reading: Reading, dimensions: Dimensions) -> Reading:
    """Of several networks those that Keras takes; of the others it is said why not."""
    if len(reading.questions) < 2:
        return reading
    from rnnshape.description import describe_what_fits

    taken: list[Question] = []
    refused = dict[object, QueryError]()  # each once: of two models that it stands in, too
    for question in reading.questions:
        try:
            describe_what_fits(replace(question, dimensions=dimensions))
            taken.append(question)
        except QueryError as wrong:
            refused.setdefault((wrong.message, wrong.place), wrong)
    messages = (*reading.messages, *refused.values())
    return reading._replace(questions=tuple(taken), messages=messages)


def _file(path: Path, let: Let) -> Reading:
    if path.suffix.lower() in SUFFIXES and not os.path.isfile(path):
        raise QueryError(f"{path} is not a file")
    match path.suffix.lower():
        case ".keras":
            from rnnshape.reading.saved_file import read_archive

            return read_archive(path)
        case ".json":
            from rnnshape.reading.saved_model import read_config

            return read_config(file_text(path), path.name)
        case ".ipynb":
            from rnnshape.reading.notebook import read_notebook

            return read_notebook(file_text(path), let, path.name, path.parent)
        case ".py":
            from rnnshape.reading.code import read_code

            return read_code(file_text(path), let, path.name, path.parent)
        case ".h5" | ".hdf5":
            from rnnshape.reading.saved_file import read_hdf5

            return read_hdf5(path)
    if os.path.isfile(path / "saved_model.pb"):
        raise QueryError(
            f"{path} is a SavedModel, which is not read: model.save('model.keras') writes what is"
        )
    if os.path.isdir(path):
        raise QueryError(f"{path} is a folder: name a file in it")
    raise QueryError(f"{path} is not read: only {', '.join(SUFFIXES)} are")


def let_value(text: str) -> Value:
    """A value as `--let` has it: a number, a list, a dictionary, True, ...; else the text.

    >>> let_value("5000"), let_value("60000,28,28"), let_value("lstm")
    (5000, (60000, 28, 28), 'lstm')
    """
    try:
        return plain(text, ast.literal_eval(text) if len(text) <= LONGEST_VALUE else text)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        if text.lstrip().startswith("{"):
            message = "a dictionary is written as in Python: {'units': 64, 'unroll': True}"
            raise QueryError(message) from None
        return text


def check_value(name: str, value: Value) -> None:
    """A `QueryError` where the shape of an array, or a size of it, is given what is none."""
    sizes = value if isinstance(value, tuple) else (value,)
    if ".shape" in name and not all(size is None or is_size(size) for size in sizes):
        raise QueryError("the sizes of a shape are whole numbers, 1 or more: X.shape=60000,28,28")
