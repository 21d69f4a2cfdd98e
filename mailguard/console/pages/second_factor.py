"""Setting up the second factor: the one page that is open to who has a password and nothing else yet."""

from __future__ import annotations

import base64

import segno

from ...core.one_time_code import enrolment_uri, secret_as_text
from ...guard.console.sign_in import Refusal
from .. import words
from ..answers import Answer, Page, Problem, Redirect
from ..visit import Visit

_SENTENCES = {
    Refusal.WRONG: (422, words.FACTOR_WRONG),
    Refusal.SLOWED: (429, words.SIGN_IN_SLOWED),
    Refusal.UNAVAILABLE: (503, words.SIGN_IN_UNAVAILABLE),
}


async def show(visit: Visit) -> Answer:
    return _page(visit)


async def act(visit: Visit) -> Answer:
    code = visit.typed("code")[:100]
    answer = await visit.site.sign_in.set_up(visit.signed_in, code, peer=visit.peer, browser=visit.browser)
    if isinstance(answer, Refusal):
        status, sentence = _SENTENCES[answer]
        return _page(visit, status, Problem("code", sentence))
    return Redirect("/", answer)


def _page(visit: Visit, status: int = 200, *problems: Problem) -> Page:
    visitor = visit.signed_in
    secret = base64.b32decode(visitor.session.pending_factor or "")
    uri = enrolment_uri(secret, visitor.account.name, f"mailguard {visit.site.organisation}")
    model = {"secret": secret_as_text(secret), "uri": uri, **_picture(uri)}
    return Page("second_factor.html", words.FACTOR_TITLE, model, status, problems)


def _picture(uri: str) -> dict[str, object]:
    """The QR code as one path, for an SVG in the page: no style, no script, no address."""
    code = segno.make(uri, error="m", micro=False)
    border = 4
    dark = [
        f"M{column + border} {row + border}h1v1h-1z"
        for row, line in enumerate(code.matrix)
        for column, module in enumerate(line)
        if module & 1
    ]
    return {"picture": "".join(dark), "picture_size": len(code.matrix) + 2 * border}
