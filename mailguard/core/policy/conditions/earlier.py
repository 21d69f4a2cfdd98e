"""Conditions that look at this message beside earlier ones of its sender or team (core/earlier).

Both are nought where fewer than two people outside are shown: nobody is shown to anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Self

from pydantic import model_validator

from ...duration import Duration
from ...earlier.past import Past
from ...earlier.recall import is_recall, may_recall
from ...earlier.words import beginning, own_text
from ...mail.message import Message
from ...observation import Observation
from ...place import RECIPIENTS
from ...subject import subject_of
from .. import sentences
from .declaration import UNSEEN, Condition, Found, declared
from .operands import Flag, Number, problem

OUTLOOK_RECALL = "ipm.outlook.recall"
"""The message class of a request to take a message back, in winmail.dat (MS-OXCMAIL)."""
DEFAULT_WINDOW = timedelta(days=14)
MOST_WINDOW = timedelta(days=90)


class NumberWithin(Number):
    """A whole number between bounds, over a stretch of time."""

    within: Duration | None = declared(
        "How far back earlier messages count.",
        otherwise="14d",
        unit="duration, at most 90d",
        example="14d",
        consequence="A longer time joins more messages; so long are their traces kept.",
        default=None,
    )

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise problem('"within" needs at_least or at_most beside it')
        if self.window > MOST_WINDOW:
            raise problem('"within" is at most 90d')
        return self

    @property
    def window(self) -> timedelta:
        return self.within or DEFAULT_WINDOW


def _counted(
    key: str,
    count: Callable[[Past, timedelta], int],
    *,
    meaning: str,
    unit: str,
    example: str,
    consequence: str,
    clause: Callable[[int], str],
) -> Condition:
    def look(observation: Observation, operand: NumberWithin) -> Found:
        number = count(observation.past, operand.window)
        return Found(operand.holds(number), number)

    def told(observation: Observation, value: int | None) -> str | None:
        return clause(value) if value else None

    return Condition(
        key,
        NumberWithin,
        look,
        meaning,
        unit,
        example,
        consequence,
        told,
        places=lambda observation, operand: (RECIPIENTS,),
        looks_back=lambda operand: operand.window,
        # Beside no earlier message it is the same count however far one looks back.
        glimpse=lambda observation: UNSEEN if observation.past.earlier else count(observation.past, timedelta()),
    )


BATCH_EXTERNAL_RECIPIENTS = _counted(
    "batch_external_recipients",
    Past.batch,
    meaning="How many different people outside this message and earlier ones of the same text by the same sender or "
    "team show, each to at least one other.",
    unit="mailboxes",
    example="{at_least: 10, within: 14d}",
    consequence="Catches a list that is sent in several parts. A changed greeting or a tenth of other words is the "
    "same text.",
    clause=sentences.batch,
)
RESHOWN_EXTERNAL_RECIPIENTS = _counted(
    "reshown_external_recipients",
    Past.shown_again,
    meaning="How many people outside this message shows to each other whom an earlier one hid from each other, or "
    "exposed, where it answers that one, has its subject or text, or takes it back.",
    unit="mailboxes",
    example="{at_least: 3}",
    consequence="Catches the correction, recall or apology that shows the list after all. The earlier one is of the "
    "same sender or team, or is answered.",
    clause=sentences.shown_again,
)


def _recall(observation: Observation, operand: bool) -> Found:
    value = _is_recall(observation)
    return Found(value is operand, value)


def _is_recall(observation: Observation) -> bool:
    marked = any(each.startswith(OUTLOOK_RECALL) for each in observation.classes)
    return marked or _says_so(observation.message)


def _says_so(message: Message) -> bool:
    written = beginning(message)
    # Quotes and signature are taken out of few texts: each of their lines is looked at.
    return is_recall(subject_of(message), own_text(written) if may_recall(written) else "")


RECALL = Condition(
    "recall",
    Flag,
    _recall,
    meaning="Whether a mail program wrote the message to take an earlier one back.",
    unit="true or false",
    example="true",
    consequence="A recall reaches everybody who got the first message; outside the organisation it takes nothing back.",
    clause=lambda observation, value: sentences.RECALL if value else None,
    claimed=True,
    glimpse=_is_recall,
)
