"""The axes of time or space that a window slides over, and what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from rnnshape.expression import Call
from rnnshape.rules.arguments import numbers
from rnnshape.rules.facts import Axis, Tensor
from rnnshape.rules.registry import axes_of_rank, known_length, required_axes
from rnnshape.signatures import signature

T = TypeVar("T")


def space_rank(call: Call) -> int:
    """How many axes a layer slides over: 2 of a `Conv2D` and of a `Conv2DTranspose`."""
    return int(next(letter for letter in call.name if letter.isdigit()))


def takes_line_or_space(call: Call) -> tuple[str, ...]:
    """The axes of what a layer takes that slides over time, or over space."""
    batch, *space, channels = axes_of_rank(space_rank(call) + 2)
    return (batch, *arranged(call, space, channels))


def channels_first(call: Call) -> bool:
    return str(call["data_format"]).lower() == "channels_first"


def arranged(call: Call, space: Sequence[T], channels: T) -> tuple[T, ...]:
    return (channels, *space) if channels_first(call) else (*space, channels)


def channels_and_space(call: Call, axes: Sequence[Axis]) -> tuple[Axis, list[Axis]]:
    """The axis of channels, and those that a layer slides over, out of those after the batch."""
    if channels_first(call):
        return axes[0], list(axes[1:])
    return axes[-1], list(axes[:-1])


def axes_over_space(call: Call, given: Tensor) -> tuple[Axis, Axis, list[Axis]]:
    """The batch, the channels, and the axes of time or space of what a layer is given; a
    `QueryError` where there are others. Where the layer has a kernel they have its own names for
    them, and it needs to know how many channels there are."""
    names, words = takes_line_or_space(call), ""
    has_kernel = "kernel_size" in signature(call.name).names
    if has_kernel:  # Keras checks the least first, and then compares with the kernel
        words = f"expected min_ndim={len(names)}, found ndim={len(given.axes)}"
        if len(given.axes) > len(names):
            words = "Kernel shape must have the same length"
            words = "tuple index out of range" if "Transpose" in call.name else words
    known = required_axes(call, given, *names, keras=words)
    batch, *others = known if has_kernel else given.axes
    channels, space = channels_and_space(call, others)
    return batch, known_length(call, channels) if has_kernel else channels, space


def kernel_axes(call: Call, space: Sequence[Axis]) -> tuple[Axis, ...]:
    sizes = numbers(call, "kernel_size", len(space))
    return tuple(Axis(f"kernel {axis.name}", size) for axis, size in zip(space, sizes, strict=True))


def slid(call: Call, space: Sequence[Axis], window: str, *, both: bool = False) -> tuple[Axis, ...]:
    """The axes once a window has gone over them; `window` is the argument that has its sizes, and
    `both` says whether strides and dilation_rate may be larger than 1 at once."""
    count = len(space)
    sizes = numbers(call, window, count)
    steps = sizes if call["strides"] is None else numbers(call, "strides", count)
    apart = (1,) * count
    if window == "kernel_size":
        apart = numbers(call, "dilation_rate", count)
        if not both:
            _check_steps(call, steps, apart)
    whole = str(call["padding"]).lower() == "valid"

    def resized(axis: Axis, size: int, step: int, gap: int) -> Axis:
        covered = gap * (size - 1) + 1 if whole else 1
        result = axis.resized(lambda length: (length - covered) // step + 1)
        if result.length < 1:
            raise call.error(
                f"{call} has nothing left: it needs {covered} {axis.name}, and is given "
                f"{axis.length}. Give it more {axis.name}, a smaller {window}, or padding='same' "
                '(Keras: "Computed output size would be zero or negative")',
                window,
            )
        return result

    return tuple(map(resized, space, sizes, steps, apart))


def spread(call: Call, space: Sequence[Axis]) -> tuple[Axis, ...] | None:
    """The axes once a window was laid down at each of their places: what `slid` takes back. None
    where Keras can't run it."""
    count = len(space)
    sizes, steps = numbers(call, "kernel_size", count), numbers(call, "strides", count)
    apart = numbers(call, "dilation_rate", count)
    _check_steps(call, steps, apart)
    more = None if call["output_padding"] is None else numbers(call, "output_padding", count)
    whole = str(call["padding"]).lower() == "valid"

    def resized(axis: Axis, size: int, step: int, gap: int, extra: int | None) -> Axis | None:
        covered = gap * (size - 1) + 1
        if extra is None:
            ends = max(covered, step) if whole else step
        else:
            ends = extra + (covered if whole else covered % 2)
        # A convolution would not come back to so many places from these.
        if (extra or 0) >= step or (not whole and ends < 1 < axis.length):
            return None
        return axis.resized(lambda length: (length - 1) * step + ends)

    found = [*filter(None, map(resized, space, sizes, steps, apart, more or (None,) * count))]
    return tuple(found) if len(found) == count else None


def _check_steps(call: Call, steps: Sequence[int], apart: Sequence[int]) -> None:
    if max(steps) > 1 and max(apart) > 1:
        raise call.error(
            f"{call.name} takes strides or dilation_rate, not both, larger than 1 "
            '(Keras: "`strides > 1` not supported in conjunction with `dilation_rate > 1`")',
            "dilation_rate",
        )
