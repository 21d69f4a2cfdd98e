"""Try a message: a file, a pasted one or a held one; what would happen, why, and every condition. Nothing is kept."""

from __future__ import annotations

from typing import Any

from ...core.duration import duration_in_words
from ...core.errors import MailguardError, NotAllowed, PasswordsUnavailable, StoreUnavailable, UnknownReference
from ...core.inventory import Inventory
from ...core.legible import legible
from ...core.mail.path import PathError, parse_forward_path
from ...core.policy.explain import Trace
from ...core.policy.trial import envelope_of
from ...core.reference import is_reference
from ...core.verdict import EXCEPTION, Finding, RuleOutcome, Verdict
from ...guard.console.trial import MOST_OCTETS, Busy, Tried
from ...logs import logger
from .. import words
from .. import words_policy as said
from ..answers import Answer, Page, Problem, Refused
from ..entry_words import number
from ..visit import Visit, printable

log = logger("console")
MEGABYTES = MOST_OCTETS // (1024 * 1024)
MOST_FORM_OCTETS = MOST_OCTETS + 512 * 1024
"""A file, and what else stands in the form."""
MOST_RECIPIENTS = 5000
MOST_SHOWN = 200
NAMES = ("ref", "sender", "recipients")


async def show(visit: Visit) -> Answer:
    _refuse(visit)
    return _form(visit)


async def act(visit: Visit) -> Answer:
    """It changes nothing and keeps nothing, so it answers with what was found instead of leading somewhere."""
    _refuse(visit)
    file = visit.files.get("file", b"")
    text = visit.files.get("text") or visit.typed("text").encode("utf-8", "replace")
    ref = printable(visit.typed("ref")).strip().upper()
    problem = _problem(visit, file, text, ref)
    if problem is not None:
        return _form(visit, 422, problem)
    try:
        tried = await _tried(visit, file or text, ref)
    except Busy:
        return _form(visit, 503, Problem("file", said.TRY_BUSY))
    except UnknownReference:
        return _form(visit, 422, Problem("ref", said.TRY_REF_UNKNOWN))
    except NotAllowed:
        return _form(visit, 422, Problem("ref", said.TRY_REF_GONE))
    except (StoreUnavailable, PasswordsUnavailable):
        raise
    except MailguardError as cause:
        log.warning("trial_failed", cause=cause)
        return _form(visit, 422, Problem("ref" if ref else "file", said.TRY_FAILED))
    return Page("try_result.html", said.RESULT_TITLE, _result(tried))


async def _tried(visit: Visit, raw: bytes, ref: str) -> Tried:
    if ref:
        return await visit.site.trials.held(visit.signed_in, ref)
    sender = printable(visit.typed("sender")).strip()
    return await visit.site.trials.text(visit.signed_in, _as_sent(raw), sender or None, _recipients(visit))


def _as_sent(raw: bytes) -> bytes:
    """With the line ends of SMTP: a file that has no CRLF at all is taken as saved with bare LF."""
    return raw if b"\r\n" in raw else raw.replace(b"\n", b"\r\n")


def _recipients(visit: Visit) -> list[str]:
    return visit.typed("recipients").replace(",", " ").replace(";", " ").split()[: MOST_RECIPIENTS + 1]


def _problem(visit: Visit, file: bytes, text: bytes, ref: str) -> Problem | None:
    given = [bool(file), bool(text.strip()), bool(ref)]
    if sum(given) != 1:
        return Problem("file", said.TRY_TWO if any(given) else said.TRY_ONE)
    if len(file) > MOST_OCTETS or len(text) > MOST_OCTETS:
        return Problem("file", said.TRY_TOO_LARGE.format(megabytes=MEGABYTES))
    if ref and not is_reference(ref):
        return Problem("ref", said.TRY_REF_WRONG.format(typed=legible(ref)))
    sender = printable(visit.typed("sender")).strip()
    named = {"sender": [sender] if sender not in ("", "<>") else [], "recipients": _recipients(visit)}
    for field, addresses in named.items():
        for each in envelope_of("", addresses).recipients:
            try:
                parse_forward_path(b"<" + each.path.wire + b">", smtputf8=True)
            except PathError:
                return Problem(field, said.TRY_ADDRESS.format(typed=legible(each.address)))
    return None


def _refuse(visit: Visit) -> None:
    if not visit.site.trials.may_try(visit.signed_in.powers):
        raise Refused(403, words.REFUSED_TITLE, said.TRY_NOT_YOURS)


def _form(visit: Visit, status: int = 200, *problems: Problem) -> Page:
    chosen = {name: printable(visit.typed(name))[:2000] for name in NAMES}
    model = {"said": said, "chosen": chosen, "megabytes": MEGABYTES}
    return Page("try.html", said.TRY_TITLE, model, status, problems)


def _sentence(verdict: Verdict) -> str:
    form = verdict.rewrite.value if verdict.rewrite else None
    if verdict.delay is not None:
        return said.RESULTS_WAITING[form].format(duration=duration_in_words(verdict.delay))
    name = verdict.disposition.value
    return said.RESULTS[f"relay {form}" if name == "relay" and form else name]


def _result(tried: Tried) -> dict[str, Any]:
    verdict = tried.verdict
    return {
        "said": said,
        "sentence": _sentence(verdict),
        "why": said.RESULT_WHY.format(reason=legible(verdict.reason.rstrip("."), 1000)),
        "for_whom": number(said.RESULT_FOR, tried.recipients),
        "matched": [_matched(each) for each in verdict.rules if each.matched],
        "spared": [
            said.RESULT_SPARED.format(exception=legible(f"{rule}: {exception}"))
            for rule, exception in verdict.exceptions
        ],
        "files": [_file(each) for each in verdict.inventory if each.hides][:MOST_SHOWN],
        "findings": [_finding(each) for each in verdict.findings[:MOST_SHOWN]],
        "unread": [
            said.UNREAD.format(why=legible(each.uninspectable, 300)) for each in tried.inspections if each.uninspectable
        ],
        "traces": [_trace(each) for each in tried.traces],
    }


def _matched(outcome: RuleOutcome) -> dict[str, Any]:
    error = said.RESULT_ERROR.format(error=legible(outcome.error, 300)) if outcome.error else None
    return {
        "id": legible(outcome.id),
        "reason": legible(outcome.reason, 1000),
        "error": error,
        "monitored": outcome.mode == "monitor",
    }


def _file(carried: Inventory) -> str:
    return said.FILE.format(
        file=legible(carried.file, 300) or said.FILE_NAMELESS, summary=legible(carried.sentence(), 500)
    )


def _finding(found: Finding) -> dict[str, Any]:
    sentence = said.FINDING.format(summary=legible(found.summary, 500), where=legible(found.where, 300))
    return {"sentence": sentence, "hidden": found.hidden}


def _trace(trace: Trace) -> dict[str, Any]:
    outcome = trace.outcome
    result = "error" if outcome.error else "matched" if outcome.matched else "not"
    if outcome.mode == "off":
        result = "off"
    return {
        "caption": said.TRACE_CAPTION.format(id=legible(trace.id), result=said.TRACE_RESULTS[result]),
        "place": legible(trace.place),
        "exception": legible(str(outcome.values[EXCEPTION])) if EXCEPTION in outcome.values else None,
        "steps": [
            {
                "condition": f"{'– ' * step.depth}{step.key.replace('_', ' ')}",
                "asked": legible(step.wanted, 300),
                "found": "" if step.value is None else legible(str(step.value), 300) or said.NOTHING_FOUND,
                "holds": said.TRUTHS.get(step.truth, step.truth),
            }
            for step in trace.steps
        ],
    }
