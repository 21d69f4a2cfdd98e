"""The monthly report as tables: on the page, as CSV, as text and as JSON the same cells. Words and numbers alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from ..moment import moment_in_words
from ..register.table import Table
from .figures import BUCKETS, Figures, Load, MissEnd, Override, People, Reason, ReasonState, RuleRow, Running
from .holds import End
from .in_words import duration, minutes, number, share

REMOVED = "Not known any more: removed by retention"
WITHHELD = "Not shown: it names personal data. The message's record has it"
NO_REASON = "None was given"
UNKNOWN_WAY = "Not said"
SENDER = "Its sender"

_ENDS = {
    End.CHANGED: "Left changed, so that people do not see each other",
    End.SENT: "Left as it was",
    End.REJECTED: "Not sent: a reviewer decided so",
    End.CANCELLED: "Not sent: its sender cancelled it",
    End.EXPIRED: "Not sent: nobody decided in time",
    End.BY_ITSELF: "Only had to wait, and left by itself",
    End.OPEN: "Not decided yet",
}
_MISS_ENDS = {
    MissEnd.PROTECTED: "Protected: the message did not leave, or left so that nobody was seen",
    MissEnd.AS_IT_WAS: "Not protected: somebody let the message go as it was",
    MissEnd.OPEN: "Kept back so far: nobody has decided yet",
    MissEnd.UNKNOWN: "Entered by a person: the ledger does not say",
}
Ways = Callable[[str], str]
"""How something would have happened, by its code in the register's lists -> words."""


def month_tables(figures: Figures, ways: Ways) -> tuple[Table, ...]:
    """All of them, in the order of the report."""
    return (
        summary(figures), _days(figures), _misses(figures), _mechanisms(figures, ways), _ends(figures), _times(figures),
        _rules(figures), _overrides(figures), _exceptions(figures), _reviewers(figures),
    )  # fmt: skip


def notes(figures: Figures) -> tuple[str, ...]:
    """What whoever reads the figures has to know first."""
    zone = ZoneInfo(figures.zone)
    made = moment_in_words(figures.made_at.astimezone(zone))
    found = []
    if not figures.over:
        found.append(f"{figures.month.in_words} is not over: the figures are those until {made}, and will change.")
    if figures.since is not None:
        since = moment_in_words(figures.since.astimezone(zone))
        found.append(f"Records begin at {since}: nothing is known of the days before.")
    if figures.from_ledger:
        missing = number(figures.from_ledger, "near miss is", "near misses are")
        found.append(f"{missing} counted as the ledger has them: their records are no longer in the register.")
    removed = sum(each.reason.state is ReasonState.REMOVED for each in figures.overrides)
    if removed:
        reasons = number(removed, "reason", "reasons")
        found.append(f"Of {reasons} for letting a message go as it was, retention has removed the text.")
    found.append(
        f"Made at {made}. Days begin and end in the time zone {figures.zone}. Counted is what came in the month, "
        "with what has become of it since. Small numbers are shown as they are: this is for those who look after data "
        "protection, not for publication."
    )
    return tuple(found)


def headline(figures: Figures) -> str:
    """The month in one sentence or two."""
    judged = number(figures.judged, "message", "messages")
    if not figures.judged and not figures.near_misses:
        return f"In {figures.month.in_words} no message was checked."
    shares = f" ({figures.held / figures.judged:.2%})" if figures.judged and figures.held else ""
    said = f"In {figures.month.in_words} mailguard checked {judged} and held {figures.held:,}{shares}."
    people = number(figures.protected.people, "person was", "people were")
    misses = number(figures.near_misses, "near miss", "near misses")
    return f"{said} There {'was' if figures.near_misses == 1 else 'were'} {misses}; at most {people} protected by it."


