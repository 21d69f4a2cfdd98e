"""Issue 4, sentences 3 to 5 and 7 to 10, as cases written from the issue and the manual alone, without the code.

One real process with the policy that mailguard comes with; each case has a sender and a domain of its own. Added to
the policy: exceptions on every rule, and one rule of one sender that hides inside addresses.
"""

from __future__ import annotations

import base64
import datetime
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.mailing import submit
from tests.end_to_end.service import ROOT, Service, eventually
from tests.end_to_end.sink import Sink, Taken

LETTER = """Dear all,

The flu vaccination clinic at Elm Road opens on Saturday the fifth of December between nine in the morning and noon.
Please come to the side entrance on Mill Lane, because the main door is closed while the lift is being repaired. Wear
short sleeves, bring the card that came with your last prescription, and tell the nurse about any allergy to eggs or
antibiotics before the injection. Afterwards we ask everybody to sit in the waiting room for fifteen minutes. If you
cannot come, ring reception before Thursday so that somebody else can have the place. Parking is free behind the
library until one o'clock, and the number twelve bus stops outside every twenty minutes.

Jo Reid
Practice manager
"""
MINUTES = """Good afternoon,

Attached to the noticeboard you will find what the building committee agreed on Tuesday: the roof contractor starts in
April, scaffolding goes up along the northern wall first, and the bicycle shed moves beside the boiler house until
summer. Quotations for double glazing were too high, thus tenders are invited again. Treasurer's figures show a small
surplus. Next gathering: second Monday of January, upstairs, tea provided.

Regards
"""
APOLOGY = """Hello,

I am very sorry: please disregard my previous email, which was sent in error. Kindly delete it without reading it.

Jo Reid
"""
RECALL = 'Jo Reid would like to recall the message, "Flu clinic on Saturday".\n'
SUBJECT = "Flu clinic on Saturday"
DAY = datetime.timedelta(days=1)
numbers = itertools.count(1)


@dataclass(frozen=True)
class Letter:
    """A message: who sends it, whom it shows in Cc and hides in the envelope, and what it says and carries."""

    sender: str
    shown: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    inside: tuple[str, ...] = ("office@elmroad.example",)
    subject: str = SUBJECT
    text: str = LETTER
    html: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    parts: tuple[tuple[str, str, bytes], ...] = ()
    number: int = field(default_factory=lambda: next(numbers))

    @property
    def identifier(self) -> str:
        return f"<letter-{self.number}@elmroad.example>"

    @property
    def outside(self) -> tuple[str, ...]:
        return self.shown + self.hidden

    @cached_property
    def raw(self) -> bytes:
        """Made once, since boundaries are random."""
        made = EmailMessage(policy=policy.SMTP)
        made["From"], made["To"] = f"Jo Reid <{self.sender}>", ", ".join(self.inside)
        if self.shown:
            made["Cc"] = ", ".join(self.shown)
        made["Subject"], made["Date"] = self.subject, "Thu, 26 Nov 2026 09:00:00 +0000"
        made["Message-ID"] = self.identifier
        for name, value in self.headers:
            made[name] = value
        made.set_content(self.text)
        if self.html:
            made.add_alternative(self.html, subtype="html")
        for media_type, name, content in self.parts:
            main, _, sub = media_type.partition("/")
            if main == "message":
                made.add_attachment(message_from_bytes(content, policy=policy.SMTP))
            else:
                made.add_attachment(content, main, sub, filename=name)
        return made.as_bytes()


