"""Two hundred people at once about one message: at two consoles, the shell and the sender's page (issue 6, point 3).

On PostgreSQL the consoles are those of two guards; on SQLite two processes of their own before one guard.

Whoever is first decides; everybody else is told so, in the words of their own door, and nothing happens twice.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx
import pytest

from mailguard.config import load_settings
from mailguard.core.errors import AlreadyDecided
from mailguard.serve.control import call, socket_path
from tests.console.house import seen
from tests.end_to_end.mailing import message, submit
from tests.end_to_end.service import ROOT, Service, eventually
from tests.end_to_end.sink import Sink
from tests.end_to_end.test_console import console_on
from tests.end_to_end.test_console_decides import Browser
from tests.end_to_end.test_console_process import Edge
from tests.end_to_end.test_sender_page import CROWD, POLICY
from tests.peers.postgresql import Postgresql
from tests.ports import free_port

SENDER = "jo@elmroad.example"
AT_THE_CONSOLES, AT_THE_LINK, AT_THE_SOCKET, AT_THE_SHELL = 136, 50, 12, 2
TERMINAL = {"released", "rejected", "cancelled"}
DECIDED = {"release_decided", "release_rejected", "hold_cancelled"}
"""Kinds of entries of which one message may have one. A release from the shell has no `release_decided`."""
LOST, WON, SHOWN = "told that it is decided", "decided it", "shown how it ended"


class Node:
    """A console, with a reviewer who is signed in there, and the guard behind it. The house closes it.

    base: its address, as the settings have it. at: where it is reached, if it is a second one with the same address.
    """

    def __init__(self, service: Service, reviewer: str, house: ExitStack, base: str, at: str | None = None) -> None:
        self.service = service
        self.socket = socket_path(load_settings(service.settings_file).store_settings())
        self.browser = house.enter_context(Browser(base, at))
        self.browser.enters(service, reviewer, "reviewer")
        self._named = {"Origin": base, "Host": base.removeprefix("http://")}
        self._at = at or base
        self.crowd = house.enter_context(self._client())
        self.crowd.cookies = self.browser.cookies
        self.stranger = house.enter_context(self._client())
        self.forms: dict[str, dict[str, str]] = {}

    def _client(self) -> httpx.Client:
        """A browser with as many connections as somebody needs who does the same thing many times at once."""
        limits = httpx.Limits(max_connections=90, max_keepalive_connections=0)
        return httpx.Client(base_url=self._at, headers=self._named, timeout=120, limits=limits)


class Message:
    """A held message and its sender's link."""

    def __init__(self, node: Node, sink: Sink, number: int) -> None:
        raw = message(CROWD, subject=f"Clinic {number}", number=number)
        code, text = submit(node.service.port, raw, CROWD, sender=SENDER)
        assert code == 250, text
        self.ref = text.rpartition(" ")[2]
        self.number = number
        link = re.compile(rb"/s/[0-9a-f]{64}")
        about = eventually(lambda: [each for each in self.notices(sink) if link.search(each)], what="the notice")
        self.link = link.findall(about[0])[0].decode()

    def notices(self, sink: Sink) -> list[bytes]:
        """Everything that its sender was told of it, without the soft line ends."""
        told = [each.content.replace(b"=\r\n", b"") for each in sink.taken if each.recipients == [SENDER]]
        return [each for each in told if f"Clinic {self.number}".encode() in each]

    def copies(self, sink: Sink) -> list[str]:
        subject = f"Subject: Clinic {self.number}\r\n".encode()
        taken = [each for each in sink.taken if subject in each.content and set(each.recipients) & set(CROWD)]
        return [address for each in taken for address in each.recipients]


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as found:
        yield found


@pytest.fixture(scope="module")
def nodes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[list[Node]]:
    folder = tmp_path_factory.mktemp(request.param)
    with ExitStack() as house:
        if request.param == "sqlite":
            service = house.enter_context(_service(folder, sink, process="own"))
            first, port = house.enter_context(Edge(service)), free_port()
            house.enter_context(Edge(service, port))
            second = f"http://127.0.0.1:{port}"
            yield [
                Node(service, "sam@elmroad.example", house, first.base),
                Node(service, "kim@elmroad.example", house, first.base, second),
            ]
            return
        cluster = Postgresql()
        house.callback(cluster.close)
        url, keys = cluster.new_database(), [folder / "keys-one", folder / "keys-two"]
        one = house.enter_context(_service(folder / "one", sink, store=url, keys=str(keys[0]), ledger="one"))
        shutil.copytree(keys[0], keys[1], ignore=shutil.ignore_patterns("*.sock"))
        two = house.enter_context(_service(folder / "two", sink, store=url, keys=str(keys[1]), ledger="two"))
        yield [
            Node(each, reviewer, house, _base_of(each))
            for each, reviewer in ((one, "sam@elmroad.example"), (two, "kim@elmroad.example"))
        ]


def _service(folder: Path, sink: Sink, process: str = "service", **settings: Any) -> Service:
    console = {**console_on(free_port()), "stop_seconds": 5, "process": process}
    return Service(folder, sink.port, POLICY, console=console, **settings)


