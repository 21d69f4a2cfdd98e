"""Every page of the console, in one table: the application is built from it, and the tests try all that is in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from .answers import Answer
from .pages import (
    account,
    attachments,
    audit,
    decide,
    health,
    incident,
    incident_acts,
    incident_print,
    incident_write,
    incidents,
    keys,
    message,
    notes,
    outcome,
    pack,
    pack_apology,
    people,
    policy,
    provider,
    quality,
    queue,
    queue_bulk,
    queue_export,
    queue_news,
    queue_views,
    report,
    reports,
    second_factor,
    sender,
    sender_wrong,
    settings,
    sign_in,
    start,
    trial,
    wrong,
)
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
    """path: as Starlette writes it. A GET changes nothing; whatever changes something is a POST. most_octets: of a form
    with a file, from who is signed in; None for forms without one. counts_as_use: whether somebody who asks for it
    stays signed in; not for what a page asks by itself. gives_file: whether the answer is a file to take along, which
    may be as large as a message, or as many entries as there are.
    """

    method: Literal["GET", "POST"]
    path: str
    needs: Needs
    view: View
    most_octets: int | None = None
    counts_as_use: bool = True
    gives_file: bool = False


HOME = "/queue"
SIGN_IN = "/sign-in"
SECOND_FACTOR = "/account/second-factor"

ROUTES = (
    Route("GET", SIGN_IN, Needs.ANYBODY, sign_in.show),
    Route("POST", SIGN_IN, Needs.ANYBODY, sign_in.act),
    Route("POST", "/sign-in/provider", Needs.ANYBODY, provider.begin),
    Route("GET", "/sign-in/provider", Needs.ANYBODY, provider.onwards),
    Route("GET", "/sign-in/provider/back", Needs.ANYBODY, provider.back),
    Route("POST", "/sign-out", Needs.ANYBODY, sign_in.sign_out),
    Route("GET", "/start/{token}", Needs.ANYBODY, start.show),
    Route("POST", "/start/{token}", Needs.ANYBODY, start.act),
    Route("GET", "/s/{token}", Needs.ANYBODY, sender.show),
    Route("POST", "/s/{token}", Needs.ANYBODY, sender.act),
    Route("GET", "/s/{token}/wrong", Needs.ANYBODY, sender_wrong.show),
    Route("POST", "/s/{token}/wrong", Needs.ANYBODY, sender_wrong.act),
    Route("GET", SECOND_FACTOR, Needs.HALF, second_factor.show),
    Route("POST", SECOND_FACTOR, Needs.HALF, second_factor.act),
    Route("GET", "/queue", Needs.WHOLE, queue.show),
    Route("GET", "/queue/news", Needs.WHOLE, queue_news.show, counts_as_use=False),
    Route("GET", "/queue/export", Needs.WHOLE, queue_export.show),
    Route("POST", "/queue/export", Needs.WHOLE, queue_export.act, gives_file=True),
    Route("POST", "/queue/bulk/check", Needs.WHOLE, queue_bulk.check),
    Route("POST", "/queue/bulk", Needs.WHOLE, queue_bulk.act),
    Route("GET", "/queue/bulk/done", Needs.WHOLE, queue_bulk.show),
    Route("GET", "/queue/views", Needs.WHOLE, queue_views.show),
    Route("POST", "/queue/views", Needs.WHOLE, queue_views.save),
    Route("POST", "/queue/views/remove", Needs.WHOLE, queue_views.remove),
    Route("GET", "/m/{ref}", Needs.WHOLE, message.show),
    Route("GET", "/m/{ref}/body", Needs.WHOLE, message.body),
    Route("GET", "/m/{ref}/decide", Needs.WHOLE, decide.show),
    Route("POST", "/m/{ref}/decide/check", Needs.WHOLE, decide.check),
    Route("POST", "/m/{ref}/decide", Needs.WHOLE, decide.act),
    Route("GET", "/m/{ref}/outcome", Needs.WHOLE, outcome.show),
    Route("POST", "/m/{ref}/stop", Needs.WHOLE, outcome.stop),
    Route("GET", "/m/{ref}/notes", Needs.WHOLE, notes.show),
    Route("POST", "/m/{ref}/notes", Needs.WHOLE, notes.add),
    Route("GET", "/m/{ref}/wrong", Needs.WHOLE, wrong.show),
    Route("POST", "/m/{ref}/wrong", Needs.WHOLE, wrong.act),
    Route("GET", "/m/{ref}/parts/{number}", Needs.WHOLE, attachments.show),
    Route("POST", "/m/{ref}/parts/{number}/reveal", Needs.WHOLE, attachments.reveal),
    Route("GET", "/m/{ref}/parts/{number}/download", Needs.WHOLE, attachments.offer),
    Route("POST", "/m/{ref}/parts/{number}/download", Needs.WHOLE, attachments.download, gives_file=True),
    Route("GET", "/m/{ref}/download", Needs.WHOLE, attachments.offer),
    Route("POST", "/m/{ref}/download", Needs.WHOLE, attachments.download, gives_file=True),
    Route("GET", "/m/{ref}/report", Needs.WHOLE, report.show),
    Route("POST", "/m/{ref}/report", Needs.WHOLE, report.act),
    Route("GET", "/m/{ref}/pack", Needs.WHOLE, pack.show),
    Route("GET", "/m/{ref}/pack/download", Needs.WHOLE, pack.show_download),
    Route("POST", "/m/{ref}/pack/download", Needs.WHOLE, pack.download, gives_file=True),
    Route("GET", "/m/{ref}/pack/apology", Needs.WHOLE, pack_apology.show),
    Route("POST", "/m/{ref}/pack/apology/check", Needs.WHOLE, pack_apology.check),
    Route("POST", "/m/{ref}/pack/apology", Needs.WHOLE, pack_apology.send),
    Route("GET", "/audit", Needs.WHOLE, audit.show),
    Route("GET", "/audit/check", Needs.WHOLE, audit.show_check),
    Route("POST", "/audit/check", Needs.WHOLE, audit.check),
    Route("GET", "/audit/export", Needs.WHOLE, audit.show_export),
    Route("POST", "/audit/export", Needs.WHOLE, audit.export, gives_file=True),
    Route("GET", "/reports", Needs.WHOLE, reports.show),
    Route("GET", "/reports/{month}", Needs.WHOLE, reports.show_month),
    Route("POST", "/reports/{month}/csv", Needs.WHOLE, reports.download, gives_file=True),
    Route("GET", "/policy", Needs.WHOLE, policy.show),
    Route("GET", "/policy/quality", Needs.WHOLE, quality.show),
    Route("GET", "/policy/try", Needs.WHOLE, trial.show),
    Route("POST", "/policy/try", Needs.WHOLE, trial.act, trial.MOST_FORM_OCTETS),
    Route("GET", "/checked", Needs.ANYBODY, policy.show_checked),
    Route("GET", "/incidents", Needs.WHOLE, incidents.show),
    Route("GET", "/incidents/lists", Needs.WHOLE, incident_print.show_lists),
    Route("POST", "/incidents/lists", Needs.WHOLE, incident_print.save_list, gives_file=True),
    Route("GET", "/incidents/new", Needs.WHOLE, incident_write.show_new),
    Route("POST", "/incidents/new", Needs.WHOLE, incident_write.add),
    Route("GET", "/incidents/{incident}", Needs.WHOLE, incident.show),
    Route("GET", "/incidents/{incident}/revise", Needs.WHOLE, incident_write.show_revise),
    Route("POST", "/incidents/{incident}/revise", Needs.WHOLE, incident_write.revise),
    Route("GET", "/incidents/{incident}/decide", Needs.WHOLE, incident_acts.show_decide),
    Route("POST", "/incidents/{incident}/decide", Needs.WHOLE, incident_acts.decide),
    Route("GET", "/incidents/{incident}/link", Needs.WHOLE, incident_acts.show_link),
    Route("POST", "/incidents/{incident}/link", Needs.WHOLE, incident_acts.link),
    Route("GET", "/incidents/{incident}/close", Needs.WHOLE, incident_acts.show_close),
    Route("POST", "/incidents/{incident}/close", Needs.WHOLE, incident_acts.close),
    Route("GET", "/incidents/{incident}/forms/{form}", Needs.WHOLE, incident_print.show_form),
    Route("POST", "/incidents/{incident}/forms/{form}", Needs.WHOLE, incident_print.save_form, gives_file=True),
    Route("GET", "/health", Needs.WHOLE, health.show),
    Route("GET", "/people", Needs.WHOLE, people.show),
    Route("POST", "/people/add", Needs.WHOLE, people.add),
    Route("GET", "/people/one", Needs.WHOLE, people.show_person),
    Route("POST", "/people/roles", Needs.WHOLE, people.set_roles),
    Route("POST", "/people/lock", Needs.WHOLE, people.lock),
    Route("POST", "/people/unlock", Needs.WHOLE, people.unlock),
    Route("POST", "/people/sessions", Needs.WHOLE, people.end_sessions),
    Route("POST", "/people/link", Needs.WHOLE, people.make_link),
    Route("POST", "/people/again", Needs.WHOLE, people.start_again),
    Route("GET", "/settings", Needs.WHOLE, settings.show),
    Route("GET", "/settings/sign-in", Needs.WHOLE, provider.show),
    Route("POST", "/settings/sign-in", Needs.WHOLE, provider.attempt),
    Route("GET", "/account", Needs.WHOLE, account.show),
    Route("GET", "/keys", Needs.WHOLE, keys.show),
    Route("POST", "/account/shortcuts", Needs.WHOLE, keys.switch),
    Route("POST", "/account/sessions/end", Needs.WHOLE, account.end_one),
    Route("POST", "/account/sessions/end-others", Needs.WHOLE, account.end_others),
)
