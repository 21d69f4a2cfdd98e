"""The second step of a decision: what will happen, in words and numbers, before it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core import words as core_words
from ...core.lifecycle import State
from ...guard.console.choices import Choice
from ...guard.console.deciding import Summary
from ...guard.records import Held
from .. import decision_words as says
from .. import words
from ..answers import Page, Problem
from ..visit import Visit
from .decision import copies_in_words, name_of, sender_of, top_of

MANY_COPIES = 500
COPIES_A_MINUTE = 600
"""A careful guess: most smarthosts take more."""

_FIELDS = {"separate": says.SEPARATE_FIELD, "bcc": says.BCC_FIELD, "original": says.ORIGINAL_FIELD}


def summary_page(
    visit: Visit,
    held: Held,
    choice: Choice,
    found: Summary,
    model: Mapping[str, Any],
    problems: tuple[Problem, ...] = (),
) -> Page:
    """model: what was typed, and whether a tick is needed."""
    whole = {
        **top_of(visit, held),
        **model,
        "what": _what(held, choice, found, model["asked"]),
        "people": _people(visit, found) if found.form else None,
        "attachments": _attachments(found) if found.form else None,
        "told_subject": says.TOLD_SUBJECT.format(subject=found.told.subject) if found.told.text is not None else None,
        "told": found.told.text,
        "not_told": _not_told(held, choice, found),
        "tell": says.CHECK_TELL.format(name=sender_of(held)),
        "second": _second(visit, held, found) if found.form else None,
        "button": _button(choice, found, model["asked"]),
    }
    title = says.CHECK_TITLE if found.form else says.CHECK_TITLE_NOT_SENT
    return Page("decide_check.html", title, {**whole, "heading": title}, 422 if problems else 200, problems)


def _what(held: Held, choice: Choice, found: Summary, asked: str) -> list[str]:
    if choice is Choice.REJECT:
        return [says.REJECT_WHAT.format(name=sender_of(held))]
    if found.form is None:
        return [says.ESCALATE_WHAT.format(to=asked)]
    told = []
    for each in found.fields:
        if each.outside:
            told.append(_FIELDS[found.form].format(name=each.name, people=core_words.people(each.outside)))
        if each.inside:
            stays = says.FIELD_INSIDE[0] if each.inside == 1 else says.FIELD_INSIDE[1]
            told.append(stays.format(name=each.name, people=core_words.people(each.inside)))
    if not any(each.outside for each in found.fields):
        told.append(says.HIDDEN_ONLY)
    if found.signature:
        told.append(says.SIGNATURE)
    if found.copies > MANY_COPIES:
        minutes = words.counted(-(-found.copies // COPIES_A_MINUTE), "minute", "minutes")
        told.append(says.MANY.format(copies=copies_in_words(found.copies), minutes=minutes))
    return told


def _people(visit: Visit, found: Summary) -> list[str]:
    people = core_words.people(found.outside)
    told = [says.OUTSIDE.format(people=people, organisation=visit.site.organisation)]
    return [*told, says.INSIDE.format(people=core_words.people(found.inside))] if found.inside else told


def _attachments(found: Summary) -> str:
    if not found.attachments:
        return says.ATTACHMENTS_NONE
    return says.ATTACHMENTS.format(attachments=words.counted(found.attachments, "attachment", "attachments"))


def _not_told(held: Held, choice: Choice, found: Summary) -> str | None:
    """In place of a notice, where there is none."""
    if found.told.text is not None:
        return None
    if choice is Choice.ESCALATE:
        return says.TOLD_NOTHING
    if found.first:
        return says.TOLD_NOT_YET.format(name=sender_of(held))
    return says.TOLD_NOBODY.format(why=found.told.why_not) if found.told.why_not else says.TOLD_NOBODY_PLAIN


def _second(visit: Visit, held: Held, found: Summary) -> str:
    seconds = int(visit.site.deciding.stop_for.total_seconds())
    if found.first:
        return says.SECOND_AFTER
    if held.state is State.APPROVED_ONCE:
        by = name_of(visit, held.approvals[-1].by if held.approvals else None, first=True)
        return says.SECOND_GIVEN.format(by=by, seconds=seconds)
    return says.SECOND_NONE.format(seconds=seconds)


def _button(choice: Choice, found: Summary, asked: str) -> str:
    """It repeats the action and the number."""
    if choice is Choice.REJECT:
        return says.BUTTON_REJECT
    if found.form is None:
        return says.BUTTON_ESCALATE.format(to=asked)
    button = (says.BUTTONS_FIRST if found.first else says.BUTTONS)[found.form]
    everybody = core_words.people(found.outside + found.inside)
    return button.format(copies=copies_in_words(found.copies), people=everybody)