class Office:
    """The running service and its sink, and what the cases did with them."""

    def __init__(self, service: Service, sink: Sink) -> None:
        self.service, self.sink = service, sink
        self.never: set[str] = set()

    def send(self, letter: Letter) -> str:
        code, text = submit(self.service.port, letter.raw, [*letter.inside, *letter.outside], letter.sender)
        return f"{code} {text}"

    def arrived(self, letter: Letter) -> list[Taken]:
        """What went to its outside recipients: copies keep the Message-ID."""
        mark = letter.identifier.encode()
        found = [each for each in list(self.sink.taken) if mark in each.content.partition(b"\r\n\r\n")[0]]
        return [each for each in found if set(each.recipients) & set(letter.outside)]

    def relays(self, letter: Letter) -> None:
        """One transaction, to everybody, and not a byte is other but for our Received field."""
        raw, reply = letter.raw, self.send(letter)
        assert reply == "250 2.0.0 kept", reply
        (taken,) = self.arrived(letter)
        assert taken.content.endswith(raw)
        assert re.fullmatch(rb"Received:[^\r\n]*\r\n([ \t][^\r\n]*\r\n)*", taken.content[: -len(raw)])
        assert set(taken.recipients) == {*letter.inside, *letter.outside}

    def holds(self, letter: Letter) -> str:
        """Its reference. The last case of this file looks whether anything of it left after all."""
        reply = self.send(letter)
        found = re.search(r"^250 2\.0\.0 Held for checking, ref (MG-[0-9A-Z-]+)", reply)
        assert found, reply
        assert self.arrived(letter) == []
        self.never.add(letter.identifier)
        return found[1]

    def separates(self, letter: Letter) -> list[Taken]:
        reply = self.send(letter)
        assert re.search(r"^250 2\.0\.0 Sending \d+ separate copies, ref MG-", reply), reply
        return self.copies(letter)

    def copies(self, letter: Letter) -> list[Taken]:
        """A copy for each, with nobody else's address in any byte, raw or decoded."""
        everybody = sorted(letter.outside)
        found: list[Taken] = eventually(lambda: len(now := self.arrived(letter)) >= len(everybody) and now)
        assert sorted(each for copy in found for each in copy.recipients) == everybody
        for copy in found:
            (own,) = copy.recipients
            seen = readings(copy.content)
            assert own in seen
            assert [other for other in everybody if other != own and other in seen] == []
        return found

    def release(self, ref: str, letter: Letter, form: str) -> int:
        self.never.discard(letter.identifier)
        done = self.service.run("held", "release", ref, "--as", form, "--reason", "a case", check=False)
        if done.returncode:
            self.never.add(letter.identifier)
        elif form == "original":
            eventually(lambda: {a for each in self.arrived(letter) for a in each.recipients} >= set(letter.outside))
        return done.returncode


def readings(content: bytes) -> str:
    """Every byte of a message, and its fields and parts decoded."""
    parsed = message_from_bytes(content, policy=policy.SMTP)
    texts = [content.decode("latin-1"), re.sub(rb"\r\n[ \t]", b" ", content).decode("latin-1")]
    for part in parsed.walk():
        texts += [f"{name}: {value}" for name, value in part.items()]
        if not part.is_multipart():
            body = bytes(part.get_payload(decode=True) or b"")
            texts += [body.decode("latin-1"), body.replace(b"\0", b"").decode("latin-1")]
    return "\n".join(texts).lower()


def people(count: int, domain: str, first: int = 0) -> tuple[str, ...]:
    return tuple(f"guest{number:03}x@{domain}" for number in range(first, first + count))


def exception(name: str, recipients: tuple[str, ...], added: int = 0, **more: Any) -> dict[str, Any]:
    day = datetime.datetime.now(datetime.UTC).date() + added * DAY
    said = {"id": name, "recipients": list(recipients), "owner": "manager", "reason": "They know each other."}
    return said | {"added": day.isoformat()} | more


def policy_text() -> str:
    text = yaml.safe_load((ROOT / "policies" / "default.yaml").read_text())
    for rule in text["rules"]:
        rule["exceptions"] = [
            exception("board", people(12, "board.example")),
            exception("over", people(12, "over.example"), added=-91),
            exception("theirs", people(12, "theirs.example"), sender=["secretary@elmroad.example"]),
        ]
    hide = {"sender": ["hider@elmroad.example"], "visible_external_recipients": {"at_least": 2}}
    said = "Two people outside would see each other and the whole team."
    text["rules"].append(
        {
            "id": "hide",
            "describe": said,
            "when": hide,
            "action": "rewrite",
            "rewrite": "separate",
            "hide_inside_above": 3,
        }
    )
    return yaml.safe_dump(text)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    organisation = {
        "name": "Elm Road Surgery",
        "domains": ["elmroad.example"],
        "trusted_domains": ["trusted.example"],
        "teams": [
            {"name": "reception", "senders": ["desk-a@elmroad.example", "desk-b@elmroad.example"]},
            {"name": "shelter", "senders": ["shelter@elmroad.example"], "sensitive": True},
        ],
    }
    folder = tmp_path_factory.mktemp("issue4")
    with Sink() as sink, Service(folder, sink.port, policy_text(), organisation=organisation, canary={}) as service:
        yield Office(service, sink)


