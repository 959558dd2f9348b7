"""Explains errors of Keras and TensorFlow: pasted text, a whole traceback, or an exception.

>>> told = explain("ValueError: Shapes (None, 1) and (None, 10) are incompatible")
>>> print(told.explanation)
y is (None, 1) = (batch, classes), and the model returns (None, 10) = (batch, units).
>>> print(told.remedies[0])
loss='sparse_categorical_crossentropy'  # for y with the class as a number

It needs neither TensorFlow nor Keras, and runs nothing of what it reads. The table of messages is
read once a text may be an error: what is no error costs little.
"""

from __future__ import annotations

import re
import traceback

from rnnshape.explaining.explanation import Explanation as Explanation
from rnnshape.explaining.text import errors_in, has_traceback, one_line, own_place, plain

# What stands behind a message, and is not shown with it.
_TAIL = re.compile(
    r" (?:(?:Call a|A)rguments received by|\[\[|\[Op:|for '\{\{node|During handling of|"
    r"Traceback \(most|Inputs? received:|Full input:|Errors may have originated|"
    r"\d{4}-\d\d-\d\d \d\d:)"
)
# What stands in a traceback of a program that uses Keras; in one of another library some
# messages, such as "too many values to unpack", mean something else.
_USES_KERAS = re.compile(
    r"keras|tensor|theano|sklearn|numpy|model|layer|lstm|gru|rnn|encoder|decoder|state_[hc]\b"
    r"|\.shape\[[^\n]*\n[~^ \n]*IndexError: tuple index",
    re.IGNORECASE,
)
_BEGINS = re.compile(r"Node: '[^']{1,99}' |[.:] ")
_WITHIN = "Error encountered: "
_DISTINCT = 30  # characters of a message that only Keras has
_LONGEST = 300  # characters of a message that are shown
_UNKNOWN = (
    "This message is not among those that are known here, of Keras and TensorFlow about shapes, so "
    "what it means is not guessed."
)


def explain(error: str | BaseException) -> Explanation:
    """What the text of an error says by itself: `rnnshape.explain` looks at the program behind it,
    too. Of several errors in a chain the last that is known is explained.

    >>> explain(ZeroDivisionError("division by zero")).is_known
    False
    """
    from rnnshape.explaining.advice import advice

    if isinstance(error, BaseException):
        error = "".join(traceback.format_exception(error))
    if not isinstance(error, str):
        given = type(error).__name__
        raise TypeError(f"error is {given}: give the text of an error, or the exception itself")
    text = plain(error)
    errors = errors_in(text)
    pieces = [(f"{error.name}: {error.message}", error.position) for error in errors]
    least = _DISTINCT if has_traceback(text) and not _USES_KERAS.search(text) else 0
    pieces = [
        (part, position)
        for message, position in (*pieces, (one_line(text), len(text)))
        for part in (*message.split(_WITHIN)[1:], message)  # what it has met says more
    ]
    for message, position in pieces:
        found = advice(message)
        if found is not None and len(found[1].match[0]) >= least:
            told, said = found
            shown = _shown(message[_sentence(message, said.start) :])
            place = own_place(text, position)
            kind = told.kind or "unknown"
            return Explanation(kind, shown, one_line(told.explanation), told.remedies, place)
    shown = _shown(errors[0].message if errors else one_line(text))
    position = errors[0].position if errors else len(text)
    return Explanation("unknown", shown, _UNKNOWN, (), own_place(text, position))


def _sentence(message: str, position: int) -> int:
    """Where the sentence begins, if it is near: behind the error's name, or a wrapper's words."""
    near = max(0, position - 80)
    begins = [begin.end() for begin in _BEGINS.finditer(message, near, position)]
    return begins[-1] if begins else position


def _shown(message: str) -> str:
    tail = _TAIL.search(message)
    line = message[: tail.start()] if tail else message
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST].rstrip()}..."
