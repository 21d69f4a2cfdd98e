"""The process in which mail is read: it shuts itself in (sandbox.py), then reads one part after another from its input.

Started by process.py as a fresh interpreter, never as a copy of the service: it holds no key, no store, no connection.
It says first what it is (`{"ready": true, ...}` or `{"refused": why}`), then gives one answer for each job.

INVARIANT: no octet of mail is read before the filter of system calls is in force.
INVARIANT: an answer names classes of errors, never their texts, which may quote the mail.
"""

from __future__ import annotations

import codecs
import encodings
import json
import os
import pkgutil
import resource
import sys
from contextlib import suppress
from typing import Any

from .answers import plain
from .body import Written
from .detectors import DETECTORS, detectors_with
from .enclosed import Enclosed
from .examine import BROKEN, NO_MEMORY, Detectors, Examined, examine
from .excerpts import Excerpting
from .framing import LENGTH, MOST_ANSWER_OCTETS, MOST_HEADER_OCTETS, MOST_KINDS_OCTETS, frame, length, value
from .sandbox import NoSandbox, ResourceLimits, enter, limit_processor_time

REHEARSAL = (
    b"From: a@\xc3\xa4.example\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n"
    b"BEGIN:VEVENT\r\nUID:1\r\nATTENDEE;CN=A:mailto:a@b.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
"""A message with a calendar: the second reader of calendars is slow to import (core/mail/calendar/second_reader.py)."""
REHEARSAL_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont"
    b"/Helvetica>>>>>>/Contents 4 0 R>>endobj 4 0 obj<</Length 23>>stream\nBT/F 3 Tf(rehearsal)Tj ET\nendstream "
    b"endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
"""A document of one page: PDFium is a library that is opened when the first one is read (read/pdf_library.py)."""
TOO_MUCH_SAID = "it names more people than can be counted"


def main(argument: str) -> int:
    """argument: JSON of memory_bytes, cpu_seconds (of one job), jobs."""
    options = json.loads(argument)
    detectors = _detectors()
    _import_the_rest(detectors)
    try:
        lifetime = (options["cpu_seconds"] + 1) * options["jobs"] + _started_in()
        namespaces = enter(ResourceLimits(options["memory_bytes"], lifetime))
    except NoSandbox as cause:
        _write(frame({"refused": str(cause)}))
        return 1
    _write(frame({"ready": True, "namespaces": namespaces}))
    while (header := _header()) is not None:
        limit_processor_time(options["cpu_seconds"])
        answer = _answer(header, detectors)
        _write(answer)
    return 0


def _detectors() -> Detectors:
    """With the kinds of identifiers of the organisation's own, which are the first frame.

    What is wrong with them was told when the settings were loaded: a worker that cannot take them does not start.
    """
    own = value(_read(length(_read(LENGTH.size), MOST_KINDS_OCTETS)))["kinds"]
    if own is None:
        return DETECTORS
    # Only here: what reads and judges that file (pydantic, YAML, RE2) is half of what a worker would import.
    from .find.own_kinds import load_kinds

    return detectors_with(load_kinds(own.encode(), "kinds"))


def _import_the_rest(detectors: Detectors) -> None:
    """After the sandbox nothing can be opened any more: not a module, not a table of a charset.

    A rehearsal imports what is imported when it is first needed.
    """
    for module in pkgutil.iter_modules(encodings.__path__):
        with suppress(LookupError):  # of another operating system
            codecs.lookup(module.name)
    examine(Enclosed(REHEARSAL, "message/rfc822"), detectors=detectors)
    examine(Enclosed(REHEARSAL_PDF, "application/pdf"), detectors=detectors)


def _started_in() -> int:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return int(used.ru_utime + used.ru_stime) + 1


def _header() -> dict[str, Any] | None:
    """The next job, None at the end of input: the service is gone or wants no more."""
    prefix = _read(LENGTH.size, end=True)
    return value(_read(length(prefix, MOST_HEADER_OCTETS))) if prefix else None


def _answer(header: dict[str, Any], detectors: Detectors) -> bytes:
    """The whole frame, made here so that a lack of memory for it is an answer too."""
    try:
        data = _read(header["size"])
        source = Enclosed(data, header["media_type"], tuple(header["names"]))
        written = Written(**header["written"]) if "written" in header else None
        look = _excerpt if header.get("excerpt") is True else _whole
        answer = frame(plain(look(source, written, detectors)))
    except MemoryError:
        answer = frame(plain(Examined(unread=NO_MEMORY)))
    except Exception as error:
        answer = frame(plain(Examined(unread=BROKEN, error=type(error).__name__)))
    return answer if len(answer) <= MOST_ANSWER_OCTETS else frame(plain(Examined(unread=TOO_MUCH_SAID)))


def _whole(source: Enclosed, written: Written | None, detectors: Detectors) -> Examined:
    return examine(source, written=written, detectors=detectors)


def _excerpt(source: Enclosed, written: Written | None, _: Detectors) -> Examined:
    """Its beginning for people to look at; what it is about they know already, so nothing is looked for in it."""
    taken = Excerpting()
    found = examine(source, written=written, detectors=(lambda: taken,))
    return Examined(unread=found.unread, excerpt=taken.excerpt(found.unread))


def _read(octets: int, *, end: bool = False) -> bytes:
    """Exactly so many octets; none at all where `end` says that there may be no more. Raises SystemExit at the end."""
    pieces = bytearray()
    while len(pieces) < octets:
        piece = os.read(0, min(octets - len(pieces), 1_048_576))
        if not piece:
            if end and not pieces:
                return b""
            raise SystemExit(1)
        pieces += piece
    return bytes(pieces)


def _write(octets: bytes) -> None:
    rest = memoryview(octets)
    while rest:
        rest = rest[os.write(1, rest) :]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