@pytest.fixture
def sender() -> str:
    return f"jo{next(numbers)}@elmroad.example"


@pytest.fixture
def domain() -> str:
    return f"case{next(numbers)}.example"


# Sentence 3: recalls, corrections and apologies.

AFTER: dict[str, dict[str, Any]] = {
    "correction": {"subject": f"Correction: {SUBJECT}", "text": "The clinic is on Sunday. Our mistake.\n"},
    "same-subject": {"text": "The door code is the one from last year.\n"},
    "same-text": {"subject": "Vaccination"},
    "apology": {"subject": "Apologies", "text": APOLOGY},
    "sent-in-error": {"subject": "Email sent in error", "text": APOLOGY},
    "outlook-recall": {"subject": f"Recall: {SUBJECT}", "text": RECALL},
    "oops": {"subject": "Oops", "text": "Hi all,\n\nPlease ignore my last email, I attached the wrong file.\n"},
    "french": {
        "subject": "Excuses",
        "text": "Veuillez ne pas tenir compte de mon message précédent, envoyé par erreur.\n",
    },
    "german-recall": {
        "subject": f"Rückruf: {SUBJECT}",
        "text": f'Jo Reid möchte die Nachricht "{SUBJECT}" zurückrufen.\n',
    },
}


@pytest.mark.parametrize("after", AFTER)
def test_a_message_that_takes_back_a_hidden_mailing_shows_nobody(
    office: Office, sender: str, domain: str, after: str
) -> None:
    office.relays(Letter(sender, hidden=people(14, domain)))
    office.separates(Letter(sender, people(3, domain), **AFTER[after]))
    office.separates(Letter(sender, people(6, domain, 5), **AFTER[after]))


def test_a_reply_to_a_hidden_mailing_with_other_words_shows_nobody(office: Office, sender: str, domain: str) -> None:
    office.relays(first := Letter(sender, hidden=people(8, domain)))
    answer = Letter(sender, people(3, domain), subject="Parking", text=MINUTES)
    office.separates(replace(answer, headers=(("In-Reply-To", first.identifier),)))


def test_a_colleague_of_the_team_takes_it_back(office: Office, domain: str) -> None:
    office.relays(Letter("desk-a@elmroad.example", hidden=people(8, domain)))
    office.separates(Letter("desk-b@elmroad.example", people(4, domain), subject="Sorry", text=APOLOGY))


def test_a_recall_of_a_list_that_left_separately(office: Office, sender: str, domain: str) -> None:
    first = Letter(sender, people(12, domain))
    assert office.release(office.holds(first), first, "separate") == 0
    office.copies(first)
    office.separates(Letter(sender, people(5, domain), subject=f"Recall: {SUBJECT}", text=RECALL))


@pytest.mark.parametrize("count", [2, 4])
def test_ordinary_mail_to_former_recipients_of_a_newsletter_passes(
    office: Office, sender: str, domain: str, count: int
) -> None:
    office.relays(Letter(sender, hidden=people(14, domain)))
    office.relays(Letter(sender, people(count, domain), subject="Committee on Tuesday", text=MINUTES))


def test_a_correction_whose_text_or_attachment_names_them_is_held(office: Office, sender: str, domain: str) -> None:
    office.relays(Letter(sender, hidden=people(14, domain)))
    names = people(4, domain)
    again = Letter(sender, names, subject=f"Correction: {SUBJECT}", text=f"It went to {', '.join(names)}.\n")
    office.holds(again)
    office.holds(replace(again, text="Sunday.\n", parts=(("message/rfc822", "", Letter(sender, names).raw),)))


def test_a_correction_that_lists_them_in_other_fields_shows_nobody(office: Office, sender: str, domain: str) -> None:
    office.relays(Letter(sender, hidden=people(14, domain)))
    listed = ", ".join(names := people(4, domain))
    encoded = f"=?utf-8?b?{base64.b64encode(' '.join(names[:2]).encode()).decode()}?="
    headers = (("X-Envelope-To", listed), ("X-Original-To", names[1]), ("Delivered-To", names[2]), ("X-Note", encoded))
    office.separates(Letter(sender, names, subject=f"Correction: {SUBJECT}", text="Sunday.\n", headers=headers))


