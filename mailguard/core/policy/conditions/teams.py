"""Conditions on the team that a message claims to come from (`organisation.teams` in the settings)."""

from __future__ import annotations

from dataclasses import replace

from ...observation import Observation
from .. import sentences
from .counting import flagged
from .declaration import Condition, Found
from .operands import Words


def _sender_team(observation: Observation, operand: tuple[str, ...]) -> Found:
    holds = any(team in operand for team in observation.sender_teams)
    return Found(holds, holds)


SENDER_TEAM = Condition(
    "sender_team",
    Words,
    _sender_team,
    meaning="Holds if the reverse-path or any From, Sender, Reply-To or organiser's address belongs to one of these "
    "teams of the settings.",
    unit="name of a team, or a list of them",
    example="[sexual-health]",
    consequence="Fit for stricter rules, never for exceptions. A team that the settings do not have is refused.",
    claimed=True,
)
SENSITIVE_SENDER = replace(
    flagged(
        "sensitive_sender",
        meaning="Whether reverse-path, From, Sender, Reply-To or an organiser names a team whose mail says something "
        "about whoever gets it.",
        consequence="Holds for the teams with `sensitive: true` in the settings; without such a team never.",
        clause=lambda value: sentences.SENSITIVE,
    ),
    claimed=True,
)
