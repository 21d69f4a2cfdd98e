"""The sender's way out, in the real process: hold, notice at the smarthost, the link in it, what the page does."""

from __future__ import annotations

import email
import email.policy
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.console.house import seen
from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.end_to_end.test_console import console_on
from tests.ports import free_port

POLICY = """\
version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside would see each other's addresses.
    when: {visible_external_recipients: {at_least: 10}}
    action: hold
    rewrite: separate
    sender_may: [cancel, separate]
"""
CROWD = people(12)


class Way:
    """A service with a console, and what its senders get."""

    def __init__(self, service: Service, sink: Sink, base: str) -> None:
        self.service = service
        self.sink = sink
        self.base = base
        self.urls: list[str] = []

    def holds(self, number: int, subject: str = "Flu clinic", sender: str = "jo@elmroad.example") -> tuple[str, str]:
        """Submit a message that is held: its reference, and the link in the notice that arrives."""
        raw = message(CROWD, subject=subject, number=number)
        code, text = submit(self.service.port, raw, CROWD, sender=sender)
        assert code == 250, text
        ref = text.rpartition(" ")[2]
        notice = eventually(lambda: self._notice(ref, sender), what="the notice of the hold")
        plain, rich = (str(notice.get_body((kind,)).get_content()) for kind in ("plain", "html"))
        (url,) = re.findall(r"http://\S+/s/[0-9a-f]{64}", plain)
        assert f'href="{url}"' in rich and "patients.example" not in plain + rich
        self.urls.append(url)
        return ref, url

    def _notice(self, ref: str, sender: str) -> Any:
        for taken in self.sink.taken:
            found = email.message_from_bytes(taken.content, policy=email.policy.default)
            if taken.recipients == [sender] and ref in taken.content.decode("utf-8", "replace"):
                return found
        return None

    def browser(self) -> httpx.Client:
        return httpx.Client(base_url=self.base, headers={"Origin": self.base}, timeout=60)

    def state(self, ref: str) -> str:
        (row,) = [row for row in self.service.rows("held", "list") if row["ref"] == ref]
        return str(row["state"])


def chooses(browser: httpx.Client, url: str, do: str, **fields: str) -> httpx.Response:
    shown = browser.get(url, params={"step": "check", "do": do})
    assert shown.status_code == 200, shown.text
    (code,) = re.findall(r'class="mg-code">([2-9A-Z]{5})<', shown.text)
    return browser.post(url, data={**seen(shown).hidden, "code": code, **fields})


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    folder = tmp_path_factory.mktemp("sender")
    port = free_port()
    console = {**console_on(port), "stop_seconds": 5}
    with Sink() as sink, Service(folder, sink.port, POLICY, console=console) as service:
        yield Way(service, sink, f"http://127.0.0.1:{port}")


def test_opening_the_link_changes_nothing_and_cancelling_works_once(way: Way) -> None:
    ref, url = way.holds(1)
    with way.browser() as browser:
        for _ in range(3):
            assert browser.get(url).status_code == browser.head(url).status_code == 200
        assert chooses(browser, url, "cancel", code="ZZZZZ").status_code == 422
        assert chooses(browser, url, "cancel", code="").status_code == 422
        assert way.state(ref) == "held"
        assert chooses(browser, url, "cancel").status_code == 303
        assert way.state(ref) == "cancelled"
        assert "You cancelled it at" in seen(browser.get(url)).text
    with way.browser() as another:
        assert "You cancelled it at" in seen(another.get(url)).text
    kinds = [row["kind"] for row in way.service.rows("audit", "list") if row["ref"] == ref]
    assert kinds.count("hold_cancelled") == 1
    told = eventually(lambda: [each for each in way.sink.taken if b"Subject: Not sent: Flu clinic" in each.content])
    assert told[0].recipients == ["jo@elmroad.example"]
    assert not [each for each in way.sink.taken if set(each.recipients) & set(CROWD)]


