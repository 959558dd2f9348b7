"""A copy of the measuring process takes half of many questions, where there are two processors.

It is made once TensorFlow is imported, and before TensorFlow starts its threads.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import BinaryIO, NoReturn, cast

from rnnshape.measuring import launch, memory
from rnnshape.measuring.messages import Answer, Message, Request, read

Measure = Callable[[Request], Iterator[Answer]]

LEAST = 8  # questions; of fewer, the copy's first takes longer than all of them here


def copied(request: Request, serve: Callable[[], NoReturn]) -> launch.Forked | None:
    """A process that answers as `serve` does, where it is worth one to measure this request."""
    is_free = sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1
    if not (is_free and _is_shared(request) and memory.has_room_for_another()):
        return None
    try:
        return launch.Forked(serve)
    except OSError:  # there may be as many processes as there may be
        return None


def measured_by_both(
    request: Request, copy: launch.Forked | None, measure: Measure
) -> Iterator[Answer]:
    """An answer for each question, in order; what the copy leaves unanswered is measured here."""
    if copy is None or not _is_shared(request):
        yield from measure(request)
        return
    half = len(request.questions) // 2
    theirs = replace(request, questions=request.questions[half:])
    launch.send(copy, pickle.dumps(theirs))
    yield from measure(replace(request, questions=request.questions[:half]))
    left = list(theirs.questions)
    for answer in _answers(copy, len(left)):
        del left[0]
        yield answer
    if left:
        yield from measure(replace(theirs, questions=tuple(left)))


def _is_shared(request: Request) -> bool:
    """Numbers that are shown are those that all questions were given: one process draws them."""
    return len(request.questions) >= LEAST and not request.values


def _answers(copy: launch.Forked, number: int) -> Iterator[Answer]:
    """As many answers as the copy gives before it ends, if it does."""
    assert copy.stdout is not None
    while number:
        message: Message | None = read(cast("BinaryIO", copy.stdout))
        if message is None:
            return
        if not isinstance(message, str):
            number -= 1
            yield message
