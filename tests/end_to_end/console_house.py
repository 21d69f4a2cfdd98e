"""One service with people, teams and a message for each case of the console's specification.

What takes its time (the 30 seconds to stop, a deadline) is begun when it starts, so that the last cases can look at it.
"""

from __future__ import annotations

import contextlib
import email
import email.policy
import functools
import io
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mailguard.cli.main import main
from tests.end_to_end.mailing import people, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.end_to_end.visitor import Page, Visitor, comes_by
from tests.ports import free_port

POLICY = """
version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside the organisation would see each other's addresses.
    when: {visible_external_recipients: {at_least: 10}}
    action: hold
    rewrite: separate
    sender_may: [cancel, separate]
  - id: embargo
    describe: These figures are under embargo.
    when: {subject: {matches: "^Embargo"}}
    action: hold
    rewrite: separate
    approvals: 2
    sender_may: [cancel, separate]
  - id: nobody-decides
    describe: The subject says that it will expire.
    when: {subject: {matches: "^Expires"}}
    action: hold
    deadline: 20s
  - id: ask-first
    describe: The subject asks for somebody who looks.
    when: {subject: {matches: "^=?(Ask|HYPERLINK)"}}
    action: hold
  - id: second-thoughts
    describe: This waits for some minutes.
    when: {subject: {matches: "^Later"}}
    action: hold
    delay: 10m
  - id: refused
    describe: Nobody may send this.
    when: {subject: {matches: "^Refuse"}}
    action: reject
"""
BODY = "Dear all, the results of BODYWORD are in.\r\n"
# Subject, sender, domain of the people outside, how many of them. One message a sender, so that each has a notice.
MESSAGES = (
    ("copies", "Flu clinic", "elm", "copies.example", 12),
    ("stopped", "Diabetes clinic", "elm", "stopped.example", 12),
    ("bcc", "Ask before Bcc", "elm", "bcc.example", 3),
    ("as-it-is", "Ask as it is", "elm", "asitis.example", 2),
    ("failing", "Ask for trouble", "elm", "failing.example", 1),
    ("embargo", "Embargo until Monday", "elm", "press.example", 3),
    ("expires", "Expires soon", "elm", "expires.example", 1),
    ("conflict", "Ask about figures", "elm", "county.example", 2),
    ("taken-back", "Ask and cancel", "elm", "back.example", 2),
    ("escalated", "Ask the chief", "elm", "chief.example", 2),
    ("formula", '=HYPERLINK("http://x.example")', "elm", "formula.example", 2),
    ("secret", "Ask about Quincewood", "park", "quince.example", 2),
    ("bounce", "Ask for a bounce", "park", "bounce.example", 2),
    ("own", "Ask about my own", "elm", "own.example", 2),
    ("separate", "Asthma clinic", "elm", "asthma.example", 11),
    ("cancelled", "Heart clinic", "elm", "heart.example", 11),
    ("urgent", "Ask at once", "elm", "urgent.example", 2),
    ("guesses", "Ask for a code", "elm", "guess.example", 2),
    ("now", "Later and now", "elm", "now.example", 2),
    ("never", "Later and never", "elm", "never.example", 2),
    ("some", "Later for some", "elm", "some.example", 3),
    ("pressing", "Later but pressing", "elm", "pressing.example", 2),
)


@dataclass
class House:
    """A service with its people. ref, link: by the names in MESSAGES; begun: when the first decision was made.
    opened: before the first of them was held, as the clock on its wall says.
    """

    service: Service
    sink: Sink
    base: str
    ref: dict[str, str] = field(default_factory=dict)
    link: dict[str, str] = field(default_factory=dict)
    visitor: dict[str, Visitor] = field(default_factory=dict)
    secret: dict[str, bytes] = field(default_factory=dict)
    strangers: list[Visitor] = field(default_factory=list)
    begun: float = 0.0
    opened: datetime = field(default_factory=lambda: datetime.now(ZoneInfo("Europe/London")))

    def shell(self, *arguments: str) -> list[dict[str, Any]]:
        """What a command prints, in this process: starting Python for each of a hundred takes too long."""
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            status = main(["-C", str(self.service.settings_file), *arguments, "--json"])
        assert status == 0, printed.getvalue()
        return [json.loads(line) for line in printed.getvalue().splitlines() if line.strip()]

    def stranger(self) -> Visitor:
        """Somebody whom nobody knows, with a browser of their own."""
        self.strangers.append(Visitor(self.base))
        return self.strangers[-1]

    def page(self, name: str, of: str = "") -> str:
        return f"/m/{self.ref[name]}{of}"

    def state(self, name: str) -> str:
        """As the command line says it."""
        return next(row["state"] for row in self.shell("held", "list") if row["ref"] == self.ref[name])

    def notices(self, to: str) -> list[EmailMessage]:
        found = []
        for taken in list(self.sink.taken):
            if to in taken.recipients:
                read = email.message_from_bytes(taken.content, policy=email.policy.default)
                assert isinstance(read, EmailMessage)
                if read["X-Mailguard-Notice"] is not None:
                    found.append(read)
        return found

    def kinds(self, name: str) -> list[str]:
        return [row["kind"] for row in self.shell("audit", "list") if row["ref"] == self.ref[name]]

    def reached(self, domain: str) -> list[str]:
        return [address for address in self.sink.recipients() if address.endswith("@" + domain)]


