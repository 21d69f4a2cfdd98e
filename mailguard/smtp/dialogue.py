"""One session's commands and what is answered to each (RFC 5321 section 4.1), without I/O, clock or content.

The listener feeds command lines in and does what the answer says. State is the envelope that is being said and a few
counts. INVARIANT: a command is carried out only if its whole line was well-formed; a line that another server could
read as two commands is answered once and does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from ..core.envelope import Envelope, Path, Recipient, value_of
from ..core.mail.path import (
    PathError,
    parse_forward_path,
    parse_reverse_path,
    split_mail_argument,
    split_rcpt_argument,
)
from ..core.reply import Reply, printable
from ..core.session import Session
from ..core.sign_in import Credentials, SignInAnswer
from . import replies
from .capabilities import Capabilities
from .listen_settings import Limits
from .parameters import OF_MAIL, OF_RECIPIENT, announces_smtputf8, parameter_trouble
from .sasl import LINE_OCTETS as SIGN_IN_LINE_OCTETS
from .sasl import Challenge
from .signing_in import SigningIn, SignInTerms

LINE_OCTETS = 512
"""RFC 5321 section 4.5.3.1.4, with the CRLF."""

LONG_LINE_OCTETS = 2048
"""MAIL and RCPT: 512 and what the extensions add (SIZE 26, BODY 17, SMTPUTF8 10, AUTH 500, ENVID and RET about 120;
NOTIFY 28, ORCPT 500), rounded up."""

GREETING_OCTETS = 255
"""Longest HELO argument that is kept, a domain's own limit (RFC 5321 section 4.5.3.1.2)."""


class Then(Enum):
    """What the listener does after the reply."""

    GO_ON = "go_on"
    SIGN_IN = "sign_in"
    CHALLENGE = "challenge"
    CONTENT = "content"
    SECURE = "secure"
    CLOSE = "close"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Answer:
    """wire: the reply with its CRLF, b"" where nothing is said. then: SIGN_IN means that `attempt` is to be tried and
    waits for `settle_sign_in`; CHALLENGE that the next line is a response to it and no command; SECURE that TLS begins
    behind the reply; DROP closes without a word. error: whether it counts towards errors_per_session."""

    wire: bytes
    then: Then = Then.GO_ON
    error: bool = False


def to_wire(reply: Reply) -> bytes:
    return f"{reply}\r\n".encode("ascii", "replace")


def _says(reply: Reply, then: Then = Then.GO_ON) -> Answer:
    return Answer(to_wire(reply), then, error=reply.code >= 400)


