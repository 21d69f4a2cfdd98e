"""Policy tests as people write them (`policies/tests/*.yaml`), and whether a verdict is what they expect.

The invented message of a test is built as bytes and judged like any other; nothing here knows how to judge.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from ..duration import Duration, written_duration
from ..envelope import Envelope, Path, Recipient
from ..mail.canonical import canonical_address
from ..mail.message import Message
from ..mail.search import find_addresses
from ..organisation import Organisation, Team
from ..verdict import Verdict
from .conditions.operands import problem
from .invented_file import people_csv, people_workbook

MAX_PEOPLE = 100_000
_BOUNDARY = "=_of_a_policy_test"


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class People(_Written):
    """So many invented people at a domain: person1@domain, ... The domain `inside` is the sender's own.

    first: the number of the first, for lists that go on where another one ended.
    """

    first: StrictInt = Field(
        default=1, ge=1, le=MAX_PEOPLE, description="The number of the first of them; 1 without.", examples=[51]
    )
    count: StrictInt = Field(ge=0, le=MAX_PEOPLE, description="How many people are invented.", examples=[288])
    domain: StrictStr = Field(
        min_length=1,
        description="Where they are: person1@domain, person2@domain, ... `inside` is your own first domain.",
        examples=["patients.example"],
    )


def _several(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _addresses(values: object) -> object:
    """Each entry as People or as text; one error for each that is neither."""
    listed = _several(values)
    assert isinstance(listed, list)
    for value in listed:
        if not isinstance(value, (str, dict)):
            raise problem("an address, {count, domain}, or a list of them is expected")
    return listed


Recipients = Annotated[tuple[StrictStr | People, ...], BeforeValidator(_addresses)]


class InventedFile(_Written):
    """A file about so many invented people: a table in plain sight, or a workbook that hides them."""

    people: StrictInt = Field(
        ge=1, le=MAX_PEOPLE, description="About how many people the invented file is.", examples=[40]
    )
    hidden: StrictBool = Field(
        default=False,
        description="true: a workbook that hides them; false: a table in plain sight.",
        examples=[True],
    )

    @property
    def name(self) -> str:
        return "figures.xlsx" if self.hidden else "people.csv"

    def octets(self) -> bytes:
        return people_workbook(self.people) if self.hidden else people_csv(self.people)


def _files(values: object) -> object:
    listed = _several(values)
    assert isinstance(listed, list)
    for value in listed:
        if not isinstance(value, (str, dict)):
            raise problem("a file beside the tests, {people, hidden}, or a list of them is expected")
    return listed


class MessageModel(_Written):
    """The message of a test: invented here, or a file. attach: what it carries, files by their path."""

    eml: StrictStr | None = Field(
        default=None,
        description="A message as a file beside the tests, in place of an invented one.",
        examples=["clinic.eml"],
    )
    mail_from: StrictStr | None = Field(
        default=None,
        description="Who submits it (MAIL FROM), where that is not `from`; <> for nobody.",
        examples=["bounces@inside"],
    )
    rcpt: Recipients = Field(
        default=(),
        description="Who gets it (RCPT TO), where that is not everybody in `to`, `cc` and `bcc`.",
        examples=["anna@council.example"],
    )
    from_: StrictStr | None = Field(
        default=None, alias="from", description="Its From field; sender@inside without.", examples=["jo@inside"]
    )
    to: Recipients = Field(
        default=(),
        description="Its To field: an address, so many invented people, or a list of both.",
        examples=[{"count": 10, "domain": "patients.example"}],
    )
    cc: Recipients = Field(
        default=(), description="Its Cc field, as `to`.", examples=[{"count": 288, "domain": "patients.example"}]
    )
    bcc: Recipients = Field(
        default=(), description="Who gets it and stands in no field, as `to`.", examples=["someone@press.example"]
    )
    subject: StrictStr = Field(default="A test", description="Its Subject field.", examples=["Flu clinic"])
    headers: dict[StrictStr, StrictStr] = Field(
        default={}, description="Further fields, by name.", examples=[{"Auto-Submitted": "auto-generated"}]
    )
    text: StrictStr = Field(
        default="Invented for a test of the policy.", description="What it says.", examples=["Dear all"]
    )
    calendar: bool = Field(default=False, description="Whether it is a calendar invitation.", examples=[True])
    attach: Annotated[tuple[StrictStr | InventedFile, ...], BeforeValidator(_files)] = Field(
        default=(),
        description="What it carries: files beside the tests, or an invented one about so many people.",
        examples=[{"people": 40, "hidden": True}],
    )


class Expectation(_Written):
    """What must come of it; what is not given may be anything. rules: ids that must match, among others. passes: ids
    that must not match. delay: how long it waits before it leaves by itself, null for not at all.
    """

    disposition: Literal["relay", "hold", "reject"] | None = Field(
        default=None, description="What must become of it.", examples=["hold"]
    )
    rewrite: Literal["separate", "bcc"] | None = Field(
        default=None, description="How it must be rewritten when it leaves; null: not at all.", examples=["separate"]
    )
    rules: tuple[StrictStr, ...] = Field(
        default=(), description="Rules that must match, among others.", examples=[["visible-list"]]
    )
    passes: tuple[StrictStr, ...] = Field(
        default=(), description="Rules that must not match.", examples=[["visible-list"]]
    )
    delay: Duration | None = Field(
        default=None,
        description="How long it must wait before it leaves by itself; null: not at all.",
        examples=["5m"],
    )


class EarlierModel(_Written):
    """A message that left before. ago: before the message of the test. left: in which form."""

    message: MessageModel = Field(
        description="The message that left before.", examples=[{"to": {"count": 6, "domain": "patients.example"}}]
    )
    ago: Duration = Field(
        default=timedelta(hours=1), description="How long before the message of the test; 1h without.", examples=["10m"]
    )
    left: Literal["original", "separate", "bcc"] = Field(
        default="original", description="In which form it left.", examples=["separate"]
    )


class TeamModel(_Written):
    """A team of the test, beside those of the settings."""

    name: StrictStr = Field(min_length=1, description="What the team is called.", examples=["shelter"])
    senders: Annotated[tuple[StrictStr, ...], BeforeValidator(_several)] = Field(
        min_length=1, description="Whose mail is the team's: addresses, or @domain.", examples=[["shelter@inside"]]
    )
    sensitive: StrictBool = Field(
        default=False, description="Whether to have mail from the team says something of a person.", examples=[True]
    )

    def team(self, inside: str) -> Team:
        return Team(
            self.name, tuple(canonical_address(_at_home(each, inside)) for each in self.senders), self.sensitive
        )


class TrialModel(_Written):
    """teams: those that the message is judged with, before those of the settings."""

    name: StrictStr = Field(
        min_length=1, description="What the test shows, in words.", examples=["288 patients in Cc are stopped"]
    )
    teams: tuple[TeamModel, ...] = Field(
        default=(),
        description="Teams of this test, before those of the settings.",
        examples=[[{"name": "shelter", "senders": ["shelter@inside"], "sensitive": True}]],
    )
    message: MessageModel = Field(
        description="The message that is judged: invented, or `eml: FILE`.",
        examples=[{"to": {"count": 10, "domain": "patients.example"}}],
    )
    earlier: tuple[EarlierModel, ...] = Field(
        default=(),
        description="Messages that left before it, for rules that look at these.",
        examples=[[{"message": {"to": {"count": 6, "domain": "patients.example"}}, "ago": "10m"}]],
    )
    at: datetime | None = Field(
        default=None,
        description="When it is judged; now without. Give it where the policy has exceptions that run out.",
        examples=["2026-03-12T09:00:00Z"],
    )
    expect: Expectation = Field(
        description="What must come of it. What is not given may be anything.",
        examples=[{"disposition": "hold", "rules": ["visible-list"]}],
    )


class TrialsModel(_Written):
    """A file of policy tests."""

    tests: tuple[TrialModel, ...] = Field(
        min_length=1,
        description="What the policy must do with which message. Run them with: mailguard policy test",
        examples=[
            [
                {
                    "name": "288 patients in Cc are stopped",
                    "message": {"cc": {"count": 288, "domain": "patients.example"}},
                    "expect": {"disposition": "hold"},
                }
            ]
        ],
    )


@dataclass(frozen=True, slots=True)
class Invented:
    """A message as it would be submitted."""

    raw: bytes
    envelope: Envelope


def invent(model: MessageModel, inside: str, files: Mapping[str, bytes] | None = None) -> Invented:
    """The bytes and the envelope of an invented message. inside: what the domain `inside` stands for in it.

    files: what is in the files that it names to attach.
    """
    sender = _at_home(model.from_ or "sender@inside", inside)
    shown = {name: list(people(getattr(model, name), inside)) for name in ("to", "cc")}
    recipients = list(people(model.rcpt, inside)) or [*shown["to"], *shown["cc"], *people(model.bcc, inside)]
    lines = [f"From: {sender}", *(f"{name.capitalize()}: {_folded(each)}" for name, each in shown.items() if each)]
    lines += [f"{name}: {value}" for name, value in model.headers.items()]
    lines += [
        f"Subject: {model.subject}",
        "Message-ID: <test@mailguard.example>",
        "Date: Thu, 1 Jan 2026 09:00:00 +0000",
    ]
    body = _invitation() if model.calendar else ["", *model.text.split("\n")]
    lines += ["MIME-Version: 1.0", *(_with_files(model, body, files or {}) if model.attach else body)]
    raw = "\r\n".join(lines).encode() + b"\r\n"
    return Invented(
        raw, envelope_of(sender if model.mail_from is None else _at_home(model.mail_from, inside), recipients)
    )


def _with_files(model: MessageModel, body: list[str], files: Mapping[str, bytes]) -> Iterator[str]:
    yield from (f'Content-Type: multipart/mixed; boundary="{_BOUNDARY}"', "", f"--{_BOUNDARY}", *body)
    for each in model.attach:
        path, octets = (each, files[each]) if isinstance(each, str) else (each.name, each.octets())
        name = re.sub(r"[^\w.\- ]", "_", path.replace("\\", "/").rpartition("/")[2], flags=re.ASCII)
        yield from (f"--{_BOUNDARY}", "Content-Type: application/octet-stream", "Content-Transfer-Encoding: base64")
        yield from (f'Content-Disposition: attachment; filename="{name}"', "")
        yield from base64.encodebytes(octets).decode().splitlines()
    yield f"--{_BOUNDARY}--"


def assumed_envelope(message: Message, sender: str | None, recipients: Sequence[str] | None) -> Envelope:
    """What is not given is what a client would send: the first From, and everybody in To, Cc and Bcc."""
    reverse_path = sender if sender is not None else next(iter(message.originators), "")
    named = [mailbox.address for mailbox in message.visible]
    blind = [
        found.address for field in message.named("bcc", "resent-bcc") for found in find_addresses(message.value(field))
    ]
    return envelope_of(reverse_path, list(recipients or dict.fromkeys([*named, *blind])))


def assumed_organisation(message: Message, mail_from: str | None) -> Organisation:
    """Without settings the domain of --mail-from, else of From, is inside."""
    envelope = envelope_of(mail_from or next(iter(message.originators), ""), [])
    domain = envelope.reverse_path.domain if envelope.reverse_path else ""
    if not domain and message.originators:
        domain = message.originators[0].rpartition("@")[2]
    return Organisation(domain or "nobody", frozenset({domain} if domain else ()))


def envelope_of(reverse_path: str, recipients: list[str]) -> Envelope:
    """An envelope of plain addresses. reverse_path: "" or "<>" is the null path. Display names are left out."""
    bare = _bare(reverse_path)
    paths = [Path(_bare(each).encode(), canonical_address(_bare(each))) for each in recipients]
    path = Path(bare.encode(), canonical_address(bare)) if bare else None
    return Envelope(path, tuple(Recipient(each) for each in paths))


def disagreements(expect: Expectation, verdict: Verdict) -> tuple[str, ...]:
    """What came out otherwise than expected, in words; nothing where all is as expected."""
    return tuple(_disagreements(expect, verdict))


def _disagreements(expect: Expectation, verdict: Verdict) -> Iterator[str]:
    form = verdict.rewrite.value if verdict.rewrite else None
    if expect.disposition and expect.disposition != verdict.disposition.value:
        yield f"disposition is {verdict.disposition.value}, not {expect.disposition}"
    if "rewrite" in expect.model_fields_set and expect.rewrite != form:
        yield f"rewrite is {form or 'none'}, not {expect.rewrite or 'none'}"
    if "delay" in expect.model_fields_set and expect.delay != verdict.delay:
        yield f"delay is {_delay(verdict.delay)}, not {_delay(expect.delay)}"
    matched = {rule.id: rule.matched for rule in verdict.rules}
    for rule in (*expect.rules, *expect.passes):
        if rule not in matched:
            yield f'rule "{rule}" does not exist'
        elif matched[rule] is not (rule in expect.rules):
            yield f'rule "{rule}" {"matches, and should not" if matched[rule] else "does not match"}'


def _delay(delay: timedelta | None) -> str:
    return "none" if delay is None else written_duration(delay)


def people(entries: Iterable[str | People], inside: str) -> Iterator[str]:
    """The addresses that entries stand for."""
    for entry in entries:
        if isinstance(entry, People):
            each = (f"person{number}@{entry.domain}" for number in range(entry.first, entry.first + entry.count))
            yield from (_at_home(address, inside) for address in each)
        else:
            yield _at_home(entry, inside)


def _at_home(address: str, inside: str) -> str:
    return re.sub(r"@inside(?=>?\s*$)", f"@{inside}", address)


def _folded(addresses: list[str]) -> str:
    return ",\r\n ".join(addresses)


def _bare(address: str) -> str:
    head, bracket, rest = address.partition("<")
    return rest.partition(">")[0].strip() if bracket else head.strip()


def _invitation() -> list[str]:
    return [
        "Content-Type: text/calendar; method=REQUEST; charset=utf-8",
        "",
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//invented//EN",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        "UID:test@mailguard.example",
        "DTSTAMP:20260101T090000Z",
        "DTSTART:20260102T090000Z",
        "SUMMARY:Invented",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
