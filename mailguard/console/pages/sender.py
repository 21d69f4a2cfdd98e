"""The page that a link in a notice opens: what happened to one email, and what its sender can do about it.

INVARIANT: opening it, choosing on it and going on change nothing; the one form that acts is a POST, and wants the code
that the page shows typed in, or a sign-in (THREATS.md T67). INVARIANT: a link that does not work says the same,
whatever is wrong with it, and never its token.
"""

from __future__ import annotations

import re
from typing import Any

from ...core import words as core_words
from ...core.errors import AlreadyDecided, CannotRewrite, NotAllowed
from ...core.legible import legible
from ...core.lifecycle import State
from ...core.policy.leaving import Form
from ...guard.console.sender import MOST_NAME, MOST_REASON, Case, NobodyLeft, NotAmong, TooManyTries, TooManyUrgent
from ...guard.console.sender_code import Tried
from .. import words, words_quality
from .. import words_waiting as waiting
from ..answers import Answer, Page, Problem, Redirect
from ..entry_words import number
from ..visit import Visit, printable

CANCEL, URGENT, NOW, SOME = "cancel", "urgent", "now", "some"
MOST_TYPED = 1000
MOST_WHOM = 20_000


async def show(visit: Visit) -> Answer:
    case = await visit.site.sender.look(visit.where["token"])
    if case is None:
        return gone(visit)
    if not _choices(case):
        return _decided(case, visit)
    if case.is_leaving:
        return _check(case, visit, CANCEL)
    chosen = visit.query.get("do", "")
    if chosen in _choices(case):
        return _check(case, visit, chosen)
    if "step" in visit.query:
        return _choose(case, visit, Problem("do-" + _choices(case)[0], words.SENDER_CHOOSE_ONE))
    return _choose(case, visit)


async def act(visit: Visit) -> Answer:
    case = await visit.site.sender.look(visit.where["token"])
    if case is None:
        return gone(visit)
    choices = _choices(case)
    if not choices:
        return Redirect(visit.path)
    chosen = visit.typed("do")
    if chosen not in choices:
        if case.is_leaving:
            return Redirect(f"{visit.path}?changed=1")
        return _choose(case, visit, Problem("do-" + choices[0], words.SENDER_CHOOSE_ONE))
    if visit.typed("version") != str(case.version):
        return Redirect(f"{visit.path}?changed=1")
    problems = _problems(case, visit, chosen)
    if problems:
        return _check(case, visit, chosen, 422, *problems)
    if not is_signed_in(visit):
        tried = await visit.site.sender.attempt(case, visit.token, visit.typed("code")[:MOST_TYPED])
        if tried is not Tried.RIGHT:
            status, sentence = REFUSED[tried]
            return _check(case, visit, chosen, status, Problem("code", sentence))
    try:
        await _do(case, visit, chosen)
    except AlreadyDecided:
        return Redirect(f"{visit.path}?changed=1")
    except NotAmong as cause:
        strange = waiting.WHOM_STRANGE.format(address=legible(cause.asked, 320))
        return _check(case, visit, chosen, 422, Problem("whom", strange))
    except TooManyTries:
        return _check(case, visit, chosen, 429, Problem("whom", waiting.WHOM_LOCKED))
    except NobodyLeft:
        return _check(case, visit, chosen, 422, Problem("whom", waiting.WHOM_EVERYBODY))
    except TooManyUrgent:
        many = words.counted(visit.site.sender.most_urgent, "email", "emails")
        sentence = words.SENDER_URGENT_MANY.format(emails=many, contact=visit.site.contact)
        return _choose(case, visit, Problem("do-urgent", sentence))
    except (CannotRewrite, NotAllowed) as cause:
        # What stands in the way is said in a sentence of ours, never in the words of a message.
        sentence = core_words.sentence(str(cause))
        return _choose(case, visit, Problem(f"do-{chosen}", words.SENDER_CANNOT.format(why=sentence)))
    return Redirect(visit.path)


REFUSED = {Tried.WRONG: (422, words.SENDER_CODE_WRONG), Tried.LOCKED: (429, words.SENDER_CODE_LOCKED)}


async def _do(case: Case, visit: Visit, chosen: str) -> None:
    desk, name = visit.site.sender, actor_name(visit)
    reason = legible(visit.typed("reason"), MOST_REASON)
    if chosen == CANCEL:
        await desk.cancel(case, name, case.version)
    elif chosen == URGENT:
        await desk.call_urgent(case, reason, name)
    elif chosen == NOW:
        await desk.send_now(case, name, case.version)
    elif chosen == SOME:
        await desk.leave_out(case, _whom(visit), name, case.version)
    else:
        form: Form = "separate" if chosen == "separate" else "original"
        await desk.send(case, form, reason or words.SENDER_REASON, name, case.version)