def summary(figures: Figures) -> Table:
    times, waiting = figures.times, figures.waiting
    oldest = None if waiting.oldest is None else waiting.at - waiting.oldest
    as_it_was = figures.misses.get(MissEnd.AS_IT_WAS, People())
    open_ = figures.misses.get(MissEnd.OPEN, People())
    rows = (
        ("judged", "Messages checked", _n(figures.judged)),
        ("relayed", "Passed as they were", _n(figures.relayed)),
        ("rewritten", "Passed rewritten", _n(figures.rewritten)),
        ("held", "Held", _n(figures.held)),
        ("refused", "Refused", _n(figures.refused)),
        ("near_misses", "Near misses", _n(figures.near_misses)),
        ("people_protected", "People protected, at most", _n(figures.protected.people)),
        ("people_uncounted", "Near misses with people of whom no number is known", _n(figures.protected.uncounted)),
        ("people_as_it_was", "People in near misses that somebody let go as they were, at most", _n(as_it_was.people)),
        ("people_open", "People in near misses that wait for a decision, at most", _n(open_.people)),
        ("breaches", "Breaches in the register that happened in the month", _n(figures.breaches)),
        ("became", "Near misses that a person has made a breach or something else since", _n(figures.became)),
        ("decided", "Holds that a person decided", _n(times.decided)),
        ("by_sender", "Of these by their senders", _n(times.by_sender)),
        ("median", "Time to decide: half of them at the most", duration(times.median)),
        ("ninetieth", "Time to decide: nine of ten at the most", duration(times.ninetieth)),
        ("longest", "Time to decide: the longest", duration(times.longest)),
        ("median_minutes", "Half of them at the most, in minutes", minutes(times.median)),
        ("ninetieth_minutes", "Nine of ten at the most, in minutes", minutes(times.ninetieth)),
        ("expired", "Holds that nobody decided in time", _n(times.expired)),
        ("waiting", f"Waiting for a decision {_when(figures)}", _n(waiting.count)),
        ("oldest_waiting", f"The oldest of these had waited {_when(figures)}", duration(oldest)),
    )
    return Table("month", f"{figures.month.in_words} in numbers", ("name", "what", "number"),
                 ("Name", "What", "Number"), rows)  # fmt: skip


def _when(figures: Figures) -> str:
    return "at the end of the month" if figures.over else "now"


def _days(figures: Figures) -> Table:
    rows = tuple(
        (f"{figures.month.name}-{day.number:02}", _n(day.judged), _n(day.held), _n(day.near_misses), _n(day.people))
        for day in figures.days
        if not _is_ahead(figures, day.number) and not _is_before_records(figures, day.number)
    )
    headings = ("Day", "Checked", "Held", "Near misses", "People in them, at most")
    return Table("days", "Day by day", ("day", "judged", "held", "near_misses", "people"), headings, rows)


def shown_days(figures: Figures) -> range:
    """The days of which something can be known."""
    numbers = [each.number for each in figures.days if not _is_ahead(figures, each.number)]
    first = next((each for each in numbers if not _is_before_records(figures, each)), len(numbers) + 1)
    return range(first, len(numbers) + 1)


def _is_ahead(figures: Figures, number: int) -> bool:
    return not figures.over and number > figures.made_at.astimezone(ZoneInfo(figures.zone)).day


def _is_before_records(figures: Figures, number: int) -> bool:
    return figures.since is not None and number < figures.since.astimezone(ZoneInfo(figures.zone)).day


def _misses(figures: Figures) -> Table:
    found = [(said, figures.misses.get(end, People())) for end, said in _MISS_ENDS.items()]
    rows = tuple((said, *_people(each)) for said, each in found if each.near_misses)
    note = (
        "People are those whose addresses or rows others would have seen, counted in each message by itself: who is in "
        "two messages counts twice."
    )
    return Table(
        "people", "People protected", ("outcome", *_PEOPLE_KEYS), ("What became of it", *_PEOPLE), rows, (note,)
    )


def _mechanisms(figures: Figures, ways: Ways) -> Table:
    rows = tuple((ways(code) if code else UNKNOWN_WAY, *_people(each)) for code, each in figures.mechanisms.items())
    note = "A near miss that would have happened in two ways counts in both."
    headings = ("How it would have happened", *_PEOPLE)
    return Table("near-misses", "Near misses", ("way", *_PEOPLE_KEYS), headings, rows, (note,) if rows else ())


_PEOPLE_KEYS = ("near_misses", "people", "uncounted")
_PEOPLE = ("Near misses", "People, at most", "Number not known")


def _people(people: People) -> tuple[str, str, str]:
    return _n(people.near_misses), _n(people.people), _n(people.uncounted)


def _ends(figures: Figures) -> Table:
    rows = tuple((said, _n(figures.ends[end])) for end, said in _ENDS.items() if figures.ends.get(end))
    headings = ("What became of it", "Messages")
    return Table("holds", "What became of what was held", ("outcome", "messages"), headings, rows)


def bucket_names() -> tuple[str, ...]:
    """The stretches of figures.BUCKETS, as a chart and its table name them."""
    upper = [duration(each) for each in BUCKETS]
    between = [f"{lower} to {higher}" for lower, higher in pairwise(upper)]
    return (f"Under {upper[0]}", *between, f"{upper[-1]} or more")


def _times(figures: Figures) -> Table:
    rows = tuple((name, _n(count)) for name, count in zip(bucket_names(), figures.times.buckets, strict=True))
    note = "From the hold to the decision of a reviewer or of the sender. What nobody decided is not among them."
    return Table("times", "Time to decide", ("time", "decisions"), ("Time", "Decisions"), rows, (note,))


