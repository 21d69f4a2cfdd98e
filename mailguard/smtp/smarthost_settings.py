"""The settings of the next hop: `smarthost:` (INTERFACE.md "Settings").

Promises that what would send a password in the clear cannot be loaded. Knows nothing of sockets. A refused value raises
ValueError inside the model, so that the reader of the file (core/document.py) can point at the line.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ..core.document import quoted
from ..core.mail.canonical import canonical_domain
from .listen_settings import HostPortSetting
from .setting_description import described

_DOMAIN = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")


def _number(
    name: str, sentence: str, default: int, unit: str, example: int, consequence: str, *, least: int, most: int
) -> Any:
    shown = f"`{name}: {example}`"
    text = described(sentence, default=default, unit=unit, example=shown, consequence=consequence)
    return Field(default=default, ge=least, le=most, description=text, examples=[example])


class SmarthostSettings(BaseModel):
    """`smarthost:`, where mail goes next, how it is reached, and how much it is asked to take."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    address: HostPortSetting = Field(
        description=described(
            "The next mail server.",
            default="none, it must be given",
            unit="HOST:PORT",
            example="`smtp.elmroad.example:587`",
            consequence="all mail that leaves goes there and nowhere else; a name is looked up for every connection.",
        )
    )
    tls: Literal["none", "opportunistic", "required", "implicit"] = Field(
        default="opportunistic",
        description=described(
            "Encryption towards the next mail server.",
            default="opportunistic",
            unit="one of none, opportunistic, required, implicit",
            example="`tls: required`",
            consequence="opportunistic uses STARTTLS where it is offered and checks no certificate; required and "
            "implicit (TLS from the first byte, port 465) check it, and mail waits (451) rather than leave in the "
            "clear. A handshake that fails never falls back to plain text.",
        ),
    )
    ca_file: Path | None = Field(
        default=None,
        description=described(
            "The certificate authorities that `required` and `implicit` trust.",
            default="none: those of the operating system",
            unit="path of a PEM file",
            example="`ca_file: /etc/mailguard/ca.pem`",
            consequence="only these authorities are trusted then, no others.",
        ),
    )
    username: str | None = Field(
        default=None,
        min_length=1,
        description=described(
            "The name that the guard signs in with.",
            default="none: it does not sign in",
            unit="text",
            example="`username: mailguard@elmroad.example`",
            consequence="needs `password_file`, and `tls: required` or `implicit`, or `none` to a server on this "
            "machine. A sign-in that fails is an alarm, and mail waits (451).",
        ),
    )
    password_file: Path | None = Field(
        default=None,
        description=described(
            "A file whose first line is the password.",
            default="none",
            unit="path",
            example="`password_file: /etc/mailguard/smarthost.password`",
            consequence="read anew for every connection, so a new password needs no restart. Keep it at mode 0600.",
        ),
    )
    trusts_address: bool = Field(
        default=False,
        description=described(
            "Whether the server takes mail from this machine without sign-in.",
            default="false",
            unit="true or false",
            example="`trusts_address: true`",
            consequence="only says so: with `sign_in: smarthost` on a listener, what the guard sends by itself "
            "(released mail, copies, notices) needs a right of its own, either this or `username`.",
        ),
    )
    sender_domains: tuple[str, ...] = Field(
        default=(),
        description=described(
            "The sender domains whose mail goes here and to no other route.",
            default="empty: the default route, for all others and for the null reverse-path",
            unit="list of domains, those below them are meant along",
            example="`sender_domains: [ward.elmroad.example]`",
            consequence="the reverse-path decides, and the longest domain counts. Several servers of one domain, or "
            "several without, are tried in the order given. One without has to be there.",
        ),
    )
    pass_over_seconds: int = _number(
        "pass_over_seconds",
        "How long a server that could not be reached comes after the others of its route.",
        60,
        "seconds",
        300,
        "longer spares messages the wait for a server that is down; with one server in the route it does nothing.",
        least=1,
        most=86_400,
    )
    tell_client: Literal["none", "xforward", "xclient"] = Field(
        default="none",
        description=described(
            "Whether a Postfix that trusts this machine is told who the client is.",
            default="none",
            unit="one of none, xforward, xclient",
            example="`tell_client: xforward`",
            consequence="xforward puts the client into its log; where it is not announced mail goes on without. "
            "xclient makes its access rules apply to the client; where it is not announced mail waits (451). They need "
            "`smtpd_authorized_xforward_hosts` or `smtpd_authorized_xclient_hosts` there. xclient excludes `username`.",
        ),
    )
    partial: Literal["bounce", "refuse_all"] = Field(
        default="bounce",
        description=described(
            "What becomes of a message that the server takes for some recipients and refuses for others.",
            default="bounce",
            unit="one of bounce, refuse_all",
            example="`partial: refuse_all`",
            consequence="bounce sends to those who were taken and tells the sender about the others; refuse_all sends "
            "to nobody, and the client gets the refusal. It costs one more round trip for each message.",
        ),
    )
    messages_per_minute: int | None = Field(
        default=None,
        ge=1,
        le=60_000,
        description=described(
            "How fast the outbox (copies, released mail, notices) sends.",
            default="none: as fast as the server takes them",
            unit="messages a minute",
            example="`messages_per_minute: 30`",
            consequence="the outbox spaces its messages evenly, of all guards on one PostgreSQL together; mail that "
            "passes is not slowed down.",
        ),
        examples=[30],
    )
    max_recipients: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description=described(
            "Recipients of one transaction.",
            default="none: as many as the server takes, which it says with 452",
            unit="recipients",
            example="`max_recipients: 500`",
            consequence="a message with more of them is sent in several transactions; under `partial: refuse_all` it "
            "is refused with 554 5.5.3 instead.",
        ),
        examples=[500],
    )
    connections: int = _number(
        "connections",
        "Open connections to the server, for mail that passes and the outbox together.",
        20,
        "connections",
        5,
        "a message beyond it waits for a free one, at most `connect_timeout_seconds`, and then gets 451.",
        least=1,
        most=1_000,
    )
    messages_per_connection: int = _number(
        "messages_per_connection",
        "Messages sent on one connection.",
        100,
        "messages",
        20,
        "then the connection is closed and the next message opens another.",
        least=1,
        most=100_000,
    )
    connection_seconds: int = _number(
        "connection_seconds",
        "Age from which a connection gets no further message.",
        300,
        "seconds",
        60,
        "shorter follows a change of the server's address sooner, and signs in more often.",
        least=1,
        most=86_400,
    )
    idle_seconds: int = _number(
        "idle_seconds",
        "How long an unused connection is kept open.",
        30,
        "seconds",
        5,
        "longer saves handshakes; many servers close a silent connection after 60 seconds or more.",
        least=1,
        most=3_600,
    )
    connect_timeout_seconds: int = _number(
        "connect_timeout_seconds",
        "Time to get a connection: waiting for a free one, or name, TCP, TLS, EHLO and sign-in together.",
        30,
        "seconds",
        10,
        "a server that is slower counts as down: the client gets 451.",
        least=1,
        most=300,
    )
    command_timeout_seconds: int = _number(
        "command_timeout_seconds",
        "Time for each reply before the content, and for each block of the content to be taken.",
        300,  # RFC 5321 section 4.5.3.2.2 to 4.5.3.2.5
        "seconds",
        60,
        "a server that is slower counts as down: recipients are deferred.",
        least=1,
        most=600,
    )
    final_timeout_seconds: int = _number(
        "final_timeout_seconds",
        "Time for the reply to the end of the content.",
        600,  # RFC 5321 section 4.5.3.2.6
        "seconds",
        600,
        "shorter than the server's own work (virus scanners) makes answers UNCERTAIN, and mail arrive twice.",
        least=1,
        most=780,
    )
    deadline_seconds: int = _number(
        "deadline_seconds",
        "Time for all of one message's dealings with the server.",
        840,  # below the 900 seconds that the stories allow (guard/submission.py), so that the outcome is told apart
        "seconds",
        600,
        "what is not answered by then is deferred, or UNCERTAIN after the end of the content.",
        least=1,
        most=870,
    )

    @field_validator("sender_domains")
    @classmethod
    def _are_domains(cls, domains: tuple[str, ...]) -> tuple[str, ...]:
        for domain in domains:
            if not _DOMAIN.fullmatch(canonical_domain(domain)):
                raise ValueError(f"{quoted(domain)} is no domain such as ward.elmroad.example")
        return domains

    @model_validator(mode="after")
    def _usable(self) -> SmarthostSettings:
        if trouble := why_unusable(self):
            raise ValueError(trouble)
        return self


def why_unusable(settings: SmarthostSettings) -> str | None:
    """A plain sentence if these settings must not be used, None if they may."""
    if settings.address.port == 0:
        return f'"{settings.address}" has no port that a server can listen on'
    if settings.username is not None and settings.password_file is None:
        return '"username" needs "password_file", a file with the password'
    if settings.password_file is not None and settings.username is None:
        return '"password_file" needs "username", the name to sign in with'
    if settings.username is not None and settings.tell_client == "xclient":
        return (
            '"tell_client: xclient" ends a sign-in with "username"; let that server trust this machine by its address'
        )
    if settings.username is not None and not keeps_a_password(settings):
        return f'"username" with "tls: {settings.tls}" could show the password to others; use "tls: required"'
    return None


def canonical_domains(settings: SmarthostSettings) -> tuple[str, ...]:
    """`sender_domains` in the form that envelopes have."""
    return tuple(dict.fromkeys(map(canonical_domain, settings.sender_domains)))


def keeps_a_password(settings: SmarthostSettings) -> bool:
    """Opportunistic TLS does not: whoever is on the way removes STARTTLS or shows a certificate of their own (T4)."""
    return settings.tls in ("required", "implicit") or (settings.tls == "none" and settings.address.loopback)