def actor_name(visit: Visit) -> str:
    """Who acts, for the record: the account of who is signed in, else what was typed."""
    if is_signed_in(visit):
        return visit.signed_in.account.shown
    return legible(printable(visit.typed("name")), MOST_NAME)


def is_signed_in(visit: Visit) -> bool:
    return visit.visitor is not None and visit.visitor.whole


def _choices(case: Case) -> tuple[str, ...]:
    """In the order of CONSOLE.md 3.2: the safest first. Of what is about to leave only this is left: to cancel it."""
    if case.is_leaving:
        return (CANCEL,)
    if not case.is_open:
        return ()
    says_urgent = (URGENT,) if case.urgent is None and case.may_be_urgent else ()
    if case.waits:
        return (NOW, CANCEL, *((SOME,) if case.people > 1 else ()), *says_urgent)
    may = [form for form in ("separate",) if form in case.forms] + [CANCEL]
    may += [form for form in ("original",) if form in case.forms]
    return (*may, *says_urgent)


def _problems(case: Case, visit: Visit, chosen: str) -> list[Problem]:
    problems = []
    if case.shared and not actor_name(visit):
        problems.append(Problem("name", words.SENDER_NAME_MISSING))
    if chosen == SOME and not _whom(visit):
        problems.append(Problem("whom", waiting.WHOM_MISSING))
    if _needs_reason(chosen) and not legible(visit.typed("reason"), MOST_REASON):
        problems.append(Problem("reason", words.SENDER_REASON_MISSING))
    return problems


def _needs_reason(chosen: str) -> bool:
    return chosen in ("original", URGENT)


def _whom(visit: Visit) -> list[str]:
    """The addresses that were typed, each as it stands in brackets or between commas and line ends."""
    chunks = re.split(r"[\n,;]", visit.typed("whom")[:MOST_WHOM])
    found = (printable(each.rpartition("<")[2].partition(">")[0]).strip() for each in chunks)
    return [each for each in found if each]


def gone(visit: Visit) -> Page:
    return Page("sender_gone.html", words.SENDER_GONE_TITLE, {}, 404)


def _choose(case: Case, visit: Visit, *problems: Problem) -> Page:
    choices = _choices(case)
    labels, hints = _either(case, "CHOICES"), _either(case, "HINTS")
    model = {
        **about(case, visit),
        **_standing(case, visit),
        "choices": [
            {"value": each, "label": _label(labels[each], case, visit), "hint": _label(hints[each], case, visit)}
            for each in choices
        ],
        "changed": _changed(visit),
        "urgent": words.SENDER_IS_URGENT.format(moment=visit.site.in_words(case.urgent)) if case.urgent else None,
    }
    if case.waits:
        model["urgent"] = None
    return Page("sender.html", model["heading"], model, 422 if problems else 200, problems)


def _either(case: Case, name: str) -> dict[str, str]:
    """The words of this name for a message that leaves by itself, else for one that somebody decides about."""
    found: dict[str, str] = getattr(waiting, name) if case.waits else getattr(words, f"SENDER_{name}")
    return found


def _standing(case: Case, visit: Visit) -> dict[str, Any]:
    """How it stands, and what happens if nobody does anything."""
    if not case.waits:
        return {
            "heading": words.SENDER_TITLE,
            "lead": words.SENDER_LEAD,
            "until": words.SENDER_UNTIL.format(due=visit.site.in_words(case.due_at)),
            "nothing": words.SENDER_NOTHING.format(contact=visit.site.contact),
        }
    return {
        "heading": words.SENDER_TITLE,
        "lead": _label(core_words.WAITING_LEAD, case, visit),
        "until": _label(waiting.UNTIL, case, visit),
        "nothing": waiting.NOTHING,
    }


def _left_out(case: Case) -> list[str]:
    if not case.left_out:
        return []
    form = case.released_as or case.offers
    shown = waiting.STILL_SHOWN if form == "original" else waiting.NOT_SHOWN
    return [number(waiting.LEFT_OUT, case.left_out), shown]