_OK = _says(replies.OK)
_SENDER_OK = _says(replies.SENDER_OK)
_RECIPIENT_OK = _says(replies.RECIPIENT_OK)
_TOO_MANY_RECIPIENTS = Answer(to_wire(replies.TOO_MANY_RECIPIENTS))  # no error: RFC 5321 section 4.5.3.1.10
_TOO_MANY_ERRORS = _says(replies.TOO_MANY_ERRORS, Then.CLOSE)
_SEND_CONTENT = Answer(to_wire(replies.SEND_CONTENT), Then.CONTENT)
_START_TLS = _says(replies.READY_FOR_TLS, Then.SECURE)
_SIGN_IN = Answer(b"", Then.SIGN_IN)
_DROP = Answer(b"", Then.DROP)


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known when the client connects."""

    identifier: str
    peer: str
    listener: str
    started_at: datetime


class Dialogue:
    """offers_tls: mail is taken only after STARTTLS. secure: the connection is under TLS.

    sign_in: None where nobody can sign in.
    closing: set by the listener when it wants no new transactions. messages, commands, errors: counts so far."""

    __slots__ = (
        "_hostname",
        "_limits",
        "_offer",
        "_opening",
        "_parameters",
        "_recipients",
        "_reverse_path",
        "_signing_in",
        "_smtputf8",
        "capabilities",
        "closing",
        "commands",
        "errors",
        "messages",
        "offers_tls",
        "open",
        "secure",
        "session",
    )

    def __init__(
        self,
        opening: Opening,
        hostname: str,
        limits: Limits,
        offer: Callable[[], Capabilities],
        *,
        offers_tls: bool = False,
        sign_in: SignInTerms | None = None,
    ) -> None:
        self._opening = opening
        self._hostname = hostname
        self._limits = limits
        self._offer = offer
        self._signing_in = SigningIn(sign_in) if sign_in is not None else None
        self.capabilities = Capabilities()
        self.session: Session | None = None
        self.offers_tls = offers_tls
        self.secure = False
        self.closing = False
        self.commands = self.errors = self.messages = 0
        self.forget()

    def comes_from(self, peer: str) -> None:
        """A balancer has said who the client is."""
        self._opening = replace(self._opening, peer=peer)

    def secured(self) -> None:
        """TLS is in use: nothing that was said before it counts any more (RFC 3207 section 4.2)."""
        self.secure = True
        if self._signing_in is not None:
            self._signing_in = SigningIn(self._signing_in.terms)
        self.forget()
        self.session = None
        self.capabilities = Capabilities()

    @property
    def message_bytes(self) -> int:
        """The largest content: the smaller of our own limit and the next hop's."""
        return min(self._limits.message_bytes, self.capabilities.size_limit or self._limits.message_bytes)

    @property
    def recipients(self) -> int:
        """How many the open transaction has."""
        return len(self._recipients)

    def forget(self) -> None:
        """No transaction is open (RFC 5321 section 4.1.1.5), and no sign-in under way."""
        if self._signing_in is not None:
            self._signing_in.forget()
        self.open = False
        self._smtputf8 = False
        self._reverse_path: Path | None = None
        self._recipients: list[Recipient] = []
        self._parameters: tuple[bytes, ...] = ()

    def envelope(self, *, eight_bit: bool) -> Envelope:
        """What MAIL and RCPT said. For content with 8-bit octets that the client did not declare, BODY=8BITMIME is
        declared, or the next hop would be told that there are none (RFC 6152 section 3).
        """
        parameters = self._parameters
        if eight_bit and (value_of(parameters, b"BODY") or b"").upper() != b"8BITMIME":
            others = tuple(each for each in parameters if each.partition(b"=")[0].upper() != b"BODY")
            parameters = (*others, b"BODY=8BITMIME")
        return Envelope(self._reverse_path, tuple(self._recipients), parameters)

    def command(self, line: bytes) -> Answer:
        """line: a command line without its CRLF, of any octets but the sequence CRLF."""
        self.commands += 1
        if self.commands > self._limits.commands_per_session:
            return _says(replies.TOO_MANY_COMMANDS, Then.CLOSE)
        awaits_response = self._signing_in is not None and self._signing_in.awaits_response
        answer = self._respond(line) if awaits_response else self._dispatch(line)
        return self._counted(answer) if answer.error else answer

    def line_too_long(self, *, to_sign_in: bool = False) -> Answer:
        """A line that was longer than any command, or any response, may be and has been read past."""
        self.commands += 1
        if self._signing_in is not None:
            if self._signing_in.is_refused:  # or whoever answers so could fail more often (THREATS.md T7)
                return self._counted(self._stepped(self._signing_in.respond(b"")))
            self._signing_in.forget()
        return self._counted(_says(replies.RESPONSE_TOO_LONG if to_sign_in else replies.LINE_TOO_LONG))

    def content_refused(self, reply: Reply) -> Answer:
        """The content that `reply` refuses was malformed or too large."""
        return self._counted(_says(reply))

    def attempt(self) -> tuple[Session, Credentials]:
        """What is to be tried: handed out once, and kept here no longer."""
        assert self.session is not None and self._signing_in is not None and self._signing_in.attempt is not None
        credentials, self._signing_in.attempt = self._signing_in.attempt, None
        return self.session, credentials

    def settle_sign_in(self, answer: SignInAnswer | Reply) -> Answer:
        """What came of the attempt."""
        assert self._signing_in is not None
        settled = self._stepped(self._signing_in.settle(answer))
        if self.session is not None:
            self.session = self._known(self.session)
        return self._counted(settled) if settled.error else settled

    def response_too_soon(self) -> Answer:
        """The client sent more before it could have read the challenge (RFC 4954 section 4, at its end)."""
        assert self._signing_in is not None
        self._signing_in.forget()
        return self._counted(_says(replies.RESPONSE_TOO_SOON, Then.CLOSE))

    def _counted(self, answer: Answer) -> Answer:
        self.errors += 1
        if self.errors > self._limits.errors_per_session and answer.then is Then.GO_ON:
            return _TOO_MANY_ERRORS
        return answer

    def _dispatch(self, line: bytes) -> Answer:
        verb, _, argument = line.rstrip(b" \t").partition(b" ")  # RFC 5321 section 4.1.1: white space before CRLF
        verb = verb.upper()
        if verb in _HTTP:
            return _DROP
        if b"\r" in line or b"\n" in line or b"\0" in line:
            return _says(replies.LINE_MALFORMED)
        signs_in = verb == b"AUTH" and self._signing_in is not None
        if len(line) + 2 > LINE_OCTETS:
            longest = SIGN_IN_LINE_OCTETS if signs_in else LONG_LINE_OCTETS if verb in _LONG else LINE_OCTETS
            if len(line) + 2 > longest:
                return _says(replies.RESPONSE_TOO_LONG if signs_in else replies.LINE_TOO_LONG)
        if self.offers_tls and not self.secure and verb not in _BEFORE_TLS:
            return _says(replies.SIGN_IN_NEEDS_TLS if signs_in else replies.TLS_FIRST)
        step = _COMMANDS.get(verb)
        return _says(replies.UNKNOWN_COMMAND) if step is None else step(self, argument)

    def _hello(self, argument: bytes, *, extended: bool) -> Answer:
        greeting = printable(argument.decode("ascii", "replace").replace("�", "?"), GREETING_OCTETS)
        if not greeting:
            return _says(replies.NEEDS_ARGUMENT)
        self.forget()
        self.capabilities = self._offer()
        opening = self._opening
        session = Session(
            opening.identifier,
            opening.peer,
            greeting,
            extended,
            opening.listener,
            opening.started_at,
            secure=self.secure,
            # Whoever may send is on loopback, in an allowed network or signed in: the listener closes the door on
            # others, or MAIL is refused.
            trusted=True,
        )
        self.session = self._known(session)
        return Answer(self._extensions() if extended else f"250 {self._hostname}\r\n".encode("ascii"))

    def _extensions(self) -> bytes:
        """RFC 5321 section 4.1.1.1. Never CHUNKING: Microsoft sends bare LF inside BDAT (FIELD-NOTES.md)."""
        lines = [self._hostname, "PIPELINING", f"SIZE {self.message_bytes}"]
        if self.capabilities.eight_bit:
            lines.append("8BITMIME")
        if announces_smtputf8(self.capabilities):
            lines.append("SMTPUTF8")
        if self.capabilities.dsn:
            lines.append("DSN")
        lines.append("ENHANCEDSTATUSCODES")
        if self.offers_tls and not self.secure:
            lines.append("STARTTLS")
        if self._signing_in is not None and (offered := self._signing_in.offered(secure=self.secure)):
            lines.append(f"AUTH {' '.join(offered)}")
        last = len(lines) - 1
        return "".join(f"250{' ' if at == last else '-'}{line}\r\n" for at, line in enumerate(lines)).encode("ascii")

    def _mail(self, argument: bytes) -> Answer:
        if self.session is None:
            return _says(replies.HELLO_FIRST)
        if self.open:
            return _says(replies.SENDER_GIVEN)
        if self.closing:
            return _says(replies.CLOSING_DOWN, Then.CLOSE)
        if self.messages >= self._limits.messages_per_session:
            return _says(replies.TOO_MANY_MESSAGES, Then.CLOSE)
        if refusal := self._why_not_let_in(self.session):
            return _says(refusal, Then.CLOSE if refusal.code == 421 else Then.GO_ON)
        try:
            path, parameters = split_mail_argument(argument)
        except PathError:
            return _says(replies.MAIL_SYNTAX)
        if parameters and (refusal := self._mail_parameter_trouble(parameters)):
            return _says(refusal)
        smtputf8 = value_of(parameters, b"SMTPUTF8") is not None
        try:
            self._reverse_path = parse_reverse_path(path, smtputf8=smtputf8)
        except PathError as error:
            return _says(replies.bad_sender(error.kind, str(error)))
        self.open, self._smtputf8, self._parameters = True, smtputf8, parameters
        return _SENDER_OK

    def _why_not_let_in(self, session: Session) -> Reply | None:
        """The reply to MAIL of a client that has to sign in, or to do so again."""
        if self._signing_in is None:
            return None
        terms = self._signing_in.terms
        if self._signing_in.signed_in is None:
            return replies.SIGN_IN_FIRST if terms.asked_of(session.peer) else None
        return replies.SIGN_IN_LOST if terms.is_lost(session.identifier) else None

    def _mail_parameter_trouble(self, parameters: tuple[bytes, ...]) -> Reply | None:
        if self.session is None or not self.session.extended:
            return replies.UNKNOWN_PARAMETER
        if refusal := parameter_trouble(parameters, OF_MAIL, self.capabilities):
            return refusal
        size = value_of(parameters, b"SIZE")
        return replies.TOO_LARGE if size and int(size) > self.message_bytes else None

    def _rcpt(self, argument: bytes) -> Answer:
        if not self.open or self.session is None:
            return _says(replies.SENDER_FIRST if self.session else replies.HELLO_FIRST)
        if len(self._recipients) >= self._limits.recipients:
            return _TOO_MANY_RECIPIENTS
        try:
            text, parameters = split_rcpt_argument(argument)
        except PathError:
            return _says(replies.RCPT_SYNTAX)
        if parameters and (refusal := self._recipient_parameter_trouble(parameters)):
            return _says(refusal)
        try:
            path = parse_forward_path(text, smtputf8=self._smtputf8)
        except PathError as error:
            return _says(replies.bad_recipient(error.kind, str(error)))
        self._recipients.append(Recipient(path, parameters))
        return _RECIPIENT_OK

    def _recipient_parameter_trouble(self, parameters: tuple[bytes, ...]) -> Reply | None:
        if self.session is None or not self.session.extended:
            return replies.UNKNOWN_PARAMETER
        if refusal := parameter_trouble(parameters, OF_RECIPIENT, self.capabilities):
            return refusal
        original = value_of(parameters, b"ORCPT") or b""
        return None if self._smtputf8 or original.isascii() else replies.BAD_PARAMETER

    def _data(self, argument: bytes) -> Answer:
        if argument:
            return _says(replies.NEEDS_NO_ARGUMENT)
        if not self._recipients:
            return _says(self._out_of_order())
        return _SEND_CONTENT

    def _out_of_order(self) -> Reply:
        if self.session is None:
            return replies.HELLO_FIRST
        return replies.RECIPIENT_FIRST if self.open else replies.SENDER_FIRST

    def _rset(self, argument: bytes) -> Answer:
        if argument:
            return _says(replies.NEEDS_NO_ARGUMENT)
        self.forget()
        return _OK

    def _starttls(self, argument: bytes) -> Answer:
        if not self.offers_tls:
            return _says(replies.TLS_ALREADY if self.secure else replies.NOT_IMPLEMENTED)
        if argument:
            return _says(replies.NEEDS_NO_ARGUMENT)
        return _says(replies.TLS_ALREADY) if self.secure else _START_TLS

    def _auth(self, argument: bytes) -> Answer:
        if self._signing_in is None:
            return _says(replies.NOT_IMPLEMENTED)
        if self.session is None or not self.session.extended:
            return _says(replies.EHLO_FIRST)
        if self.open:
            return _says(replies.NOT_IN_TRANSACTION)
        if self.closing:
            return _says(replies.CLOSING_DOWN, Then.CLOSE)
        return self._stepped(self._signing_in.begin(argument, secure=self.secure))

    def _respond(self, line: bytes) -> Answer:
        assert self._signing_in is not None
        verb, space, _ = line.partition(b" ")
        if space and verb.upper() in _HTTP:  # base64 has no space
            return _DROP
        return self._stepped(self._signing_in.respond(line))

    def _stepped(self, step: Challenge | Credentials | Reply) -> Answer:
        if isinstance(step, Challenge):
            return Answer(step.wire(), Then.CHALLENGE)
        if isinstance(step, Credentials):
            return _SIGN_IN
        return self._refused_sign_in(step) if step.code == 535 else _says(step)

    def _refused_sign_in(self, refusal: Reply) -> Answer:
        """THREATS.md T7: the answer to the last failure is followed by the end."""
        assert self._signing_in is not None
        self._signing_in.failures += 1
        if self._signing_in.failures < self._limits.sign_in_failures:
            return _says(refusal)
        return Answer(to_wire(refusal) + to_wire(replies.TOO_MANY_SIGN_INS), Then.CLOSE, error=True)

    def _known(self, session: Session) -> Session:
        """Who signed in stays known over a further EHLO: only a security layer resets (RFC 4954 section 4)."""
        who = self._signing_in.signed_in if self._signing_in is not None else None
        if who is None:
            return session
        return replace(session, account=who.account, bound=who.bound, may_send_as=who.may_send_as)

    def _quit(self, argument: bytes) -> Answer:
        return _says(replies.NEEDS_NO_ARGUMENT) if argument else _says(replies.GOODBYE, Then.CLOSE)

    def _vrfy(self, argument: bytes) -> Answer:
        return _says(replies.NOT_VERIFIED if argument else replies.NEEDS_ARGUMENT)


