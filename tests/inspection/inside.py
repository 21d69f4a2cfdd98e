"""Run by test_sandbox.py as a program: shuts itself in as a worker does, tries what it must not be able to do, and says
of each attempt what came of it, as JSON. First argument: where mailguard is; second: a file that everybody may read.
"""

import ctypes
import errno
import json
import mmap
import os
import resource
import socket
import sys

sys.path.insert(0, sys.argv[1])
FILE = sys.argv[2]
from mailguard.inspection.sandbox import ResourceLimits, enter  # noqa: E402

LIBC = ctypes.CDLL(None, use_errno=True)
FREE = socket.socketpair()
ROOM = (ctypes.c_ulong * 2)()


def libc(name, *arguments):
    """Call the C library; OSError where it says -1."""
    ctypes.set_errno(0)
    if getattr(LIBC, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), name)


def executable_memory():
    with mmap.mmap(-1, 4096) as page:
        address = ctypes.addressof(ctypes.c_char.from_buffer(page))
        try:
            libc("mprotect", ctypes.c_void_p(address), 4096, 4)
        finally:
            del address


ATTEMPTS = {
    "socket AF_INET": lambda: socket.socket(socket.AF_INET),
    "socket AF_INET6": lambda: socket.socket(socket.AF_INET6),
    "socket AF_UNIX": lambda: socket.socket(socket.AF_UNIX),
    "socketpair": socket.socketpair,
    "connect": lambda: FREE[0].connect("/nowhere"),
    "send": lambda: FREE[0].send(b"x"),
    "receive": lambda: FREE[0].recv(1),
    "open to read": lambda: os.open(FILE, os.O_RDONLY),
    "open to write": lambda: os.open("/tmp/mailguard-worker", os.O_WRONLY | os.O_CREAT, 0o600),
    "open a folder": lambda: os.listdir("/"),
    "stat": lambda: os.stat("/"),
    "unlink": lambda: os.unlink("/tmp/mailguard-nothing"),
    "rename": lambda: os.rename("/tmp/mailguard-nothing", "/tmp/mailguard-else"),
    "mkdir": lambda: os.mkdir("/tmp/mailguard-folder"),
    "chmod": lambda: os.chmod("/tmp", 0o1777),
    "memfd": lambda: os.memfd_create("x"),
    "pipe": os.pipe,
    "fork": os.fork,
    "vfork and execve": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "execve": lambda: os.execv("/bin/true", ["true"]),
    "clone": lambda: libc("syscall", 56 if os.uname().machine == "x86_64" else 220, 17, 0, 0, 0, 0),
    "clone3": lambda: libc("syscall", 435, 0, 0),
    "ptrace": lambda: libc("ptrace", 0, 0, 0, 0),
    "read memory of another": lambda: libc("process_vm_readv", os.getppid(), None, 0, None, 0, 0),
    "kill": lambda: os.kill(os.getpid(), 0),
    "kill the parent": lambda: os.kill(1, 0),
    "setuid": lambda: os.setuid(0),
    "mount": lambda: libc("mount", b"none", b"/mnt", b"tmpfs", 0, None),
    "unshare": lambda: libc("unshare", 0x10000000),
    "io_uring": lambda: libc("syscall", 425, 1, 0),
    "bpf": lambda: libc("syscall", 321 if os.uname().machine == "x86_64" else 280, 0, 0, 0),
    "another filter": lambda: libc("prctl", 22, 2, 0, 0, 0),
    "limit of another kind": lambda: libc("prlimit64", 0, resource.RLIMIT_CORE, None, ctypes.byref(ROOM)),
    "limit of another process": lambda: libc("prlimit64", 1, resource.RLIMIT_CPU, None, ctypes.byref(ROOM)),
    "executable memory": executable_memory,
}


def outcome(attempt):
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error.errno))
    return "DONE"


enter(ResourceLimits(memory_bytes=268_435_456, cpu_seconds=60))
said = {"attempts": {name: outcome(attempt) for name, attempt in ATTEMPTS.items()}}
try:
    said["memory"] = len(bytearray(400_000_000))
except MemoryError:
    said["memory"] = "MemoryError"
resource.setrlimit(resource.RLIMIT_CPU, (30, 60))
said["allowed"] = [
    len(bytearray(10_000_000)),
    len(mmap.mmap(-1, 4096)),
    len(os.urandom(4)),
    resource.getrlimit(resource.RLIMIT_CPU)[0],
]
os.write(1, json.dumps(said).encode())