_RULE_KEYS = (
    "rule", "matched", "monitored", "spared", "refused", "rewritten", "held", "changed", "stopped", "as_it_was",
    "by_itself", "open", "changed_share", "stopped_share", "as_it_was_share", "errors",
)  # fmt: skip
_RULES = (
    "Rule", "Matched", "Matched, only monitored", "Spared by an exception", "Refused", "Rewritten", "Held",
    "Left changed", "Stopped", "Left as it was", "Left by itself", "Open", "Share changed", "Share stopped",
    "Share left as it was", "Errors",
)  # fmt: skip


def _rules(figures: Figures) -> Table:
    told = (
        "A hold counts for each rule because of which a message was held. Shares are of holds that somebody decided or "
        "nobody in time. Stopped: a reviewer or the sender did not let it go, or nobody decided.",
    )
    return Table("rules", "Quality of rules", _RULE_KEYS, _RULES, tuple(map(_rule, figures.rules)), told)


def _rule(row: RuleRow) -> tuple[str, ...]:
    quality = row.quality
    numbers = (
        row.enforced, row.monitored, row.spared, row.refused, row.rewritten, quality.held, quality.changed,
        quality.stopped, quality.sent, quality.by_itself, quality.open,
    )  # fmt: skip
    shares = (quality.changed_share, quality.stopped_share, quality.sent_share)
    return (quality.rule, *map(_n, numbers), *map(share, shares), _n(row.errors))


def _overrides(figures: Figures) -> Table:
    zone = ZoneInfo(figures.zone)
    rows = tuple(_override(each, zone) for each in figures.overrides)
    more = f"{figures.overrides_more:,} more are not listed." if figures.overrides_more else None
    known = "Held messages that somebody let go as they were. Who a reviewer is, the audit trail says."
    keys = ("ref", "held_at", "rules", "by", "people", "reason")
    headings = ("Message", "Held", "Rules", "Let go by", "People in it, at most", "Reason")
    return Table("overrides", "Overrides", keys, headings, rows, tuple(each for each in (known, more) if each))


def _override(each: Override, zone: ZoneInfo) -> tuple[str, ...]:
    by = SENDER if each.by is None else f"Reviewer {each.by}"
    people = "" if each.people is None else _n(each.people)
    return (each.ref, _minute(each.held_at, zone), " ".join(each.rules), by, people, reason_in_words(each.reason))


def reason_in_words(reason: Reason) -> str:
    return {
        ReasonState.SAID: reason.text,
        ReasonState.NONE: NO_REASON,
        ReasonState.REMOVED: REMOVED,
        ReasonState.WITHHELD: WITHHELD,
    }[reason.state]


def _exceptions(figures: Figures) -> Table:
    keys = ("rule", "exception", "expires", "state", "owner", "uses", "reason")
    headings = (
        "Rule",
        "Exception",
        "Last day",
        "State",
        "Who answers for it",
        "Uses in the month",
        "Reason",
    )
    told = "Exceptions that ran out in the month or run out within 31 days after it."
    if figures.exceptions is None:
        told = "Not known: no policy is recorded for this month, or it cannot be read any more."
    rows = tuple(_exception(each, figures) for each in figures.exceptions or ())
    return Table("exceptions", "Exceptions that run out", keys, headings, rows, (told,))


def _exception(each: Running, figures: Figures) -> tuple[str, ...]:
    today = figures.made_at.astimezone(ZoneInfo(figures.zone)).date()
    state = "Has ended" if each.expires <= today else "Runs out"
    # The first day on which it no longer holds is what the policy says; people ask for the last one on which it does.
    last = each.expires.fromordinal(each.expires.toordinal() - 1).isoformat()
    return (each.rule, each.id, last, state, each.owner, _n(each.uses), reason_in_words(each.reason))


def _reviewers(figures: Figures) -> Table:
    keys = (
        "reviewer", "decisions", "as_it_was", "changed", "not_sent", "approvals", "out_of_hours", "median",
        "median_minutes",
    )  # fmt: skip
    headings = (
        "Reviewer", "Decisions", "Let go as it was", "Let go changed", "Not sent", "First approvals", "Out of hours",
        "Time to decide, half of them at the most", "In minutes",
    )  # fmt: skip
    rows = tuple(_load(each) for each in figures.reviewers)
    if figures.reviewers_more is not None:
        rows += (_load(figures.reviewers_more),)
    told = (
        "Reviewers are numbered in the order of their first decision; the audit trail says who they are. Out of hours: "
        "before 8am, from 6pm on, on Saturdays and Sundays.",
    )
    return Table("reviewers", "Load of reviewers", keys, headings, rows, told)


def _load(load: Load) -> tuple[str, ...]:
    name = f"Reviewer {load.number}" if load.number else "All others"
    numbers = (load.decisions, load.sent, load.changed, load.rejected, load.approvals, load.out_of_hours)
    return (name, *map(_n, numbers), duration(load.median), minutes(load.median))


def _minute(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="minutes")


def _n(value: int) -> str:
    """Without a separator: spreadsheets read it as a number."""
    return str(value)