def test_two_former_recipients_may_even_be_told_of_a_mistake(office: Office, sender: str, domain: str) -> None:
    office.relays(Letter(sender, hidden=people(14, domain)))
    office.relays(Letter(sender, people(2, domain), subject="About the committee", text=APOLOGY))


def test_an_apology_that_hides_everybody_passes(office: Office, sender: str, domain: str) -> None:
    office.relays(Letter(sender, hidden=people(14, domain)))
    office.relays(Letter(sender, hidden=people(14, domain), subject="Apologies", text=APOLOGY))


def test_a_thread_between_the_same_few_passes(office: Office, sender: str, domain: str) -> None:
    office.relays(first := Letter(sender, people(4, domain), subject="Roof", text=MINUTES))
    again = Letter(sender, people(4, domain), subject="Re: Roof", text="Monday suits us all, then.\n")
    office.relays(replace(again, headers=(("In-Reply-To", first.identifier),)))


# Sentence 4: batches.

BATCHES = [
    ((100,) * 5, 0), ((13, 55, 245), 0), ((9, 9, 9), 1), ((4, 4, 4), 2), ((5, 5), 1), ((9, 100, 4), 1),
]  # fmt: skip


@pytest.mark.parametrize(("sizes", "passing"), BATCHES)
def test_a_list_in_several_parts_is_held_from_the_part_that_makes_it_one(
    office: Office, sender: str, domain: str, sizes: tuple[int, ...], passing: int
) -> None:
    for index, size in enumerate(sizes):
        part = Letter(sender, people(size, domain, sum(sizes[:index])))
        (office.relays if index < passing else office.holds)(part)


def test_a_released_part_counts_for_the_small_one_after_it(office: Office, sender: str, domain: str) -> None:
    first = Letter(sender, people(100, domain))
    assert office.release(office.holds(first), first, "original") == 0
    office.holds(Letter(sender, people(4, domain, 100)))


def test_two_invitations_make_one_list(office: Office, sender: str, domain: str) -> None:
    for index, verdict in enumerate((office.relays, office.holds)):
        part = people(6, domain, 6 * index)
        event = ["METHOD:REQUEST", "BEGIN:VEVENT", f"UID:{domain}-{index}", "DTSTAMP:20261126T090000Z"]
        event += ["DTSTART:20261205T090000Z", "SUMMARY:Clinic", f"ORGANIZER:mailto:{sender}"]
        event += [*(f"ATTENDEE:mailto:{each}" for each in part), "END:VEVENT"]
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Elm Road//EN", *event, "END:VCALENDAR", ""]
        verdict(Letter(sender, hidden=part, parts=(("text/calendar", "invite.ics", "\r\n".join(lines).encode()),)))


@pytest.mark.parametrize("where", ["freemail", "apart"])
def test_parts_of_three_count_where_they_are_private_or_apart(office: Office, sender: str, where: str) -> None:
    parts = [
        tuple(
            f"{where}{index}{seat}@{'freemail' if where == 'freemail' else f'{seat}.case{index}'}.example"
            for seat in "abc"
        )
        for index in range(4)
    ]
    for part in parts[:3]:
        office.relays(Letter(sender, part))
    office.holds(Letter(sender, parts[3]))


def tenth(text: str) -> str:
    """Every tenth word is another one."""
    count = itertools.count(1)
    return re.sub(r"\w+", lambda found: "other" if next(count) % 10 == 0 else found[0], text)


def linked(token: str) -> str:
    link = f'<a href="https://track.example/c/{token}?r={token[::-1]}">here</a>'
    return "<p>" + LETTER.replace("\n\n", "</p><p>").replace("Please", f"Read {link}. Please") + "</p>"


VARIANTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "greeting": ({}, {"text": LETTER.replace("Dear all", "Good morning Mr and Mrs Featherstonehaugh")}),
    "merged-names": (
        {"text": LETTER.replace("all", "Anna Bell").replace("Afterwards", "Afterwards, Anna,")},
        {"text": LETTER.replace("all", "Omar Said").replace("Afterwards", "Afterwards, Omar,")},
    ),
    "tracking-links": ({"html": linked("a81kd93kfa0")}, {"html": linked("zz71hhq03mx")}),
    "tracking-links-in-text": (
        {"text": LETTER.replace("library", "library https://t.example/u/8h3f0ak1?e=aa91")},
        {"text": LETTER.replace("library", "library https://t.example/u/q0p4jd7z?e=b02k")},
    ),
    "tenth": ({}, {"text": tenth(LETTER)}),
    "other-subject": ({}, {"subject": "Vaccination, second letter"}),
    "refolded-capitals": ({}, {"text": " ".join(LETTER.upper().split()) + "\n"}),
    "html-beside": ({}, {"html": "<p>" + LETTER.replace("\n\n", "</p><p>") + "</p>"}),
    "html-only": ({}, {"text": "\n", "html": "<p>" + LETTER.replace("\n\n", "</p><p>") + "</p>"}),
    "forwarded": (
        {},
        {
            "subject": f"FW: {SUBJECT}",
            "text": f"And you.\n\n-----Original Message-----\nSubject: {SUBJECT}\n\n{LETTER}",
        },
    ),
    "short": ({"text": "The clinic moves to Sunday at ten.\n"}, {"text": "The clinic moves to Sunday at ten.\n"}),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_changed_text_is_the_same_batch(office: Office, sender: str, domain: str, variant: str) -> None:
    first, second = VARIANTS[variant]
    office.relays(Letter(sender, people(9, domain), **first))
    office.holds(Letter(sender, people(9, domain, 9), **second))


def test_a_team_makes_one_batch(office: Office, domain: str) -> None:
    text: dict[str, Any] = {
        "subject": "Harvest supper",
        "text": LETTER.replace("flu vaccination clinic", "harvest supper"),
    }
    office.relays(Letter("desk-a@elmroad.example", people(6, domain), **text))
    office.holds(Letter("desk-b@elmroad.example", people(6, domain, 6), **text))


def test_what_is_no_batch_passes(office: Office, sender: str, domain: str) -> None:
    office.relays(Letter(sender, people(9, domain)))
    office.relays(Letter(sender, people(9, domain, 20), subject="Committee", text=MINUTES))  # another text
    office.relays(Letter(f"else-{sender}", people(9, domain, 40)))  # another sender
    for number in range(60, 72):
        office.relays(Letter(sender, people(1, domain, number)))  # a mail merge: each is shown to nobody
    office.relays(Letter(sender, hidden=people(100, domain, 100)))


def clinic(kind: str, count: int, first: int = 1, **more: Any) -> dict[str, Any]:
    people_there = {"count": count, "domain": "patients.example", "first": first}
    return {kind: people_there, "subject": SUBJECT, "text": LETTER} | more


