"""Two guards on one PostgreSQL behind a balancer that sends every request to the other one than the one before.

What somebody has begun at one of them goes on at the other, and what is counted is counted for both together.
"""

from __future__ import annotations

import itertools
import math
import re
import smtplib
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx
import pytest

from tests.console.house import seen
from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.nodes import node
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink, Taken
from tests.end_to_end.test_attachments import BOOK, text_of
from tests.end_to_end.test_console_decides import PASSWORD, Browser
from tests.end_to_end.test_oidc import GROUPS, JO, SECRET, signs_in
from tests.end_to_end.test_workbooks import POLICY, carrying
from tests.peers.postgresql import Postgresql
from tests.ports import free_port
from tests.provider.certified import CertifiedProvider

LISTS = """
  - id: list
    describe: Some people outside would see each other.
    when: {visible_external_recipients: {at_least: 3}}
    action: rewrite
    rewrite: separate
"""
LIMITS = {"sign_in_failures_per_account": 3, "sign_in_failures_per_client": 1000, "sign_in_wait_seconds": 1}
PACE = 60
"""Messages a minute: one each second."""


class TimedSink(Sink):
    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def keep(self, taken: Taken) -> None:
        self.times.append(time.monotonic())
        super().keep(taken)


class Alternating(httpx.HTTPTransport):
    """As a balancer that keeps nobody at one guard. ports: of the consoles."""

    def __init__(self, ports: list[int]) -> None:
        super().__init__()
        self._next = itertools.cycle(ports)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(port=next(self._next))
        return super().handle_request(request)


@dataclass
class Pair:
    guards: list[Service]
    consoles: list[int]
    base: str
    provider: CertifiedProvider
    sink: TimedSink

    @contextmanager
    def browser(self) -> Iterator[Browser]:
        with Browser(self.base, transport=Alternating(self.consoles)) as browser:
            yield browser


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    cluster, consoles = Postgresql(), [free_port(), free_port()]
    base = f"http://127.0.0.1:{consoles[0]}"
    with ExitStack() as house:
        house.callback(cluster.close)
        url, sink = cluster.new_database(), house.enter_context(TimedSink())
        provider = house.enter_context(
            CertifiedProvider(folder, redirect=f"{base}/sign-in/provider/back", secret=SECRET)
        )
        secret = folder / "oidc.secret"
        secret.touch(0o600)
        secret.write_text(f"{SECRET}\n")
        oidc = {
            "issuer": provider.issuer,
            "client_id": "mailguard",
            "client_secret_file": str(secret),
            "label": "your Elm Road account",
            "scopes": ["openid", "email", "groups"],
            "groups": GROUPS,
        }
        guards = [
            house.enter_context(
                node(
                    folder,
                    name,
                    url,
                    sink.port,
                    POLICY + LISTS,
                    smarthost={"address": f"127.0.0.1:{sink.port}", "messages_per_minute": PACE},
                    listen=[{"address": "127.0.0.1:0", "sign_in": "local", "allow": ["127.0.0.0/8"]}],
                    limits=LIMITS,
                    console={"address": f"127.0.0.1:{port}", "base_url": base, "oidc": oidc},
                )
            )
            for name, port in zip(("one", "two"), consoles, strict=True)
        ]
        yield Pair(guards, consoles, base, provider, sink)


def test_who_goes_to_the_sign_in_service_from_one_guard_comes_back_to_the_other(pair: Pair) -> None:
    pair.provider.knows(jo=JO)
    with pair.browser() as jo:
        came = signs_in(jo, pair.base, "jo")
        assert came.status_code == 303, came.text
        for _ in pair.guards:
            assert "jo@elmroad.example" in jo.get("/account").text
        # What came back once does not come back again, at neither.
        for _ in pair.guards:
            assert jo.get(str(came.request.url.raw_path, "ascii")).status_code == 403


def test_what_is_unmasked_at_one_guard_is_unmasked_at_the_other_and_who_decides_is_seen_there(pair: Pair) -> None:
    said = submit(pair.guards[0].port, carrying(BOOK, "Referrals March.xlsx"), ["anna@council.example"])[1]
    ref = said.rpartition(" ")[2]
    part = f"/m/{ref}/parts/1"
    with pair.browser() as sam, pair.browser() as kim:
        sam.enters(pair.guards[0], "sam@elmroad.example", "reviewer", "reveal")
        kim.enters(pair.guards[1], "kim@elmroad.example", "reviewer")
        masked = sam.get(part)
        assert re.findall(r"\d{3} \d{3} ••••", text_of(masked.text))
        revealed = sam.send(f"{part}/reveal", masked, reason="Is it the old list?")
        assert revealed.status_code == 200, revealed.text
        for _ in pair.guards:
            clear = text_of(sam.get(part).text)
            assert re.findall(r"\b\d{3} \d{3} \d{4}\b|\b\d{10}\b", clear) and "••••" not in clear
        assert sam.get(f"/m/{ref}/decide").status_code == 200
        for _ in pair.guards:
            assert "sam@elmroad.example is deciding now" in seen(kim.get(f"/m/{ref}/decide")).text
    kinds = [row["kind"] for row in pair.guards[1].rows("audit", "list") if row["ref"] == ref]
    assert kinds.count("content_revealed") == 1


def guess(service: Service, name: str) -> bool:
    """Whether it was tried, and refused: not, where it came too soon."""
    with smtplib.SMTP("127.0.0.1", service.port, timeout=30) as client:
        client.ehlo()
        client.user, client.password = name, "none of theirs 1234"
        with pytest.raises(smtplib.SMTPAuthenticationError) as answer:
            client.auth("PLAIN", client.auth_plain, initial_response_ok=True)
        assert answer.value.smtp_code in (535, 454)
        return answer.value.smtp_code == 535


def guess_at_the_console(browser: Browser, name: str) -> bool:
    typed = {"name": name, "password": "none of theirs 1234", "code": "000000"}
    status = browser.send("/sign-in", browser.get("/sign-in"), **typed).status_code
    assert status in (403, 429), status
    return status == 403


def test_t7_guesses_at_either_guard_and_at_both_consoles_are_counted_together(pair: Pair) -> None:
    """After three at once each waits longer, 1, 2, 4 seconds: guards that counted for themselves would try eight."""
    name = "practice@elmroad.example"
    file = pair.guards[0].folder / "password"
    file.touch(0o600)
    file.write_text(PASSWORD)
    pair.guards[0].run("user", "add", name, "--password-file", str(file), "--role", "sender")
    began, results = time.monotonic(), []
    with pair.browser() as browser:
        for _ in range(6):
            results += [guess(guard, name) for guard in pair.guards]
            results += [guess_at_the_console(browser, name) for _ in pair.guards]
    lasted = time.monotonic() - began
    assert 4 <= sum(results) <= 4 + math.log2(lasted + 2), (results, lasted)
    for guard in pair.guards:
        assert not {"turn_not_given", "turn_not_settled"} & {each["event"] for each in guard.events()}


def test_both_guards_together_send_at_the_pace_of_the_smarthost(pair: Pair) -> None:
    before, began = len(pair.sink.times), time.monotonic()
    for number, guard in enumerate(pair.guards):
        three = [f"{each.partition('@')[0]}@paced{number}.example" for each in people(3)]
        assert submit(guard.port, message(three, number=number), three)[0] == 250
    eventually(lambda: len(pair.sink.times) >= before + 6, what="all copies came")
    # One a second and never two: however long each takes to arrive, none is here before its second has come.
    times = [at - began for at in sorted(pair.sink.times[before:])]
    assert all(at > 0.95 * number for number, at in enumerate(times)), times
