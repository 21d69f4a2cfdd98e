"""How one session signs in (RFC 4954), without I/O: the half of the dialogue that AUTH and its responses belong to.

INVARIANT: a session signs in once. INVARIANT: no secret stays here once the attempt is handed out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..core.reply import Reply
from ..core.sign_in import Credentials, SignInAnswer, SignInOutcome
from . import replies
from .sasl import MECHANISMS, Challenge, Exchange


@dataclass(frozen=True, slots=True)
class SignInTerms:
    """What a listener offers and asks for.

    mechanisms: that can be tried now; never raises. is_lost: whether a session (its identifier) has to sign in again;
    never raises. asked_of: whether a client at this address must sign in. in_clear: whether it may without TLS.
    bound: whether its mail goes on the connection that it signed in on. own_addresses: see Session.may_send_as.
    """

    mechanisms: Callable[[], Sequence[str]]
    is_lost: Callable[[str], bool]
    asked_of: Callable[[str], bool]
    own_addresses: Callable[[str], frozenset[str] | None]
    in_clear: bool
    bound: bool


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a session knows of who signed in."""

    account: str
    bound: bool
    may_send_as: frozenset[str] | None


class SigningIn:
    """attempt: whole credentials that wait for `settle`. signed_in: None before it. failures: refused attempts."""

    __slots__ = ("_account", "_exchange", "_refusal", "attempt", "failures", "signed_in", "terms")

    def __init__(self, terms: SignInTerms) -> None:
        self.terms = terms
        self.signed_in: SignedIn | None = None
        self.attempt: Credentials | None = None
        self.failures = 0
        self.forget()

    def forget(self) -> None:
        """The exchange is over, or TLS has begun."""
        self._exchange: Exchange | None = None
        self._refusal: Reply | None = None
        self._account = ""
        self.attempt = None

    @property
    def awaits_response(self) -> bool:
        return self._exchange is not None or self._refusal is not None

    @property
    def is_refused(self) -> bool:
        """Whether the attempt was refused, and the client was shown why and not told yet."""
        return self._refusal is not None

    def offered(self, *, secure: bool) -> list[str]:
        """The mechanisms to announce, in our order."""
        if not secure and not self.terms.in_clear:
            return []
        known = set(self.terms.mechanisms())
        return [name for name in MECHANISMS if name in known]

    def begin(self, argument: bytes, *, secure: bool) -> Challenge | Credentials | Reply:
        """argument: of AUTH, a mechanism and perhaps an initial response."""
        if self.signed_in is not None:
            return replies.SIGNED_IN_ALREADY
        if not secure and not self.terms.in_clear:
            return replies.SIGN_IN_NEEDS_TLS
        name, *more = argument.split(b" ")
        if not name or len(more) > 1:
            return replies.AUTH_SYNTAX
        mechanism, offered = name.decode("ascii", "replace").upper(), self.offered(secure=secure)
        if not offered:
            return replies.SIGN_IN_UNAVAILABLE
        if mechanism not in offered:
            return replies.MECHANISM_UNKNOWN
        self._exchange = Exchange(mechanism)
        return self._step(self._exchange.begin(more[0] if more else None))

    def respond(self, line: bytes) -> Challenge | Credentials | Reply:
        """The client's answer to the last challenge."""
        if self._exchange is not None:
            return self._step(self._exchange.respond(line))
        refusal = self._refusal or replies.SIGN_IN_REFUSED  # whatever it says to why it was refused (RFC 7628 3.2.3)
        self.forget()
        return refusal

    def settle(self, answer: SignInAnswer | Reply) -> Challenge | Reply:
        """What came of the attempt; a Reply where it was not tried or not answered."""
        account = self._account
        self.forget()
        if isinstance(answer, Reply):
            return answer
        if answer.outcome is SignInOutcome.ACCEPTED:
            self.signed_in = SignedIn(account, self.terms.bound, self.terms.own_addresses(account))
            return replies.SIGNED_IN
        if answer.outcome is SignInOutcome.UNAVAILABLE:
            return replies.SIGN_IN_UNAVAILABLE
        return self._refused(answer)

    def _refused(self, answer: SignInAnswer) -> Challenge | Reply:
        said = answer.reply
        refusal = replies.sign_in_refused(said.code, said.status, said.text) if said else replies.SIGN_IN_REFUSED
        if answer.challenge is None:
            return refusal
        self._refusal = refusal
        return Challenge(answer.challenge)

    def _step(self, step: Challenge | Credentials | Reply) -> Challenge | Credentials | Reply:
        if not isinstance(step, Challenge):
            self.forget()
        if isinstance(step, Credentials):
            self.attempt, self._account = step, step.account
        return step
