"""Every page of the console, in one table: the application is built from it, and the tests try all that is in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from .answers import Answer
from .pages import account, decide, message, notes, outcome, queue, second_factor, sign_in, start
from .visit import Visit

View = Callable[[Visit], Awaitable[Answer]]


class Needs(Enum):
    """Who may open a page at all. What somebody may see on it is the page's own matter, message by message.

    ANYBODY: no sign-in. HALF: who has signed in with a password and has no second factor yet, and nobody else. WHOLE:
    who is signed in.
    """

    ANYBODY = "anybody"
    HALF = "half"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Route:
    """path: as Starlette writes it. A GET changes nothing; whatever changes something is a POST."""

    method: Literal["GET", "POST"]
    path: str
    needs: Needs
    view: View


HOME = "/queue"
SIGN_IN = "/sign-in"
SECOND_FACTOR = "/account/second-factor"

ROUTES = (
    Route("GET", SIGN_IN, Needs.ANYBODY, sign_in.show),
    Route("POST", SIGN_IN, Needs.ANYBODY, sign_in.act),
    Route("POST", "/sign-out", Needs.ANYBODY, sign_in.sign_out),
    Route("GET", "/start/{token}", Needs.ANYBODY, start.show),
    Route("POST", "/start/{token}", Needs.ANYBODY, start.act),
    Route("GET", SECOND_FACTOR, Needs.HALF, second_factor.show),
    Route("POST", SECOND_FACTOR, Needs.HALF, second_factor.act),
    Route("GET", "/queue", Needs.WHOLE, queue.show),
    Route("GET", "/m/{ref}", Needs.WHOLE, message.show),
    Route("GET", "/m/{ref}/body", Needs.WHOLE, message.body),
    Route("GET", "/m/{ref}/decide", Needs.WHOLE, decide.show),
    Route("POST", "/m/{ref}/decide/check", Needs.WHOLE, decide.check),
    Route("POST", "/m/{ref}/decide", Needs.WHOLE, decide.act),
    Route("GET", "/m/{ref}/outcome", Needs.WHOLE, outcome.show),
    Route("POST", "/m/{ref}/stop", Needs.WHOLE, outcome.stop),
    Route("GET", "/m/{ref}/notes", Needs.WHOLE, notes.show),
    Route("POST", "/m/{ref}/notes", Needs.WHOLE, notes.add),
    Route("GET", "/account", Needs.WHOLE, account.show),
    Route("POST", "/account/sessions/end", Needs.WHOLE, account.end_one),
    Route("POST", "/account/sessions/end-others", Needs.WHOLE, account.end_others),
)
