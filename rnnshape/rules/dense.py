"""Layers with a matrix: `Dense`, and `Embedding`, which looks its rows up."""

from __future__ import annotations

from collections.abc import Sequence

from rnnshape.expression import Call
from rnnshape.rules.arguments import whole_number
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.registry import known_length, only_input, output, rule, weight


@rule("Dense")
def dense(call: Call, inputs: Sequence[Tensor]) -> Facts:
    given = only_input(call, inputs)
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
    weights += _low_rank(call, "kernel", features, units)
    return Facts(
        (output(given, "weighted sums of the features", (*others, units)),), tuple(weights)
    )


@rule("Embedding", takes=lambda call: ("batch", "timesteps"))
def embedding(call: Call, inputs: Sequence[Tensor]) -> Facts:
    given = only_input(call, inputs)
    rows = Axis("input_dim", whole_number(call, "input_dim"))
    columns = Axis("output_dim", whole_number(call, "output_dim"))
    table = weight(call, "embeddings", (rows, columns), "a row for each whole number")
    mask = given.axes if call["mask_zero"] else None
    looked_up = Tensor("o", (*given.axes, columns), "the row of each whole number", mask=mask)
    return Facts(
        (looked_up,),
        (table, *_low_rank(call, "embeddings", rows, columns)),
        whole_numbers_below=rows.length,
    )


def _low_rank(call: Call, name: str, rows: Axis, columns: Axis) -> tuple[Tensor, ...]:
    """The two small matrices of LoRA, whose product is added to a large one."""
    if not call["lora_rank"]:
        return ()
    if call[f"{name}_constraint"] is not None:
        raise call.error(
            f"{call.name} takes lora_rank or {name}_constraint, not both "
            '(Keras: "Lora is incompatible with")',
            "lora_rank",
        )
    rank = Axis("lora_rank", whole_number(call, "lora_rank"))
    return (
        Tensor(f"lora_{name}_a", (rows, rank), "times the next", "weight"),
        Tensor(f"lora_{name}_b", (rank, columns), f"added to the {name}", "weight"),
    )