def sender_of(name: str, team: str) -> str:
    return f"{name}@{team}.elmroad.example"


def letter(name: str, subject: str, team: str, outside: list[str], extra: str = "", body: str = BODY) -> bytes:
    head = (
        f"From: Jo Reid <{sender_of(name, team)}>",
        "To: office@elmroad.example",
        "Cc: " + ",\r\n ".join(outside),
        f"Subject: {subject}",
        f"Message-ID: <{name}@client.example>",
        *([extra] if extra else []),
    )
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


def text_of(notice: EmailMessage) -> str:
    part = notice.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def hold(house: House, name: str, subject: str, team: str, outside: list[str], **more: str) -> None:
    raw = letter(name, subject, team, outside, **more)
    to = outside if name == "failing" else [*outside, "office@elmroad.example"]
    code, said = submit(house.service.port, raw, to, sender_of(name, team))
    assert code == 250, said
    house.ref[name] = re.findall(r"MG-[A-Z2-9]{4}-[A-Z2-9]{2}", said)[0]


def decide(visitor: Visitor, house: House, name: str, **chosen: str) -> Page:
    """The two steps, up to the last button."""
    page = visitor.press(visitor.get(house.page(name, "/decide")), "Continue", **chosen)
    return visitor.press(page, last_button(page))


def last_button(page: Page) -> str:
    """The words of the one button of a summary that does something."""
    words = [said for said in page.buttons() if said not in {"Sign out", "Go back and change it"}]
    assert len(words) == 1, page.text
    return words[0]


def code_of(page: Page) -> str:
    return re.findall(r'class="mg-code">([^<]+)<', page.markup)[0]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    teams = [
        {"name": "elm", "senders": ["@elm.elmroad.example"]},
        {"name": "park", "senders": ["@park.elmroad.example"], "rejections": "dsn"},
    ]
    organisation = {"name": "Elm Road Surgery", "domains": ["elmroad.example"], "teams": teams}
    console = {"address": f"127.0.0.1:{port}", "base_url": base}
    folder = tmp_path_factory.mktemp("specification")
    with Sink() as sink, Service(folder, sink.port, POLICY, organisation=organisation, console=console) as service:
        sink.refusals[b"person0@failing.example"] = b"550 5.1.1 no such person"
        found = House(service, sink, base)
        invite(found)
        for name, subject, team, domain, count in MESSAGES:
            hold(found, name, subject, team, people(count, domain))
        begin(found)
        for name, _, team, _, _ in MESSAGES:
            to = sender_of(name, team)
            notice = eventually(functools.partial(found.notices, to), what=f"a notice to {name}")[0]
            found.link[name] = re.findall(rf"{base}/s/\S+", text_of(notice))[0]
        yield found
        for visitor in (*found.visitor.values(), *found.strangers):
            visitor.close()


def invite(house: House) -> None:
    """The first admin comes by a link of the shell, the others by links of the admin."""
    url = house.service.run("user", "link").stdout.strip()
    admin, house.secret["admin"] = comes_by(house.base, url, "admin@elmroad.example")
    house.visitor["admin"] = admin
    for who, name, role in (
        ("sam", "sam@elmroad.example", "reviewer:elm"),
        ("amira", "amira@elmroad.example", "reviewer:elm"),
        ("own", sender_of("own", "elm"), "reviewer"),
        ("embargo", sender_of("embargo", "elm"), "reviewer:elm"),
        ("pat", "pat@elmroad.example", "reviewer:park"),
        ("viewer", "viewer@elmroad.example", "viewer:elm"),
    ):
        page = admin.press(admin.get("/people"), "Add and make", name=name, **{f"role.{role}": "yes"})
        url = re.findall(rf"{house.base}/start/\S+", page.text)[0]
        house.visitor[who], house.secret[who] = comes_by(house.base, url)


def begin(house: House) -> None:
    """What takes half a minute."""
    sam = house.visitor["sam"]
    house.begun = time.monotonic()
    decide(sam, house, "copies", choice="separate")
    decide(sam, house, "bcc", choice="bcc")
    decide_as_it_is(sam, house, "as-it-is")
    decide(sam, house, "failing", choice="original", why="know")


def decide_as_it_is(visitor: Visitor, house: House, name: str) -> Page:
    """With a note and the tick that the specification wants where it could hurt: two strangers see each other."""
    filled = {"choice": "original", "why": "know", "why_note": "They have met before."}
    page = visitor.press(visitor.get(house.page(name, "/decide")), "Continue", **filled)
    assert "I have checked the list of people and the attachments" in page.text
    visitor.press(page, last_button(page))
    assert visitor.at.status_code == 422, "the tick is needed"
    ticked = {field.name: field.value for form in page.forms for field in form.fields if field.kind == "checkbox"}
    return visitor.press(page, last_button(page), **ticked)