def _always(reply: Reply, then: Then = Then.GO_ON) -> Callable[[Dialogue, bytes], Answer]:
    answer = _says(reply, then)
    return lambda _dialogue, _argument: answer


_COMMANDS: Mapping[bytes, Callable[[Dialogue, bytes], Answer]] = {
    b"MAIL": Dialogue._mail,
    b"RCPT": Dialogue._rcpt,
    b"DATA": Dialogue._data,
    b"EHLO": lambda dialogue, argument: dialogue._hello(argument, extended=True),
    b"HELO": lambda dialogue, argument: dialogue._hello(argument, extended=False),
    b"RSET": Dialogue._rset,
    b"NOOP": _always(replies.OK),
    b"QUIT": Dialogue._quit,
    b"VRFY": Dialogue._vrfy,
    b"HELP": _always(replies.HELP),
    b"EXPN": _always(replies.NOT_IMPLEMENTED),
    b"ETRN": _always(replies.NOT_IMPLEMENTED),
    b"TURN": _always(replies.NOT_IMPLEMENTED),
    b"ATRN": _always(replies.NOT_IMPLEMENTED),
    b"STARTTLS": Dialogue._starttls,
    b"AUTH": Dialogue._auth,
    # The octets that follow BDAT are content, not commands: nothing after it can be trusted to be one.
    b"BDAT": _always(replies.NOT_IMPLEMENTED, Then.CLOSE),
}

# RFC 3207 section 4, and HELO. BDAT ends the session as it does elsewhere: what follows it is content.
_BEFORE_TLS = frozenset({b"EHLO", b"HELO", b"NOOP", b"QUIT", b"STARTTLS", b"BDAT"})

_LONG = frozenset({b"MAIL", b"RCPT"})

# THREATS.md T10: a browser, or a server that is made to send a request, speaks to this port.
_HTTP = frozenset(
    {b"GET", b"POST", b"PUT", b"HEAD", b"DELETE", b"PATCH", b"OPTIONS", b"CONNECT", b"TRACE", b"PRI", b"HOST:"}
)