def test_separate_copies_arrive_one_by_one(way: Way) -> None:
    ref, url = way.holds(2, "Separate clinic")
    with way.browser() as browser:
        answer = chooses(browser, url, "separate")
        assert answer.status_code == 303, answer.text
        copies = eventually(
            lambda: (
                [t for t in way.sink.taken if set(t.recipients) & set(CROWD)][11:]
                and [t for t in way.sink.taken if set(t.recipients) & set(CROWD)]
            ),
            what="twelve copies",
        )
        assert sorted(each.recipients[0] for each in copies) == sorted(CROWD)
        assert all(len(each.recipients) == 1 for each in copies)
        eventually(lambda: way.state(ref) == "released")
        assert "You sent this as separate copies at" in seen(browser.get(url)).text
        assert chooses_again(browser, url) == 303
    decided = [row for row in way.service.rows("audit", "list") if row["kind"] == "release_decided"]
    assert [(row["ref"], row["actor"]) for row in decided] == [(ref, "sender")]


def chooses_again(browser: httpx.Client, url: str) -> int:
    """Another act on what is decided: the page says how it stands."""
    shown = browser.get("/sign-in")
    (csrf,) = re.findall(r'name="csrf" value="([^"]+)"', shown.text)
    return browser.post(url, data={"csrf": csrf, "do": "cancel", "version": "1", "code": "AAAAA"}).status_code


def test_what_cannot_wait_reaches_the_reviewers(way: Way) -> None:
    ref, url = way.holds(3, "Urgent clinic")
    with way.browser() as browser:
        assert chooses(browser, url, "urgent", reason="The clinic is today").status_code == 303
    told = eventually(lambda: [t for t in way.sink.taken if b"Subject: Urgent: a held email" in t.content])
    assert told[0].recipients == ["manager@elmroad.example"] and b"today" not in told[0].content
    assert way.state(ref) == "held"


def test_an_altered_link_says_nothing_and_takes_as_long_as_an_expired_one(way: Way) -> None:
    _, url = way.holds(4, "Altered clinic")
    altered = url[:-1] + ("0" if url[-1] != "0" else "1")
    links = (altered, f"{way.base}/s/none")
    answers, seconds = [], dict[str, list[float]]()
    with way.browser() as browser:
        for _ in range(15):
            for each in links:  # in turn: what else this machine does is the same beside both
                began = time.perf_counter()
                answers.append(browser.get(each))
                seconds.setdefault(each, []).append(time.perf_counter() - began)
    assert {answer.status_code for answer in answers} == {404} and len({answer.text for answer in answers}) == 1
    one, other = (sorted(seconds[each])[7] for each in links)
    assert max(one, other) < 3 * min(one, other) + 0.02, (one, other)


def test_no_token_stands_in_the_store_or_in_the_log(way: Way) -> None:
    assert way.urls
    assert way.service.stop() == 0
    files = [path for path in way.service.folder.rglob("*") if path.is_file()]
    assert any(path.name == "mailguard.db" for path in files)
    for path in files:
        content = path.read_bytes()
        for url in way.urls:
            assert url.rpartition("/")[2].encode() not in content, path


def test_an_expired_link_says_what_an_altered_one_says(tmp_path: Path, sink: Sink) -> None:
    port = free_port()
    short = POLICY.replace("    action: hold\n", "    action: hold\n    deadline: 4s\n")
    with Service(tmp_path, sink.port, short, console=console_on(port)) as service:
        way = Way(service, sink, f"http://127.0.0.1:{port}")
        ref, url = way.holds(1)
        eventually(lambda: way.state(ref) == "expired")
        with way.browser() as browser:
            gone, never = browser.get(url), browser.get(f"{way.base}/s/{'0' * 64}")
        assert (gone.status_code, gone.text) == (never.status_code, never.text) and gone.status_code == 404


def test_without_a_console_the_notice_has_no_link(tmp_path: Path, sink: Sink) -> None:
    with Service(tmp_path, sink.port, POLICY) as service:
        assert submit(service.port, message(CROWD), CROWD)[0] == 250
        notice = eventually(lambda: [t for t in sink.taken if t.recipients == ["jo@elmroad.example"]])
        assert b"/s/" not in notice[0].content and b"http" not in notice[0].content