@pytest.mark.parametrize(
    ("nodes", "mixed"),
    [("sqlite", True), ("postgresql", False)],
    ids=["sqlite-some-send-some-do-not", "postgresql-all-send"],
    indirect=["nodes"],
    scope="module",
)
def test_of_two_hundred_attempts_one_decides(nodes: list[Node], sink: Sink, mixed: bool) -> None:
    held = Message(nodes[0], sink, 1 + mixed)
    attempts = _attempts(nodes, held, mixed)
    assert len(attempts) == 200
    starts = Barrier(len(attempts))

    def at_once(attempt: Callable[[], str]) -> str:
        starts.wait(60)
        return attempt()

    with ThreadPoolExecutor(len(attempts)) as pool:
        outcomes = Counter(pool.map(at_once, attempts))
    assert set(outcomes) <= {WON, LOST, SHOWN}, outcomes

    def state() -> str | None:
        found = {row["state"] for node in nodes for row in node.service.rows("held", "list") if row["ref"] == held.ref}
        return found.pop() if len(found) == 1 and found <= TERMINAL else None

    ended = eventually(state, 60, "one terminal state, the same at each node")
    assert mixed or ended == "released"
    entries = [row for row in nodes[0].service.rows("audit", "list") if row["ref"] == held.ref]
    kinds = Counter(row["kind"] for row in entries)
    by_its_sender = any(row.get("actor") == "sender" for row in entries if row["kind"] in DECIDED)
    assert outcomes[WON] == (not by_its_sender), (
        "one attempt was told that it decided, and all others that they did not"
    )
    assert sum(kinds[each] for each in DECIDED) <= 1 and kinds["message_released"] == (ended == "released")
    assert sum(kinds[each] for each in DECIDED - {"release_decided"} | {"message_released"}) == 1, kinds
    assert sorted(held.copies(sink)) == (sorted(CROWD) if ended == "released" else [])
    eventually(lambda: len(held.notices(sink)) == 2, what="the hold and its end are told, once each")
    for node in nodes:
        assert node.service.run("audit", "verify").returncode == 0
        assert not [event for event in node.service.events() if event["event"] in ("console_failed", "not_json")]


def _base_of(service: Service) -> str:
    console = load_settings(service.settings_file).console
    assert console is not None
    return console.base_url


def _attempts(nodes: list[Node], held: Message, mixed: bool) -> list[Callable[[], str]]:
    """Each is ready to act: its form is open, with the version that the message has now."""
    found: list[Callable[[], str]] = []
    for index in range(AT_THE_CONSOLES):
        choice = "reject" if mixed and index % 3 == 0 else "separate"
        found.append(_at_the_console(nodes[index % len(nodes)], held, choice, index))
    forms = [_sender_form(node, held, "cancel" if mixed else "separate") for node in nodes]
    found += [_at_the_link(*forms[index % len(forms)]) for index in range(AT_THE_LINK)]
    for index in range(AT_THE_SOCKET):
        found.append(_at_the_socket(nodes[index % len(nodes)], held, mixed and index % 3 == 0))
    return found + [_at_the_shell(nodes[index % len(nodes)], held) for index in range(AT_THE_SHELL)]


def _at_the_console(node: Node, held: Message, choice: str, index: int) -> Callable[[], str]:
    path = f"/m/{held.ref}/decide"
    note = f"Please use the bulk service, number {index}"
    typed = {"choice": choice, "send_note" if choice == "separate" else "reject_note": note}
    # One check of a choice for each browser; the others have the same form with a note of their own.
    key = f"{held.ref} {choice}"
    if key not in node.forms:
        checked = node.browser.send(f"{path}/check", node.browser.get(path), **typed)
        assert checked.status_code == 200, checked.text
        node.forms[key] = seen(checked).hidden
    data = {**node.forms[key], **typed}

    def act() -> str:
        answer = node.crowd.post(path, data=data)
        if answer.status_code == 303:
            return WON
        assert answer.status_code == 409 and note in answer.text, answer.text
        assert re.search("already decided|cancelled", answer.text), answer.text
        return LOST

    return act


def _sender_form(node: Node, held: Message, do: str) -> tuple[Node, str, dict[str, str]]:
    shown = node.stranger.get(held.link, params={"step": "check", "do": do})
    (code,) = re.findall(r'class="mg-code">([2-9A-Z]{5})<', shown.text)
    return node, held.link, {**seen(shown).hidden, "code": code}


def _at_the_link(node: Node, link: str, data: dict[str, str]) -> Callable[[], str]:
    def act() -> str:
        answer = node.stranger.post(link, data=data)
        assert answer.status_code == 303, answer.text
        page = node.stranger.get(answer.headers["location"])
        assert page.status_code == 200 and 'value="separate"' not in page.text, page.text
        return LOST if "changed=1" in str(page.url) else SHOWN

    return act


def _at_the_socket(node: Node, held: Message, rejects: bool) -> Callable[[], str]:
    """As a command speaks to the service, without the second that it takes to start one."""
    if rejects:
        operation, given = "held_reject", {"note": "Please use the bulk service"}
    else:
        operation, given = "held_release", {"form": "separate", "reason": "asked by phone"}

    def act() -> str:
        try:
            list(call(node.socket, operation, {"ref": held.ref, "by": "Jo", **given}))
        except AlreadyDecided:
            return LOST
        return WON

    return act


def _at_the_shell(node: Node, held: Message) -> Callable[[], str]:
    given = ("held", "release", held.ref, "--as", "separate", "--reason", "asked by phone", "--by", "Ann")
    command = [sys.executable, "-m", "mailguard", "-C", str(node.service.settings_file), *given]

    def act() -> str:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT)
        assert ran.returncode in (0, 5), ran.stderr
        assert ran.returncode == 0 or re.search("already|has decided .* first", ran.stderr), ran.stderr
        return LOST if ran.returncode == 5 else WON

    return act
