"""Settings, as the file on the server has them: to read, not to change."""

from __future__ import annotations

from typing import Any

from ...core.legible import legible
from .. import words, words_provider
from .. import words_people as said
from ..answers import Answer, Page, Refused
from ..visit import Visit


async def show(visit: Visit) -> Answer:
    if not visit.signed_in.powers.admin:
        raise Refused(403, words.REFUSED_TITLE, words.REFUSED_HERE.format(contact=visit.site.contact))
    site = visit.site
    model = {
        "said": said,
        "sign_in_link": words_provider.SETTINGS_LINK,
        "teams": [_team(each) for each in site.team_list],
        "rows": [(legible(name), legible(value, 1000)) for name, value in site.settings],
    }
    return Page("settings.html", said.SETTINGS_TITLE, model)


def _team(team: Any) -> str:
    form = said.SETTINGS_TEAM_SENSITIVE if team.sensitive else said.SETTINGS_TEAM
    return form.format(name=legible(team.name), senders=legible(", ".join(team.senders), 2000))
