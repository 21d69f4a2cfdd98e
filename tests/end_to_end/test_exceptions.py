"""Exceptions and sensitive senders on the real process: real sockets, real commands, a restart in between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.midnight import a_day_that_lasts

BOARD = people(4, "board.example")


def policy(today: date) -> str:
    return f"""\
version: 1
rules:
  - id: visible-list
    describe: Three or more people outside would see each other's addresses.
    when: {{visible_external_recipients: {{at_least: 3}}}}
    exceptions:
      - id: board
        sender: [jo@elmroad.example]
        recipients: [{", ".join(BOARD)}]
        owner: practice manager
        reason: The board members know each other.
        added: {today - timedelta(days=1)}
      - id: over
        recipients: [{", ".join(people(3, "over.example"))}]
        owner: practice manager
        reason: This was needed last year.
        added: {today - timedelta(days=90)}
    action: hold
    rewrite: separate
  - id: sensitive
    describe: This team's mail must never show the people it is sent to to each other.
    when: {{sensitive_sender: true, visible_external_recipients: {{at_least: 2}}}}
    action: hold
    rewrite: separate
    release_as: [separate]
"""


ORGANISATION = {
    "name": "Elm Road Surgery",
    "domains": ["elmroad.example"],
    "teams": [{"name": "shelter", "senders": ["shelter@elmroad.example"], "sensitive": True}],
}


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


@pytest.fixture
def service(tmp_path: Path, sink: Sink) -> Iterator[Service]:
    metrics = {"address": "127.0.0.1:0"}
    with Service(
        tmp_path, sink.port, policy(a_day_that_lasts()), organisation=ORGANISATION, metrics=metrics
    ) as service:
        yield service


def send(service: Service, whom: list[str], number: int, sender: str = "jo@elmroad.example") -> str:
    raw = message(whom, number=number).replace(b"jo@elmroad.example", sender.encode())
    code, text = submit(service.port, raw, whom, sender)
    assert code == 250
    return text


def held(text: str) -> str:
    assert "Held for checking, ref " in text, text
    return text.rpartition(" ")[2]


def arrived(sink: Sink, whom: list[str]) -> list[Any]:
    return [taken for taken in list(sink.taken) if set(taken.recipients) & set(whom)]


def uses(service: Service) -> dict[str, int]:
    return {each["id"]: each["uses"] for each in service.rows("policy", "exceptions")}


def test_an_exception_lets_exactly_its_own_list_pass_and_is_counted(service: Service, sink: Sink) -> None:
    assert uses(service) == {"board": 0, "over": 0}
    assert send(service, BOARD, 1) == "2.0.0 kept"
    (taken,) = arrived(sink, BOARD)
    assert taken.recipients == BOARD, "it passes as one message, as it was written"
    for number, (whom, sender) in enumerate(
        (
            ([*BOARD, "one-more@board.example"], "jo@elmroad.example"),
            (BOARD[:3], "jo@elmroad.example"),
            (BOARD, "other@elmroad.example"),
            (people(3, "over.example"), "jo@elmroad.example"),
        ),
        start=2,
    ):
        held(send(service, whom, number, sender))
    assert len(arrived(sink, [*BOARD, "one-more@board.example", *people(3, "over.example")])) == 1

    (decision,) = (
        entry
        for entry in service.rows("audit", "list")
        if entry["kind"] == "message_decided" and entry["disposition"] == "relay"
    )
    (rule,) = (each for each in decision["rules"] if each["id"] == "visible-list")
    assert (rule["matched"], rule["values"]["exception"]) == (False, "board")
    status = service.rows("status")[0]
    with urlopen(f"http://{status['metrics']}/metrics", timeout=60) as page:
        assert b'mailguard_rule_exceptions_total{exception="board",rule="visible-list"} 1.0' in page.read()
    assert uses(service) == {"board": 1, "over": 0}

    assert service.stop() == 0
    assert uses(service) == {"board": 1, "over": 0}, "counted in the store, and told without a service too"
    service.start()
    assert send(service, BOARD, 9) == "2.0.0 kept"
    assert uses(service) == {"board": 2, "over": 0}
    (board, over) = service.rows("policy", "exceptions")
    assert (board["days_left"], board["owner"], board["in_force"]) == (89, "practice manager", True)
    assert (over["days_left"], over["in_force"]) == (0, False)
    assert service.run("audit", "verify").returncode == 0


def test_a_sensitive_senders_mail_leaves_as_separate_copies_or_not_at_all(service: Service, sink: Sink) -> None:
    two = people(2, "clients.example")
    assert send(service, two, 1) == "2.0.0 kept", "another sender's two people pass"
    sink.taken.clear()
    ref = held(send(service, two, 2, "shelter@elmroad.example"))
    for form in ("original", "bcc"):
        refused = service.run("held", "release", ref, "--as", form, "--reason", "hurry", check=False)
        assert refused.returncode == 2 and "only as separate" in refused.stderr, refused
    (shown,) = service.rows("held", "show", ref)
    assert (shown["state"], shown["release_as"]) == ("held", ["separate"])
    assert not arrived(sink, two)
    service.run("held", "release", ref, "--as", "separate", "--reason", "they wait for it")
    for address in two:
        (copy,) = eventually(lambda address=address: arrived(sink, [address]))
        assert [each for each in two if each.encode() in copy.content] == [address]


def test_a_signed_list_of_a_sensitive_sender_can_only_be_not_sent(service: Service, sink: Sink) -> None:
    two = people(2, "clients.example")
    extra = (
        "MIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=b; micalg=sha-256; "
        'protocol="application/pkcs7-signature"'
    )
    inner = (
        f"--b\r\nContent-Type: text/plain; protected-headers=v1; hp=clear\r\nCc: {', '.join(two)}\r\n\r\nHello\r\n"
        "--b\r\nContent-Type: application/pkcs7-signature\r\n\r\nx\r\n--b--\r\n"
    )
    raw = message(two, number=1, extra=extra, body=inner).replace(b"jo@elmroad.example", b"shelter@elmroad.example")
    _, text = submit(service.port, raw, two, "shelter@elmroad.example")
    ref = held(text)
    for form in ("original", "bcc", "separate"):
        refused = service.run("held", "release", ref, "--as", form, "--reason", "x", check=False)
        assert refused.returncode == 2 and "what is left is to reject it" in refused.stderr
    shown = service.run("held", "show", ref).stdout
    assert "May leave as  nothing: all that is left is not to send it" in shown
    assert "so it cannot be sent." in shown
    told = eventually(lambda: arrived(sink, ["shelter@elmroad.example"]))
    assert any(b"so it cannot be sent." in b" ".join(each.content.replace(b"=\r\n", b"").split()) for each in told)
    service.run("held", "reject", ref, "--note", "Please write to each of them.")
    assert not arrived(sink, two)


def test_a_team_that_the_settings_do_not_have_keeps_the_service_from_starting(tmp_path: Path, sink: Sink) -> None:
    service = Service(
        tmp_path, sink.port, policy(a_day_that_lasts()).replace("sensitive_sender: true", "sender_team: [refuge]")
    )
    with pytest.raises(AssertionError, match=r"the settings have no team .*refuge"):
        service.start()
    found = [json.loads(line) for line in service.run("check", "--json", check=False).stdout.splitlines()]
    assert any(not each["ok"] and '"refuge"' in each["sentence"] for each in found if each["part"] == "policies")


def test_an_exception_for_everybody_keeps_the_policy_that_is_in_force(service: Service) -> None:
    file = service.folder / "policies" / "policy.yaml"
    text = file.read_text()
    file.write_text(text.replace(f"recipients: [{', '.join(BOARD)}]", "").replace("jo@", "'@elmroad.example', jo@"))
    eventually(lambda: "everybody inside" in str(service.rows("status")[0]["policy_problem"]))
    held(send(service, people(3, "x.example"), 1))
