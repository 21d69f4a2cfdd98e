"""All parts of an invitation that are written anew for people outside: its calendars, and the texts beside them.

The texts beside an invitation often list the guests again (Google writes them into the page): programs wrote them, not
the sender, and addresses there give way to the same words as in the calendar's text. A signed part is never touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...envelope import Recipient
from ...errors import CannotRewrite
from ...mail.calendar.charset import read_text
from ...mail.message import Message, Part
from ...mail.transfer import decode_transfer
from .. import sentences
from ..content import Edit
from ..recode import Recoder
from ..search import Hidden
from .lines import REPLACEMENT, replaced
from .plan import CalendarPlan
from .reveal import shown, spans

MOST_OCTETS = 64 * 1024 * 1024
"""Of parts written anew for all recipients together: 288 copies of an invitation with a picture are a tenth of it."""


class InvitationParts:
    """names: what changes, for the decision."""

    def __init__(self, message: Message, hidden: Hidden, outside: Mapping[str, Sequence[Recipient]]) -> None:
        self._plans: list[tuple[int, CalendarPlan]] = []
        self._texts: dict[int, tuple[Edit, ...]] = {}
        calendars = {calendar.part.start: calendar for calendar in message.calendars}
        signed = _signed(message.root) if calendars else set()
        invites = any(calendar.invites for calendar in message.calendars)
        for part in message.root.walk() if calendars else ():
            if part.children:
                continue
            if part.start in calendars:
                plan = CalendarPlan(message, calendars[part.start], hidden)
                touched = plan.touched
                self._plans += [(part.start, plan)] if touched else []
            elif invites:
                self._texts[part.start] = _text(message, part, hidden)
                touched = bool(self._texts[part.start])
            else:
                continue
            if touched and part.path in signed:
                raise CannotRewrite(sentences.CALENDAR_SIGNED)
        if sum(plan.weight for _, plan in self._plans) * len(outside) > MOST_OCTETS:
            raise CannotRewrite(sentences.CALENDAR_TOO_LARGE)
        self.names = ("calendar",) * bool(self._plans) + ("body",) * any(self._texts.values())

    def edits(self, recipient: Recipient) -> tuple[Edit, ...]:
        """Of raw, for this recipient's copy, in order."""
        made = {start: plan.edits(recipient) for start, plan in self._plans} | self._texts
        return tuple(edit for start in sorted(made) for edit in made[start])


def _signed(root: Part) -> set[str]:
    """Paths of the parts that a signature covers (RFC 1847)."""
    found: set[str] = set()
    for part in root.walk():
        if part.media_type == "multipart/signed":
            found |= {each.path for each in part.walk()}
    return found


def _text(message: Message, part: Part, hidden: Hidden) -> tuple[Edit, ...]:
    if not part.media_type.startswith("text/"):
        return ()
    transferred = decode_transfer(message.raw, part)
    text = read_text(transferred.octets, part.parameters.get("charset"))
    if not shown(hidden, text.octets):
        return ()
    if text.codec is not None or text.flawed or transferred.flawed or shown(hidden, replaced(text.octets, hidden)):
        raise CannotRewrite(sentences.BODY)
    mark = len(text.mark)
    changes = [Edit(mark + start, mark + end, REPLACEMENT) for start, end in spans(hidden, text.octets)]
    return Recoder(message.raw, transferred).edits(changes)
