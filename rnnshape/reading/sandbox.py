"""What the process that reads may do, should code ever reach what follows it: it reads files, and
writes, sends and starts nothing.

An audit hook of Python's sees to that on every system. On Linux a filter of the kernel's does, too,
which nothing in the process can lift.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import struct
import sys
from collections.abc import Iterator
from typing import Any

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
THREAD = 0x10000  # CLONE_THREAD: what is started is a thread, and no process

# What the kernel does not do: the numbers of Linux' system calls on each machine; 0 where there
# is no such call.
MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
OF_64_BITS = 0x80000000  # in such a number
REFUSED = {
    # What starts processes, and reaches others.
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, 0), "vfork": (58, 0),
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "setpriority": (141, 140), "ioprio_set": (251, 30),
    "sched_setparam": (142, 118), "sched_setscheduler": (144, 119),
    "sched_setaffinity": (203, 122), "sched_setattr": (314, 274), "unshare": (272, 97),
    "setns": (308, 268), "perf_event_open": (298, 241), "bpf": (321, 280),
    "prctl": (157, 167),  # by which it would outlive its parent
    # What changes files.
    "creat": (85, 0), "truncate": (76, 45), "ftruncate": (77, 46),
    "rename": (82, 0), "renameat": (264, 38), "renameat2": (316, 276), "unlink": (87, 0),
    "unlinkat": (263, 35), "rmdir": (84, 0), "mkdir": (83, 0), "mkdirat": (258, 34),
    "link": (86, 0), "linkat": (265, 37), "symlink": (88, 0), "symlinkat": (266, 36),
    "mknod": (133, 0), "mknodat": (259, 33), "chmod": (90, 0), "fchmod": (91, 52),
    "fchmodat": (268, 53), "chown": (92, 0), "lchown": (94, 0), "fchown": (93, 55),
    "fchownat": (260, 54), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "utime": (132, 0), "utimes": (235, 0), "futimesat": (261, 0), "utimensat": (280, 88),
    # What sends, and what the kernel keeps when the process is gone.
    "socket": (41, 198), "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195),
    "semget": (64, 190), "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192),
    "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187),
    "mq_open": (240, 180), "mq_unlink": (241, 181), "add_key": (248, 217),
    "request_key": (249, 218), "keyctl": (250, 219),
}  # fmt: skip
# What Linux has learned since 5.1 has one number on all machines. It is told to be unknown, for
# which the C library has another way: io_uring, clone3, openat2, signals by pidfd, mounts.
NEWER = 424
ALLOW, REFUSE = 0x7FFF0000, 0x50000  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO
LOAD, IS, HAS, IS_FROM, RETURN = 0x20, 0x15, 0x45, 0x35, 0x06  # of a packet filter's instructions
# What depends on one of its arguments: which one, how it is tested with what, and whether it is
# allowed then, or else.
DEPENDING: dict[str, tuple[tuple[int, int], int, int, tuple[int, ...], bool]] = {
    "open": ((2, 0), 1, HAS, (WRITES,), False),
    "openat": ((257, 56), 2, HAS, (WRITES,), False),
    "clone": ((56, 220), 0, HAS, (THREAD,), True),
    "prlimit64": ((302, 261), 0, IS, (0,), True),  # of this process
    # Copies of streams, their flags and locks; not to whom a signal is sent.
    "fcntl": ((72, 25), 1, IS, (*range(8), 1030), True),
    # Whether it is a terminal, how wide, what there is to read, and flags; not what is typed there.
    "ioctl": ((16, 29), 1, IS, (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451), True),
}
NUMBER, MACHINE, ARGUMENTS = 0, 4, 16  # where the kernel has them
ENDS_WITH_PARENT, NO_NEW_PRIVILEGES, SECCOMP, FILTER = 1, 38, 22, 2  # of prctl
# Landlock, which Linux has since 5.13: by files, where the filter goes by calls. Who is within sees
# nothing of a process that is not, as what its standard input has yet to give.
RULES, WITHIN = 444, 446
CHANGES = 0b1_1111_1111_0011  # to run, write, remove and make files: all but to read
CAPABILITIES = 0x20080522  # as Linux has them since 2.6.26, of 64 bits
READS_ALL = 0b10  # CAP_DAC_OVERRIDE: which files root reads


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
    libc = ctypes.CDLL(None)
    _give_up_all_but(READS_ALL, libc)
    libc.prctl(ENDS_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    rules = libc.syscall(RULES, struct.pack("Q", CHANGES), 8, 0)
    if rules >= 0:
        libc.syscall(WITHIN, rules, 0)
        os.close(rules)
    libc.prctl(SECCOMP, FILTER, ctypes.create_string_buffer(told))


def _give_up_all_but(kept: int, libc: ctypes.CDLL) -> None:
    """Gives up what root may: to mount, to set the clock, to take more than it is let."""
    whose, held = (ctypes.c_uint32 * 2)(CAPABILITIES, 0), (ctypes.c_uint32 * 6)()
    if libc.capget(whose, held) == 0:
        libc.capset(whose, (ctypes.c_uint32 * 6)(held[0] & kept, held[1] & kept))


def _program(machine: str) -> Iterator[tuple[int, int, int, int]]:
    """Steps of a packet filter: what to do, how many steps to pass over if so and if not, and the
    number that it is about."""
    which = list(MACHINES).index(machine)
    refused, allowed = (RETURN, 0, 0, REFUSE | errno.EPERM), (RETURN, 0, 0, ALLOW)
    yield LOAD, 0, 0, MACHINE
    yield IS, 3, 0, MACHINES[machine]
    # Where a machine is imitated, its calls arrive under other numbers; those of 32 bits are an
    # older machine's, which these two play as well for whoever asks.
    yield HAS, 0, 1, OF_64_BITS
    yield allowed
    yield refused
    yield LOAD, 0, 0, NUMBER
    yield IS_FROM, 0, 1, NEWER
    yield RETURN, 0, 0, REFUSE | errno.ENOSYS
    for numbers in REFUSED.values():
        if numbers[which]:
            yield IS, 0, 1, numbers[which]
            yield refused
    for numbers, argument, test, values, is_allowed in DEPENDING.values():
        if numbers[which]:
            yield IS, 0, len(values) + 3, numbers[which]
            yield LOAD, 0, 0, ARGUMENTS + 8 * argument
            for before, value in enumerate(values):
                yield test, len(values) - before, 0, value
            yield from (refused, allowed) if is_allowed else (allowed, refused)
    yield allowed
