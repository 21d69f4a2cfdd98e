"""What the stories want to be told: who sends as a team, whom notices come from and go to, how the outbox tries again.

config composes these with what the other parts declare. Every field says its default, unit, example and consequence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ..core.duration import Duration
from ..core.mail.canonical import canonical_address, canonical_domain
from ..core.organisation import Organisation, Team

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")


def plain_address(address: str) -> str:
    """An address that every mail server can write to. ValueError, as a sentence, for anything else.

    RFC 5321 section 4.1.2 without quoted local parts; the domain in ASCII ("xn--" for others).
    """
    local, _, _ = address.rpartition("@")
    if not _ADDRESS.fullmatch(address) or len(local) > 64 or len(address) > 254:
        raise ValueError(f'"{address}" is no plain email address such as mailguard@elmroad.example')
    return address


Address = Annotated[str, AfterValidator(plain_address)]


_TEAM = re.compile(r"[^\s@\x00-\x1f\x7f](?:[^@\x00-\x1f\x7f]{0,98}[^\s@\x00-\x1f\x7f])?")
_TEAM_DOMAIN = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")


def team_name(name: str) -> str:
    """A name without "@", so that it is never taken for an address. ValueError, as a sentence, for anything else."""
    if not _TEAM.fullmatch(name):
        raise ValueError(f'"{name}" is no name of a team: 1 to 100 characters on one line, without "@"')
    return name


def team_sender(sender: str) -> str:
    """An address or "@" and a domain, in canonical form. ValueError, as a sentence, for anything else."""
    found = canonical_address(sender.strip())
    _, at, domain = found.rpartition("@")
    if not at or not _TEAM_DOMAIN.fullmatch(domain) or any(each.isspace() for each in found):
        raise ValueError(f'"{sender}" is neither an address such as clinic@elmroad.example nor "@" and a domain')
    return found


class TeamSettings(BaseModel):
    """Senders who count as one: a shared mailbox and those who write from it, a clinic, a department."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, AfterValidator(team_name)] = Field(
        description="What policies call the team. Required. Example: sexual-health. A policy that names a team which "
        "is not here is refused.",
    )
    senders: tuple[Annotated[str, AfterValidator(team_sender)], ...] = Field(
        min_length=1,
        description='Addresses of the team; "@" and a domain for everybody at exactly that domain. Required. Example: '
        '[clinic@elmroad.example, "@clinic.elmroad.example"]. An address belongs to one team, one that is named '
        "itself before one that is meant by its domain.",
    )
    sensitive: bool = Field(
        default=False,
        description="Whether being written to by this team says something about a person. Default: false. Example: "
        "true. The condition `sensitive_sender` then holds for its mail.",
    )
    rejections: Literal["notice", "dsn"] | None = Field(
        default=None,
        description="How its senders hear that somebody decided not to send a message. Default: null, which is "
        "`notices.form`. Example: dsn, for a system that expects a bounce. See there.",
    )

    def team(self) -> Team:
        """The value that core judges by."""
        return Team(self.name, self.senders, self.sensitive, self.rejections)


def outside_senders(teams: Sequence[TeamSettings], organisation: Organisation) -> tuple[str, ...]:
    """Senders of teams who are not inside: mail of outside people is not judged as the organisation's own."""
    return tuple(sender for team in teams for sender in team.senders if not organisation.is_inside(sender))


Weekly = Literal["everybody", "reviewers", "nobody"]


