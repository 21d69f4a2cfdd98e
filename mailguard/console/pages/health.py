"""Health: what works and what does not, with what to do; and the banner of every page when mail is not flowing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...core.legible import legible
from ...guard.console.health import Answer as State
from ...guard.console.health import Question, Wellbeing
from .. import words, words_audit
from .. import words_health as said
from ..answers import Answer, Page, Refused
from ..entry_words import number
from ..site import Site
from ..visit import Visit

_TAGS = {State.WORKING: "govuk-tag--green", State.ATTENTION: "govuk-tag--yellow", State.BROKEN: "govuk-tag--red"}


async def show(visit: Visit) -> Answer:
    if not visit.signed_in.powers.admin:
        raise Refused(403, words.REFUSED_TITLE, words.REFUSED_HERE.format(contact=visit.site.contact))
    site = visit.site
    being = await site.health.look()
    items = [
        {
            "question": said.QUESTIONS[question],
            "answer": said.ANSWERS[answer],
            "tag": _TAGS[answer],
            "sentences": _SENTENCES[question](being, site),
            "do": said.FIXES[question] if answer is not State.WORKING else None,
        }
        for question, answer in being.answers(site.trail.known_broken)
    ]
    model = {
        "said": said,
        "lead": said.LEAD.format(moment=site.in_words(being.at)),
        "flows": said.FLOWS if being.flows else said.FLOWS_NOT,
        "items": items,
        "version": said.VERSION.format(
            version=being.version,
            moment=site.in_words(being.started_at),
            revision=(being.revision or said.NO_REVISION)[:19],
        ),
    }
    return Page("health.html", said.TITLE, model)


def banner_of(being: Wellbeing, site: Site) -> str | None:
    """What every page says when mail is not flowing; None where it is."""
    if not being.takes_mail:
        return said.BANNER_NOT_TAKEN
    if being.stuck_since is not None:
        waiting = number(said.BANNER_WAITING, being.outbox)
        return said.BANNER_STUCK.format(moment=site.in_words(being.stuck_since), waiting=waiting)
    return said.BANNER_UNREACHABLE if being.unreachable else None


def _flow(being: Wellbeing, site: Site) -> list[str]:
    at = being.last_checked_at
    checked = said.LAST_CHECKED.format(moment=site.in_words(at)) if at else said.NEVER_CHECKED
    return [checked] if being.takes_mail else [said.NOT_TAKEN, checked]


def _outbox(being: Wellbeing, site: Site) -> list[str]:
    if being.outbox_since is None:
        return [said.OUTBOX_EMPTY]
    form = said.OUTBOX_SOME[0] if being.outbox == 1 else said.OUTBOX_SOME[1]
    return [form.format(count=being.outbox, moment=site.in_words(being.outbox_since))]


def _smarthosts(being: Wellbeing, _: Site) -> list[str]:
    return [
        said.SMARTHOST_ILL.format(address=legible(address), trouble=legible(trouble.replace("_", " ")))
        if trouble
        else said.SMARTHOST_WELL.format(address=legible(address))
        for address, trouble in being.smarthosts
    ]


def _rules(being: Wellbeing, _: Site) -> list[str]:
    problem = legible(being.policy_problem or "", 300)
    if not being.policy_in_force:
        return [said.RULES_NONE.format(problem=problem)]
    return [said.RULES_BROKEN.format(problem=problem) if problem else said.RULES_WELL]


def _canary(being: Wellbeing, site: Site) -> list[str]:
    problems = " ".join(legible(each, 300) for each in being.canary_problems)
    sentences = [said.CANARY_STATES.get(being.canary, said.CANARY_STATES["unknown"]).format(problems=problems)]
    if being.canary_passed_at is not None:
        sentences.append(said.CANARY_PASSED.format(moment=site.in_words(being.canary_passed_at)))
    return sentences


def _attachments(being: Wellbeing, _: Site) -> list[str]:
    why = being.inspection_trouble
    return [said.ATTACHMENTS_ILL.format(why=legible(why, 300)) if why else said.ATTACHMENTS_WELL]


def _deadlines(being: Wellbeing, _: Site) -> list[str]:
    if being.overdue:
        return [number(said.OVERDUE, being.overdue)]
    return [said.DEADLINES_WELL.format(held=number(said.HELD, being.held))]


def _nodes(being: Wellbeing, _: Site) -> list[str]:
    sentences = [said.NODES_ILL.format(problem=legible(being.nodes_problem, 300))] if being.nodes_problem else []
    for node, revision, missing in being.nodes:
        form = said.NODE_MISSING if missing else said.NODE
        sentences.append(form.format(node=legible(node), revision=(revision or said.NO_REVISION)[:19]))
    return sentences or [said.NODES_ONE]


def _ledger(being: Wellbeing, site: Site) -> list[str]:
    sentences = [number(said.LEDGER_WELL, being.entries)]
    if site.trail.known_broken:
        sentences.insert(0, said.LEDGER_BROKEN)
    return [*sentences, said.LEDGER_WITNESS] if being.witness_failing else sentences


def _certificate(being: Wellbeing, _: Site) -> list[str]:
    problem = being.certificate_problem
    return [said.CERTIFICATE_ILL.format(problem=legible(problem, 300)) if problem else said.CERTIFICATE_WELL]


def _database(being: Wellbeing, _: Site) -> list[str]:
    sentences = [said.DATABASE_WELL.format(database=being.database)]
    if being.objects_problem is not None:
        sentences.insert(0, said.OBJECTS_ILL.format(problem=legible(being.objects_problem, 300)))
    return sentences


def _disk(being: Wellbeing, _: Site) -> list[str]:
    if being.disk_free is None:
        return [said.DISK_ELSEWHERE]
    megabytes = being.disk_free // (1024 * 1024)
    free = f"{megabytes / 1024:,.0f} GB" if megabytes >= 10 * 1024 else f"{megabytes:,} MB"
    return [said.DISK_FREE.format(free=free)]


_SENTENCES: Mapping[Question, Callable[[Wellbeing, Site], list[str]]] = {
    Question.FLOW: _flow,
    Question.OUTBOX: _outbox,
    Question.SMARTHOST: _smarthosts,
    Question.RULES: _rules,
    Question.CANARY: _canary,
    Question.ATTACHMENTS: _attachments,
    Question.DEADLINES: _deadlines,
    Question.NODES: _nodes,
    Question.LEDGER: _ledger,
    Question.CERTIFICATE: _certificate,
    Question.DATABASE: _database,
    Question.DISK: _disk,
}
Banner = dict[str, Any]


async def banners(visit: Visit) -> list[Banner]:
    """Those of every page of who is signed in. None where it cannot be told: the page is shown all the same."""
    visitor, site = visit.visitor, visit.site
    if visitor is None or not visitor.whole:
        return []
    found: list[Banner] = []
    try:
        sentence = banner_of(await site.health.look(), site)
    except Exception:
        # The store does not answer: the page that asks it says so, and one that does not is still of use.
        sentence = None
    if sentence is not None:
        href = "/health" if visitor.powers.admin else None
        ask = said.BANNER_ASK.format(contact=site.contact)
        found.append({"sentence": sentence, "href": href, "link": said.BANNER_LINK, "ask": None if href else ask})
    if visitor.powers.admin and site.trail.known_broken:
        found.append(
            {
                "sentence": words_audit.BANNER_BROKEN,
                "href": "/audit/check",
                "link": words_audit.BANNER_LINK,
                "ask": None,
            }
        )
    return found
