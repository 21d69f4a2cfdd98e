"""What a message of an archive leaves behind, so that later ones are judged as they would have been by the guard.

The same traces that the service keeps (core/earlier), under a key of one replay: digests, from which nobody reads an
address or a text.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..earlier.files import SentFiles, file_links, files_of, reached_by, with_people
from ..earlier.past import Past
from ..earlier.sending import sending_of
from ..earlier.trace import DIGEST_OCTETS, LINKS, Trace, digests, packed, trace_of, unpacked
from ..envelope import Envelope
from ..observation import Observation
from ..organisation import Organisation
from ..verdict import Inspection
from .windows import Windows

NONE: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class Traces:
    """senders: digests that link messages of one sender or team. own: by what it is answered; answered: what it
    answers. files: by path, digests that link the same file; people: whom they reach. occasions: of its invitations.
    """

    trace: Trace | None = None
    takes_back: bool = False
    senders: frozenset[bytes] = NONE
    own: frozenset[bytes] = NONE
    answered: frozenset[bytes] = NONE
    files: Mapping[str, frozenset[str]] = field(default_factory=dict)
    people: frozenset[bytes] = NONE
    occasions: tuple[bytes, ...] = ()

    @property
    def past(self) -> Past:
        """What the message says about itself, before anything earlier is known."""
        return Past(self.trace, self.takes_back)

    def __bool__(self) -> bool:
        return self.trace is not None or bool(self.files) or bool(self.occasions)

    def to_json(self) -> dict[str, Any]:
        found = {
            "trace": base64.b64encode(packed(self.trace)).decode() if self.trace else None,
            "takes_back": self.takes_back,
            "senders": _written(self.senders),
            "own": _written(self.own),
            "answered": _written(self.answered),
            "files": {path: sorted(links) for path, links in self.files.items()},
            "people": _written(self.people),
            "occasions": [each.hex() for each in self.occasions],
        }
        return {name: value for name, value in found.items() if value}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Traces:
        trace = found.get("trace")
        return cls(
            unpacked(base64.b64decode(trace)) if trace else None,
            bool(found.get("takes_back")),
            _read(found.get("senders", "")),
            _read(found.get("own", "")),
            _read(found.get("answered", "")),
            {path: frozenset(links) for path, links in found.get("files", {}).items()},
            _read(found.get("people", "")),
            tuple(bytes.fromhex(each) for each in found.get("occasions", ())),
        )


def traces_of(
    envelope: Envelope, seen: Observation, organisation: Organisation, windows: Windows, key: bytes
) -> tuple[Traces, SentFiles | None]:
    """The traces as far as a rule asks for them, and the files before any was read. key: at most 64 octets."""
    leaves = seen.facts["envelope_external_recipients"] > 0
    occasions = tuple(_digest(f"occasion {each}", key) for each in seen.occasions) if leaves else ()
    traces = Traces(occasions=occasions)
    sending = sending_of(envelope, seen, organisation) if windows.lists else None
    if sending is not None:
        traces = replace(
            traces,
            trace=trace_of(sending, key),
            takes_back=sending.takes_back,
            senders=_links("from", sending.senders, key),
            own=_links("message", sending.identifiers, key),
            answered=_links("message", sending.answered, key),
        )
    sent = files_of(envelope, seen, organisation) if windows.files and seen.inspectable else None
    return (with_files(traces, sent, key) if sent is not None and sent.files else traces), sent


def with_files(traces: Traces, sent: SentFiles, key: bytes) -> Traces:
    """With links to the same files besides, as they are known now."""
    links = file_links(sent, key)
    files = {
        path: traces.files.get(path, frozenset()) | links.get(path, frozenset()) for path in {*traces.files, *links}
    }
    return replace(traces, files=files, people=reached_by(sent, key))


def with_rows(traces: Traces, sent: SentFiles | None, inspections: Iterable[Inspection], key: bytes) -> Traces:
    """With links by who stands in the rows of files that were read. inspections: of attachments."""
    if sent is None:
        return traces
    known = with_people(sent, inspections)
    return with_files(traces, known, key) if known.files else traces


def _links(kind: str, names: Iterable[str], key: bytes) -> frozenset[bytes]:
    return digests((f"{kind} {name}" for name in names), key, LINKS)


def _digest(text: str, key: bytes) -> bytes:
    (found,) = digests((text,), key, LINKS)
    return found


def _written(found: frozenset[bytes]) -> str:
    return base64.b64encode(b"".join(sorted(found))).decode()


def _read(text: str) -> frozenset[bytes]:
    octets = base64.b64decode(text)
    return frozenset(octets[at : at + DIGEST_OCTETS] for at in range(0, len(octets), DIGEST_OCTETS))
