"""Requests to the child process and its answers, as plain data.

The parent writes a `Request`. For each, the child writes any number of texts that say what it is
doing, and an `Answer` for every question of the request. They travel by `pickle`, as both processes
are ours, and neither runs what others have written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from rnnshape.network import Question

if TYPE_CHECKING:  # who asks for no numbers does not wait for NumPy
    from numpy.typing import NDArray

Numbers: TypeAlias = "list[Numbers] | float | str"  # an array's entries, as nested lists
Places: TypeAlias = "list[Places] | int"  # a nest of outputs, each by its place among all


@dataclass(frozen=True, slots=True, eq=False)
class Array:
    """A tensor that Keras returned: its shape, its dtype and, where asked for, its numbers.

    Attributes:
        data: the numbers, of a kind that Python has; None where they were not asked for.

    >>> Array((2, 3), "float32").shape
    (2, 3)
    """

    shape: tuple[int, ...]
    dtype: str
    data: NDArray[Any] | None = field(default=None, repr=False)

    @property
    def values(self) -> Numbers | None:
        """The numbers as nested lists, made anew at each look; None where not asked for.

        >>> import numpy
        >>> Array((2, 1), "float32", numpy.array([[0.5], [2]])).values
        [[0.5], [2.0]]
        """
        return None if self.data is None else self.data.tolist()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """The same for `numpy.asarray`; a `ValueError` where they were not asked for."""
        if self.data is None:
            raise ValueError("the numbers were not asked for: measure(values=True)")
        return self.data.astype(dtype or self.data.dtype, copy=bool(copy))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Array):
            return NotImplemented
        if self.data is None or other.data is None:
            return self.data is other.data and self.shape == other.shape
        return self.dtype == other.dtype and self.data.tolist() == other.data.tolist()


@dataclass(frozen=True, slots=True)
class MeasuredLayer:
    """One layer, as measured.

    Attributes:
        outputs: what it returned, flat.
        nesting: how Keras nests them: `[0, [1, 2], [3, 4]]`.
        holds: for each relation of the rule, whether it is true of these arrays.
        weights: the shapes of `layer.weights`.
        parameters: `layer.count_params()`; of a layer that is called again, 0.
    """

    outputs: tuple[Array, ...]
    nesting: Places
    holds: tuple[bool, ...]
    weights: tuple[tuple[int, ...], ...]
    parameters: int


@dataclass(frozen=True, slots=True)
class Measurement:
    """What `model.predict` returned for one network: what `report.measurement` is.

    Attributes:
        inputs: the arrays that it was given.
        layers: what each returned, in the order of the network's steps.
        keras, tensorflow: their versions.
        labels: for each call that gives data, and each of its labels: Keras' words where the loss
            or a metric refuses them, empty where these take them, None where they were not asked.

    >>> Measurement((Array((2, 5, 1), "float32"),), (), "3.15.1", "2.21.0").inputs[0].shape
    (2, 5, 1)
    """

    inputs: tuple[Array, ...]
    layers: tuple[MeasuredLayer, ...]
    keras: str
    tensorflow: str
    labels: tuple[tuple[str | None, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """Questions to be answered together, whether all numbers are to be brought back, and whether
    no other request follows, so that whoever answers may go."""

    questions: tuple[Question, ...]
    seed: int | None = None
    values: bool = False
    is_last: bool = False


class MeasurementError(Exception):
    """No measurement could be made.

    Attributes:
        reason: what happened, in a line.
        remedy: what to do about it; may be empty.
        stderr_tail: the last lines that TensorFlow wrote, if its process ended unexpectedly.
        everything: whether no other question can be measured either.
        certain: whether it can't be the fault of what makes the imports fast.

    >>> str(MeasurementError("TensorFlow is not installed", "pip install tensorflow"))
    'TensorFlow is not installed; pip install tensorflow'
    """

    def __init__(
        self,
        reason: str,
        remedy: str = "",
        stderr_tail: tuple[str, ...] = (),
        everything: bool = False,
        certain: bool = False,
    ) -> None:
        self.reason, self.remedy, self.stderr_tail = reason, remedy, stderr_tail
        self.everything, self.certain = everything, certain
        super().__init__(f"{reason}; {remedy}" if remedy else reason)


Answer: TypeAlias = Measurement | MeasurementError
Message: TypeAlias = str | Answer


def write(message: Message | Request, stream: BinaryIO) -> None:
    """Sends a message. The numbers of its arrays go as they are, without a copy of all."""
    import pickle  # who shows an answer needs none of it

    pickle.dump(message, stream, protocol=5)
    stream.flush()


def read(stream: BinaryIO) -> Any:
    """The next message or request of a stream; None at its end, also in the middle of one.

    Raises:
        ValueError: the stream holds something else.

    >>> from io import BytesIO
    >>> stream = BytesIO()
    >>> write("predicting", stream)
    >>> read(BytesIO(stream.getvalue()))
    'predicting'
    """
    import pickle

    try:
        message = pickle.load(stream)
    except (MemoryError, MeasurementError):  # raised while it was waited for
        raise
    except Exception as problem:
        if isinstance(problem, EOFError) or "truncated" in str(problem):
            return None
        raise ValueError(f"no message: {problem}") from problem
    if not isinstance(message, Message | Request):
        raise ValueError(f"no message: {message!r:.60}")
    return message
