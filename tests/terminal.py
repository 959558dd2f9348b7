"""A real terminal: a pty with a screen behind it, as wide and as high as a test wants it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping
from typing import Self

import pyte

from tests.conftest import COMMAND, environment

HIDE_CURSOR = "\x1b[?25l"


class Terminal:
    """The command running in a terminal. `text` is all that it wrote, `screen` what is seen."""

    def __init__(
        self,
        *arguments: str,
        columns: int = 80,
        lines: int = 40,
        env: Mapping[str, str] | None = None,
        command: list[str] | None = None,
    ) -> None:
        self.text = ""
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.Stream(self._screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

        def take_terminal() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [*(command or COMMAND), *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment(TERM="xterm-256color") if env is None else dict(env),
            preexec_fn=take_terminal,  # so that Ctrl-C means this process
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)

    @property
    def screen(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def read_until(self, seen: Callable[[str], bool], seconds: float = 30) -> str:
        """Reads on until `seen(screen)`; fails when the command ends or time is up before."""
        if not self._read(lambda: seen(self.screen), seconds):
            raise AssertionError(f"not seen:\n{self.screen}")
        return self.screen

    def read_to_end(self, seconds: float = 30) -> str:
        """All that is seen once the command has ended."""
        self._read(lambda: False, seconds)
        self.process.wait(timeout=5)
        return self.screen

    def _read(self, enough: Callable[[], bool], seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not enough():
            if time.monotonic() > until:
                return False
            if not select.select([self._master], [], [], 0.05)[0]:
                if self.process.poll() is not None:
                    return False
                continue
            try:
                data = os.read(self._master, 65536)
            except OSError:  # the other end is closed: on Linux that is how a pty ends
                return False
            text = data.decode(errors="replace")
            self.text += text
            self._stream.feed(text)
        return True
