"""An interpreter that has imported mailguard and run nothing of it: each `mailguard` process is a fork of it.

A start imports for two seconds what the start before imported, and the tests start more than a thousand. What a fork
runs is `python -m mailguard` from its first line, with arguments, environment, folder and files of its own. Run by
warm.py:

    python -m tests.end_to_end.warm_process FD

FD: a socket (SOCK_SEQPACKET). It takes {"argv", "env", "cwd"} with three files, and gives {"pid"}, and
{"ended", "status"} of each that ended, a status as in os.waitstatus_to_exitcode.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import re
import runpy
import selectors
import signal
import socket
import sys
import threading
from typing import Any

LONGEST = 200_000
LEFT_OUT = re.compile(r"__main__|\.demo|\.migrations\.|\.inspection\.(?:read|worker|sandbox|syscall)|\.second_reader")
"""What a service never imports, or only some: that stays to be seen by what starts afresh."""


def import_all() -> None:
    """What a service and the commands import, some of it when it is first needed."""
    import mailguard

    for found in pkgutil.walk_packages(mailguard.__path__, "mailguard."):
        if not LEFT_OUT.search(found.name):
            importlib.import_module(found.name)


def serve(control: socket.socket) -> dict[str, Any] | None:
    """Fork for each request until the other side is gone. None then, and in each fork what it has to be."""
    wakes, wake = socket.socketpair()
    for end in (wakes, wake):
        end.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    with selectors.DefaultSelector() as waiting:
        waiting.register(control, selectors.EVENT_READ)
        waiting.register(wakes, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in waiting.select()]
            if wakes in ready:
                wakes.recv(4_096)
                tell_ended(control)
            if control not in ready:
                continue
            said, files, _, _ = socket.recv_fds(control, LONGEST, 3)
            if not said:
                return None
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for end in (control, wakes, wake):
                    end.close()
                return {**json.loads(said), "files": files}
            for file in files:
                os.close(file)
            control.send(json.dumps({"pid": pid}).encode())


def tell_ended(control: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        control.send(json.dumps({"ended": pid, "status": os.waitstatus_to_exitcode(status)}).encode())


def become(request: dict[str, Any]) -> int:
    """The process that was asked for, as a fresh interpreter would be it. Its exit status."""
    for number, file in enumerate(request["files"]):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace")
    sys.argv = ["mailguard", *request["argv"]]
    try:
        runpy.run_module("mailguard", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1 if end.code else 0
    return 0


if __name__ == "__main__":
    import_all()
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as control_socket:
        found = serve(control_socket)
    if found is not None:
        status = become(found)
        # An interpreter's end, but for taking every module apart: in a fork that copies all their memory.
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        os._exit(status)
