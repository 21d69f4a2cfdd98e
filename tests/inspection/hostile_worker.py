"""A worker whose readers do what an attack on a reader could make them do. Started like the real one (test_pool.py).

What the part says decides: its text is the name of a function below.
"""

from __future__ import annotations

import ctypes
import os
import sys

from mailguard.core.carried.model import Carried
from mailguard.core.excerpt import MOST_TEXTS, Excerpt, ShownText
from mailguard.inspection import worker
from mailguard.inspection.answers import plain
from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.examine import Examined
from mailguard.inspection.framing import frame

PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from tests.inspection.hostile_worker import main; sys.exit(main(sys.argv[1]))"
)


def behave() -> Examined:
    return Examined(people=Carried(text=("read@well.example",)))


def pid() -> Examined:
    return Examined(unread=str(os.getpid()))


def sleep() -> Examined:
    """In a system call that is allowed, without processor time: more input, which never comes."""
    while os.read(0, 1):
        pass
    return Examined()


def spin() -> Examined:
    while True:
        pass


def eat() -> Examined:
    kept = []
    while True:
        kept.append(bytearray(1_000_000))


def crash() -> Examined:
    ctypes.string_at(0)
    return Examined()


def leave() -> Examined:
    os._exit(0)


def raise_() -> Examined:
    raise RuntimeError("anna@secret.example")


def recurse() -> Examined:
    return recurse()


def chatter() -> Examined:
    """No frame at all, without an end."""
    while True:
        os.write(1, b"\xff" * 65_536)


def lie() -> Examined:
    """A frame with something else in it than an answer."""
    os.write(1, b"\x00\x00\x00\x02{}")
    return Examined()


def lie_about_the_beginning() -> Examined:
    """An answer with more in its excerpt than was asked for."""
    texts = tuple(ShownText("here", "x") for _ in range(MOST_TEXTS + 1))
    os.write(1, frame(plain(Examined(excerpt=Excerpt(texts=texts)))))
    return Examined()


def name_many() -> Examined:
    return Examined(people=Carried(text=tuple(f"person{number}@somewhere.example" for number in range(500_000))))


def examine(source: Enclosed, **options: object) -> Examined:
    if source.media_type in ("message/rfc822", "application/pdf"):
        return Examined()  # a rehearsal
    function = bytes(source.data).decode().strip()
    return globals()[{"raise": "raise_"}.get(function, function)]()


def main(argument: str) -> int:
    worker.examine = examine  # type: ignore[assignment]
    return worker.main(argument)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
