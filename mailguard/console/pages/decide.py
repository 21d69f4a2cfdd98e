"""A decision in two steps: the form, what would happen, and the act. Nothing is chosen for anybody beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...core.errors import AlreadyDecided, CannotRewrite, NotAllowed
from ...core.legible import legible
from ...core.lifecycle import OPEN
from ...guard.console.choices import Choice, Missing, Options
from ...guard.console.deciding import form_of
from ...guard.records import Held
from .. import decision_words as says
from .. import drafts, words, words_quality
from .. import words_queue as queue_said
from ..answers import Answer, Page, Problem, Redirect
from ..visit import Visit
from .conflict import conflict
from .decision import (
    call_wrong,
    deadline_of,
    first_approval_by,
    form_in_words,
    lines,
    message_of,
    moment_of,
    name_of,
    not_allowed,
    sender_of,
    top_of,
)
from .summary import summary_page

LEAST, MOST = 10, 1_000
FIELDS = ("choice", "reject_note", "ask_to", "ask_note", "send_note", "why", "why_note", "wrong")
_ORDER = (Choice.AGREE, Choice.SEPARATE, Choice.BCC, Choice.REJECT, Choice.ESCALATE, Choice.ORIGINAL)


async def show(visit: Visit) -> Answer:
    held = await message_of(visit)
    if held.state not in OPEN:
        return Redirect(f"/m/{held.ref}/outcome")
    options = await _options(visit, held)
    await visit.site.presence.note(held.ref, visit.signed_in)
    kept = drafts.of_session(visit, held.ref, "decide")
    return await _form(visit, held, options, kept, notice=says.KEPT_FILLED if kept else None)


async def check(visit: Visit) -> Answer:
    """Changes nothing: the second step, or the form again where something is missing."""
    held = await message_of(visit)
    typed = _typed(visit)
    if held.state not in OPEN or str(held.version) != visit.typed("version"):
        return await conflict(visit, held, note_of(typed))
    options = await _options(visit, held)
    await visit.site.presence.note(held.ref, visit.signed_in)
    if (phrase := _phrase(visit)) is not None:
        note = f"{typed['reject_note']}\n{phrase}".strip()
        return await _form(visit, held, options, {**typed, "choice": Choice.REJECT.value, "reject_note": note})
    if visit.typed("back"):
        return await _form(visit, held, options, typed)
    problems = problems_of(typed, held, options)
    if problems:
        return await _form(visit, held, options, typed, problems)
    return await _summary(visit, held, options, typed)


async def act(visit: Visit) -> Answer:
    held = await message_of(visit)
    typed = _typed(visit)
    if held.state not in OPEN or str(held.version) != visit.typed("version"):
        return await conflict(visit, held, note_of(typed))
    options = await _options(visit, held)
    problems = problems_of(typed, held, options)
    if problems:
        return await _form(visit, held, options, typed, problems)
    if typed["choice"] == Choice.ORIGINAL and options.risky and not visit.typed("looked"):
        return await _summary(visit, held, options, typed, (Problem("looked", says.LOOKED_MISSING),))
    choice = Choice(typed["choice"])
    try:
        await visit.site.deciding.decide(
            held.ref,
            choice,
            visit.signed_in,
            version=held.version,
            note=_reason(held, choice, typed),
            to=typed["ask_to"],
        )
    except AlreadyDecided:
        return await conflict(visit, await message_of(visit), note_of(typed))
    except CannotRewrite:
        return await _form(visit, held, options, typed, (Problem(f"choice-{choice}", says.NOT_POSSIBLE),))
    except NotAllowed:
        raise await not_allowed(visit) from None
    if choice is Choice.ORIGINAL and typed["wrong"]:
        await call_wrong(visit, held, typed["why_note"])
    await visit.site.presence.leave(held.ref, visit.signed_in)
    return Redirect(f"/m/{held.ref}/outcome")


async def _options(visit: Visit, held: Held) -> Options:
    try:
        return await visit.site.deciding.options(held, visit.signed_in)
    except NotAllowed:
        raise await not_allowed(visit) from None


async def _summary(
    visit: Visit, held: Held, options: Options, typed: Mapping[str, str], problems: Sequence[Problem] = ()
) -> Answer:
    choice = Choice(typed["choice"])
    try:
        found = await visit.site.deciding.summary(held, choice, _reason(held, choice, typed), visit.signed_in)
    except CannotRewrite:
        return await _form(visit, held, options, typed, (Problem(f"choice-{choice}", says.NOT_POSSIBLE),))
    asked = next((each.name for each in options.colleagues if each.key == typed["ask_to"]), "")
    model = {
        "typed": [(name, value) for name, value in typed.items() if value],
        "looks": choice is Choice.ORIGINAL and options.risky,
        "note_lines": lines(note_of(typed)),
        "asked": legible(asked, 120),
    }
    return summary_page(visit, held, choice, found, model, tuple(problems))


def _typed(visit: Visit) -> dict[str, str]:
    return {name: clean(visit.typed(name)) for name in FIELDS}


def clean(text: str) -> str:
    """What a browser sends for what was typed: its line ends are one character each; nobody types controls."""
    joined = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(each for each in joined if each == "\n" or each.isprintable()).strip()


def _phrase(visit: Visit) -> str | None:
    typed = visit.typed("phrase")
    return says.PHRASES[int(typed)] if typed in {str(number) for number in range(len(says.PHRASES))} else None


def note_of(typed: Mapping[str, str]) -> str:
    """The note that goes with the choice."""
    names = {Choice.REJECT: "reject_note", Choice.ESCALATE: "ask_note", Choice.ORIGINAL: "why_note"}
    own = typed[names.get(Choice(typed["choice"]), "send_note")] if typed["choice"] in set(Choice) else ""
    return own or next(
        (typed[name] for name in ("reject_note", "ask_note", "why_note", "send_note") if typed[name]), ""
    )


def _reason(held: Held, choice: Choice, typed: Mapping[str, str]) -> str:
    """What is kept as the reason of a release, or as the note of the rest."""
    if choice is Choice.REJECT:
        return typed["reject_note"]
    if choice is Choice.ESCALATE:
        return typed["ask_note"]
    if choice is Choice.ORIGINAL:
        return ". ".join(filter(None, (says.REASONS[typed["why"]], typed["why_note"])))
    return typed["send_note"] or says.NO_REASON.format(form=form_in_words(form_of(held, choice)))


def problems_of(typed: Mapping[str, str], held: Held, options: Options) -> tuple[Problem, ...]:
    """What is missing in a form before it can be a decision."""
    if typed["choice"] not in set(Choice):
        return (Problem(f"choice-{options.allowed[0]}", says.CHOOSE),)
    choice = Choice(typed["choice"])
    if choice not in options.allowed:
        return (Problem(f"choice-{options.allowed[0]}", says.NOT_POSSIBLE),)
    if choice is Choice.REJECT:
        return _length("reject_note", typed)
    if choice is Choice.ESCALATE:
        known = typed["ask_to"] in {each.key for each in options.colleagues}
        return (*(() if known else (Problem("ask_to", says.ASK_MISSING),)), *_length("ask_note", typed))
    if choice is Choice.ORIGINAL:
        known = typed["why"] in says.REASONS
        needed = options.risky or typed["why"] in says.REASONS_WITH_NOTE
        missing = () if known else (Problem("why-know", says.REASON_MISSING),)
        return (*missing, *_length("why_note", typed, needed=needed))
    first = held.approvals_needed > 1 and not options.second
    return _length("send_note", typed, needed=first or (options.second and choice is not Choice.AGREE))


def _length(name: str, typed: Mapping[str, str], *, needed: bool = True) -> tuple[Problem, ...]:
    count = len(typed[name])
    if needed and not LEAST <= count <= MOST:
        return (Problem(name, says.NOTE_LENGTH.format(count=f"{count:,}")),)
    return (Problem(name, says.NOTE_TOO_LONG.format(count=f"{count:,}")),) if count > MOST else ()


async def _form(
    visit: Visit,
    held: Held,
    options: Options,
    typed: Mapping[str, str],
    problems: Sequence[Problem] = (),
    notice: str | None = None,
) -> Page:
    typed = {name: typed.get(name, "") for name in FIELDS}
    model: dict[str, Any] = {
        **top_of(visit, held),
        "typed": typed,
        "notice": notice,
        "choices": [_choice(visit, held, options, each) for each in _ORDER if each in options.allowed],
        "missing": [(says.CHOSEN[choice], says.MISSING.get(why, why)) for choice, why in _missing(options)],
        "colleagues": [(each.key, legible(each.name, 120)) for each in options.colleagues],
        "has_bcc": Choice.BCC in options.allowed,
        "choice_problem": next((each.sentence for each in problems if each.field.startswith("choice-")), None),
        "reasons": list(says.REASONS.items()),
        "wrong_tick": words_quality.WRONG_TICK,
        "note_needed": held.approvals_needed > 1,
        "second": _second(visit, held),
        "first_of_two": held.approvals_needed > 1 and held.approvals == () and not held.approved_by,
        "escalated": _escalated(visit, held),
        "present": await _present(visit, held),
        "notes": len(await visit.site.deciding.notes(held)),
    }
    return Page("decide.html", says.TITLE, model, 422 if problems else 200, tuple(problems))


def _missing(options: Options) -> list[tuple[Choice, Any]]:
    known = {each.value: each for each in Missing}
    return [(choice, known.get(why, legible(why, 400))) for choice, why in options.missing]


def _choice(visit: Visit, held: Held, options: Options, choice: Choice) -> dict[str, Any]:
    approval = held.approvals[-1] if held.approvals else None
    by = name_of(visit, approval.by if approval else None)
    values = {"by": by, "form": form_in_words(held.released_as), "name": sender_of(held)}
    return {
        "value": choice.value,
        "label": says.CHOICES[choice].format(**values),
        "hint": says.HINTS[choice].format(moment=moment_of(visit, held.due_at)),
        "recommended": choice is options.recommended,
    }


def _second(visit: Visit, held: Held) -> dict[str, Any] | None:
    """The first of two approvals, for who may give the second."""
    if not held.approvals or not held.approved_by:
        return None
    approval = held.approvals[-1]
    by = name_of(visit, approval.by, first=True)
    form = form_in_words(held.released_as)
    return {
        "title": first_approval_by(by),
        "next": says.SECOND_NEXT_YOU if by == says.YOU_FIRST else says.SECOND_NEXT,
        "chose": says.SECOND_CHOSE.format(by=by, form=form),
        "lines": lines(approval.reason),
    }


async def _present(visit: Visit, held: Held) -> str | None:
    """Who else is deciding about it just now."""
    others = await visit.site.presence.others([held.ref], visit.signed_in.account.identifier)
    if held.ref not in others:
        return None
    present, who = others[held.ref], legible(others[held.ref].name, 120)
    since = visit.site.clock.now() - present.since
    if since.total_seconds() < 60:
        return queue_said.PRESENT_NOW.format(who=who)
    return queue_said.PRESENT.format(who=who, duration=words.duration_in_words(since))


def _escalated(visit: Visit, held: Held) -> dict[str, Any] | None:
    if held.escalated is None:
        return None
    by = name_of(visit, held.escalated.by, first=True)
    asked = says.ESCALATED.format(by=by, to=name_of(visit, held.escalated.to))
    return {"asked": asked, "lines": lines(held.escalated.note), "deadline": deadline_of(visit, held)}
