"""What a page answers: a page to render, a redirect, or a refusal. Values only; app.py makes responses of them."""

from __future__ import annotations

from collections.abc import Mapping
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


class Refused(Exception):
    """The page cannot be shown, for a reason that may be said. title, sentences: as people read them; `{reference}` in
    one of them is filled in.
    """

    def __init__(self, status: int, title: str, *sentences: str) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.sentences = sentences


Answer = Page | Redirect | Document
