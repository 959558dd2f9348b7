"""`Array`: a tensor that Keras returned, and its numbers as NumPy has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:  # who asks for no numbers does not wait for NumPy
    from numpy.typing import NDArray

Numbers: TypeAlias = "list[Numbers] | float | str"  # an array's entries, as nested lists


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
