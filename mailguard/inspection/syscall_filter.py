"""The system calls that a worker may make, as a seccomp program in classic BPF (seccomp(2), linux/filter.h).

Promises: a pure function from an architecture to octets; what is not in the table is refused with EPERM, whatever it is
called and whenever a kernel learns it. Nothing here opens a file, makes a socket or a process, runs a program, traces,
signals, or makes memory executable.

INVARIANT: a call of another architecture than the one that the program was made for kills the process.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

RLIMIT_CPU = 0
PROT_EXEC = 4

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE = 0, 4
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
_X32_BIT = 0x40000000
"""On x86_64 a second table of calls begins here (x32); none of them is used."""


class Architecture(NamedTuple):
    """audit: AUDIT_ARCH_* (linux/audit.h). calls: name -> number, for each name in CALLS."""

    audit: int
    calls: Mapping[str, int]


FREE = (
    *("read", "write", "readv", "writev", "close", "lseek"),
    *("brk", "munmap", "mremap", "madvise", "futex"),
    *("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall"),
    *("clock_gettime", "getrandom", "getpid", "gettid", "getrusage", "times", "sched_yield", "exit", "exit_group"),
)
"""Calls on what the process already has: its pipes, its memory, the time."""
MAPPING = ("mmap", "mprotect")
"""Memory, but never executable."""
LIMITING = "prlimit64"
"""Only of the process itself, and only its processor time: each job has its own (sandbox.py)."""

_X86_64 = {
    **{"read": 0, "write": 1, "readv": 19, "writev": 20, "close": 3, "lseek": 8, "brk": 12, "munmap": 11},
    **{"mremap": 25, "madvise": 28, "futex": 202, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15},
    **{"sigaltstack": 131, "restart_syscall": 219, "clock_gettime": 228, "getrandom": 318, "getpid": 39},
    **{"gettid": 186, "getrusage": 98, "times": 100, "sched_yield": 24, "exit": 60, "exit_group": 231},
    **{"mmap": 9, "mprotect": 10, "prlimit64": 302},
}
_AARCH64 = {
    **{"read": 63, "write": 64, "readv": 65, "writev": 66, "close": 57, "lseek": 62, "brk": 214, "munmap": 215},
    **{"mremap": 216, "madvise": 233, "futex": 98, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139},
    **{"sigaltstack": 132, "restart_syscall": 128, "clock_gettime": 113, "getrandom": 278, "getpid": 172},
    **{"gettid": 178, "getrusage": 165, "times": 153, "sched_yield": 124, "exit": 93, "exit_group": 94},
    **{"mmap": 222, "mprotect": 226, "prlimit64": 261},
}
ARCHITECTURES: Mapping[str, Architecture] = MappingProxyType(
    {"x86_64": Architecture(0xC000003E, _X86_64), "aarch64": Architecture(0xC00000B7, _AARCH64)}
)
"""By the name that uname gives. Both are little-endian, which _argument relies on."""


def syscall_filter(architecture: Architecture) -> bytes:
    """The program, one struct sock_filter (8 octets) after another."""
    calls = architecture.calls
    program = [
        *_load(_ARCHITECTURE),
        _jump(_EQUAL, architecture.audit, over_if_true=1),
        _return(_KILL),
        *_load(_NUMBER),
        _jump(_AT_LEAST, _X32_BIT, over_if_false=1),
        _return(_KILL),
    ]
    for name in FREE:
        program += [_jump(_EQUAL, calls[name], over_if_false=1), _return(_ALLOW)]
    for name in MAPPING:
        unless_executable = [
            *_argument(2),
            _jump(_ANY_BIT, PROT_EXEC, over_if_false=1),
            _return(_REFUSE),
            _return(_ALLOW),
        ]
        program += [_jump(_EQUAL, calls[name], over_if_false=len(unless_executable)), *unless_executable]
    own_processor_time = [
        *_argument(0),
        _jump(_EQUAL, 0, over_if_true=1),
        _return(_REFUSE),
        *_argument(1),
        _jump(_EQUAL, RLIMIT_CPU, over_if_true=1),
        _return(_REFUSE),
        _return(_ALLOW),
    ]
    program += [_jump(_EQUAL, calls[LIMITING], over_if_false=len(own_processor_time)), *own_processor_time]
    return b"".join([*program, _return(_REFUSE)])


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)


def _load(offset: int) -> list[bytes]:
    return [_instruction(_LOAD, offset)]


def _argument(index: int) -> list[bytes]:
    """The low half of an argument, which is all that the kernel looks at of an int (struct seccomp_data)."""
    return _load(16 + 8 * index)


def _jump(test: int, value: int, *, over_if_true: int = 0, over_if_false: int = 0) -> bytes:
    return _instruction(test, value, over_if_true, over_if_false)


def _return(action: int) -> bytes:
    return _instruction(_RETURN, action)
