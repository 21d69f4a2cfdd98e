"""The envelope of one submission: what MAIL and RCPT said, in wire form (RFC 5321 section 2.3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Path:
    """A mailbox of the envelope. wire: the bytes between the angle brackets as the client sent them.

    address: canonical form for comparing, lower-case local part "@" A-label domain; never sent.
    """

    wire: bytes
    address: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Recipient:
    """One RCPT. parameters: each ESMTP parameter in wire form, for example b"NOTIFY=FAILURE,DELAY"."""

    path: Path
    parameters: tuple[bytes, ...] = ()

    @property
    def address(self) -> str:
        return self.path.address

    def parameter(self, name: bytes) -> bytes | None:
        """The value of an RCPT parameter, as by `value_of`."""
        return value_of(self.parameters, name)


@dataclass(frozen=True, slots=True)
class Envelope:
    """reverse_path None is the null path (MAIL FROM:<>). parameters: those of MAIL, each in wire form."""

    reverse_path: Path | None
    recipients: tuple[Recipient, ...]
    parameters: tuple[bytes, ...] = ()

    def to(self, recipients: tuple[Recipient, ...]) -> Envelope:
        return replace(self, recipients=recipients)

    def parameter(self, name: bytes) -> bytes | None:
        """The value of a MAIL parameter, as by `value_of`."""
        return value_of(self.parameters, name)


def value_of(parameters: Sequence[bytes], name: bytes) -> bytes | None:
    """The value of a parameter (name in upper case), b"" for one without a value, None where it was not given."""
    for parameter in parameters:
        key, _, value = parameter.partition(b"=")
        if key.upper() == name:
            return value
    return None
