"""Decisions at the console of the real process: what leaves, when, and what does not leave after a stop."""

from __future__ import annotations

import base64
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from mailguard.core.one_time_code import code_at
from tests.console.house import seen
from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.end_to_end.test_console import console_on
from tests.ports import free_port

PASSWORD = "maple river copper nine"
CONTACT = "manager@elmroad.example"
STOP_SECONDS = 12
POLICY = """\
version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside would see each other's addresses.
    when: {visible_external_recipients: {at_least: 10}}
    action: hold
    rewrite: separate
"""
PEOPLE = people(288)


class Browser:
    """Somebody with a browser without scripts: cookies, forms, and what stands in them.

    at: where the console is reached, if that is not its own address, as behind a web server. transport: how, if not as
    ever.
    """

    def __init__(self, base: str, at: str | None = None, transport: httpx.BaseTransport | None = None) -> None:
        named = {"Origin": base, "Host": httpx.URL(base).netloc.decode()}
        self._client = httpx.Client(base_url=at or base, headers=named, timeout=60, transport=transport)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def cookies(self) -> httpx.Cookies:
        return self._client.cookies

    def get(self, path: str) -> httpx.Response:
        return self._client.get(path)

    def send(self, path: str, page: httpx.Response, **typed: str) -> httpx.Response:
        """Send the form of a page, and go where it leads."""
        answer = self._client.post(path, data={**seen(page).hidden, **typed})
        return self._client.get(answer.headers["location"]) if answer.status_code == 303 else answer

    def enters(self, service: Service, name: str, *roles: str) -> None:
        """By the link that an admin makes for them: password, second factor, and in."""
        password = service.folder / "password"
        password.touch(0o600)
        password.write_text(PASSWORD)
        given = [argument for role in roles for argument in ("--role", role)]
        service.run("user", "add", name, "--password-file", str(password), *given)
        start = httpx.URL(service.run("user", "link", name).stdout.strip()).path
        shown = self.send(start, self.get(start), password=PASSWORD, again=PASSWORD)
        if "second-factor" not in str(shown.url):
            shown = self.get("/account/second-factor")
        key = re.search(r"mg-secret[^>]*>([A-Z2-7 ]+)<", shown.text)
        assert key, shown.text
        plain = key[1].replace(" ", "")
        secret = base64.b32decode(plain + "=" * (-len(plain) % 8))
        entered = self.send("/account/second-factor", shown, code=code_at(secret, int(time.time() // 30)))
        assert entered.status_code in (200, 303) and self.get("/queue").status_code == 200


def held_at(service: Service) -> str:
    known = {row["ref"] for row in service.rows("held", "list")}
    assert submit(service.port, message(PEOPLE), [*PEOPLE, "office@elmroad.example"])[0] == 250
    (ref,) = {row["ref"] for row in service.rows("held", "list")} - known
    return str(ref)


def patients(sink: Sink) -> list[Any]:
    return [taken for taken in sink.taken if any("patients.example" in each for each in taken.recipients)]


def decide(browser: Browser, ref: str, **typed: str) -> httpx.Response:
    path = f"/m/{ref}/decide"
    checked = browser.send(f"{path}/check", browser.get(path), **typed)
    assert "Send 288 separate copies" in checked.text, checked.text
    return browser.send(path, checked)


def state_of(service: Service, ref: str) -> str:
    return next(str(row["state"]) for row in service.rows("held", "list") if row["ref"] == ref)


def test_nothing_leaves_before_the_time_to_stop_is_over_and_nothing_after_a_stop(tmp_path: Path, sink: Sink) -> None:
    port = free_port()
    console = {**console_on(port), "stop_seconds": STOP_SECONDS}
    service = Service(tmp_path, sink.port, POLICY, console=console)
    with service, Browser(f"http://127.0.0.1:{port}") as browser:
        browser.enters(service, "sam@elmroad.example", "reviewer")
        stopped, sent = held_at(service), held_at(service)

        outcome = decide(browser, stopped, choice="separate")
        assert f"You can stop this for {STOP_SECONDS} seconds" in outcome.text
        back = browser.send(f"/m/{stopped}/stop", outcome)
        assert "Stopped. Nothing was sent." in back.text and state_of(service, stopped) == "held"

        began = time.monotonic()
        decide(browser, sent, choice="separate")
        service.kill()
        assert not patients(sink), "nothing had left when the process died"
        service.start()
        while True:
            left = patients(sink)
            if time.monotonic() - began > STOP_SECONDS - 0.5:
                break
            assert not left
            time.sleep(0.05)
        eventually(lambda: state_of(service, sent) == "released", 60)
        taken = Counter(address for each in patients(sink) for address in each.recipients)
        assert taken == Counter(PEOPLE), "each of 288 gets one copy"
        for each in patients(sink):
            (own,) = each.recipients
            header = each.content.partition(b"\r\n\r\n")[0]
            assert re.findall(rb"[a-z0-9]+@patients\.example", header) == [own.encode()] and b"\nBcc" not in header
        notices = eventually(lambda: [each for each in sink.taken if b"now being sent" in each.content])
        assert len(notices) == 1 and notices[0].recipients == ["jo@elmroad.example"]

        # Its time would have come before that of the one that was sent.
        assert state_of(service, stopped) == "held" and len(patients(sink)) == 288, "what was stopped has not left"
        late = browser.send(f"/m/{sent}/stop", outcome)
        assert late.status_code in (403, 409)
        kinds = Counter(row["kind"] for row in service.rows("audit", "list") if row["ref"] in (sent, stopped))
        assert (kinds["release_decided"], kinds["release_stopped"], kinds["message_released"]) == (2, 1, 1)
        assert service.run("audit", "verify").returncode == 0


def test_the_shell_releases_at_once_and_the_console_hears_of_it(tmp_path: Path, sink: Sink) -> None:
    port = free_port()
    service = Service(tmp_path, sink.port, POLICY, console=console_on(port))
    with service, Browser(f"http://127.0.0.1:{port}") as browser:
        browser.enters(service, "sam@elmroad.example", "reviewer")
        ref = held_at(service)
        page = f"http://127.0.0.1:{port}/m/{ref}\r\n".encode()
        eventually(lambda: [each.recipients for each in sink.taken if page in each.content] == [[CONTACT]], 20)
        path = f"/m/{ref}/decide"
        checked = browser.send(
            f"{path}/check", browser.get(path), choice="reject", reject_note="Please use the bulk service"
        )
        service.run("held", "release", ref, "--as", "separate", "--reason", "asked by phone", "--by", "Jo")
        answer = browser.send(path, checked)
        assert answer.status_code == 409 and "Jo has already decided" in answer.text
        assert "Please use the bulk service" in answer.text
        eventually(lambda: len(patients(sink)) == 288, 60)
        assert not [each for each in sink.taken if b"bulk service" in each.content]
