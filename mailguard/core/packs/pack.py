"""The incident pack: the tables and sentences that are printed of what is known of a message that got out. Pure.

Contract: the deliveries say what the next mail server answered; what became of a copy behind it, and whether anybody
opened it, no pack says. Who stands in a hidden row is counted by its detector, never listed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from .. import words
from ..finding_kinds import PEOPLE_ROWS, noun_of, so_many
from ..legible import legible
from ..moment import moment_in_words
from ..register.table import Table
from .answers import count_got, got_of
from .exposure import NOT_YET, Exposed, Exposure, Form, Got, Sight, who_saw_whom
from .facts import Known

TOO = {
    None: "no",
    Got.YES: "yes",
    Got.PERHAPS: "perhaps",
    Got.TRYING: "still being tried",
    Got.NO: "no: not delivered",
    Got.UNKNOWN: "not known",
}
GOT = {
    Got.YES: "delivered to the next mail server",
    Got.PERHAPS: "perhaps delivered: the answer was lost",
    Got.TRYING: "still being tried",
    Got.NO: "not delivered",
    Got.UNKNOWN: "not known",
}
FORMS = {
    Form.ORIGINAL: "as it was written, one message for all",
    Form.CLEANED: "with cleaned attachments, one message for all",
    Form.SEPARATE: "as a separate copy for each person outside",
    Form.BCC: "with the people outside hidden from each other",
}
LIMITS = (
    "What the servers behind the next one did with a copy, and whether anybody opened it, is not known.",
    "Anybody who got a copy can have passed it on. What was hidden in an attachment can be seen by whoever opens it.",
)


@dataclass(frozen=True, slots=True)
class Carried:
    """Something of people that an attachment carried. count: how many; of rows how many people. hidden: unseen."""

    file: str
    what: str
    count: int
    hidden: bool
    said: str


@dataclass(frozen=True, slots=True)
class Pack:
    """known: what it is made of. made_at: in the time zone in which it is printed."""

    known: Known
    organisation: str
    made_at: datetime
    exposure: Exposure
    carried: tuple[Carried, ...]
    got: Mapping[Got, int]

    @property
    def exposed(self) -> tuple[Exposed, ...]:
        """Addresses that somebody else saw, or may have seen."""
        return tuple(each for each in self.exposure.exposed if each.is_exposed)

    def concerned(self, *, to_all: bool = False, inside: bool = False) -> tuple[str, ...]:
        """To whom an apology goes, in the order of the envelope: recipients whose own address others saw, or, to_all,
        who got it. inside: people of the organisation too. Never to whom no copy went through us, nor to the sender.
        """
        exposed = {each.address for each in self.exposed}
        return tuple(
            each.address
            for each in self.exposure.sights
            if (each.got not in NOT_YET if to_all else each.address in exposed)
            and (inside or not each.inside)
            and each.address not in self.known.senders
        )

    def lead(self) -> tuple[str, ...]:
        """What matters, in sentences, the consequence first."""
        return tuple(_lead(self))

    def tables(self) -> tuple[Table, ...]:
        zone = self.made_at.tzinfo
        return (
            _recipients(self.exposure.sights, self.carried),
            _exposures(self.exposed, self.carried, _people_who_saw(self)),
            _deliveries(self.known, zone),
            *((_apologies(self.known, zone),) if self.known.apologies else ()),
        )

    def counts(self) -> dict[str, int]:
        """For the ledger and the register: numbers alone. hidden: rows of people that files carried unseen."""
        return {
            "recipients": len(self.exposure.sights),
            "exposed": len(self.exposed),
            "deliveries": len(self.known.answers),
            "delivered": self.got.get(Got.YES, 0),
            "hidden": sum(each.count for each in self.carried if each.hidden and each.what == PEOPLE_ROWS),
        }


def pack_of(known: Known, *, organisation: str, is_inside: Callable[[str], bool], made_at: datetime) -> Pack:
    """is_inside: of a canonical address. Where it is not known whom it went to or whom it named, nobody is listed."""
    got = got_of(known.answers, known.waiting)
    if known.form is None:
        got = dict.fromkeys(known.recipients or (), Got.NO)
    exposure = who_saw_whom(
        known.recipients or (),
        known.visible or (),
        senders=known.senders,
        is_inside=is_inside,
        form=known.form or Form.ORIGINAL,
        got=got,
    )
    return Pack(known, organisation, made_at, exposure, tuple(_carried(known)), _counted(known, exposure))


def _counted(known: Known, exposure: Exposure) -> Counter[Got]:
    """Of every recipient, also of whom nothing names any more and of whom there is no answer (yet)."""
    if known.form is None or not known.answers:
        return Counter(each.got for each in exposure.sights)
    counted = count_got(known.answers, known.waiting)
    # A file names only some of those whom the ledger knows by their hash.
    silent = len(frozenset(known.hashed or known.recipients or ())) - counted.total()
    return counted + Counter({Got.UNKNOWN: max(0, silent)})


def _lead(pack: Pack) -> list[str]:
    known, said, zone = pack.known, list[str](), pack.made_at.tzinfo
    if known.form is None:
        return ["This message did not leave: nobody outside saw anything of it."]
    exposed, people = pack.exposed, _people_who_saw(pack)
    if exposed:
        outside = sum(not each.inside for each in exposed)
        said.append(
            f"{words.people(people)} could see the email addresses of others in this message: "
            f"{len(exposed):,} {'address' if len(exposed) == 1 else 'addresses'}, {outside:,} of them outside."
        )
    elif known.visible is None:
        count = known.counts.get("visible_external_recipients")
        known_count = "" if count is None else f" It showed the addresses of {words.people(count)} outside."
        said.append(f"Whose addresses could be seen, and by whom, is no longer known.{known_count}")
    else:
        said.append("Nobody could see the address of another person in this message.")
    said += [f"{each.file}: {each.said}" for each in pack.carried if each.hidden]
    said.append(f"It left {FORMS[known.form]}.")
    if known.decided_at is not None:
        said.append(f"mailguard checked it at {moment_in_words(known.decided_at.astimezone(zone))}.")
    if known.left_at is not None:
        said.append(f"It left at {moment_in_words(known.left_at.astimezone(zone))}.")
    said.append(f"The next mail server took it for {words.people(pack.got.get(Got.YES, 0))}{_rest(pack.got)}.")
    if known.left_out:
        said.append(f"Its sender took {words.people(known.left_out)} off it before it left: no copy went to them.")
    unaddressed = sum(not each.addressed for each in exposed)
    if unaddressed:
        said.append(
            f"{unaddressed:,} of the addresses that could be seen got no copy through mailguard. They are in the "
            "table; an apology does not go to them by itself."
        )
    if known.from_file and not known.answers:
        said.append("The recipients are those that the file names: whom a Bcc reached, no file says.")
    return said


def _rest(got: Mapping[Got, int]) -> str:
    names = (
        (Got.NO, "not for {}"),
        (Got.TRYING, "still tried for {}"),
        (Got.PERHAPS, "perhaps for {}"),
        (Got.UNKNOWN, "of {} there is no answer"),
    )
    rest = [text.format(f"{got[each]:,}") for each, text in names if got.get(each)]
    return f" ({', '.join(rest)})" if rest else ""


def _people_who_saw(pack: Pack) -> int:
    """Recipients who saw at least one address besides their own."""
    return sum(each.others > 0 and each.got not in NOT_YET for each in pack.exposure.sights)


def _recipients(sights: tuple[Sight, ...], carried: tuple[Carried, ...]) -> Table:
    hidden = "; ".join(f"{each.said} ({each.file})" for each in carried if each.hidden)
    rows = tuple(
        (
            each.address,
            "inside" if each.inside else "outside",
            "yes" if each.shown else "no: Bcc, or on the envelope alone",
            GOT[each.got],
            str(each.others if each.got not in NOT_YET else 0),
            hidden if each.got not in NOT_YET else "",
        )
        for each in sights
    )
    return Table(
        "recipients",
        "Who got it, and what they could see",
        ("address", "side", "shown", "copy", "others", "hidden"),
        ("Recipient", "Inside or outside", "Shown to others", "Copy", "Addresses of others that they could see",
         "Hidden in attachments that they got"),
        rows,
    )  # fmt: skip


def _exposures(exposed: tuple[Exposed, ...], carried: tuple[Carried, ...], people: int) -> Table:
    rows = [
        (
            each.address,
            "email address",
            "inside" if each.inside else "outside",
            TOO[each.got],
            str(each.seen_by),
            str(each.perhaps),
        )
        for each in exposed
    ]
    rows += [(each.file, each.said, "hidden" if each.hidden else "in plain sight", "", "", "") for each in carried]
    return Table(
        "exposures",
        "Whose address, or whose rows, others could see",
        ("whose", "what", "side", "addressed", "seen_by", "perhaps"),
        ("Whose", "What", "Inside or outside", "Got a copy too", "Seen by so many others", "Perhaps by so many more"),
        tuple(rows),
    )


def _deliveries(known: Known, zone: tzinfo | None) -> Table:
    rows = tuple(
        (
            each.address if each.address is not None else f"(no longer known, {each.hash[:12]})",
            each.at.astimezone(zone).isoformat(timespec="seconds"),
            each.server or "(not recorded)",
            each.outcome,
            " ".join(str(part) for part in (each.code, each.status, each.text and legible(each.text)) if part),
            each.kind.replace("_", " "),
        )
        for each in sorted(known.answers, key=lambda each: (each.at, each.address or each.hash))
    )
    return Table(
        "deliveries",
        "Which copy went to which server, and what it answered",
        ("address", "at", "server", "outcome", "answer", "kind"),
        ("Recipient", "When", "Server", "Outcome", "Answer", "Entry of the ledger"),
        rows,
    )


def _apologies(known: Known, zone: tzinfo | None) -> Table:
    rows = tuple(
        (each.ref, each.at.astimezone(zone).isoformat(timespec="seconds"), str(each.people)) for each in known.apologies
    )
    return Table(
        "apologies", "Apologies that were sent", ("ref", "at", "people"), ("Reference", "When", "People"), rows
    )


def _carried(known: Known) -> list[Carried]:
    """What findings tell of people, with the name of the file where the inventory knows it."""
    files = {each.get("part"): each.get("file") for each in known.inventory if each.get("part")}
    found = [_of_finding(each, files) for each in known.findings]
    for each in known.inventory:
        unseen = sum(dict(each.get("unseen") or {}).values())
        if unseen:
            name = _name(each.get("file"))
            found.append(Carried(name, "rows", unseen, True, f"{unseen:,} rows that it does not show"))
    return found


def _of_finding(finding: Mapping[str, Any], files: Mapping[Any, Any]) -> Carried:
    count, hidden = int(finding["count"]), bool(finding.get("hidden"))
    said = so_many(count, noun_of(str(finding["kind"])))
    file = files.get(finding.get("part")) or finding.get("where")
    return Carried(_name(file), str(finding["kind"]), count, hidden, f"{said}, hidden" if hidden else said)


def _name(file: Any) -> str:
    return legible(str(file or ""), 120) or "an attachment"
