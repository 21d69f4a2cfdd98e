"""The settings of the door: one item of `listen:`, and `limits:` (INTERFACE.md "Settings").

Promises that what cannot be served safely cannot be loaded: no open relay, no setting that this version would
silently ignore. Knows nothing of sockets. A refused value raises ValueError inside the model, so that the reader
of the file (core/document.py) can point at the line; the listener asks `why_unusable` once more before it binds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from ..core.mail.header import MAX_FIELDS, MAX_HEADER_OCTETS
from ..core.this_machine import is_this_machine
from .own_addresses import as_mailbox
from .setting_description import described

Network = IPv4Network | IPv6Network

_ADDRESS = re.compile(r"(?:\[(?P<literal>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._-]+)):(?P<port>[0-9]{1,5})")
_SHORTEST_PREFIX = {4: 8, 6: 16}
"""No organisation has more. Without a bound, 0.0.0.0/1 and 128.0.0.0/1 together are everybody, and 2000::/3 is too."""
_LOCAL_IPV6 = IPv6Network("fc00::/7")  # RFC 4193: not reachable from the internet


@dataclass(frozen=True, slots=True)
class HostPort:
    """Where to listen. host: a name or an IP address without brackets. port: 0 lets the system choose (tests)."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it. A name other than localhost is taken to be reachable."""
        return is_this_machine(self.host)


def parse_host_port(text: str) -> HostPort:
    """127.0.0.1:2525, [::1]:25 or a name and a port. ValueError with a plain sentence for anything else."""
    found = _ADDRESS.fullmatch(text)
    if found is None or int(found["port"]) > 65535:
        raise ValueError(f'"{text}" is not HOST:PORT, for example 127.0.0.1:2525 or [::1]:25')
    if found["literal"]:
        try:
            IPv6Address(found["literal"])
        except ValueError:
            raise ValueError(f'"{text}" has no IPv6 address between its brackets') from None
    return HostPort(found["literal"] or found["host"], int(found["port"]))


def parse_network(text: str) -> Network:
    """10.0.0.0/8, 2001:db8::/32 or one address. ValueError with a plain sentence for anything else."""
    try:
        network = ip_network(text)
    except ValueError:
        raise ValueError(f'"{text}" is not a network, for example 10.0.0.0/8 or 192.0.2.17') from None
    if network.prefixlen < _SHORTEST_PREFIX[network.version] and network != _LOCAL_IPV6:
        raise ValueError(f'"{text}" allows the whole internet, or a large part, which would make this an open relay')
    return network


def _host_port(value: Any) -> HostPort:
    return value if isinstance(value, HostPort) else parse_host_port(str(value))


def _network(value: Any) -> Network:
    return value if isinstance(value, IPv4Network | IPv6Network) else parse_network(str(value))


