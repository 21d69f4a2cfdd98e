"""What the pages of the register share: who may be there, its lists, and what is wrong with a record in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ...core.errors import SettingsError
from ...core.legible import legible
from ...core.register.lists import Lists
from ...core.register.revision import Revision
from ...guard.console.register_desk import RegisterDesk
from ...guard.register.book import REASON
from .. import words
from .. import words_incident_fields as names
from .. import words_incidents as said
from ..answers import Problem, Refused
from ..incident_form import label_of, place_of
from ..incident_shown import changed
from ..visit import Visit

PATH = "/incidents"
MOST_WHY = 4000


def keeper(visit: Visit) -> RegisterDesk:
    """The desk, for who keeps the register. Refused."""
    desk = visit.site.register
    if not desk.may(visit.signed_in.powers):
        raise Refused(403, words.REFUSED_TITLE, said.NOT_YOURS.format(contact=visit.site.contact))
    return desk


def lists_of(desk: RegisterDesk) -> Lists:
    """Refused where the organisation's own file cannot be used."""
    try:
        return desk.lists()
    except SettingsError as cause:
        why = legible(str(cause), 500)
        raise Refused(503, said.LISTS_BROKEN, said.LISTS_BROKEN_DO.format(why=why)) from None


def path_of(incident: str, *more: str) -> str:
    return "/".join((PATH, incident, *more))


def who_in_words(revision: Revision) -> str:
    return legible(revision.by, 300) if revision.by else said.BY_GUARD


def problems_of(
    faults: Sequence[tuple[str, str]], there: Callable[[str], bool], why: str, places: Mapping[str, str] | None = None
) -> tuple[Problem, ...]:
    """What the register says is wrong, each at its field; there: whether the form has a field of that name. What is
    wrong elsewhere in the record stands at the field `why`.
    """
    found = []
    for path, sentence in faults:
        if path == REASON:
            found.append(Problem(why, _sentence(names.THE_REASON, said_plainly(sentence))))
            continue
        name = place_of(path, places or {})
        text = _sentence(label_of(name), said_plainly(sentence))
        at = next((each for each in _and_above(name) if there(each)), None)
        found.append(Problem(at, text) if at else Problem(why, said.PROBLEM_WITH.format(sentence=text)))
    return tuple(found)


def said_plainly(sentence: str) -> str:
    """A fault as the form says it: some are those of the model."""
    if sentence.startswith("field required"):
        return names.MISSING
    if sentence.startswith("string should have at most"):
        return names.TOO_LONG
    # As every page spells it.
    return sentence.replace("e-mail", "email")


def conflict(visit: Visit, seen: int, history: Sequence[Revision], lists: Lists) -> dict[str, object]:
    """Who has changed the record since somebody saw it, when, and what."""
    later = history[seen:]
    last = later[-1]
    changes = [
        line
        for before, after in zip(history[seen - 1 :], later, strict=False)
        for line in changed(before, after, lists, visit.site.zone)
    ]
    return {
        "sentence": said.CONFLICT.format(who=who_in_words(last), moment=visit.site.in_words(last.at)),
        "why": said.CONFLICT_WHY.format(why=legible(last.why, MOST_WHY)) if last.why else None,
        "changes": changes,
        "merged": None,
    }


def seen_of(visit: Visit, history: Sequence[Revision]) -> int:
    """The revision that a form was filled in for. Refused for one that there is not."""
    typed = visit.typed("seen")
    if not (typed.isascii() and typed.isdigit() and len(typed) < 8 and 1 <= int(typed) <= len(history)):
        raise Refused(400, words.UNUSABLE_TITLE, words.UNUSABLE)
    return int(typed)


def why_of(visit: Visit, missing: str) -> tuple[str, tuple[Problem, ...]]:
    """What was typed as the reason, and what is wrong with it."""
    why = visit.typed("why").replace("\r\n", "\n").strip()
    if not why:
        return why, (Problem("why", missing),)
    too_long = (Problem("why", said.WHY_TOO_LONG.format(most=MOST_WHY)),)
    return why, too_long if len(why) > MOST_WHY else ()


def _sentence(label: str, sentence: str) -> str:
    return names.PROBLEM.format(label=label, sentence=legible(sentence, 500))


def _and_above(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
