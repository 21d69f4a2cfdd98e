"""Several held messages at once: what would happen to each, the act, and what became of each.

INVARIANT: the result names every message that was ticked; it is shown only to the browser that acted, so that nobody
can be sent a link that claims something was done.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ...core.legible import legible
from ...core.lifecycle import OPEN, State
from ...core.moment import time_in_words
from ...core.reference import is_reference
from ...guard.console.bulk import MOST, Act, Foreseen, Picked, Result, Why
from ...guard.console.queue import consequence_of
from ...guard.records import Held
from ...guard.sender_links import name_of as sender_name
from .. import decision_words as says
from .. import words
from .. import words_queue as said
from ..answers import Answer, Page, Problem, Redirect, Refused
from ..entry_words import number
from ..render import address
from ..visit import Visit
from . import queue_export
from .decide import LEAST, clean
from .decide import MOST as MOST_NOTE
from .queue_asked import KEPT, asked_of, chosen_of, link

CHECK, ACT, DONE = "/queue/bulk/check", "/queue/bulk", "/queue/bulk/done"
EXPORT = "export"
PICK, WAS = "m-", "w-"
"""How the fields of a form begin that tick a message (its version), and that say whose it was."""


async def check(visit: Visit) -> Answer:
    """Changes nothing: what would happen to each."""
    picks = _picked(visit)
    if visit.typed("act") == EXPORT:
        chosen = chosen_of(visit.form)
        asked, _ = asked_of(chosen, visit)
        return await queue_export.confirm(visit, chosen, asked, [each.ref for each in picks])
    return await _check(visit, _act(visit), picks)


async def act(visit: Visit) -> Answer:
    picks, what = _picked(visit), _act(visit)
    foreseen = await visit.site.bulk.foresee(visit.signed_in, what, picks)
    note, to = clean(visit.typed("note")), visit.typed("to")
    problems = _problems(what, note, to, foreseen)
    if problems:
        return await _check(visit, what, picks, problems)
    results = await visit.site.bulk.act(visit.signed_in, what, picks, note=note, to=to)
    told = ".".join(f"{each.ref}_{each.why.value if each.why else ''}" for each in results)
    back = {name: value for name, value in chosen_of(visit.form).items() if name in KEPT}
    return Redirect(address(DONE, act=what.value, told=told, sign=_sign(visit, what, told), **back))


async def show(visit: Visit) -> Answer:
    """What became of each, as far as it was not changed with why: read from the messages as they are now."""
    told, sign = visit.query.get("told", ""), visit.query.get("sign", "")
    what = _known_act(visit.query.get("act", ""))
    if what is None or not hmac.compare_digest(sign.encode(), _sign(visit, what, told).encode()):
        raise Refused(404, said.RESULT_GONE_TITLE, said.RESULT_GONE)
    results = [_result(each) for each in told.split(".")]
    done = [each.ref for each in results if each.why is None]
    not_done: dict[str, list[str]] = {}
    for each in results:
        if each.why is not None:
            held = await _seen(visit, each.ref) if each.why is Why.DECIDED else None
            not_done.setdefault(_why(visit, each.why, held), []).append(each.ref)
    model = {
        "said": said,
        "done": said.DONE.format(count=len(done)) if done else said.DONE_NONE,
        "what": number(said.DONE_WHAT[what], len(done)) if done else None,
        "refs": done,
        "not_done": [(_counted(refs, why), refs) for why, refs in not_done.items()],
        "back": link(chosen_of(visit.query)),
    }
    return Page("queue_bulk_done.html", said.DONE_TITLE, model)


async def _check(visit: Visit, what: Act, picks: Sequence[Picked], problems: Sequence[Problem] = ()) -> Page:
    foreseen = await visit.site.bulk.foresee(visit.signed_in, what, picks)
    able = [each for each in foreseen if each.why is None]
    colleagues = _colleagues(able) if what is Act.ASK else []
    chosen = chosen_of(visit.form)
    versions = {each.ref: str(each.version) for each in picks}
    model: dict[str, Any] = {
        "said": said,
        "act": what.value,
        "items": [_item(visit, what, each) for each in foreseen],
        "fields": {
            **{name: chosen[name] for name in KEPT if chosen[name]},
            **{f"{PICK}{each.ref}": versions[each.ref] for each in foreseen},
            **{f"{WAS}{each.ref}": each.was for each in foreseen if each.was},
        },
        "what": said.CHECK_WHAT[what],
        "note": said.CHECK_NOTE.get(what),
        "note_hint": said.CHECK_NOTE_HINT.get(what),
        "typed": clean(visit.typed("note")),
        "to": visit.typed("to"),
        "asks": what is Act.ASK,
        "colleagues": [(key, legible(name, 120)) for key, name in colleagues],
        "nothing": _nothing(what, able, colleagues),
        "button": number(said.CHECK_BUTTONS[what], len(able)),
        "back": link(chosen),
    }
    title = number(said.CHECK_TITLES[what], len(picks))
    return Page("queue_bulk.html", title, model, 422 if problems else 200, tuple(problems))


def _nothing(what: Act, able: Sequence[Foreseen], colleagues: Sequence[tuple[str, str]]) -> str | None:
    """Why there is no button."""
    if not able:
        return said.CHECK_NOTHING
    return said.CHECK_NOBODY if what is Act.ASK and not colleagues else None


def _colleagues(able: Sequence[Foreseen]) -> list[tuple[str, str]]:
    """Whom one can ask about all of them: key and name, in the order of the first."""
    if not able:
        return []
    others = [{each.key for each in one.colleagues} for one in able[1:]]
    return [(each.key, each.name) for each in able[0].colleagues if all(each.key in keys for keys in others)]


def _item(visit: Visit, what: Act, foreseen: Foreseen) -> dict[str, Any]:
    held = foreseen.held
    subject = None
    if held is not None:
        subject = says.SUBJECT.format(subject=legible(held.subject, 300)) if held.subject else says.SUBJECT_EMPTY
    return {
        "ref": foreseen.ref,
        "known": held is not None,
        "consequence": consequence_of(held) if held is not None else None,
        "subject": subject,
        "happens": _happens(visit, what, foreseen),
    }


def _happens(visit: Visit, what: Act, foreseen: Foreseen) -> str:
    held = foreseen.held
    if foreseen.why is not None or held is None:
        return said.CHECK_NOT.format(why=_why(visit, foreseen.why or Why.MISSING, held))
    if what is Act.ASSIGN and foreseen.was is not None:
        mine = foreseen.was == visit.signed_in.account.identifier
        return said.CHECK_YOURS if mine else said.CHECK_TAKE_OVER.format(who=legible(foreseen.was_name or "", 120))
    if what is Act.REJECT and not held.notify_sender:
        return said.CHECK_EACH_UNTOLD
    sender = legible(held.sender, 120) or said.CHECK_SENDER
    return said.CHECK_EACH[what].format(sender=sender, moment=visit.site.in_words(held.due_at))


def _why(visit: Visit, why: Why, held: Held | None) -> str:
    if why is not Why.DECIDED:
        return said.WHY[why]
    if held is None or held.state in OPEN or held.decided_at is None:
        return said.WHY_NOT_NEEDED
    moment = _short(visit, held.decided_at)
    if held.state is State.CANCELLED:
        return said.WHY_CANCELLED.format(moment=moment)
    if held.state is State.EXPIRED:
        return said.WHY_EXPIRED.format(moment=_short(visit, held.due_at))
    by = held.decided_by or ""
    if by == visit.signed_in.account.shown:
        by = said.YOU
    elif not by or sender_name(by) is not None:
        by = said.CHECK_SENDER.lower() if by else said.SOMEBODY
    return said.WHY_DECIDED.format(by=legible(by, 120), moment=moment)


def _short(visit: Visit, at: datetime) -> str:
    """The time alone where it was today."""
    local, now = at.astimezone(visit.site.zone), visit.site.clock.now().astimezone(visit.site.zone)
    return time_in_words(local) if local.date() == now.date() else visit.site.in_words(at)


async def _seen(visit: Visit, ref: str) -> Held | None:
    (found,) = await visit.site.bulk.foresee(visit.signed_in, Act.REJECT, [Picked(ref, 0)])
    return found.held


def _problems(what: Act, note: str, to: str, foreseen: Sequence[Foreseen]) -> list[Problem]:
    found = []
    if what is Act.ASK and to not in {key for key, _ in _colleagues([each for each in foreseen if each.why is None])}:
        found.append(Problem("to", says.ASK_MISSING))
    if what is not Act.ASSIGN and not LEAST <= len(note) <= MOST_NOTE:
        found.append(Problem("note", says.NOTE_LENGTH.format(count=f"{len(note):,}")))
    return found


def _picked(visit: Visit) -> list[Picked]:
    """What was ticked, in the order of the list. Refused: nothing, too many, or what no form of ours sends."""
    found = []
    for name, value in visit.form.items():
        ref = name.removeprefix(PICK)
        if name.startswith(PICK) and is_reference(ref):
            if not (value.isascii() and value.isdecimal() and len(value) < 8):
                raise Refused(400, words.UNUSABLE_TITLE, words.UNUSABLE)
            found.append(Picked(ref, int(value), visit.typed(f"{WAS}{ref}") or None))
    if not found:
        raise Refused(422, said.BULK_NONE_TITLE, said.BULK_NONE)
    if len(found) > MOST:
        raise Refused(422, said.BULK_MANY_TITLE, said.BULK_MANY.format(most=MOST))
    return found


def _act(visit: Visit) -> Act:
    found = _known_act(visit.typed("act"))
    if found is None:
        raise Refused(400, words.UNUSABLE_TITLE, words.UNUSABLE)
    return found


def _known_act(text: str) -> Act | None:
    return next((each for each in Act if each.value == text), None)


def _result(text: str) -> Result:
    ref, _, why = text.partition("_")
    return Result(ref, Why(why) if why else None)


def _sign(visit: Visit, what: Act, told: str) -> str:
    """What only a page that this browser was sent to can carry: made from the token that it alone has."""
    digest = hmac.digest(visit.token.encode(), f"result of a bulk act\0{what.value}\0{told}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def _counted(refs: Sequence[str], why: str) -> str:
    form = said.NOT_DONE[0] if len(refs) == 1 else said.NOT_DONE[1]
    return form.format(count=len(refs), why=why)
