"""How good the rules are: what became of what each held, and other numbers for one of them. It changes nothing."""

from __future__ import annotations

from typing import Any

from ...core.errors import UnknownReference
from ...core.legible import legible
from ...core.quality import in_words, stricter_words
from ...core.quality.figures import RuleFigures
from ...core.quality.suggestion import Candidates, Suggestion
from ...core.quality.tightening import StricterNumbers, Tightening
from .. import words
from .. import words_quality as said
from ..answers import Answer, Page, Refused
from ..render import address
from ..visit import Visit


async def show(visit: Visit) -> Answer:
    if not visit.signed_in.powers.sees.everybody:
        raise Refused(403, words.REFUSED_TITLE, said.NOT_YOURS.format(contact=visit.site.contact))
    if rule := visit.query.get("rule"):
        return await _suggestion(visit, rule)
    found = await visit.site.quality.look()
    in_force = visit.site.quality.rules_in_force()
    model = {
        "said": said,
        "lead": said.LEAD.format(since=visit.site.in_words(found.since)),
        "rows": [_row(each, in_force) for each in found.rules.values()],
    }
    return Page("quality.html", said.TITLE, model)


async def _suggestion(visit: Visit, rule: str) -> Page:
    try:
        found = await visit.site.quality.suggest(rule)
        tightening = await visit.site.quality.tighten(rule)
    except UnknownReference:
        raise Refused(404, said.UNKNOWN_TITLE, said.UNKNOWN) from None
    title = said.SUGGESTION_TITLE.format(rule=found.rule.id)
    stricter = {each.threshold: each for each in tightening.numbers}
    model = {
        "said": said,
        "describe": legible(found.rule.describe, 1000),
        "lines": [legible(each, 500) for each in in_words.summary(found)],
        "headings": in_words.HEADINGS,
        "stricter_headings": stricter_words.HEADINGS,
        "numbers": [
            _numbers(found, each) | _stricter(tightening, stricter.get(each.threshold)) for each in found.candidates
        ],
        "stricter_lines": [legible(each, 800) for each in stricter_words.summary(tightening)],
    }
    return Page("quality_rule.html", title, model)


def _row(figures: RuleFigures, in_force: frozenset[str]) -> dict[str, Any]:
    holds = figures.holds
    return {
        "rule": legible(holds.rule, 64),
        "held": f"{holds.held:,}",
        "changed": _shared(holds.changed, holds.changed_share),
        "stopped": _shared(holds.stopped, holds.stopped_share),
        "sent": _shared(holds.sent, holds.sent_share),
        "open": f"{holds.open + holds.by_itself:,}",
        "wrong": f"{figures.wrong:,}",
        "href": address("/policy/quality", rule=holds.rule) if holds.rule in in_force else None,
    }


def _shared(count: int, share: float | None) -> str:
    return f"{count:,}" if share is None else said.SHARE.format(count=count, share=share)


def _numbers(found: Suggestion, candidates: Candidates) -> dict[str, Any]:
    return {
        "place": legible(in_words.place(found.rule, candidates.threshold), 300),
        "proposal": legible(in_words.proposal(found, candidates), 500),
        "warning": in_words.warning(candidates),
        "rows": [in_words.row(each) for each in candidates.effects],
    }


def _stricter(found: Tightening, numbers: StricterNumbers | None) -> dict[str, Any]:
    if numbers is None:
        return {"stricter": None, "stricter_rows": []}
    sentence = stricter_words.proposal(found, numbers)
    return {
        "stricter": legible(sentence, 800) if sentence is not None else None,
        "stricter_rows": [stricter_words.row(found, each) for each in numbers.effects],
    }
