"""The demo as a practice manager sees it, without a browser: hold, decision, what left, notice, the sender's choice,
result. And the real service, which has nothing of it.
"""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from tests.console.house import seen
from tests.end_to_end.demo import Demo
from tests.end_to_end.mailing import people, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.end_to_end.test_console import console_on
from tests.end_to_end.test_console_decides import Browser, decide
from tests.ports import free_port

BANNER = "Demo. Nothing is really sent."


def test_the_whole_loop_without_a_mail_client(tmp_path: Path) -> None:
    with Demo(tmp_path) as demo, Browser(demo.base) as browser:
        # CONSOLE.md 5: usable in less than ten seconds; on a machine with nothing else to do that is what it computes.
        assert demo.ready_cpu < 10
        demo.wait_for(r"(Whatever else is sent)")
        assert f"{demo.base}/demo/outbox" in demo.said and "Stop: Ctrl+C" in demo.said
        comes_in(demo, browser)
        refs = re.findall(r"^  held +(.+?) +(MG-\S+)$", demo.said, re.MULTILINE)
        held = dict(refs)
        assert len(held) == 5 and all(ref in browser.get("/queue").text for ref in held.values())

        patients = held["288 patients in Cc"]
        assert "288 copies" not in outbox(browser).text
        outcome = decide(browser, patients, choice="separate")
        assert "You can stop this for 15 seconds" in outcome.text and "288 copies" not in outbox(browser).text
        eventually(lambda: "288 copies, each to one person" in outbox(browser).text, 90)
        each_gets_one_and_reads_nobody_else(browser)

        browser.send("/demo/role", browser.get("/demo"), role="sender")
        assert browser.get("/queue").url.path == "/queue" and "Sign in" not in browser.get("/demo/outbox").text
        assert "Being sent: Flu clinic" in notice(browser, "Flu clinic on Saturday").text
        the_sender_mends_it(browser)
        eventually(lambda: "6 copies, each to one person" in outbox(browser).text, 90)

        assert submit(demo.port, b"From: me@elmroad.example\r\nSubject: Mine\r\n\r\nHi\r\n", people(1))[0] == 250
        demo.wait_for(r"(sent      Mine)")
        eventually(lambda: "Subject: Mine" in outbox(browser).text)
        assert demo.stop() == 0 and "Traceback" not in demo.said
        assert list(tmp_path.iterdir()) == []


def comes_in(demo: Demo, browser: Browser) -> None:
    path = httpx.URL(demo.link).path
    assert browser.get("/queue").status_code == 303 and BANNER in browser.get("/sign-in").text
    shown = browser.get(path)
    landed = browser.send(path, shown)
    assert landed.url.path == "/demo" and BANNER in landed.text
    assert browser.get("/queue").status_code == 200
    with Browser(demo.base) as another:
        gone = another.get(path)
        assert gone.status_code == 404 and "already used" in gone.text and BANNER in gone.text
        assert another.send(path, another.get("/sign-in")).status_code == 404
        assert another.get("/demo/outbox").status_code == 303 and another.get("/queue").status_code == 303


def outbox(browser: Browser) -> httpx.Response:
    return browser.get("/demo/outbox")


def each_gets_one_and_reads_nobody_else(browser: Browser) -> None:
    """By the bytes that left, not by what the page says of them."""
    page = outbox(browser).text
    card = next(card for card in page.split('<li class="mg-card">') if "288 copies" in card)
    bodies, everybody = set(), []
    for number in re.findall(r"/demo/outbox/(\d+)", card):
        header, _, body = browser.get(f"/demo/outbox/{number}/message.eml").content.partition(b"\r\n\r\n")
        unfolded = header.replace(b"\r\n ", b" ")
        (to,) = re.findall(rb"(?im)^To: .*?([a-z.]+@[a-z.]+)", unfolded)
        shown = set(re.findall(rb"[a-z.]+@(?:mailbox|post|webmail|broadband|home)\.example", unfolded))
        assert shown == {to} and not re.search(rb"(?im)^b?cc:", header)
        everybody.append(to)
        bodies.add(body)
    assert len(everybody) == len(set(everybody)) == 288 and len(bodies) == 1


def notice(browser: Browser, subject: str) -> httpx.Response:
    """The newest notice about an email."""
    href = next(href for href, text in seen(outbox(browser)).links if subject in text)
    return browser.get(href)


def the_sender_mends_it(browser: Browser) -> None:
    href = next(href for href, _ in seen(notice(browser, "Carers' evening")).links if href.startswith("/s/"))
    page = browser.get(href)
    assert page.status_code == 200 and BANNER in page.text and "Send a separate copy to each person" in page.text
    checked = browser.get(f"{href}?do=separate")
    code = re.search(r"mg-code\">([^<]+)<", checked.text)
    assert code
    assert "will be sent" not in browser.send(href, checked, code="WRONG").text
    done = browser.send(href, browser.get(f"{href}?do=separate"), code=code[1], name="Sam")
    assert done.status_code == 200 and "6" in done.text


def test_a_real_service_has_nothing_of_the_demo(tmp_path: Path, sink: Sink) -> None:
    port = free_port()
    with (
        Service(tmp_path, sink.port, console=console_on(port)) as service,
        Browser(f"http://127.0.0.1:{port}") as admin,
    ):
        admin.enters(service, "sam@elmroad.example", "admin")
        token = seen(admin.get("/account")).hidden
        for path in ("/demo", "/demo/outbox", "/demo/outbox/1", "/demo/outbox/1/message.eml", "/demo/role"):
            assert admin.get(path).status_code == 404, path
        for role in ("viewer", "reviewer", "admin", "sender"):
            assert admin.send("/demo/role", admin.get("/account"), **token, role=role).status_code == 404
        assert "demo" not in admin.get("/queue").text.lower()
        assert admin.get("/health").status_code == 200, "and they are who they were"
        assert not [row for row in service.rows("audit", "list") if row.get("actor") == "mailguard demo"]
