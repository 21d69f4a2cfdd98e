"""A child of the tests that has read all of mailguard once, and forks a process of its own for each command.

Started as `python interface_forks.py`. A request is one JSON line on stdin: words, cwd, environment, and the files
out and err; the answer is one line on stdout, the exit status. Saves the half second that each start of Python takes.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pkgutil
import sys
import traceback
from typing import Any


def read_all() -> None:
    """Import what the commands import when they run."""
    package = importlib.import_module("mailguard")
    for module in pkgutil.walk_packages(package.__path__, "mailguard."):
        if "__main__" not in module.name and ".migrations" not in module.name:
            importlib.import_module(module.name)


def become(request: dict[str, Any]) -> None:
    """Turn this forked process into the command."""
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environment"])
    writing = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for number, file, how in ((0, os.devnull, os.O_RDONLY), (1, request["out"], writing), (2, request["err"], writing)):
        os.dup2(os.open(file, how), number)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode) for number, mode in enumerate(("r", "w", "w")))
    sys.argv = ["mailguard", *request["words"]]


def run(request: dict[str, Any]) -> int:
    """In the forked process: the exit status that the command would have."""
    try:
        become(request)
        return int(importlib.import_module("mailguard.cli.main").main() or 0)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                stream.flush()


def serve() -> None:
    read_all()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            os._exit(run(json.loads(line)))
        _, ended = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(ended), flush=True)


if __name__ == "__main__":
    serve()
