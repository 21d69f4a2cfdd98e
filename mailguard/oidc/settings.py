"""What the console wants to be told about the organisation's own sign-in service (OpenID Connect).

config composes these with what the other parts declare. Every field says its default, unit, example and consequence.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from ..core.account import ADMIN, SENDER, roles_fault
from ..core.federated import GroupRoles
from ..core.this_machine import is_this_machine

MOST_CHARACTERS = 300


def is_here(url: str) -> bool:
    """Whether an address is on this machine."""
    return is_this_machine(urlsplit(url).hostname)


def is_private_way(url: str) -> bool:
    """Whether what is asked there is asked over https, or of this machine. An address with a name or a password in it,
    or with a fragment, is none.
    """
    parts = urlsplit(url)
    try:
        plain = bool(parts.hostname) and not parts.username and not parts.password and parts.port != 0
    except ValueError:
        return False
    way = parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(parts.hostname))
    return plain and way and not parts.fragment and url.isascii() and url.isprintable() and " " not in url


def issuer_address(issuer: str) -> str:
    """OpenID Connect Discovery 1.0 section 3: https, without query and fragment. ValueError, as a sentence."""
    if not is_private_way(issuer) or urlsplit(issuer).query:
        raise ValueError(
            f'"{issuer}" is no issuer such as https://login.elmroad.example: https (http only on this machine), a '
            "host, perhaps a path, and nothing behind it"
        )
    return issuer


def one_line(text: str) -> str:
    """ValueError, as a sentence, for what does not stand on one line."""
    if not text.strip() or not text.isprintable():
        raise ValueError(f'"{text}" is not one line of text')
    return text


Line = Annotated[str, AfterValidator(one_line), Field(min_length=1, max_length=MOST_CHARACTERS)]


class GroupSettings(BaseModel):
    """What a group of the sign-in service may do here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    group: Line = Field(
        description="The group as the sign-in service writes it, letter for letter: a name, or with Microsoft Entra "
        "its object id. Required. Example: mailguard-reviewers. Nobody gets in by a group that stands in no entry.",
    )
    roles: tuple[str, ...] = Field(
        min_length=1,
        description="What its members may do: viewer, reviewer, escalation, and beside reviewer reveal and download "
        "(each also for one team, as reviewer:TEAM), and admin. Required. "
        'Example: ["reviewer:sexual-health", viewer]. Roles of several groups add up.',
    )

    @model_validator(mode="after")
    def _are_roles_of_the_console(self) -> GroupSettings:
        """What roles there are is asked with the teams, which are known one floor up."""
        if SENDER in self.roles:
            raise ValueError(
                'the role "sender" is for clients that sign in with a password; it cannot come from a group'
            )
        return self


class OidcSettings(BaseModel):
    """The organisation's own sign-in service, by OpenID Connect."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: Annotated[str, AfterValidator(issuer_address)] = Field(
        description="The service's address, letter for letter as it calls itself. Required. Example: "
        "https://login.elmroad.example/realms/elm. What it needs besides is read below "
        "/.well-known/openid-configuration there; https, or http on this machine.",
    )
    client_id: Line = Field(
        description="What the service calls mailguard. Required. Example: mailguard. Register "
        "`console.base_url` + /sign-in/provider/back there as the one address that it returns to.",
    )
    client_secret_file: Path | None = Field(
        default=None,
        description="A file whose first line is the secret that mailguard shows the service. Default: none, for a "
        "service that knows mailguard as a public client. Example: oidc.secret. Read anew for each sign-in, so a new "
        "secret needs no restart. Keep it at mode 0600.",
    )
    label: Line = Field(
        default="your organisation’s account",
        description='What follows "Sign in with" on the button. Default: your organisation’s account. Example: your '
        "Elm Road account.",
    )
    scopes: tuple[Line, ...] = Field(
        default=("openid", "email", "profile"),
        description="What is asked for. Default: [openid, email, profile]. Example: [openid, email, groups], for a "
        "service that tells groups only who asks. Must hold openid.",
    )
    groups_claim: Line = Field(
        default="groups",
        description="The claim that holds somebody's groups: a list of texts, or one text. Default: groups. Example: "
        "roles. It is read from the ID token, and from the userinfo endpoint where it does not stand there.",
    )
    groups: tuple[GroupSettings, ...] = Field(
        min_length=1,
        description="What each group may do here. Required. Example: [{group: mailguard-reviewers, roles: "
        '["reviewer:sexual-health"]}]. Whoever is in none of them does not get in.',
    )
    mailbox_claim: Line = Field(
        default="email",
        description="The claim that holds somebody's mailbox, by which others see them, and by which nobody decides "
        "about a message of their own. Default: email. Example: upn, with `trust_mailbox: true`.",
    )
    trust_mailbox: bool = Field(
        default=False,
        description="Whether the mailbox counts although the service does not say that it was confirmed "
        "(`email_verified`). Default: false. Example: true, for Microsoft Entra, which never says so. Only where "
        "nobody can change the address alone: with another's address they could decide about a message of their own.",
    )
    ca_file: Path | None = Field(
        default=None,
        description="The certificate authorities that are trusted for the service. Default: none, those of the "
        "operating system. Unit: path of a PEM file. Example: /etc/mailguard/ca.pem. Only these are trusted then.",
    )

    @model_validator(mode="after")
    def _can_be_asked(self) -> OidcSettings:
        names = [each.group for each in self.groups]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f'the group "{name}" stands twice')
        if "openid" not in self.scopes or any(" " in each for each in self.scopes):
            raise ValueError('"scopes" has to hold "openid", and no spaces')
        if self.mailbox_claim != "email" and not self.trust_mailbox:
            raise ValueError(
                f'no service says that "{self.mailbox_claim}" was confirmed: with another "mailbox_claim" than email '
                'nobody gets in without "trust_mailbox: true"'
            )
        return self

    @property
    def mapping(self) -> tuple[GroupRoles, ...]:
        """What groups may do, as core reads it."""
        return tuple(GroupRoles(each.group, each.roles) for each in self.groups)

    @property
    def gives_admin(self) -> bool:
        """Whether some group makes an admin."""
        return any(ADMIN in each.roles for each in self.groups)

    @property
    def digest(self) -> str:
        """Changes with whatever decides who gets in and may do what: sessions begun under other settings end."""
        deciding = {
            "issuer": self.issuer,
            "client": self.client_id,
            "claims": [self.groups_claim, self.mailbox_claim, self.trust_mailbox],
            "groups": [[each.group, *each.roles] for each in self.groups],
        }
        return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()

    def fault(self, teams: Collection[str]) -> str | None:
        """What is wrong with the roles of its groups. teams: the names of those that there are."""
        for each in self.groups:
            if fault := roles_fault(each.roles, teams):
                return f'console.oidc, group "{each.group}": {fault}'
        return None
