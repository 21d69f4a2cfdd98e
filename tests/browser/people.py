"""People at the console, as they come to it: by a link, with a password, with an app on their telephone."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from mailguard.core.one_time_code import code_at
from tests.end_to_end.service import Service

PASSWORD = "maple river copper nine"


@dataclass
class Person:
    """step: of the last code that was used; codes count one step early and one late, so three sign-ins need no wait."""

    name: str
    secret: bytes
    step: int
    cookies: Any

    def code(self) -> str:
        """The next code that counts, and still does in ten seconds, when it is typed and the password is looked at."""
        self.step = max(self.step + 1, int((time.time() + 10) // 30) - 1)
        while self.step > int(time.time() // 30) + 1:
            time.sleep(1)
        return code_at(self.secret, self.step)


def first_admin(service: Service, browser: Browser, base: str) -> Person:
    url = service.run("user", "link").stdout.strip()
    return _comes(browser, url, base, "admin@elmroad.example", is_new=True)


def set_up(service: Service, browser: Browser, base: str, name: str, role: str) -> Person:
    service.run("user", "add", name, "--role", role, "--generate")
    url = service.run("user", "link", name).stdout.strip()
    return _comes(browser, url, base, name, is_new=False)


def _comes(browser: Browser, url: str, base: str, name: str, *, is_new: bool) -> Person:
    """Without JavaScript, as everything must work."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url)
    if is_new:
        page.get_by_label("Account name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    secret = base64.b32decode((page.locator(".mg-secret").text_content() or "").replace(" ", ""))
    person = Person(name, secret, int(time.time() // 30) - 2, None)
    page.get_by_label("Six-digit code").fill(person.code())
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Held messages")
    person.cookies = context.cookies()
    context.close()
    return person


def sign_in(context: BrowserContext, person: Person) -> Page:
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Account name").fill(person.name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Six-digit code").fill(person.code())
    page.get_by_role("button", name="Sign in").click()
    return page
