"""`rnnshape.explain`: what an error means, with the names and sizes of the program behind it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from operator import attrgetter
from typing import cast

from rnnshape import explaining
from rnnshape.errors import NotReadError, Place, Problem, QueryError
from rnnshape.explaining import Explanation
from rnnshape.explaining.explanation import Kind
from rnnshape.network import Question
from rnnshape.program import MADE_WHERE
from rnnshape.reading.files import OF_CODE
from rnnshape.reading.found import Reading
from rnnshape.terminal.environment import Reader

SAYS_HOW = re.compile(r"(: |, |^)(write|put|give|describe|make|call|leave|add) |in place of|Give ")


def _own_reader() -> Reader:
    from rnnshape.reading.reader import reader_of_process

    return reader_of_process(os.getpid())


def explain(error: str | BaseException, reader: Callable[[], Reader] = _own_reader) -> Explanation:
    """What an error means in terms of tensors, and the changes that mend it, likelier first.

    Text may be one line or a whole traceback, with colours, boxes and log lines around it. Where
    it names a program that is there, and something is wrong at its line, that is told with the
    program's own names and sizes.

    Args:
        error: the text, or the exception itself.
        reader: reads that program; unless it is given, in a process of its own.

    Raises:
        TypeError: it is neither a text nor an exception.

    >>> explain("KeyError: 'val_acc'").remedies[-1]
    'print(history.history.keys())'
    """
    told = explaining.explain(error)
    if told.place is None:
        return told
    file, line = told.place.file, told.place.line

    def is_another(problem: Problem) -> tuple[bool, ...]:
        return problem.line != line, problem.silent, problem.kind != told.kind

    for problem in sorted(_problems_until(file, line, reader), key=is_another):
        is_alike = (problem.kind == "keras") == (told.kind == "keras")
        if is_alike if told.is_known else not problem.silent:  # of that no error comes
            kind = told.kind if told.is_known else cast(Kind, problem.kind)
            # What mends others may not mend this one, where that says itself what does.
            is_general = problem.kind == "chain" and problem.line == line
            more = told.remedies if is_general and not SAYS_HOW.search(problem.message) else ()
            remedies = problem.remedies or more
            return replace(told, kind=kind, explanation=problem.message, remedies=remedies)
    return told


def _problems_until(file: str, line: int, reader: Callable[[], Reader]) -> Iterator[Problem]:
    """What is wrong at a line of a program, and between layers before it, which Keras may build
    there; nothing where the program is not there, or can't be read."""
    if not file.lower().endswith(OF_CODE) or not os.path.isfile(file):
        return
    for wrong in what_is_wrong(lambda: reader().read(file)):
        if isinstance(wrong, QueryError):
            if wrong.place is None or isinstance(wrong, NotReadError):  # no fault of the program
                continue
            wrong = replace(problem_of(wrong), remedies=wrong.remedies)
        if wrong.line == line or (wrong.kind == "chain" and (wrong.line or line) < line):
            yield wrong


def what_is_wrong(
    read: Callable[[], Reading],
    asked: Callable[[Reading], Iterable[Question]] = attrgetter("questions"),
) -> Iterator[Problem | QueryError]:
    """What is wrong with what is read, and with each question that is asked of it."""
    from rnnshape.report import Report

    try:
        reading = read()
    except QueryError as refused:  # nothing of it can be answered
        yield from (refused, *refused.others)
        return
    yield from reading.messages
    for question in asked(reading):
        try:
            yield from map(partial(_of_model, question), Report(question).problems)
        except QueryError as refused:
            yield refused


def _of_model(question: Question, problem: Problem) -> Problem:
    """The same with the conditions under which its model is made, as it may be no other's."""
    where = " and ".join(note for note in question.notes if note.startswith(MADE_WHERE))
    return (
        replace(problem, message=f"{problem.message}: the model is {where}") if where else problem
    )


def problem_of(wrong: QueryError) -> Problem:
    """What Keras would refuse, between layers, as a problem."""
    place = wrong.place or Place("", 0, 0)
    return Problem("chain", wrong.message, None, place.file, place.number, place.column)
