"""A real workbook with a hidden sheet through the real service: what its page shows to whom, what is recorded."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from mailguard.core.one_time_code import code_at
from tests.end_to_end.mailing import submit
from tests.end_to_end.service import Service
from tests.end_to_end.sink import Sink
from tests.end_to_end.test_console import console_on
from tests.end_to_end.test_console_pages import PASSWORD, sends
from tests.end_to_end.test_workbooks import POLICY, WORKBOOKS, carrying
from tests.ports import free_port

BOOK = (WORKBOOKS / "hidden-sheet.xlsx").read_bytes()


@contextmanager
def signed_in(service: Service, base: str, name: str, *roles: str) -> Iterator[httpx.Client]:
    """Somebody with these roles, from the account to the first page."""
    given = [argument for role in roles for argument in ("--role", role)]
    service.run("user", "add", name, *given, "--generate")
    start = service.run("user", "link", name).stdout.strip().partition(base)[2]
    with httpx.Client(base_url=base, timeout=60) as browser:
        sends(browser, start, password=PASSWORD, again=PASSWORD)
        key = re.search(r'<p class="mg-secret">([A-Z2-7 ]+)</p>', browser.get("/account/second-factor").text)
        assert key
        plain = key[1].replace(" ", "")
        secret = base64.b32decode(plain + "=" * (-len(plain) % 8))
        answer = sends(browser, "/account/second-factor", code=code_at(secret, int(time.time() // 30)))
        assert answer.status_code == 303, answer.text
        yield browser


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_a_hidden_sheet_is_seen_masked_then_unmasked_and_taken_along(tmp_path: Path, sink: Sink) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with Service(tmp_path, sink.port, policy=POLICY, console=console_on(port)) as service:
        said = submit(service.port, carrying(BOOK, "Referrals March.xlsx"), ["anna@council.example"])[1]
        assert "Held for checking" in said
        ref = said.rpartition(" ")[2]
        part = f"/m/{ref}/parts/1"
        with signed_in(service, base, "sam@elmroad.example", "reviewer", "reveal", "download") as sam:
            page = text_of(sam.get(f"/m/{ref}").text)
            assert "1 hidden sheet has 40 rows of people" in page and "Shows 5 rows and carries 46" in page
            masked = sam.get(part)
            assert masked.status_code == 200
            shown = text_of(masked.text)
            assert (
                "not visible: hidden sheet" in shown and "10 of 41 rows are shown." in shown and "NHS number" in shown
            )
            numbers = re.findall(r"\d{3} \d{3} ••••", shown)
            assert len(numbers) == 9, shown
            assert sends(sam, f"{part}/reveal", part, reason="Is it the old list?").status_code == 303
            clear = text_of(sam.get(part).text)
            values = re.findall(r"\b\d{10}\b|\b\d{3} \d{3} \d{4}\b", clear)
            assert len(values) == 9 and not [each for each in values if each in shown], clear
            assert BOOK not in sam.get(f"{part}/download").content
            taken = sends(sam, f"{part}/download")
            assert taken.content == BOOK and "Referrals March.xlsx" in taken.headers["content-disposition"]
            whole = sends(sam, f"/m/{ref}/download")
            assert b"Subject: The figures" in whole.content
        with signed_in(service, base, "vi@elmroad.example", "viewer") as vi:
            seen = [vi.get(path) for path in (f"/m/{ref}", part, f"{part}/download", f"/m/{ref}/download")]
            assert [each.status_code for each in seen] == [200, 403, 403, 403]
            for answer in seen:
                for secret in ("Referrals", "NHS", "hidden sheet", "••••", "/parts/", "The figures", *values):
                    assert secret not in answer.text, secret
        kinds = [row["kind"] for row in service.rows("audit", "list") if row["ref"] == ref]
        assert kinds.count("content_revealed") == 1 and kinds.count("content_downloaded") == 2
        log = service.log_file.read_text()
        assert "Is it the old list" not in log and not [each for each in values if each in log]
        assert service.run("audit", "verify").returncode == 0
