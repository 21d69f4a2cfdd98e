"""Somebody at the console without a browser: pages over httpx, forms filled in by their labels as a person would."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx

from mailguard.core.one_time_code import code_at

PASSWORD = "maple river copper nine"


@dataclass
class Field:
    """One control of a form. label: its text in words; value: what it would send; options: of a list, value
    and words.
    """

    name: str
    kind: str
    value: str
    chosen: bool = False
    label: str = ""
    options: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Form:
    """action and method as the page has them; buttons: (words, name, value)."""

    action: str
    method: str
    fields: list[Field] = field(default_factory=list)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)

    def named(self, name: str) -> list[Field]:
        return [each for each in self.fields if each.name == name]

    def data(self) -> dict[str, list[str]]:
        """What a browser would send if nothing was touched."""
        found: dict[str, list[str]] = {}
        for each in self.fields:
            if each.name and (each.kind not in {"radio", "checkbox"} or each.chosen):
                found.setdefault(each.name, []).append(each.value)
        return found


class Page(HTMLParser):
    """What a page says: text, title, headings, links (href, words) and forms."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.markup = markup
        self.title, self.h1 = "", ""
        self.links: list[tuple[str, str]] = []
        self.forms: list[Form] = []
        self.items: list[tuple[str, str]] = []
        self._pieces: list[str] = []
        self._open: list[tuple[str, int, dict[str, str]]] = []
        self._by_id: dict[str, Field] = {}
        self._labels: dict[str, str] = {}
        self._select = ""
        self.feed(markup)
        self.close()
        for key, words in self._labels.items():
            if key in self._by_id:
                self._by_id[key].label = words

    @property
    def text(self) -> str:
        return " ".join("".join(self._pieces).split())

    def form(self, words: str) -> Form:
        """The form with a button that says this."""
        found = [form for form in self.forms if any(words in button[0] for button in form.buttons)]
        assert found, f"no button {words!r} among {[b[0] for f in self.forms for b in f.buttons]}"
        return found[0]

    def buttons(self) -> list[str]:
        return [button[0] for form in self.forms for button in form.buttons]

    def link(self, words: str) -> str:
        found = [href for href, said in self.links if words in said]
        assert found, f"no link {words!r} among {self.links}"
        return found[0]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in {"br", "p", "li", "div", "dt", "dd", "td", "th", "tr", "h1", "h2", "h3", "option"}:
            self._pieces.append(" ")
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        elif tag == "input" and self.forms:
            kind = given.get("type", "text")
            if kind in {"submit", "image"}:
                self.forms[-1].buttons.append((given.get("value", ""), given.get("name", ""), given.get("value", "")))
                return
            standing = "on" if kind in {"radio", "checkbox"} else ""
            self._add(Field(given.get("name", ""), kind, given.get("value", standing), "checked" in given), given)
        elif tag == "select":
            self._select = given.get("name", "")
            self._add(Field(self._select, "select", ""), given)
        elif tag == "option" and self._select and self.forms:
            here = self.forms[-1].fields[-1]
            here.options.append((given.get("value", ""), ""))
            if "selected" in given or not here.chosen:
                here.value, here.chosen = given.get("value", ""), True
        elif tag == "textarea":
            self._add(Field(given.get("name", ""), "textarea", ""), given)
        if tag not in {"input", "br", "meta", "link", "img", "hr", "wbr"}:
            self._open.append((tag, len(self._pieces), given))

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            name, since, given = self._open.pop()
            inside = "".join(self._pieces[since:])
            words = " ".join(inside.split())
            if name == "title":
                self.title = words
            elif name == "h1":
                self.h1 = words
            elif name == "a":
                self.links.append((given.get("href", ""), words))
            elif name == "label" and "for" in given:
                self._labels[given["for"]] = words
            elif name == "button" and self.forms:
                self.forms[-1].buttons.append((words, given.get("name", ""), given.get("value", "")))
            elif name == "textarea" and self.forms:
                self.forms[-1].fields[-1].value = inside.removeprefix("\n")
            elif name == "option" and self._select:
                here = self.forms[-1].fields[-1]
                here.options[-1] = (here.options[-1][0], words)
            elif name == "select":
                self._select = ""
            elif name in {"h2", "h3", "li", "td", "th", "dt", "dd", "p"}:
                self.items.append((name, words))
            if name == tag:
                return

    def handle_data(self, data: str) -> None:
        self._pieces.append(data)

    def _add(self, found: Field, given: dict[str, str]) -> None:
        if self.forms:
            self.forms[-1].fields.append(found)
            self._by_id[given.get("id", "")] = found


class Visitor:
    """One browser: its cookies, and the page that it sees. `at` is the last answer."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.client = httpx.Client(base_url=base, timeout=30)
        self.at: httpx.Response

    def get(self, path: str, **more: Any) -> Page:
        self.at = self.client.get(path, follow_redirects=True, **more)
        return Page(self.at.text)

    def press(self, page: Page, words: str, **filled: Any) -> Page:
        """Fill in the form of this button (names of fields, a list for several) and press it; where that leads."""
        form = page.form(words)
        data = form.data()
        for name, value in filled.items():
            assert form.named(name), f"no field {name!r} among {[f.name for f in form.fields]}"
            data[name] = value if isinstance(value, list) else [value]
        said = next(button for button in form.buttons if words in button[0])
        if said[1]:
            data[said[1]] = [said[2]]
        return self.send(form, data)

    def send(self, form: Form, data: dict[str, Any], **headers: str) -> Page:
        where = str(self.at.url.join(form.action or str(self.at.url)))
        if form.method == "post":
            told = {"Origin": self.base, "Sec-Fetch-Site": "same-origin"} | headers
            self.at = self.client.post(where, data=data, headers=told, follow_redirects=True)
        else:
            self.at = self.client.get(where, params=data, follow_redirects=True)
        return Page(self.at.text)

    def close(self) -> None:
        self.client.close()


def comes_by(base: str, url: str, name: str = "") -> tuple[Visitor, bytes]:
    """Chooses a password with a one-time link and sets up the second factor; signed in, and the secret."""
    visitor = Visitor(base)
    page = visitor.get(url)
    words = {"name": name} if name else {}
    page = visitor.press(page, "Continue", password=PASSWORD, again=PASSWORD, **words)
    secret = base64.b32decode(page.markup.partition('mg-secret">')[2].partition("<")[0].replace(" ", ""))
    # The code of the step before, which leaves that of this one for a sign-in, counts until this one ends.
    if (left := 30 - time.time() % 30) < 5:
        time.sleep(left)
    while True:
        step = int(time.time() // 30)
        page = visitor.press(page, "Finish", code=code_at(secret, step - 1))
        # On a busy machine this one may have ended meanwhile: then it was one code too old.
        if "Finish" not in page.buttons() or int(time.time() // 30) == step:
            return visitor, secret


def sign_in(visitor: Visitor, page: Page, name: str, secret: bytes, ahead: int = 0) -> Page:
    """Fills in the form of page, which asks to sign in. ahead: 1 for the second time within half a minute."""
    code = code_at(secret, int(time.time() // 30) + ahead)
    return visitor.press(page, "Sign in", name=name, password=PASSWORD, code=code)
