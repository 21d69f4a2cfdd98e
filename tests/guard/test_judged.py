"""Whose mail a held message is."""

from __future__ import annotations

from typing import Any

import pytest

from mailguard.core.mail.parse import parse
from mailguard.core.organisation import Organisation, Team
from mailguard.guard.judged import Judged, team_of
from tests.guard.world import NOW, SESSION, envelope

TEAMS = (Team("clinic", ("clinic@elmroad.example",)), Team("office", ("@office.elmroad.example",)))
ORGANISATION = Organisation("Elm Road", frozenset({"elmroad.example"}), teams=TEAMS)
UNJUDGED: Any = None


@pytest.mark.parametrize(
    ("path", "claimed", "team"),
    [
        ("clinic@elmroad.example", "jo@office.elmroad.example", "clinic"),
        ("Clinic+tag@ElmRoad.example", "jo@elmroad.example", "clinic"),
        ("bounces@mailer.example", "jo@office.elmroad.example", "office"),
        (None, "clinic@elmroad.example", "clinic"),
        ("jo@elmroad.example", "jo@elmroad.example", None),
        (None, "nobody", None),
    ],
)
def test_the_team_of_a_message(path: str | None, claimed: str, team: str | None) -> None:
    message = parse(f"From: {claimed}\r\nTo: a@council.example\r\n\r\nHello\r\n".encode())
    judged = Judged(SESSION, envelope("a@council.example", sender=path), message, UNJUDGED, "", NOW, b"")
    assert team_of(judged, ORGANISATION) == team
