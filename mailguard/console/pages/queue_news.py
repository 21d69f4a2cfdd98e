"""What has come into the list since it was shown: a few facts that the script of the page asks for, for which nothing
moves. INVARIANT: that a page asks by itself keeps nobody signed in (routes.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from ...core.moment import time_in_words
from ...guard.console.queue import Asked
from .. import words
from .. import words_queue as said
from ..answers import Answer, Facts, Refused
from ..entry_words import number
from ..visit import Visit
from .queue_asked import asked_of, chosen_of, link

PATH = "/queue/news"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


async def show(visit: Visit) -> Answer:
    chosen = chosen_of(visit.query)
    asked, problems = asked_of(chosen, visit)
    shown_at, late = _moment(visit.query.get("since", "")), visit.query.get("late", "")
    if problems or shown_at is None or not (late.isascii() and late.isdecimal() and len(late) < 8):
        raise Refused(400, words.UNUSABLE_TITLE, words.UNUSABLE)
    site, powers = visit.site, visit.signed_in.powers
    arrived = await site.queue.arrived(powers, asked, shown_at, int(late))
    return Facts(
        {
            "title": words.TITLE.format(page=words.QUEUE_TITLE.format(count=await site.queue.needed(powers))),
            "news": number(said.NEWS, arrived) if arrived else "",
            "show": said.NEWS_SHOW_ONE if arrived == 1 else said.NEWS_SHOW,
            "stale": _stale(visit),
        }
    )


async def news_of(visit: Visit, chosen: Mapping[str, str], asked: Asked) -> dict[str, str]:
    """What the page carries for the script. ask: where. list: where "Show them" leads. stale: what it says while it
    cannot ask.
    """
    now = visit.site.clock.now()
    late = await visit.site.queue.late(visit.signed_in.powers, asked, now)
    return {
        "ask": link(chosen, PATH, since=str((now - _EPOCH) // _MICROSECOND), late=str(late)),
        "list": link(chosen),
        "stale": _stale(visit),
        "refresh": said.STALE_LINK,
    }


def _stale(visit: Visit) -> str:
    return said.STALE.format(moment=time_in_words(visit.site.clock.now().astimezone(visit.site.zone)))


def _moment(text: str) -> datetime | None:
    """Microseconds since 1970, of this century."""
    if not (text.isascii() and text.isdecimal() and len(text) == 16):
        return None
    moment = _EPOCH + int(text) * _MICROSECOND
    return moment if 2000 <= moment.year < 2100 else None