class NoticeSettings(BaseModel):
    """Notices to senders, and to reviewers where a sender may not be told."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    sender: Address = Field(
        alias="from",
        description="The address that notices come from, inside your organisation. Required. Example: "
        "mailguard@elmroad.example. Replies go to `contact`, so nobody has to read this mailbox.",
    )
    contact: Address | None = Field(
        default=None,
        description="The mailbox, inside and read by those who decide, that answers questions about notices and hears "
        "of every hold. Default: none. Example: manager@elmroad.example. Without it replies go to `from`, and who "
        "decides has to look at `held list`.",
    )
    escalation: Address | None = Field(
        default=None,
        description="The mailbox, inside, of whom others turn to, for example the data protection officer. Default: "
        "none. Example: dpo@elmroad.example. It hears, besides `contact`, of held messages when four fifths of their "
        "time are over and nobody has decided.",
    )
    form: Literal["notice", "dsn"] = Field(
        default="notice",
        description="How senders hear that somebody decided not to send their message. Default: notice, a letter. "
        "Example: dsn, a delivery status notification with the same letter in it, for systems that expect a bounce; it "
        "names the recipients, and Outlook shows bounces in words of its own. A team can have another form.",
    )
    waiting: bool = Field(
        default=True,
        description="Whether senders are told at once of each message that waits before it leaves by itself (`delay` "
        "in a rule). Default: true. Example: false. Without that notice, and its link to a page, they can neither stop "
        "it nor send it now; of more than 20 in ten minutes they are not told.",
    )
    urgent_per_day: int = Field(
        default=3,
        ge=0,
        le=1000,
        description="How many messages each sender may call urgent within 24 hours: one that waits (`delay`) then "
        "leaves at once, one that is held goes to the top of the list. Default: 3. Unit: messages. Example: 1. With 0 "
        "nobody can.",
    )
    weekly: Weekly = Field(
        default="everybody",
        description="Who gets a summary of the week's held messages on Monday morning, in organisation.time_zone. "
        "Default: everybody, which is `contact` and each sender who had a message held. Example: reviewers, which is "
        "`contact` alone; nobody switches it off. A week without a hold has no summary.",
    )
    reverse_path: Address | None = Field(
        default=None,
        description="The reverse-path that notices are sent with. Default: null, the null path `<>`, so that nothing "
        "answers a notice automatically. Example: bounces@elmroad.example, only for a smarthost that refuses the null "
        "path; bounces of notices then come back to it. Delivery status notifications always have the null path.",
    )

    def problems(self, organisation: Organisation) -> tuple[str, ...]:
        """What `check` should say about these addresses, as sentences."""
        named = (
            ("from", self.sender),
            ("contact", self.contact),
            ("escalation", self.escalation),
            ("reverse_path", self.reverse_path),
        )
        return tuple(
            f'notices.{key} is "{address}", which is not inside the organisation'
            for key, address in named
            if address is not None and not organisation.is_inside(address.lower())
        )


class OutboxSettings(BaseModel):
    """When the outbox tries again and when it stops trying (RFC 5321 section 4.5.4.1)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first_retry: Duration = Field(
        default=timedelta(minutes=5),
        ge=timedelta(seconds=1),
        le=timedelta(days=1),
        description="How long after a first temporary refusal the next attempt is made. Default: 5m; a number with s, "
        "m, h or d. Example: 1m. Sooner than a few minutes annoys mail servers that use greylisting.",
    )
    factor: float = Field(
        default=2.0,
        ge=1.0,
        le=10.0,
        description="How many times longer each wait is than the one before. Default: 2. Example: 1.5. With 1 every "
        "wait is as long as the first.",
    )
    longest_retry: Duration = Field(
        default=timedelta(hours=2),
        ge=timedelta(seconds=1),
        le=timedelta(days=1),
        description="The longest wait between two attempts. Default: 2h; a number with s, m, h or d. Example: 30m. "
        "A longer wait delivers later once a mail server is well again.",
    )
    give_up_after: Duration = Field(
        default=timedelta(days=4),
        ge=timedelta(minutes=1),
        le=timedelta(days=30),
        description="How long a message that was taken on is tried before its sender is told that it failed. Default: "
        "4d; a number with m, h or d. Example: 5d. Too short, and a weekend's outage becomes a bounce.",
    )
    notices_give_up_after: Duration = Field(
        default=timedelta(days=2),
        ge=timedelta(minutes=1),
        le=timedelta(days=30),
        description="How long a notice or a delivery status notification is tried. Default: 2d; a number with m, h or "
        "d. Example: 1d. A notice that comes later than its deadline helps nobody.",
    )


_HOUR = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


