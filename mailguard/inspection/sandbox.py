"""What a worker does to itself before it reads the first octet of mail: it gives up all that it does not need.

`enter` is called once, by a process of one thread that has imported all that it will ever need. After it there are its
two pipes, its memory, and processor time. Layers: limits on resources; no new privileges; namespaces of its own where
the kernel grants them; a filter of system calls, without which nothing is read.

INVARIANT: `enter` returns only after the filter is in force, which it has tried; otherwise NoSandbox.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import socket
from dataclasses import dataclass

from .syscall_filter import ARCHITECTURES, syscall_filter

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
_SECCOMP_MODE_FILTER = 2
_NEW_NAMESPACES = 0x10000000 | 0x40000000 | 0x08000000 | 0x04000000
"""CLONE_NEWUSER, _NEWNET, _NEWIPC, _NEWUTS: an ordinary user gets them together or not at all."""
_OPEN_FILES = 3
"""Standard input, output and error, so that no other can be opened even without the filter."""


class NoSandbox(Exception):
    """The process could not be shut in. str() is a sentence for an admin."""


@dataclass(frozen=True, slots=True)
class ResourceLimits:
    """memory_bytes: of address space, code and libraries included. cpu_seconds: of the process, all jobs together."""

    memory_bytes: int
    cpu_seconds: int


def enter(limits: ResourceLimits) -> bool:
    """Shut this process in for good. Whether it has namespaces of its own as well. Raises NoSandbox."""
    libc = ctypes.CDLL(None, use_errno=True)
    namespaces = libc.unshare(_NEW_NAMESPACES) == 0
    # After the namespaces: a change of credentials takes the signal away.
    _control(libc, _PR_SET_PDEATHSIG, signal.SIGKILL)
    _control(libc, _PR_SET_DUMPABLE, 0)
    _control(libc, _PR_SET_NO_NEW_PRIVS, 1)
    _limit(limits)
    _filter(libc)
    _try_filter()
    return bool(namespaces)


def limit_processor_time(seconds: int) -> None:
    """From now on so many more seconds; the kernel ends the process by SIGXCPU after that."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    wanted = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (min(wanted, most), most))


def _limit(limits: ResourceLimits) -> None:
    bounds = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_CPU: limits.cpu_seconds,
    }
    for kind, most in bounds.items():
        try:
            resource.setrlimit(kind, (most, most))
        except (OSError, ValueError) as cause:
            raise NoSandbox(f"the limit {kind} on its resources cannot be set: {cause}") from cause


def _control(libc: ctypes.CDLL, option: int, value: int) -> None:
    if libc.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
        raise NoSandbox(f"prctl({option}) is refused: {os.strerror(ctypes.get_errno())}")


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _filter(libc: ctypes.CDLL) -> None:
    machine = platform.machine()
    architecture = ARCHITECTURES.get(machine)
    if architecture is None or ctypes.sizeof(ctypes.c_void_p) != 8:
        raise NoSandbox(f'there is no filter of system calls for a computer of type "{machine}"')
    octets = syscall_filter(architecture)
    program = _Program(len(octets) // 8, octets)
    mode = ctypes.c_ulong(_SECCOMP_MODE_FILTER)
    if libc.prctl(_PR_SET_SECCOMP, mode, ctypes.byref(program), ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
        raise NoSandbox(f"the kernel takes no filter of system calls: {os.strerror(ctypes.get_errno())}")


def _try_filter() -> None:
    """A kernel that only says that it filters (a container in a sandbox of its own) must not be believed."""
    for attempt in (socket.socket, lambda: os.open("/", os.O_RDONLY)):
        try:
            attempt()
        except OSError as refused:
            if refused.errno == errno.EPERM:
                continue
        raise NoSandbox("the filter of system calls does not filter")
