"""How many samples X and y have, and the batches that are made of them."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor

from rnnshape.problem import Problem
from rnnshape.training.data import Model, Port, TrainingCall, shown


def sample_problems(model: Model, call: TrainingCall) -> Iterator[Problem]:
    """Numbers of samples that differ, a split that leaves none, batches that do not divide."""
    yield from _different_numbers(call)
    yield from _split_without_samples(call)
    if model.is_stateful and model.inputs:
        yield from _stateful_batches(call, model.inputs[0])


def _different_numbers(call: TrainingCall) -> Iterator[Problem]:
    if not call.is_batched or not call.x or call.x[0].of:
        return
    first = call.x[0]
    for other in (*call.x[1:], *call.y):
        if first.samples is None or other.samples in (None, first.samples):
            continue
        least = min(first, other, key=lambda data: data.samples or 0)
        most = other if least is first else first
        yield call.problem(
            "samples",
            f"{other} has {other.samples} samples, but {first} has {first.samples} "
            '(Keras: "Data cardinality is ambiguous")',
            other,
            expected=(first.samples, *(other.shape or ())[1:]),
            remedies=(f"{most.name} = {most.name}[:{least.samples}]",),
        )
        return


def _split_without_samples(call: TrainingCall) -> Iterator[Problem]:
    split, samples = call.validation_split, call.x[0].samples if call.x else None
    if call.call != "fit" or not split or call.validation or samples is None:
        return
    kept = floor(samples * (1.0 - split))
    if kept in (0, samples):
        none = "training" if kept == 0 else "validation"
        yield call.problem(
            "samples",
            f"validation_split={split} of the {samples} sample{'s' * (samples != 1)} of "
            f"{call.x[0].name} leaves none for {none} "
            '(Keras: "which is not sufficient to split it")',
            call.x[0],
            remedies=(f"validation_split={0.5 if samples > 1 else 0}",),
        )


def _stateful_batches(call: TrainingCall, port: Port) -> Iterator[Problem]:
    """A batch of another size than that of the state: the written one, or the first batch's."""
    x = call.x[0] if call.x else None
    if x is None or not x.samples or x.of or (port.shape[:1] == (None,) and port.is_described):
        return
    size = call.batch_size or 32
    first, last = call.rows or x.samples, x.samples % size if call.is_batched else 0
    trains, written = call.call in ("fit", "evaluate"), port.shape[0] if port.shape else None
    batch = written or first
    wrong = next((rows for rows in (first, last) if rows not in (0, batch)), None)
    words = "Incompatible shapes"
    if trains and not written:
        words = "the batch size must be static"
        wrong = last or None
    elif trains and batch == 1:
        words = "use the `shape_invariants` argument of tf.while_loop"
    elif not trains and wrong == first:
        words = "If an RNN is stateful, the batch size"
    if wrong is None:
        return
    kept = x.samples // batch * batch if call.is_batched else batch
    takes = f"batches of {batch} samples" if wrong != batch else f"whole batches of {size} samples"
    changes = []
    if call.is_batched and size != batch:
        changes.append(f"batch_size={batch}")
    if kept < x.samples:
        names = [data.name for data in (*call.x, *call.y)]
        changes.append(f"{', '.join(names)} = {', '.join(f'{name}[:{kept}]' for name in names)}")
    yield call.problem(
        "samples",
        f"a stateful model takes {takes}, but {x.name} {shown(x.shape or ())} "
        f'gives a batch of {wrong} (Keras: "{words}")',
        x,
        expected=(kept or batch, *(x.shape or ())[1:]),
        remedies=(" with ".join(changes),) if 0 < kept <= x.samples else (),
    )
