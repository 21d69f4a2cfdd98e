"""In which forms a held message may leave, as far as its rules say so, and what is left where one cannot be made.

INVARIANT: what is kept with a held message allows nothing that its rules forbid; it may only be stricter.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..core.envelope import Envelope
from ..core.errors import CannotRewrite, FormForbidden
from ..core.mail.message import Message
from ..core.policy.leaving import ORIGINAL, allows
from ..core.rewrite import sentences
from ..core.rewrite.top import Top
from ..core.verdict import Rewrite, Verdict
from .rewriting import Rewriting


@dataclass(frozen=True, slots=True)
class Left:
    """release_as: the allowed forms that can be made, None for any. why: of those that cannot, as sentences."""

    release_as: tuple[str, ...] | None
    why: tuple[str, ...] = ()


async def forms_left(rewriting: Rewriting, verdict: Verdict, message: Message, envelope: Envelope, top: Top) -> Left:
    """Try each form that the rules allow. As written a message can always leave, so that nothing has to be tried."""
    release_as = verdict.release_as
    if release_as is None or ORIGINAL in release_as:
        return Left(release_as)
    left, why = [], []
    for form in release_as:
        try:
            if form not in _REWRITES:
                raise CannotRewrite(sentences.NOTHING_TO_CLEAN)
            await rewriting.unsigned(Rewrite(form), message, envelope, top, verdict.hide_inside_above)
            left.append(form)
        except CannotRewrite as cause:
            why.append(str(cause))
    return Left(tuple(left), tuple(dict.fromkeys(why)))


_REWRITES = frozenset(each.value for each in Rewrite)


def with_what_is_left(reason: str, left: Left) -> str:
    """The reason of a hold, and that nothing but not sending is left where that is so."""
    if left.release_as is None or left.release_as:
        return reason
    further = " ".join(each for each in left.why if each not in reason)
    return " ".join(filter(None, (_closed(reason), further, sentences.NOTHING_LEFT)))


def _closed(reason: str) -> str:
    return reason if reason.endswith((".", "!", "?")) else f"{reason}."


def refuse_forbidden(release_as: tuple[str, ...] | None, form: str) -> None:
    """FormForbidden where the rules that held a message forbid this form."""
    if allows(release_as, form):
        return
    if not release_as:
        raise FormForbidden(sentences.NO_FORM_LEFT)
    raise FormForbidden(sentences.FORM_FORBIDDEN.format(form=form, allowed=" or ".join(release_as)))