def hour_of_day(text: str) -> str:
    """An hour such as "06:00", as it is. ValueError, as a sentence, for anything else."""
    if not _HOUR.fullmatch(text):
        raise ValueError(f'"{text}" is no hour of the day such as 06:00')
    return text


class CanarySettings(BaseModel):
    """Two invented messages go the way of all mail, so that a guard that no longer protects is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(
        default=True,
        description="Whether the canary runs by itself. Default: true. Example: false. Without it, a policy or a guard "
        "that lets lists of people pass is noticed when somebody complains. Nothing of it leaves this computer.",
    )
    every: Duration = Field(
        default=timedelta(hours=6),
        ge=timedelta(minutes=1),
        le=timedelta(days=7),
        description="How often it runs, besides at the start and after each change of the policy. Default: 6h; a "
        "number with m, h or d. Example: 1h. Each run leaves some 14 kB in the ledger.",
    )
    at: Annotated[str, AfterValidator(hour_of_day)] | None = Field(
        default="06:00",
        description="An hour at which it runs each day too, in organisation.time_zone. Default: 06:00; null for none. "
        'Example: "07:30". Before work begins, there is time to mend what it finds.',
    )
    people: int = Field(
        default=12,
        ge=2,
        le=100,
        description="How many invented people its list and its invitation show to each other. Default: 12. Unit: "
        "people. Example: 30. A rule that stops longer lists only lets it pass, and that is an alarm: make this as "
        "many as the policy has to stop.",
    )
    sender: Address | None = Field(
        default=None,
        description="The address inside that its messages come from; nothing is ever sent to it. Default: "
        "`notices.from`. Example: reception@elmroad.example, where rules are about certain senders. One that the "
        "policy exempts makes it fail.",
    )
    defer_mail: bool = Field(
        default=False,
        description="Whether new mail is answered 451 while it fails. Default: false. Example: true. With it no mail "
        "leaves a guard that does not protect: clients try again, and mail flows by itself when a run has passed.",
    )

    def problems(self, organisation: Organisation) -> tuple[str, ...]:
        """What `check` should say about its sender, as sentences."""
        if self.sender is None or organisation.is_inside(self.sender.lower()):
            return ()
        return (f'canary.sender is "{self.sender}", which is not inside the organisation: no rule is about such mail',)

    @property
    def hour(self) -> time | None:
        match = _HOUR.fullmatch(self.at or "")
        return time(int(match[1]), int(match[2])) if match else None


_SELECTOR = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


def dkim_domain(domain: str) -> str:
    """A domain in the form that DKIM signatures name it in. ValueError, as a sentence, for anything else."""
    found = canonical_domain(domain)
    if not re.fullmatch(rf"{_LABEL}(?:\.{_LABEL})+", found) or len(found) > 253:
        raise ValueError(f'"{domain}" is no domain such as elmroad.example')
    return found


def dkim_selector(selector: str) -> str:
    """RFC 6376 section 3.1. ValueError, as a sentence, for anything else."""
    if not _SELECTOR.fullmatch(selector) or len(selector) > 63:
        raise ValueError(f'"{selector}" is no selector such as guard1: letters, digits and "-", at most 63')
    return selector.lower()


class DkimSettings(BaseModel):
    """A key that signs what the guard rewrote (RFC 6376). Two entries for one domain make two signatures."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    domain: Annotated[str, AfterValidator(dkim_domain)] = Field(
        description="The domain that signs, and for which mail in From is signed, subdomains included. Required. "
        "Example: elmroad.example. Rewritten mail from other domains leaves unsigned.",
    )
    selector: Annotated[str, AfterValidator(dkim_selector)] = Field(
        description="The name of the key in DNS: its public half stands at SELECTOR._domainkey.DOMAIN. Required. "
        "Example: guard1. Receivers treat mail as unsigned while that record is missing.",
    )
    key_file: Path = Field(
        description="The private key in PEM form, without a password: RSA of 2048 bits or more, or Ed25519. Required. "
        "Example: keys/dkim.pem. If it cannot be used, `serve` does not start; readable by the "
        "service's user alone (0600), or others can sign as you.",
    )
