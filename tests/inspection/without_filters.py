"""Run a command on a kernel that takes no filter of system calls: python without_filters.py COMMAND...

By a filter of its own, under which prctl(PR_SET_SECCOMP) fails as on a kernel that was built without it.
"""

import ctypes
import os
import struct
import subprocess
import sys

PRCTL = {"x86_64": 157, "aarch64": 167}[os.uname().machine]
SECCOMP = {"x86_64": 317, "aarch64": 277}[os.uname().machine]
INVALID = 0x00050000 | 22

CODE = b"".join(
    struct.pack("<HBBI", *instruction)
    for instruction in (
        (0x20, 0, 0, 0),
        (0x15, 3, 0, SECCOMP),
        (0x15, 0, 3, PRCTL),
        (0x20, 0, 0, 16),
        (0x15, 0, 1, 22),
        (0x06, 0, 0, INVALID),
        (0x06, 0, 0, 0x7FFF0000),
    )
)


class Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(Program(len(CODE) // 8, CODE)), 0, 0) == 0
sys.exit(subprocess.call(sys.argv[1:]))