def test_earlier_messages_count_for_14_days(office: Office, tmp_path: Path) -> None:
    mend: dict[str, Any] = {"subject": f"Correction: {SUBJECT}", "text": "Sunday.\n"}
    fortnight = [(clinic("cc", 9), "14h"), (clinic("cc", 9), "13d"), (clinic("cc", 9), "15d")]
    separated, passes = {"disposition": "relay", "rewrite": "separate"}, {"disposition": "relay", "rewrite": None}
    tests = [
        {"message": clinic("cc", 9, 10), "earlier": [{"message": earlier, "ago": ago}], "expect": expected}
        for (earlier, ago), expected in zip(
            fortnight, ({"disposition": "hold"}, {"disposition": "hold"}, passes), strict=True
        )
    ] + [
        {
            "message": clinic("cc", 3, **mend),
            "earlier": [{"message": clinic("bcc", 12), "ago": ago}],
            "expect": expected,
        }
        for ago, expected in (("13d", separated), ("15d", passes))
    ]
    named = [{"name": f"case {number}"} | test for number, test in enumerate(tests)]
    (file := tmp_path / "days.yaml").write_text(json.dumps({"tests": named}))
    done = office.service.run("policy", "test", str(file), check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# Sentence 5: people in what is attached.


def carried(kind: str, count: int, domain: str) -> tuple[tuple[str, str, bytes], ...]:
    names = people(count, domain)
    eml = Letter("old@elsewhere.example", names, inside=("us@elsewhere.example",), text=MINUTES).raw
    outer = Letter("mid@elsewhere.example", inside=("us@elsewhere.example",), parts=(("message/rfc822", "", eml),)).raw
    cards = "".join(f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:G\r\nEMAIL;TYPE=HOME:{a}\r\nEND:VCARD\r\n" for a in names)
    table = "Name,E-mail Address,Phone\r\n" + "".join(f"Guest {n},{a},01632 960{n:03}\r\n" for n, a in enumerate(names))
    made = {
        "rfc822": ("message/rfc822", "", eml),
        "nested": ("message/rfc822", "", outer),
        "eml": ("application/octet-stream", "old.eml", eml),
        "vcard": ("text/vcard", "all.vcf", cards.encode()),
        "vcard-octets": ("application/octet-stream", "all.vcf", cards.encode()),
        "csv": ("text/csv", "contacts.csv", table.encode()),
        "csv-octets": ("application/octet-stream", "contacts.csv", table.encode()),
        "csv-utf-16": ("text/csv", "contacts.csv", table.encode("utf-16")),
    }
    return (made[kind],)


KINDS = ["rfc822", "nested", "eml", "vcard", "vcard-octets", "csv", "csv-octets", "csv-utf-16"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_that_is_attached_is_held(office: Office, sender: str, domain: str, kind: str) -> None:
    note = Letter(sender, people(1, f"to.{domain}"), subject="As discussed", text="Please see below.\n")
    office.holds(replace(note, parts=carried(kind, 10, domain)))


def test_two_people_in_what_is_attached_pass(office: Office, sender: str, domain: str) -> None:
    for kind in KINDS:
        note = Letter(sender, people(1, f"to.{domain}"), subject="As discussed", text="Please see below.\n")
        office.relays(replace(note, parts=carried(kind, 2, domain)))


def test_a_broken_winmail_dat_is_held(office: Office, sender: str, domain: str) -> None:
    part = ("application/ms-tnef", "winmail.dat", base64.b64decode("eJ8+IgEA") + b"broken" * 20)
    office.holds(Letter(sender, people(2, domain), subject="As discussed", parts=(part,)))


# Sentence 7: inside addresses, trusted domains, replies to all.


def staff(count: int) -> tuple[str, ...]:
    return tuple(f"staff{number}@elmroad.example" for number in range(count))


def test_many_inside_addresses_are_not_shown_outside(office: Office, sender: str, domain: str) -> None:
    office.holds(Letter(sender, people(1, domain), inside=staff(60)))
    everybody = Letter(sender, inside=staff(60))
    assert office.send(everybody) == "250 2.0.0 kept"


def test_a_few_inside_addresses_may_be_shown(office: Office, sender: str, domain: str) -> None:
    office.relays(Letter(sender, people(1, domain), inside=staff(5)))


def test_a_rewrite_hides_inside_addresses_above_the_number(office: Office, domain: str) -> None:
    for copy in office.separates(Letter("hider@elmroad.example", people(3, domain), inside=staff(8))):
        assert [each for each in staff(8) if each in readings(copy.content)] == []
    few = Letter("hider@elmroad.example", people(3, f"few.{domain}"), inside=staff(3), text=MINUTES)
    for copy in office.separates(replace(few, subject="Roof")):
        assert [each for each in staff(3) if each not in readings(copy.content)] == []


def test_trusted_people_are_not_counted_but_separated(office: Office, sender: str, domain: str) -> None:
    office.relays(Letter(sender, people(12, "trusted.example"), subject="Partners", text=MINUTES))
    mixed = Letter(sender, people(3, "trusted.example", 50) + people(11, domain))
    assert office.release(office.holds(mixed), mixed, "separate") == 0
    office.copies(mixed)


def test_a_reply_all_to_an_exposed_list_is_caught(office: Office, sender: str, domain: str) -> None:
    first = Letter(sender, people(12, domain))
    assert office.release(office.holds(first), first, "original") == 0
    headers = (("In-Reply-To", first.identifier), ("References", first.identifier))
    answer = Letter(f"else-{sender}", people(6, domain), subject=f"RE: {SUBJECT}", text="Thank you, I will come.\n")
    office.separates(replace(answer, headers=headers))
    quoted = f"Thanks.\n\n-----Original Message-----\nFrom: {sender}\nCc: {'; '.join(first.shown)}\n\n{LETTER}"
    office.holds(
        Letter(f"more-{sender}", people(4, domain, 7), subject=answer.subject, text=quoted, headers=headers[1:])
    )


# Sentence 8: senders whose every recipient is a secret.


def test_a_sensitive_team_shows_nobody_to_anybody(office: Office, domain: str) -> None:
    office.relays(Letter("shelter@elmroad.example", people(1, f"one.{domain}"), subject="A room", text=MINUTES))
    pair = Letter("shelter@elmroad.example", people(2, domain))
    ref = office.holds(pair)
    assert [office.release(ref, pair, form) for form in ("original", "bcc", "separate")] == [2, 2, 0]
    office.copies(pair)


@pytest.mark.parametrize("disguise", ["tag", "reply-to"])
def test_a_sensitive_team_is_known_in_disguise(office: Office, sender: str, domain: str, disguise: str) -> None:
    if disguise == "tag":
        office.holds(Letter("shelter+night@elmroad.example", people(2, domain)))
    else:
        office.holds(Letter(sender, people(2, domain), headers=(("Reply-To", "shelter@elmroad.example"),)))


# Sentence 9: exceptions.


def test_an_exception_spares_exactly_its_people(office: Office, sender: str) -> None:
    twelve = people(12, "board.example")
    office.holds(Letter(sender, twelve[:11]))
    office.holds(Letter(sender, people(13, "board.example")))
    office.holds(Letter(sender, twelve, hidden=people(1, "board.example", 12)))
    office.relays(Letter(f"else-{sender}", twelve))
    assert re.search(r"(?m)^visible-list +board +\d+ days +1 ", office.service.run("policy", "exceptions").stdout)


def test_an_exception_ends_after_90_days(office: Office, sender: str) -> None:
    office.holds(Letter(sender, people(12, "over.example")))


def test_an_exception_of_one_sender_spares_no_other(office: Office, sender: str) -> None:
    office.holds(Letter(sender, people(12, "theirs.example")))
    office.relays(Letter("secretary@elmroad.example", people(12, "theirs.example")))


@pytest.mark.parametrize(
    "reasons",
    [
        {"one of sender, recipients is needed": {}, "holds for everybody": {"sender": {"matches": ".*"}}},
        {"everybody inside": {"sender": ["@elmroad.example"]}},
    ],
    ids=["anybody", "own-domain"],
)
def test_an_exception_for_everybody_is_refused(
    office: Office, tmp_path: Path, reasons: dict[str, dict[str, Any]]
) -> None:
    text = yaml.safe_load((ROOT / "policies" / "default.yaml").read_text())
    for rule, whom in zip(text["rules"], reasons.values(), strict=False):
        rule["exceptions"] = [{key: value for key, value in exception("all", ()).items() if value} | whom]
    (file := tmp_path / "policy.yaml").write_text(yaml.safe_dump(text))
    done = office.service.run("policy", "check", str(file), check=False)
    assert done.returncode == 1
    assert [reason for reason in reasons if reason not in done.stdout] == []


# Sentence 10, and what was held.


def test_the_canary_sings_and_nothing_of_it_leaves(office: Office) -> None:
    before = len(office.sink.taken)
    assert office.service.run("canary", "run", check=False).returncode == 0
    assert [each for each in office.sink.taken[before:] if b"canary" in each.content.lower()] == []
    known = re.compile(r"(^|[@.])(elmroad|trusted|board|theirs|freemail|case\d+)\.example$")
    assert [each for each in office.sink.recipients() if not known.search(each)] == []


def test_nothing_that_was_held_has_left(office: Office) -> None:
    assert office.never
    outside = [
        each for each in list(office.sink.taken) if not all(a.endswith("@elmroad.example") for a in each.recipients)
    ]
    heads = [each.content.partition(b"\r\n\r\n")[0].decode("latin-1") for each in outside]
    assert [name for name in office.never if any(f"Message-ID: {name}" in head for head in heads)] == []
