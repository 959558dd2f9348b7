"""Attention: what a query finds in a value, weighed by how well the keys fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rnnshape.errors import IncompleteError, QueryError
from rnnshape.expression import Call, printed
from rnnshape.rules.arguments import whole_number, wholes
from rnnshape.rules.facts import Axis, Facts, Tensor, shapes_said
from rnnshape.rules.inputs import Inputs, tensors_in
from rnnshape.rules.registry import SEQUENCE, known_length, required_axes, rule_of_inputs, weight

FOUND = "what the query finds in the value"
SCORES = "how much each entry of the value counts for the query"
OVER_BATCH = (
    "without timesteps, the samples of a batch attend to each other: a recurrent layer before it "
    "takes return_sequences=True"
)
OTHER_LENGTHS = "All dimensions of `value` and `key`, except the last one, must be equal"


def _is_of_one_sample(tensor: Tensor, other: Tensor) -> bool:
    """Whether a tensor is said to be of one sample, and another one may be of more: a constant."""
    batch, others = (next(iter(one.axes), None) for one in (tensor, other))
    if batch is None or others is None or batch.is_open or batch.is_assumed:
        return False
    return batch.length == 1 and (others.is_open or others.length != 1)


@rule_of_inputs("Attention", "AdditiveAttention")
def attention(call: Call, inputs: Inputs) -> Facts | None:
    if not 2 <= len(inputs) <= 3:
        raise call.error(
            f"{call} takes a list of tensors, [query, value] or [query, value, key], and is called "
            f"with {len(inputs)}: for self-attention give the same twice "
            '(Keras: "must be called on a list of inputs", "accepts inputs list of length 2 or 3")',
            kind=IncompleteError if len(inputs) < 2 else QueryError,
        )
    query, value, *others = inputs
    key = others[0] if others else value
    ranks = [len(tensor.axes) for tensor in (query, value, key)]
    have_none = ranks[0] in (2, 3) and ranks[1:] == [2, 2]  # timesteps, but perhaps the query
    over_batch = have_none and not value.masked and len(inputs.arguments) == 1
    if not over_batch and (min(ranks) < 3 or len({*ranks}) > 1):
        return None
    if len({tensor.shape[1:-2] for tensor in (query, value, key)}) > 1:  # which it may repeat
        return None
    if _is_of_one_sample(query, value):
        return None
    if len(query.axes) > 3 and value.masked:
        return None
    own = call.name == "AdditiveAttention"  # it adds, whatever its score_mode is
    adds = own or call["score_mode"] == "concat"
    features = {query.shape[-1], key.shape[-1]} - ({1} if adds else set())
    if len(features) > 1:
        keras = "Incompatible shapes" if adds else "Matrix size-incompatible"
        raise call.error(
            f"{call} compares the {query.shape[-1]} features of the query with the "
            f"{key.shape[-1]} of the key: give it as many of both, as by Dense({query.shape[-1]}) "
            f'(Keras: "{keras}")'
        )
    if value.masked and key.shape[-2] == 1:  # which the mask repeats
        return None
    _check_lengths(call, value, key, "Matrix size-incompatible")
    weights = []
    if call["use_scale"]:
        scaled = (known_length(call, query.axes[-1]),) if own else ()
        weights.append(weight(call, "scale", scaled, "times what is compared"))
    if adds and not own:
        weights.append(weight(call, "concat_score_weight", (), "times the scores"))
    found = Tensor("o", (*query.axes[:-1], value.axes[-1]), FOUND, mask=query.mask)
    axes = (*query.axes[:-2], query.axes[-2].named("query"), key.axes[-2].named("key"))
    facts = _returned(inputs, found, axes, weights)
    return replace(facts, warnings=(OVER_BATCH,)) if over_batch else facts


@rule_of_inputs("MultiHeadAttention")
def multi_head_attention(call: Call, inputs: Inputs) -> Facts | None:
    query, value, key = _query_value_key(call, inputs)
    if _is_of_one_sample(query, value) or _is_of_one_sample(value, query):
        return None
    if len(query.axes) == 2 and call["attention_axes"] is None:
        required_axes(call, query, *SEQUENCE, keras="tuple index out of range")
    if len({len(tensor.axes) for tensor in (query, value, key)}) > 1:
        shapes = f"{query.labels}, {value.labels} and {key.labels}"
        raise call.error(
            f"{call} takes query, value and key of equally many axes, not {shapes} "
            '(Keras: "to have rank")'
        )
    _check_lengths(call, value, key, OTHER_LENGTHS)
    rank = len(query.axes)
    over = tuple(range(1, rank - 1))
    if call["attention_axes"] is not None:
        over = tuple(at if at >= 0 else rank + at for at in wholes(call, "attention_axes"))
    if not set(over) <= set(range(1, rank - 1)) or call["flash_attention"]:
        return None
    is_masked = any(tensor.masked for tensor in (query, value, key))
    windows = call["sliding_window"] or inputs.named("use_causal_mask")
    if rank > 3 and (is_masked or windows):  # of some axes Keras makes masks of a wrong shape
        return None
    heads = Axis("heads", whole_number(call, "num_heads"))
    size = Axis("key_dim", whole_number(call, "key_dim"))
    value_size = size
    if call["value_dim"] is not None:
        value_size = Axis("value_dim", whole_number(call, "value_dim"))
    each = (heads, size), (heads, size), (heads, value_size)
    sizes = wholes(call, "output_shape") if call["output_shape"] else ()
    made = tuple(Axis("output", size) for size in sizes) or (query.axes[-1],)
    return _of_heads(call, inputs, over, each, made)


@rule_of_inputs("GroupQueryAttention")
def group_query_attention(call: Call, inputs: Inputs) -> Facts | None:
    query, value, key = _query_value_key(call, inputs)
    if _is_of_one_sample(query, value) or _is_of_one_sample(value, query):
        return None
    for tensor in (query, value, key):
        required_axes(call, tensor, *SEQUENCE, keras="too many values to unpack")
    if query.shape[-1] != value.shape[-1]:
        return None
    _check_lengths(call, value, key, OTHER_LENGTHS)
    heads = Axis("query heads", whole_number(call, "num_query_heads"))
    groups = Axis("key and value heads", whole_number(call, "num_key_value_heads"))
    size = Axis("head_dim", whole_number(call, "head_dim"))
    if heads.length % groups.length:
        raise call.error(
            f"{call} can't share {heads.length} query heads out among {groups.length} key and "
            f"value heads: give a number that divides {heads.length} "
            '(Keras: "`num_query_heads` must be divisible by `num_key_value_heads`")',
            "num_key_value_heads",
        )
    if call["flash_attention"]:
        return None
    each = (heads, size), (groups, size), (groups, size)
    return _of_heads(call, inputs, (1,), each, (query.axes[-1],))


def _of_heads(
    call: Call,
    inputs: Inputs,
    over: Sequence[int],
    each: Sequence[tuple[Axis, Axis]],
    made: tuple[Axis, ...],
) -> Facts:
    """What several heads find along the axes `over`, and their weights.

    `each` are the heads and the size of the query, the key and the value, `made` the last axes of
    what is found.
    """
    query, value, key = _query_value_key(call, inputs)
    heads = each[0][0]
    asked = [query.axes[place].named("query") for place in over]
    looked_at = [key.axes[place].named("key") for place in over]
    _check_mask(call, inputs, asked, looked_at)
    free = [axis for place, axis in enumerate(query.axes[:-1]) if place not in over]
    found = Tensor("o", (*query.axes[:-1], *made), FOUND, mask=query.mask)
    weights = _weights(call, (query, key, value), each, (heads, each[2][1]), made)
    return _returned(inputs, found, (*free, heads, *asked, *looked_at), weights, masked=True)


def _returned(
    inputs: Inputs,
    found: Tensor,
    scores: tuple[Axis, ...],
    weights: Iterable[Tensor],
    *,
    masked: bool = False,
) -> Facts:
    """`masked` is whether the scores carry along what masks and the like leave out of them."""
    returned = [found]
    if inputs.named("return_attention_scores"):
        given = tensors_in(tuple(inputs.arguments.values()))
        asked = inputs.named("use_causal_mask") or inputs.named("attention_mask")
        masked = masked and (bool(asked) or any(tensor.masked for tensor in given))
        returned.append(Tensor("scores", scores, SCORES, mask=scores if masked else None))
    return Facts(tuple(returned), tuple(weights), uses_mask=True)


def _query_value_key(call: Call, inputs: Inputs) -> tuple[Tensor, Tensor, Tensor]:
    query, value = inputs.tensor("query"), inputs.tensor("value")
    if query is None or value is None:
        raise call.error(
            f"{call} takes two tensors, query and value: for self-attention call it with the same "
            f"twice, {call}(x, x) (Keras: \"missing a required argument: 'value'\")",
            kind=IncompleteError,
        )
    return query, value, inputs.tensor("key") or value


def _check_lengths(call: Call, value: Tensor, key: Tensor, keras: str) -> None:
    known, others = (
        tuple(None if axis.is_open else axis.length for axis in tensor.axes)
        for tensor in (value, key)
    )
    is_unlike = known[1:-1] != others[1:-1] and keras == OTHER_LENGTHS  # as the inputs say it
    if is_unlike or value.shape[1:-1] != key.shape[1:-1]:
        given = (others, known) if is_unlike else (key.shape, value.shape)
        raise call.error(
            f"{call} takes a key for each entry of the value, and is given {printed(given[0])} for "
            f'{printed(given[1])} (Keras: "{keras}")'
        )


def _check_mask(
    call: Call, inputs: Inputs, asked: Sequence[Axis], looked_at: Sequence[Axis]
) -> None:
    """`attention_mask` says of each pair of entries whether one may look at the other."""
    mask = inputs.tensor("attention_mask")
    axes = [*asked, *looked_at]
    pairs = zip(reversed(mask.axes if mask else ()), reversed(axes), strict=False)
    if mask and any(axis.length not in (1, other.length) for axis, other in pairs):
        wanted = ", ".join(["batch", *(str(axis.length) for axis in axes)])
        raise call.error(
            f"{call} takes an attention_mask of ({wanted}), not {shapes_said(mask.axes)[0]} "
            '(Keras: "The `mask` must be broadcastable to `inputs`", "Incompatible shapes")'
        )


def _weights(
    call: Call,
    tensors: Sequence[Tensor],
    each: Sequence[tuple[Axis, Axis]],
    together: tuple[Axis, Axis],
    made: tuple[Axis, ...],
) -> Iterator[Tensor]:
    """The weights that query, key and value are multiplied with, and those of what is found."""
    query, key, value = (known_length(call, tensor.axes[-1]) for tensor in tensors)
    gate = "the query, to let parts of the result through"
    taken = [
        ("query", "the query", (query,), each[0]),
        ("key", "the key", (key,), each[1]),
        *([("gate", gate, (query,), together)] if call["use_gate"] else []),
        ("value", "the value", (value,), each[2]),
        ("attention_output", "what is found", together, made),
    ]
    for name, what, axes, results in taken:
        parts = [weight(call, "kernel", (*axes, *results), f"times {what}")]
        if call["use_bias"]:
            parts.append(weight(call, "bias", results, "added to their product"))
        yield from (replace(part, name=f"{name}_{part.name}") for part in parts)
