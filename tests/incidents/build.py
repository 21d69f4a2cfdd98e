"""Builds every visible_recipients case of incidents.yaml as bytes, with invented people on example domains.

Each comes in its reported form and in five disguised spellings that show a reader the same people. `cases()` are those
that nothing but counting visible recipients has to stop; `further_cases()` call for more (their `needs`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from mailguard.core.document import load_document

INSIDE = "elmroad.example"
SENDER = f"reception@{INSIDE}"
FORMS = ("reported", "group", "encoded-word", "resent-cc", "duplicate", "missing-comma")
GIVEN = """
    Anna Ben Chloe Dev Ewa Femi Grace Hari Iris Jamal Kate Liam Mona Noor Olga Piotr Quinn Rosa Sami Tess
""".split()  # noqa: SIM905
FAMILY = """
    Adler Brook Cole Dunn Eko Frost Gray Hale Ito Jones Khan Lowe Marsh Nair Okoro Price Reid Shah Tran Vance
""".split()  # noqa: SIM905
DOMAINS = ("patients.example", "freemail.example", "webmail.example", "village.example", "college.example")
PER_FIELD = 4
"""A duplicate field alone shows fewer people than any rule counts."""


@dataclass(frozen=True, slots=True)
class Case:
    """id: incident/form. people: outside addresses that a reader sees. staff: inside ones."""

    id: str
    raw: bytes
    reverse_path: str
    recipients: tuple[str, ...]
    incident: str
    form: str
    people: tuple[str, ...]
    staff: tuple[str, ...]
    needs: str | None


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    address: str

    @property
    def written(self) -> str:
        return f"{self.name} <{self.address}>"


@lru_cache(maxsize=1)
def cases() -> list[Case]:
    """The cases without `needs`, each in every form."""
    return [case for case in _all() if case.needs is None]


@lru_cache(maxsize=1)
def further_cases() -> list[Case]:
    """The cases with `needs`, as far as a single message can show them."""
    return [case for case in _all() if case.needs is not None]


def incidents() -> list[dict[str, Any]]:
    path = Path(__file__).with_name("incidents.yaml")
    listed: list[dict[str, Any]] = load_document(path.read_bytes(), path.name).value["visible_recipients"]
    return listed


def _all() -> Iterator[Case]:
    for incident in incidents():
        for form in FORMS:
            if form == "reported" or incident["where"] in ("to", "cc", "calendar"):
                yield _case(incident, form)


def people(count: int, domains: tuple[str, ...] = DOMAINS) -> list[Person]:
    """So many different invented people."""
    found = []
    for number in range(count):
        given, family = GIVEN[number % 20], FAMILY[number // 20 % 20]
        address = f"{given}.{family}{number // 400 or ''}@{domains[number % len(domains)]}".lower()
        found.append(Person(f"{given} {family}", address))
    return found


def _case(incident: dict[str, Any], form: str) -> Case:
    shown, where = incident["shown"], incident["where"]
    staff_shown = {"kagawa": shown, "executive-office": 3}.get(incident["id"], 0)
    staff = people(staff_shown, (INSIDE,))
    outside = people(shown - staff_shown)
    hidden = people(12) if incident["id"] == "kagawa" else outside if where == "body" else []
    visible = [] if where == "body" else [*outside, *staff]
    field = "To" if where in ("body", "calendar") else where.capitalize()
    head = _head(incident) + _FORMS[form](field, visible)
    body = _invitation(outside) if where == "calendar" else _text(outside if where == "body" else [])
    return Case(
        id=f"{incident['id']}/{form}",
        raw="".join(line + "\r\n" for line in [*head, *body]).encode("ascii"),
        reverse_path=SENDER,
        recipients=tuple(person.address for person in [*visible, *hidden]),
        incident=incident["id"],
        form=form,
        people=tuple(person.address for person in ([] if where == "body" else outside)),
        staff=tuple(person.address for person in staff),
        needs=incident.get("needs") if incident["id"] != "kagawa" else None,
    )


def _head(incident: dict[str, Any]) -> list[str]:
    return [
        f"From: Elm Road Reception <{SENDER}>",
        f"Subject: Information for you ({incident['id']})",
        "Date: Thu, 12 Mar 2026 09:00:00 +0000",
        f"Message-ID: <{incident['id']}@{INSIDE}>",
        "MIME-Version: 1.0",
    ]


def _reported(field: str, visible: list[Person]) -> list[str]:
    return _joined(field, [person.written for person in visible]) or [f"{field}: {SENDER}"]


def _group(field: str, visible: list[Person]) -> list[str]:
    written = _joined(field, [person.written for person in visible])
    return [f"{field}: Our list: " + written[0].partition(": ")[2], *written[1:-1], written[-1] + ";"]


def _encoded_word(field: str, visible: list[Person]) -> list[str]:
    """The reader's program shows the phrase, in which the address stands; the mailbox behind it is inside."""
    return _joined(field, [f"=?utf-8?Q?{_escaped(person.address)}?= <{SENDER}>" for person in visible])


def _resent_cc(field: str, visible: list[Person]) -> list[str]:
    resent = [f"Resent-From: {SENDER}", "Resent-Date: Thu, 12 Mar 2026 09:05:00 +0000"]
    return [f"{field}: {SENDER}", *resent, *_joined("Resent-Cc", [person.written for person in visible])]


def _duplicate(field: str, visible: list[Person]) -> list[str]:
    groups = [visible[start : start + PER_FIELD] for start in range(0, len(visible), PER_FIELD)]
    return [line for group in groups for line in _joined(field, [person.written for person in group])]


def _missing_comma(field: str, visible: list[Person]) -> list[str]:
    return [f"{field}: {visible[0].written}", *(f" {person.written}" for person in visible[1:])]


_FORMS: dict[str, Callable[[str, list[Person]], list[str]]] = {
    "reported": _reported,
    "group": _group,
    "encoded-word": _encoded_word,
    "resent-cc": _resent_cc,
    "duplicate": _duplicate,
    "missing-comma": _missing_comma,
}


def _joined(field: str, items: list[str]) -> list[str]:
    if not items:
        return []
    last = len(items) - 1
    first, *rest = [item + ("," if place < last else "") for place, item in enumerate(items)]
    return [f"{field}: {first}", *(f" {each}" for each in rest)]


def _escaped(text: str) -> str:
    return "".join(letter if letter.isalnum() else f"={ord(letter):02X}" for letter in text)


def _text(pasted: list[Person]) -> list[str]:
    lines = ["Content-Type: text/plain; charset=utf-8", "", "Hello,", "", "please read the news on our page."]
    return [*lines, *(f"{person.name}, {person.address}" for person in pasted), "", "Elm Road"]


def _invitation(attendees: list[Person]) -> list[str]:
    return [
        "Content-Type: text/calendar; method=REQUEST; charset=utf-8",
        "",
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//invented//EN",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        f"UID:meeting@{INSIDE}",
        "DTSTAMP:20260312T090000Z",
        "DTSTART:20260319T180000Z",
        f"ORGANIZER:mailto:{SENDER}",
        *(f"ATTENDEE;CN={person.name}:mailto:{person.address}" for person in attendees),
        "SUMMARY:Question time",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