HostPortSetting = Annotated[HostPort, BeforeValidator(_host_port), PlainSerializer(str, return_type=str)]
NetworkSetting = Annotated[Network, BeforeValidator(_network), PlainSerializer(str, return_type=str)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class ListenerSettings(_Model):
    """One item of `listen:`: where clients submit, and who may."""

    address: HostPortSetting = Field(
        description=described(
            "Where clients submit.",
            default="none, it must be given",
            unit="HOST:PORT",
            example="`127.0.0.1:2525`",
            consequence="an address that other machines can reach needs `allow` or `sign_in`.",
        )
    )
    tls: Literal["none", "starttls", "implicit"] = Field(
        default="none",
        description=described(
            "Encryption towards the client.",
            default="none",
            unit="one of none, starttls, implicit",
            example="`tls: starttls`",
            consequence="starttls (ports 587 and 25) takes no mail before the client has switched to TLS: MAIL is 530 "
            "5.7.0 until then. implicit (port 465) is TLS from the first byte. Both need `certificate`, and take TLS "
            "1.2 and up. Programs that know no TLS get a listener of their own with `none`.",
        ),
    )
    certificate: Path | None = Field(
        default=None,
        description=described(
            "The certificate that clients are shown, followed by the intermediate ones.",
            default="none",
            unit="path of a PEM file, counted from the settings file",
            example="`certificate: /etc/mailguard/guard.pem`",
            consequence="loaded anew on SIGHUP and when the file changes; a new one that is broken or does not fit its "
            "key is not used, the log says so, and the old one stays.",
        ),
    )
    key: Path | None = Field(
        default=None,
        description=described(
            "The private key of `certificate`, without a password.",
            default="none: the certificate's file holds the key too",
            unit="path of a PEM file, counted from the settings file",
            example="`key: /etc/mailguard/guard.key`",
            consequence="whoever reads it can pass for the guard: let only the service's user read it.",
        ),
    )
    allow: tuple[NetworkSetting, ...] = Field(
        default=(),
        description=described(
            "The networks whose clients may submit without signing in.",
            default="empty: on a loopback address this machine only",
            unit="list of networks in CIDR form",
            example="`allow: [10.0.0.0/8]`",
            consequence="a client outside them must sign in; without `sign_in` it gets 554 5.7.1 and is disconnected.",
        ),
    )
    proxy_from: tuple[NetworkSetting, ...] = Field(
        default=(),
        description=described(
            "The load balancers that say with the PROXY protocol, version 1 or 2, who the client is.",
            default="empty: nobody is believed",
            unit="list of networks in CIDR form",
            example="`proxy_from: [192.0.2.10]`",
            consequence="a connection from them must begin with a PROXY header or is closed, and `allow`, limits and "
            "the Received field go by the client that it names; from anybody else a header is a protocol error. Needs "
            "`allow` or `sign_in`.",
        ),
    )
    sign_in: Literal["none", "local", "smarthost"] = Field(
        default="none",
        description=described(
            "How clients sign in.",
            default="none",
            unit="one of none, local, smarthost",
            example="`sign_in: smarthost`",
            consequence="smarthost tries what the client says at the smarthost and sends the client's mail on that "
            "connection; local tries it against accounts of the guard's own. Everybody must sign in before MAIL (530 "
            "5.7.0), but clients inside `allow` where that is given. Needs `tls`, or a loopback address.",
        ),
    )
    own_address_only: bool = Field(
        default=False,
        description=described(
            "Whether an account may only send as itself.",
            default="false",
            unit="true or false",
            example="`own_address_only: true`",
            consequence="a message whose reverse-path or From is another address than the account's and those that "
            "`send_as` gives it is held. Says nothing about clients that may send without signing in.",
        ),
    )
    send_as: dict[str, tuple[str, ...]] = Field(
        default={},
        description=described(
            "Further addresses that an account may send as: shared mailboxes, or all of them where the account's name "
            "is no address.",
            default="none",
            unit="list of addresses for each account",
            example="`send_as: {anna@elmroad.example: [reception@elmroad.example]}`",
            consequence="needs `own_address_only`. Accounts are compared without regard to case.",
        ),
    )
    line_ends: Literal["refuse", "normalise"] = Field(
        default="refuse",
        description=described(
            "What becomes of a bare CR or bare LF in a message.",
            default="refuse",
            unit="one of refuse, normalise",
            example="`line_ends: normalise`",
            consequence="refuse answers 554 5.6.0; normalise turns each into CRLF before anything is judged. Only "
            "CRLF.CRLF ends a message, and NUL is refused, in both.",
        ),
    )

    @model_validator(mode="after")
    def _usable(self) -> ListenerSettings:
        if trouble := why_unusable(self):
            raise ValueError(trouble)
        return self


def why_unusable(settings: ListenerSettings) -> str | None:
    """A plain sentence if this listener must not be started, None if it may."""
    if settings.tls != "none" and settings.certificate is None:
        return f'"tls: {settings.tls}" needs "certificate", and "key" unless the certificate\'s file holds it'
    if settings.tls == "none" and (settings.certificate or settings.key):
        return '"certificate" and "key" would not be used with "tls: none"; say "tls: starttls" or "tls: implicit"'
    signs_in = settings.sign_in != "none"
    if not settings.address.loopback and not settings.allow and not signs_in:
        return (
            f'a listener on "{settings.address}" without "allow" and "sign_in" would be an open relay; '
            "name the networks that may submit, let clients sign in, or listen on 127.0.0.1"
        )
    if settings.proxy_from and not settings.allow and not signs_in:
        return (
            '"proxy_from" needs "allow" or "sign_in": whoever reaches the balancer could send otherwise, an open relay'
        )
    return _why_no_sign_in(settings)


def _why_no_sign_in(settings: ListenerSettings) -> str | None:
    signs_in = settings.sign_in != "none"
    if signs_in and settings.tls == "none" and not settings.address.loopback:
        return (
            f'"sign_in: {settings.sign_in}" on "{settings.address}" needs "tls: starttls" or "tls: implicit": '
            "passwords would cross the network in clear"
        )
    if settings.own_address_only and not signs_in:
        return '"own_address_only" needs "sign_in": without it nobody is known by an account'
    if settings.send_as and not settings.own_address_only:
        return '"send_as" needs "own_address_only: true": without it every account may send as anybody'
    wrong = [each for addresses in settings.send_as.values() for each in addresses if as_mailbox(each) is None]
    return f'"{wrong[0]}" in "send_as" is not an address such as reception@elmroad.example' if wrong else None


def _limit(
    sentence: str, default: int, unit: str, example: int, consequence: str, *, least: int = 1, most: int = 2**40
) -> Any:
    text = described(sentence, default=default, unit=unit, example=str(example), consequence=consequence)
    return Field(default=default, ge=least, le=most, description=text, examples=[example])


class Limits(_Model):
    """`limits:`, how much one message, one session and one client may ask for. One set for all listeners."""

    recipients: int = _limit(
        "Recipients of one message.",
        5000,
        "recipients",
        500,
        "RCPT beyond it is answered 452 4.5.3, and the client sends the rest as another message.",
        least=100,  # RFC 5321 section 4.5.3.1.8: at least 100 must be taken
    )
    message_bytes: int = _limit(
        "Size of one message, counted as RFC 1870 does.",
        52_428_800,
        "bytes",
        10_485_760,
        "a larger message is refused with 552 5.3.4, at MAIL where the client says its size, else after its end.",
        least=65_536,  # RFC 5321 section 4.5.3.1.7: at least 64K must be taken
    )
    header_bytes: int = _limit(
        "Size of a message's header, up to its first empty line.",
        MAX_HEADER_OCTETS,
        "bytes",
        262_144,
        "a larger header is refused with 552 5.3.4 (THREATS.md T33). It can only be lowered: the floor holds more.",
        least=1_000,
        most=MAX_HEADER_OCTETS,
    )
    header_fields: int = _limit(
        "Fields in a message's header.",
        MAX_FIELDS,
        "fields",
        1_000,
        "a header with more of them is refused with 552 5.3.4 (THREATS.md T33). It can only be lowered: the "
        "floor holds more.",
        least=50,
        most=MAX_FIELDS,
    )
    spool_above_bytes: int = _limit(
        "Size from which a message waits in an unlinked temporary file rather than in memory.",
        1_048_576,
        "bytes",
        262_144,
        "smaller means less memory for many large messages at once, and more writing to disk.",
        least=4_096,
    )
    content_memory_bytes: int = _limit(
        "Memory for the content of messages that arrive, over all listeners and workers, and as much again for "
        "messages that are being judged or are on their way to the smarthost. Each counts as 1 MiB at most.",
        67_108_864,
        "bytes",
        33_554_432,
        "what arrives beyond it waits in a temporary file; a message that is to be judged beyond it is answered "
        "452 4.3.1, and its client tries again.",
        least=8_388_608,
    )
    connections: int = _limit(
        "Open connections, over all listeners.",
        500,
        "connections",
        100,
        "a client beyond it gets 421 4.7.0 and tries again.",
    )
    connections_per_client: int = _limit(
        "Open connections of one client address, over all listeners.",
        50,
        "connections",
        20,
        "a client beyond it gets 421 4.7.0 and tries again. Raise it if all mail comes from one mail server. While "
        "more than four fifths of `connections` are open, an address may have no more than an equal share of them.",
    )
    messages_per_session: int = _limit(
        "Messages in one session.",
        1_000,
        "messages",
        100,
        "the next MAIL is answered 421 4.7.0, and the client connects anew.",
    )
    commands_per_session: int = _limit(
        "Commands in one session.",
        50_000,
        "commands",
        10_000,
        "the next command is answered 421 4.7.0. It must exceed `recipients`.",
        least=200,
    )
    errors_per_session: int = _limit(
        "Refused commands and malformed messages in one session.",
        20,
        "errors",
        10,
        "the session ends with 421 4.7.0. A message that the policy refuses is no error here.",
    )
    idle_seconds: int = _limit(
        "Wait for a client's next command.",
        300,  # RFC 5321 section 4.5.3.2.7
        "seconds",
        60,
        "a client that says nothing for so long gets 421 4.4.2. So does one whose waits for the commands of one "
        "message come to as much together (a second more for each recipient above 100): NOOP and RSET lengthen "
        "nothing.",
    )
    busy_idle_seconds: int = _limit(
        "The longest wait for anything, content too, while more than four fifths of `connections` are open.",
        10,
        "seconds",
        5,
        "slow clients make room sooner (THREATS.md T81).",
    )
    command_seconds: int = _limit(
        "Time for one command line to arrive, from its first byte.",
        60,
        "seconds",
        30,
        "a client that sends a line byte by byte gets 421 4.4.2, and so does one that takes as long over its lines "
        "together, a tenth of a second more for each that has come.",
    )
    handshake_seconds: int = _limit(
        "Time for a PROXY header and the TLS handshake together.",
        30,
        "seconds",
        10,
        "a client that is slower is disconnected without a word. Its connection counts all the while.",
    )
    data_seconds: int = _limit(
        "Time for one message to arrive after DATA.",
        3_600,
        "seconds",
        900,
        "a slower message is cut off with 421 4.4.2, nothing of it is kept.",
    )
    data_grace_seconds: int = _limit(
        "Time after DATA, and for pauses, before `data_minimum_bytes_per_second` is asked for.",
        180,  # RFC 5321 section 4.5.3.2.5
        "seconds",
        60,
        "shorter ends a stalled client sooner.",
    )
    data_minimum_bytes_per_second: int = _limit(
        "Least average speed of a message after `data_grace_seconds`.",
        500,  # Postfix smtpd_min_data_rate
        "bytes per second",
        2_000,
        "a slower client gets 421 4.4.2 (THREATS.md T81).",
    )

    sign_in_failures: int = _limit(
        "Refused sign-ins of one connection.",
        3,
        "sign-ins",
        5,
        "after the last of them the connection ends with 421 4.7.0 (THREATS.md T7).",
        most=20,
    )
    sign_in_failures_per_account: int = _limit(
        "Refused sign-ins of one account, from anywhere, before guessing is slowed.",
        5,
        "sign-ins",
        10,
        "each one more must wait 1, 2, 4, ... seconds behind the last, up to `sign_in_pause_seconds`. Where an account "
        "has signed in from an address, its attempts from there have a count of their own.",
        most=1_000,
    )
    sign_in_failures_per_client: int = _limit(
        "The same for one client address (IPv6: one /64), whatever the account.",
        10,
        "sign-ins",
        50,
        "as above. Raise it where many people share one address and mistype often.",
        most=10_000,
    )
    sign_in_pause_seconds: int = _limit(
        "Longest pause between two attempts of an account or an address that is slowed.",
        300,
        "seconds",
        60,
        "300 allows a guesser about 300 attempts a day at one account, from all addresses together.",
        most=86_400,
    )
    sign_in_forget_seconds: int = _limit(
        "Time after which one refused sign-in is forgotten, then the next one.",
        600,
        "seconds",
        120,
        "longer keeps a guesser slow for longer, and whoever shares the address.",
        most=86_400,
    )
    sign_in_wait_seconds: int = _limit(
        "Longest wait for a turn.",
        15,
        "seconds",
        5,
        "an attempt whose turn is further away is answered 454 4.7.0 at once and not tried.",
        most=60,
    )
    sign_in_seconds: int = _limit(
        "Time for one sign-in to be tried.",
        60,
        "seconds",
        30,
        "a slower one is answered 454 4.7.0.",
        most=600,
    )

    @model_validator(mode="after")
    def _consistent(self) -> Limits:
        if self.commands_per_session <= self.recipients:
            raise ValueError('"commands_per_session" must exceed "recipients", or no message could name them all')
        return self
