"""What Keras did, on record: it is asked again only where the question, or Keras, is another.

What Keras makes of a program does not depend on this package. So it stands in `tests/record/`,
under a hash of the question, of the code that asks, and of the versions of Keras, TensorFlow and
NumPy. A twentieth of it is asked again, at each commit another, and the answer must be the same;
with RNNSHAPE_ANEW=1 all is. RNNSHAPE_UPDATE=1 adds what is missing; what nobody asks for any more
goes when a file is deleted and made anew.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import re
import subprocess
from collections.abc import Callable
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = Path(__file__).parent / "record"
VERSIONS = [version(package) for package in ("keras", "tensorflow", "numpy")]
AGAIN = 20  # of so many one is asked again


class Record:
    """The answers to one kind of question; `asking` is the code that asks Keras.

    >>> Record("roots", Record).answer(9, lambda: 3)
    3
    """

    def __init__(
        self,
        name: str,
        *asking: Callable[..., Any] | ModuleType,
        compared: Callable[[Any], Any] = lambda answer: answer,  # what is the same each time
    ) -> None:
        self.path, self.asking, self.compared = FOLDER / f"{name}.txt", asking, compared

    @cached_property
    def _answers(self) -> dict[str, str]:
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return {key: answer for key, _, answer in (line.partition(" ") for line in lines)}

    @cached_property
    def _source(self) -> str:
        return "".join(map(inspect.getsource, self.asking))

    def _key(self, question: Any) -> str:
        return _hash(json.dumps([question, self._source, VERSIONS]))

    def is_asked(self, question: Any) -> bool:
        """Whether Keras is asked: this is not on record, or it is its turn."""
        key = self._key(question)
        return key not in self._answers or _is_asked_again(key)

    def answer(self, question: Any, ask: Callable[[], Any]) -> Any:
        """What is on record, or what `ask()` returns: anything that JSON can hold."""
        key = self._key(question)
        kept = self._answers.get(key)
        if kept is None or _is_asked_again(key):
            answer = json.dumps(ask())
            same = self.compared(json.loads(answer)) == self.compared(json.loads(kept or answer))
            assert same, f"Keras says {answer}, but under {key} in {self.path.name} stands {kept}"
            if kept is None and os.environ.get("RNNSHAPE_UPDATE"):
                with self.path.open("a") as file:
                    file.write(f"{key} {answer}\n")
            self._answers[key] = kept = answer
        return json.loads(kept)


def words_of(error: BaseException) -> str:
    """The kind and the words of an error, but for its places in files, which are of this machine.

    >>> words_of(ValueError("in /home/user/keras/layer.py: no"))
    'ValueError: in layer.py: no'
    """
    words = re.sub(r'  File ".*\n\n?|(?<![\w.])/[\w./-]*/', "", str(error))
    return f"{type(error).__name__}: {words}"


def _is_asked_again(key: str) -> bool:
    is_due = int(_hash(key + _commit()), 16) % AGAIN == 0
    return is_due or bool(os.environ.get("RNNSHAPE_ANEW"))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def _commit() -> str:
    git = ["git", "-C", str(FOLDER.parent), "rev-parse", "HEAD"]
    return subprocess.run(git, capture_output=True, text=True, check=False).stdout
