"""Layers with a matrix: `Dense`, `EinsumDense`, and `Embedding`, which looks its rows up."""

from __future__ import annotations

import re
from dataclasses import replace

from rnnshape.expression import Call
from rnnshape.rules.arguments import whole_number
from rnnshape.rules.facts import NOTHING, WHEN_RUN, Axis, Facts, Tensor
from rnnshape.rules.registry import known_length, made, rule, weight

EQUATION = (
    r"(?P<left>\.\.\.)?(?P<taken>[a-zA-Z]+)(?P<right>\.\.\.)?,(?P<matrix>[a-zA-Z]+)"
    r"->(?P<out_left>\.\.\.)?(?P<out>[a-zA-Z]+)(?P<out_right>\.\.\.)?"
)


@rule("Dense")
def dense(call: Call, given: Tensor) -> Facts:
    if len(given.axes) < 2:
        raise call.error(
            f"{call} takes (batch, ..., features), but is given {given.labels} "
            '(Keras: "expected min_ndim=2, found ndim=1")'
        )
    *others, last = given.axes
    features = known_length(call, last.named("features"))
    units = Axis("units", whole_number(call, "units"))
    weights = [weight(call, "kernel", (features, units), "times the input")]
    if call["use_bias"]:
        weights.append(weight(call, "bias", (units,), "added"))
    return made("weighted sums of the features", (*others, units), weights, given.mask)


@rule("Embedding", takes=lambda call: ("batch", "timesteps"))
def embedding(call: Call, given: Tensor) -> Facts:
    rows = Axis("input_dim", whole_number(call, "input_dim"))
    columns = Axis("output_dim", whole_number(call, "output_dim"))
    table = weight(call, "embeddings", (rows, columns), "a row for each whole number")
    mask = given.axes if call["mask_zero"] else None
    looked_up = Tensor("o", (*given.axes, columns), "the row of each whole number", mask=mask)
    return Facts((looked_up,), (table,), whole_numbers_below=rows.length)


@rule("EinsumDense")
def einsum_dense(call: Call, given: Tensor) -> Facts | None:
    """Of what is no product of a tensor and a matrix that fit, Keras alone can tell."""
    parts = re.fullmatch(EQUATION, str(call["equation"]))
    if parts is None or parts["left"] != parts["out_left"] or parts["right"] != parts["out_right"]:
        return None
    taken, matrix, out = parts["taken"], parts["matrix"], parts["out"]
    bias_axes = str(call["bias_axes"] or "")  # the letters of those along which there is a bias
    elided = len(given.axes) - len(taken)
    if elided < 0 or (elided and not (parts["left"] or parts["right"])):
        return None
    # Of the axes that "..." stands for, all are before those with letters, or all after them.
    before = () if parts["right"] else given.axes[:elided]
    after = given.axes[len(taken) :] if parts["right"] else ()
    axes = dict(zip(taken, given.axes[len(before) :], strict=False))
    if not _with_sizes(call, axes, out if before else out[1:]):
        return None
    if not {*matrix, *out} <= {*axes} or not {*matrix} <= {*taken, *out}:
        return None
    if len(set(taken)) < len(taken) or not {*bias_axes} <= {*out}:
        return None
    if any(letter in out and axes[letter].is_open for letter in (*matrix, *bias_axes)):
        return None
    kernel = tuple(known_length(call, axes[letter]) for letter in matrix)
    weights = [weight(call, "kernel", kernel, "times the input")]
    if bias_axes:
        of_bias = out[min(map(out.index, bias_axes)) :]
        bias = [axes[letter] if letter in bias_axes else Axis("1", 1) for letter in of_bias]
        bias += [Axis("1", 1)] * len(after)
        weights.append(weight(call, "bias", tuple(bias), "added"))
    shape = (*before, *(axes[letter] for letter in out), *after)
    return made("sums of products", shape, weights)


def _with_sizes(call: Call, axes: dict[str, Axis], letters: str) -> bool:
    """Adds the axes that `output_shape` has the sizes of; whether there is one for each letter.

    What it leaves open, Keras does not know, even where the input says it.
    """
    shape = call["output_shape"]
    sizes = shape if isinstance(shape, tuple) else (shape,)
    if len(sizes) != len(letters):
        return False
    for letter, size in zip(letters, sizes, strict=True):
        known = axes.get(letter)
        if isinstance(size, int) and known is not None and known.length != size:
            raise call.error(
                f"{call} is given {known.length} {known.label} for {letter!r}, and output_shape "
                f'says {size} (Keras: "Input shape and output shape do not match")',
                "output_shape",
            )
        if isinstance(size, int):
            new = Axis("units" if len(sizes) == 1 else letter, int(size))
            axes[letter] = replace(known, follows_from=NOTHING) if known else new
        elif known is not None:
            axes[letter] = replace(known, follows_from=known.follows_from | WHEN_RUN)
    return True
