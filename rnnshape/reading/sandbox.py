"""What the process that reads may do, should code ever reach what follows it: it reads files, and
writes, sends and starts nothing.

An audit hook of Python's sees to that on every system. On Linux a filter of the kernel's does, too,
which nothing in the process can lift.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Iterator
from typing import Any

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
THREAD = 0x10000  # CLONE_THREAD: what is started is a thread, and no process

# What starts processes, changes files, sends, or reaches other processes: the numbers of Linux'
# system calls on each machine; 0 where there is no such call.
MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
REFUSED = {
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, 0), "vfork": (58, 0),
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "ptrace": (101, 117),
    "process_vm_writev": (311, 271), "io_uring_setup": (425, 425), "socket": (41, 198),
    "creat": (85, 0), "openat2": (437, 437), "truncate": (76, 45), "ftruncate": (77, 46),
    "rename": (82, 0), "renameat": (264, 38), "renameat2": (316, 276), "unlink": (87, 0),
    "unlinkat": (263, 35), "rmdir": (84, 0), "mkdir": (83, 0), "mkdirat": (258, 34),
    "link": (86, 0), "linkat": (265, 37), "symlink": (88, 0), "symlinkat": (266, 36),
    "mknod": (133, 0), "mknodat": (259, 33), "chmod": (90, 0), "fchmod": (91, 52),
    "fchmodat": (268, 53), "chown": (92, 0), "lchown": (94, 0), "fchown": (93, 55),
    "fchownat": (260, 54), "setxattr": (188, 5), "mount": (165, 40),
}  # fmt: skip
OPENS = {"open": (2, 0), "openat": (257, 56)}
FLAGS = {"open": 1, "openat": 2}  # which of their arguments says what for
CLONE = (56, 220)  # what starts threads, and processes
CLONE3 = 435  # its flags can't be seen: without it, the C library takes clone
ALLOW, REFUSE = 0x7FFF0000, 0x50000  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO
LOAD, IS, HAS, RETURN = 0x20, 0x15, 0x45, 0x06  # of a packet filter's instructions
NUMBER, MACHINE, ARGUMENTS = 0, 4, 16  # where the kernel has them
NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2  # of prctl


def confine() -> None:
    """From here on, this process can't do more than read."""
    if sys.platform == "linux" and os.uname().machine in MACHINES:
        _filter(os.uname().machine)  # an old kernel has none, which leaves it to the hook
    sys.addaudithook(_refuse)


def _refuse(event: str, given: tuple[Any, ...]) -> None:
    # Python tells of these before it does them. No name is looked up that code could change.
    is_written = event == "open" and given[2] & 0o1103  # `WRITES`, as a number
    if is_written or (
        event.startswith(("ctypes.", "os.", "shutil.", "socket.", "sqlite3.", "subprocess."))
        and event
        not in ("ctypes.dlopen", "os.add_dll_directory", "os.chdir", "os.listdir", "os.putenv",
                "os.scandir", "os.unsetenv")  # which NumPy does at first
    ):  # fmt: skip
        raise PermissionError(errno.EPERM, event)


def _filter(machine: str) -> None:
    program = [*_program(machine)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    told = struct.pack("HP", len(program), ctypes.addressof(code))
    prctl = ctypes.CDLL(None).prctl
    prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    prctl(SECCOMP, FILTER, ctypes.create_string_buffer(told))


def _program(machine: str) -> Iterator[tuple[int, int, int, int]]:
    """Steps of a packet filter: what to do, how many steps to pass over if so and if not, and the
    number that it is about."""
    which = list(MACHINES).index(machine)
    refused, allowed = (RETURN, 0, 0, REFUSE | errno.EPERM), (RETURN, 0, 0, ALLOW)
    yield LOAD, 0, 0, MACHINE
    yield IS, 1, 0, MACHINES[machine]
    yield refused  # as a call of 32 bits
    yield LOAD, 0, 0, NUMBER
    for numbers in REFUSED.values():
        if numbers[which]:
            yield IS, 0, 1, numbers[which]
            yield refused
    yield IS, 0, 1, CLONE3
    yield RETURN, 0, 0, REFUSE | errno.ENOSYS
    for name, numbers in OPENS.items():
        if numbers[which]:
            yield IS, 0, 4, numbers[which]
            yield LOAD, 0, 0, ARGUMENTS + 8 * FLAGS[name]
            yield HAS, 0, 1, WRITES
            yield refused
            yield allowed
    yield IS, 0, 3, CLONE[which]
    yield LOAD, 0, 0, ARGUMENTS
    yield HAS, 1, 0, THREAD
    yield refused
    yield allowed
