"""How many samples X and y have, and batches of which sizes they are cut into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rnnshape.errors import Problem, counted
from rnnshape.training.data import USUAL_BATCH, Data, Model, Port, TrainingCall, shown
from rnnshape.training.inputs import OF_VALIDATION, list_of_samples, one_list


def sample_problems(model: Model, call: TrainingCall) -> Iterator[Problem]:
    """Numbers of samples that differ, none at all, and batches that do not divide."""
    if len(call.x) < 2 or not model.inputs or not list_of_samples(model, call):
        is_list = len(model.outputs) == 1 < len(call.y) and one_list(call.y)
        taken = model.inputs[0].shape if model.inputs else ()
        axes = len(taken) - (taken[-1:] == (1,))  # Keras adds a last one of 1
        yield from wrong_numbers(replace(call, y=()) if is_list else call, axes)
    yield from _split_without_samples(call)
    if model.is_stateful and model.inputs and call.x:
        yield from _stateful_batches(call, call.x[0], model.inputs[0])


def wrong_numbers(call: TrainingCall, axes: int = 0) -> Iterator[Problem]:
    """Numbers of samples that differ, of a model that takes X of so many axes at least."""
    if not call.is_batched or not call.x or call.x[0].of:
        return
    first = call.x[0]
    arrays = (*call.x, *call.y, *((call.weights,) if call.weights else ()))
    for other in arrays[1:]:
        if first.samples is None or other.samples in (None, first.samples):
            continue
        least, *_, most = sorted(data.samples for data in arrays if data.samples is not None)
        more = [data for data in arrays if data.samples not in (None, least)]
        names = [data.name.removesuffix(OF_VALIDATION) for data in more]
        # What has less than half of the samples is hardly of the same ones, but for `X[:10]`.
        is_start = any(data.name.endswith(f"[:{least}]") for data in arrays)
        cut = cut_to(names, least) if least and (is_start or 2 * least >= most) else ""
        is_split = bool(call.validation_split) and not call.validation
        is_cut = least == first.samples and is_split
        many = counted(other.samples or 0, "sample")
        does = ": with validation_split Keras takes no more of any, without an error"
        yield call.problem(
            "samples",
            f"{other} has {many}, but {first} has {first.samples}{does * is_cut}",
            other,
            "" if is_cut else "Data cardinality is ambiguous",
            silent=is_cut,
            expected=(first.samples, *(other.shape or ())[1:]),
            remedies=_of_as_many_samples(call, first, other, axes, cut),
        )
        return
    if first.samples == 0:
        does, words = "Keras does nothing, without an error", ""
        if call.call == "predict":
            does, words = "there is nothing to return", "cannot access local variable"
        message = f"{first} has no samples: {does}"
        yield call.problem("samples", message, first, words, silent=not words)


def _of_as_many_samples(
    call: TrainingCall, x: Data, other: Data, axes: int, cut: str
) -> tuple[str, ...]:
    """The axes of labels in another order, one too many of X left out, or what is too much cut."""
    is_one = x.samples == 1
    if other in call.y and other.shape and len(other.shape) == 2 and other.shape[1] == x.samples:
        return () if is_one else (f"{other.name} = {other.name}.T",)
    if is_one and x.shape and x.shape[1:2] == (other.samples,):
        return (f"{x.name} = {x.name}[0]",) if len(x.shape) > axes else ()
    return (cut,) if cut else ()


def cut_to(names: Sequence[str], samples: int) -> str:
    """`X, y = X[:64], y[:64]`"""
    return f"{', '.join(names)} = {', '.join(f'{name}[:{samples}]' for name in names)}"


def _split_without_samples(call: TrainingCall) -> Iterator[Problem]:
    split, samples = call.validation_split, call.x[0].samples if call.x else None
    if call.call != "fit" or not 0 < (split or 0) <= 1 or call.validation or samples is None:
        return
    kept = call.kept(samples)
    if kept in (0, samples):
        none = "training" if kept == 0 else "validation"
        yield call.problem(
            "samples",
            f"validation_split={split} of the {counted(samples, 'sample')} of "
            f"{call.x[0].name} leaves none for {none}",
            call.x[0],
            "which is not sufficient to split it",
            remedies=(f"validation_split={0.5 if samples > 1 else 0}",),
        )


def are_batches_known(call: TrainingCall, x: Data) -> bool:
    """Whether it is known of which sizes all batches are that a model is given."""
    if x.of or x.samples is None:
        return x.samples is not None and x.origin != "code"
    return not call.is_batched or not (call.has_steps or call.batch_size == 0)


def _stateful_batches(call: TrainingCall, x: Data, port: Port) -> Iterator[Problem]:
    """A batch of another size than that of the state: the written one, or the first batch's."""
    written = port.shape[0] if port.shape else None
    if not x.samples or (written is None and port.is_described):
        return
    trains, may_vary = call.call in ("fit", "evaluate"), bool(x.of) and x.origin != "tensorflow"
    if may_vary and trains and not written:
        message = f"a stateful model takes batches of one size: write it, as {x.name} may have any"
        yield call.problem("samples", message, x, "the batch size must be static")
        return
    if not x.of and not are_batches_known(call, x):
        return
    is_cut = call.is_batched and not x.of
    size = (call.batch_size or USUAL_BATCH) if is_cut else x.samples
    kept = call.kept(x.samples) if is_cut else x.samples
    batch, found = written or min(size, kept), list[Problem]()
    for many, cut in ((kept, size), (x.samples - kept, call.validation_batch_size or size)):
        first, last = min(cut, many), many % cut
        wrong = next((rows for rows in (first, last) if rows not in (0, batch)), None)
        is_static = not (trains and (last or may_vary)) and call.is_first and wrong == first
        words = "If an RNN is stateful, the batch size" if is_static else "Incompatible shapes"
        if trains and not written and many == kept:
            words, wrong = "the batch size must be static", last or None
        elif trains and batch == 1:
            words = "use the `shape_invariants` argument of tf.while_loop"
        elif wrong == 1 and not is_static and call.call != "__call__":
            words = ""
        if wrong is not None:
            sizes, is_split = (batch, cut, wrong), kept < x.samples
            found.append(_other_batch(call, x, sizes, words, is_split=is_split))
    yield from sorted(found, key=lambda one: one.silent)[:1]


def _other_batch(
    call: TrainingCall, x: Data, sizes: tuple[int, int, int], words: str, *, is_split: bool
) -> Problem:
    """A stateful model takes `batch` samples, and is given others: Keras refuses it in its own
    words, or repeats the only sample of a batch."""
    batch, cut, wrong = sizes
    samples, is_cut = x.samples or 0, call.is_batched and not x.of
    kept = samples // batch * batch if is_cut else batch
    changes = []
    if is_cut and cut != batch:
        changes.append(f"batch_size={batch}")
    if kept < samples:
        changes.append(cut_to([data.name for data in (*call.x, *call.y)], kept))
    takes = f"batches of {batch} samples" if wrong != batch else f"whole batches of {cut} samples"
    does = "" if words else ": without an error, Keras repeats it for each state"
    return call.problem(
        "samples",
        f"a stateful model takes {takes}, but {x.name} {shown(x.shape or ())} "
        f"{'after validation_split ' * is_split}gives a batch of {wrong}{does}",
        x,
        words,
        expected=None if is_split else (kept or batch, *(x.shape or ())[1:]),
        remedies=(" with ".join(changes),)
        if 0 < kept <= samples and not (is_split or x.of)
        else (),
        silent=not words,
    )
