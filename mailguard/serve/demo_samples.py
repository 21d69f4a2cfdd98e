"""The sample emails of the demo: what each is, who sends it to whom, and how it must end. All people are invented."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..core.policy.invented_file import people_csv, people_workbook

DOMAIN = "elmroad.example"
TEXT = "Hello,\r\n\r\nthis is a sample of the mailguard demo.\r\n\r\nElm Road Surgery\r\n"

POLICY = f"""\
# Three more rules for the demo, beside the default policy of `mailguard init`.
version: 1
rules:
  - id: demo-recalls-refused
    describe: Recall letters are never sent to a list of people at once.
    when:
      sender: recalls@{DOMAIN}
      visible_external_recipients: {{at_least: 5}}
    action: reject

  - id: demo-groups-separate
    describe: Whatever the groups mailbox sends to several people leaves as separate copies.
    when:
      sender: groups@{DOMAIN}
      visible_external_recipients: {{at_least: 2}}
    action: rewrite
    rewrite: separate

  - id: demo-sender-may-mend
    describe: Several carers would see each other's addresses.
    when:
      sender: carers@{DOMAIN}
      visible_external_recipients: {{at_least: 5}}
    action: hold
    rewrite: separate
    sender_may: [cancel, separate]
"""


class Ending(StrEnum):
    """How a sample ends, in the words that the demo prints."""

    HELD = "held"
    SEPARATE = "separate"
    REFUSED = "refused"
    SENT = "sent"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True)
class Sample:
    """title: for people. recipients: of the envelope. identifier: in its Message-ID. copies: what must leave of it."""

    title: str
    ending: Ending
    sender: str
    recipients: tuple[str, ...]
    identifier: str
    raw: bytes
    copies: int

    @property
    def hidden(self) -> frozenset[str]:
        """The recipients that must not see each other."""
        return frozenset(self.recipients)


FIRST_NAMES = """
    ada ben cara dev ella finn gwen hari isla jon kira leo
    mina ned orla pia quin rosa sam tara uma vic wren zoe
"""
LAST_NAMES = "abbot blake chowdhury davies evans fraser gill hughes iqbal jones khan lewis"
PROVIDERS = ("mailbox.example", "post.example", "webmail.example", "broadband.example", "home.example")


def people(count: int) -> tuple[str, ...]:
    """So many invented patients, at most 288, at several providers."""
    names = [f"{first}.{last}" for last in LAST_NAMES.split() for first in FIRST_NAMES.split()]
    return tuple(f"{name}@{PROVIDERS[number % len(PROVIDERS)]}" for number, name in enumerate(names[:count]))


def samples() -> tuple[Sample, ...]:
    """In the order in which they are sent."""
    patients = people(288)
    return (
        _sample(
            "288 patients in Cc", Ending.HELD, "reception", patients, 0, {"Cc": patients}, "Flu clinic on Saturday"
        ),
        _sample(
            "6 carers in Cc: their sender may mend it",
            Ending.HELD,
            "carers",
            patients[50:56],
            0,
            {"Cc": patients[50:56]},
            "Carers' evening on Tuesday",
            "Hello,\r\n\r\nthis Tuesday we meet at six. Bring whoever you look after.\r\n\r\nElm Road Surgery\r\n",
        ),
        _sample(
            "288 people in To (rule set to refuse)",
            Ending.REFUSED,
            "recalls",
            patients,
            0,
            {"To": patients},
            "Your health check is due",
        ),
        _sample(
            "group of 8 patients: 8 copies",
            Ending.SEPARATE,
            "groups",
            patients[:8],
            8,
            {"To": patients[:8]},
            "Walking group this Thursday",
        ),
        _carrying("spreadsheet with a hidden sheet", "figures", "Referral figures.xlsx", people_workbook(1_204)),
        _carrying("1,204 NHS numbers to an outside address", "office", "patients.csv", people_csv(1_204)),
        _malformed(patients),
        _sample(
            "reply with its Bcc field still in it",
            Ending.SENT,
            "dr.lane",
            (patients[20], f"secretary@{DOMAIN}"),
            1,
            {"To": patients[20:21], "Bcc": (f"secretary@{DOMAIN}",)},
            "Your question about the clinic",
        ),
        _sample(
            "appointment reminder to one person",
            Ending.SENT,
            "reception",
            patients[30:31],
            1,
            {"To": patients[30:31]},
            "Your appointment on Monday",
        ),
    )


def _carrying(title: str, sender: str, name: str, octets: bytes) -> Sample:
    """One person outside gets a file in which people are: the default policy has it read."""
    recipient = "amir.khan@council.example"
    content = base64.encodebytes(octets).decode().replace("\n", "\r\n")
    attached = (
        "--demo\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        f"{TEXT}--demo\r\nContent-Type: application/octet-stream\r\n"
        f'Content-Disposition: attachment; filename="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        f"{content}--demo--\r\n"
    )
    lists = [("To", _named(recipient))]
    return _built(title, Ending.HELD, sender, (recipient,), 0, lists, f"The {sender} for March", attached=attached)


def _malformed(patients: Sequence[str]) -> Sample:
    """A display name whose quote never ends: one reader sees one recipient, another sees three."""
    listed = f'"Rosa Blake <{patients[40]}>, <{patients[41]}>, <{patients[42]}>'
    title = "recipient field that two programs read differently"
    return _built(title, Ending.HELD, "reception", tuple(patients[40:43]), 0, [("To", listed)], "Test results")


def _sample(
    title: str,
    ending: Ending,
    sender: str,
    recipients: Sequence[str],
    copies: int,
    fields: dict[str, Sequence[str]],
    subject: str,
    text: str = TEXT,
) -> Sample:
    lists = [(name, ",\r\n ".join(_named(address) for address in addresses)) for name, addresses in fields.items()]
    return _built(title, ending, sender, tuple(recipients), copies, lists, subject, text)


def _built(
    title: str,
    ending: Ending,
    sender: str,
    recipients: tuple[str, ...],
    copies: int,
    lists: Sequence[tuple[str, str]],
    subject: str,
    text: str = TEXT,
    attached: str = "",
) -> Sample:
    """attached: the whole body where there is more than a text."""
    address = f"{sender}@{DOMAIN}"
    identifier = f"<demo-{sender}-{subject.split()[-1].lower()}@{DOMAIN}>"
    fields = [
        ("From", f"Elm Road Surgery <{address}>"),
        *lists,
        ("Subject", subject),
        ("Date", "Fri, 20 Nov 2026 09:00:00 +0000"),
        ("Message-ID", identifier),
        ("MIME-Version", "1.0"),
        ("Content-Type", "multipart/mixed; boundary=demo" if attached else "text/plain; charset=utf-8"),
    ]
    header = "".join(f"{name}: {value}\r\n" for name, value in fields)
    raw = f"{header}\r\n{attached or text}".encode()
    return Sample(title, ending, address, recipients, identifier, raw, copies)


def _named(address: str) -> str:
    name = address.partition("@")[0].replace(".", " ").title()
    return f"{name} <{address}>"
