"""What a page answers: a page to render, a redirect, a file to save, or a refusal. Values only; app.py makes
responses of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Page:
    """A template and its model. title: of the page, without the product's name. problems: the form's, which begin the
    title with "Error:".
    """

    template: str
    title: str
    model: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a form: which field, and a sentence."""

    field: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Document:
    """A whole HTML document that is none of our pages, under a Content-Security-Policy of its own."""

    html: str
    policy: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """See another page (303), where a reload is safe. token: the browser's new one; empty: it loses the one it has."""

    to: str
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """A file that the browser saves and never shows. filename: plain ASCII, chosen by us."""

    octets: bytes
    filename: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Stream:
    """A file that the browser saves and never shows, made while it is sent. pieces: the first one comes when all that
    could be refused has been; where a later one fails the connection breaks, and the browser says that it did.
    """

    pieces: AsyncIterator[bytes]
    filename: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What the script of a page asked for, as JSON."""

    values: Mapping[str, str]


class Refused(Exception):
    """The page cannot be shown, for a reason that may be said. title, sentences: as people read them; `{reference}` in
    one of them is filled in. retry_after: in how many seconds it is worth another try (RFC 9110, 10.2.3).
    """

    def __init__(self, status: int, title: str, *sentences: str, retry_after: int | None = None) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.sentences = sentences
        self.retry_after = retry_after


Answer = Page | Redirect | Document | Download | Stream | Facts
