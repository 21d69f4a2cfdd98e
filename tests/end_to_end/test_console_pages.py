"""The pages beside the queue through the real service: the trail, the rules, a trial in the sandbox, health, people."""

from __future__ import annotations

import base64
import re
import time
from pathlib import Path

import httpx

from mailguard.core.one_time_code import code_at
from tests.end_to_end.mailing import message, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.end_to_end.test_console import console_on
from tests.ports import free_port

PASSWORD = "maple river copper nine"


def sends(browser: httpx.Client, path: str, page: str | None = None, **fields: str) -> httpx.Response:
    found = re.search(r'name="csrf" value="([^"]+)"', browser.get(page or path).text)
    assert found
    headers = {"Origin": str(browser.base_url).rstrip("/")}
    return browser.post(path, data={"csrf": found[1], **fields}, headers=headers)


def becomes_admin(browser: httpx.Client, service: Service) -> None:
    """From the link on the server to the first page, as the first admin."""
    start = service.run("user", "link").stdout.strip().partition(str(browser.base_url).rstrip("/"))[2]
    sends(browser, start, name="ada@elmroad.example", password=PASSWORD, again=PASSWORD)
    key = re.search(r'<p class="mg-secret">([A-Z2-7 ]+)</p>', browser.get("/account/second-factor").text)
    assert key
    plain = key[1].replace(" ", "")
    secret = base64.b32decode(plain + "=" * (-len(plain) % 8))
    answer = sends(browser, "/account/second-factor", code=code_at(secret, int(time.time() // 30)))
    assert answer.status_code == 303, answer.text


def test_the_pages_of_the_running_service(tmp_path: Path, sink: Sink) -> None:
    port = free_port()
    with Service(tmp_path, sink.port, console=console_on(port)) as service:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as browser:
            becomes_admin(browser, service)
            assert submit(service.port, message(), ["a@council.example"])[0] == 250
            eventually(lambda: "was sent on" in browser.get("/audit?kind=mail").text)
            trail = browser.get("/audit?kind=mail").text
            assert "council.example" not in trail
            sends(browser, "/audit/check")
            eventually(lambda: "entries are unbroken" in browser.get("/audit/check").text)
            table = sends(browser, "/audit/export", kind="mail")
            assert table.content.startswith(b"\xef\xbb\xbf") and b"message_relayed" in table.content
            rules = browser.get("/policy").text
            assert "is in force since" in rules and "In the last 7 days" in rules
            taken, held = len(sink.taken), service.rows("held", "list")
            found = re.search(r'name="csrf" value="([^"]+)"', browser.get("/policy/try").text)
            assert found
            tried = browser.post(
                "/policy/try",
                data={"csrf": found[1]},
                files={"file": ("a.eml", many_in_cc())},
                headers={"Origin": f"http://127.0.0.1:{port}"},
            )
            assert tried.status_code == 200 and "This message would be held." in tried.text
            assert "Nothing was sent and the message was not kept." in tried.text
            assert len(sink.taken) == taken and service.rows("held", "list") == held
            health = browser.get("/health").text
            assert "Mail is flowing." in health and "The last message was checked at" in health
            assert "not leaving this server" not in health
            added = sends(browser, "/people/add", "/people", name="sam@elmroad.example", **{"role.reviewer": "yes"})
            assert "/start/" in added.text
            settings = browser.get("/settings").text
            assert "organisation.name" in settings
            policy = service.settings_file.parent / "policies" / "policy.yaml"
            policy.write_text(policy.read_text().replace("action:", "acton:", 1))
            eventually(lambda: "mailguard is still using version 1" in browser.get("/policy").text)
            broken = browser.get("/policy").text
            assert "column 5" in broken and "Did you mean &#34;action&#34;?" in broken
            assert submit(service.port, message(), ["b@council.example"])[0] == 250, "the earlier rules are in force"
        assert service.stop() == 0
        assert service.run("audit", "verify").returncode == 0


def many_in_cc() -> bytes:
    people = ", ".join(f"p{number}@patients.example" for number in range(288))
    return f"From: nurse@elmroad.example\r\nCc: {people}\r\nSubject: Flu clinic\r\n\r\nHello\r\n".encode()