def _check(case: Case, visit: Visit, chosen: str, status: int = 200, *problems: Problem) -> Page:
    code = None if is_signed_in(visit) else visit.site.sender.code(case, visit.token)
    model = {
        **about(case, visit),
        "chosen": chosen,
        "version": case.version,
        "back": visit.path,
        "happens": _label(_either(case, "HAPPENS")[chosen], case, visit),
        "code": code,
        "button": _label(_either(case, "BUTTONS")[chosen], case, visit),
        "asks_name": not is_signed_in(visit),
        "name_hint": words.SENDER_NAME_SHARED.format(sender=case.sender) if case.shared else words.SENDER_NAME_HINT,
        "asks_reason": _needs_reason(chosen),
        "reason_label": words.SENDER_REASONS.get(chosen, ""),
        "reason_hint": waiting.REASON_HINT.format(count=visit.site.sender.most_urgent)
        if case.waits
        else words.SENDER_REASON_HINT,
        "asks_whom": chosen == SOME,
        "whom_label": waiting.WHOM,
        "whom_hint": waiting.WHOM_HINT,
        "whom_shown": waiting.STILL_SHOWN if case.offers == "original" else waiting.NOT_SHOWN,
        "whom": visit.typed("whom")[:MOST_WHOM],
        "name": legible(printable(visit.typed("name")), MOST_NAME),
        "given": legible(visit.typed("reason"), MOST_REASON),
    }
    if case.is_leaving:
        leaving = {"lines": _leaving(case, visit), "changed": _changed(visit)}
        return Page("sender_leaving.html", words.SENDER_LEAVING_TITLE, {**model, **leaving}, status, problems)
    return Page("sender_check.html", words.SENDER_CHECK_TITLE, model, status, problems)


def _leaving(case: Case, visit: Visit) -> list[str]:
    sentence = words.SENDER_LEAVING[case.released_as or "original"]
    values = {"by": case.decided_by or words.SENDER_YOU, "moment": visit.site.in_words(case.decided_at or case.due_at)}
    return [sentence.format(**values), words.SENDER_LEAVING_UNTIL]


def _changed(visit: Visit) -> str | None:
    return words.SENDER_CHANGED if "changed" in visit.query else None


def _decided(case: Case, visit: Visit) -> Page:
    if case.reached_nobody:
        return Page(
            "sender_decided.html", words.SENDER_FAILED_TITLE, {**about(case, visit), "lines": words.SENDER_FAILED}
        )
    # Whatever is neither open nor ended as not sent is on its way.
    state = case.state if case.state in _NOT_SENT else State.RELEASING
    form = case.released_as if state is State.RELEASING else None
    sentence = words.SENDER_DECIDED[state.value if form is None else form]
    values = {
        "by": case.decided_by or words.SENDER_YOU,
        "moment": visit.site.in_words(case.decided_at or case.due_at),
        "people": core_words.people(case.people),
    }
    if state is State.RELEASING and case.left_by_itself:
        sentence = waiting.BY_ITSELF
    lines = [sentence.format(**values), *words.SENDER_AFTER[state.value]]
    return Page("sender_decided.html", words.SENDER_DECIDED_TITLES[state.value], {**about(case, visit), "lines": lines})


_NOT_SENT = frozenset({State.CANCELLED, State.REJECTED, State.EXPIRED})


def about(case: Case, visit: Visit) -> dict[str, Any]:
    """What every state of the page says of the email: no recipient, none of its text."""
    return {
        "subject": case.subject or words.SENDER_NO_SUBJECT,
        "reason": case.reason or core_words.NO_REASON,
        "to": _people(case, visit),
        "sent_as": case.sender,
        "held_at": visit.site.in_words(case.received_at),
        "due": visit.site.in_words(case.due_at),
        "ref": case.ref,
        "left_out": _left_out(case),
        "here": visit.path,
        "wrong_link": words_quality.SENDER_LINK,
    }


def _people(case: Case, visit: Visit) -> str:
    people = core_words.people(case.people)
    if not case.outside:
        return people
    outside = f"{case.outside:,}"
    return words.SENDER_TO.format(people=people, outside=outside, organisation=visit.site.organisation)


def _label(text: str, case: Case, visit: Visit | None = None) -> str:
    copies = words.counted(case.outside, "separate copy", "separate copies")
    contact = visit.site.contact if visit else ""
    due = visit.site.in_words(case.due_at) if visit else ""
    form = core_words.WAITING_FORMS.get(case.offers, core_words.WAITING_FORMS["original"])
    return text.format(people=core_words.people(case.people), copies=copies, contact=contact, due=due, form=form)
