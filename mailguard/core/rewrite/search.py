"""Search header text for addresses that a recipient must not see.

The search errs on the side of finding: what it finds is taken out or stops the rewrite. It costs one pass over the text
and a few set look-ups for each separator in it, however many addresses are hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..errors import CannotRewrite
from ..mail.canonical import canonical_domain
from ..mail.search import find_addresses
from . import sentences
from .readings import TooManyReadings, forms, normal, readings

_SEPARATOR = re.compile(r"([@=%])(?=(\[[^\]\s]{1,60}\]|[^\W_](?:[\w.-]*[^\W_])?)(@?))")
_BANG = re.compile(r"!([^\s!@,;<>]+)")
_NOT_IN_A_DOMAIN = re.compile(r"[^\w.-]")
_SHORTEST_BARE_VERP = 4
"""`leak=o.example` without an at sign behind it is a bounce address only where the first half is longer than a tag."""
_MOST_ODD = 64
_MAX_DOMAIN = 255


@dataclass(frozen=True, slots=True)
class Hidden:
    """Addresses to look for. addresses: canonical. mailboxes: A-label domain -> local part -> canonical address.

    lengths: A-label domain -> the lengths of its local parts, longest first. depths: numbers of labels that the domains
    have, highest first. odd: text -> address, of those not `local@domain`.
    """

    addresses: frozenset[str]
    mailboxes: dict[str, dict[str, str]]
    lengths: dict[str, tuple[int, ...]]
    depths: tuple[int, ...]
    odd: dict[str, str]

    def stands_in(self, octets: bytes) -> bool:
        """Whether one of the addresses can be read in a piece of header, raw or decoded."""
        return next(self._found(octets), None) is not None

    def found_in(self, octets: bytes) -> frozenset[str]:
        """The addresses that can be read in a piece of header; all, where it cannot be searched to the end."""
        return frozenset(self._found(octets))

    def plainly_in(self, octets: bytes) -> frozenset[str]:
        """The addresses that stand in any octets as they are: one pass, for what may be large and no text."""
        return frozenset(self._read(normal(octets.decode("latin-1")))) if self.addresses else frozenset()

    def _found(self, octets: bytes) -> Iterator[str]:
        """By two ways to look: every reading of our own, and the parser's finder as a second opinion."""
        if not self.addresses:
            return
        try:
            for text in readings(octets):
                yield from self._read(text)
        except TooManyReadings:
            yield from self.addresses
        yield from (each.address for each in find_addresses(octets) if each.address in self.addresses)

    def _read(self, text: str) -> Iterator[str]:
        for match in _SEPARATOR.finditer(text):
            yield from self._mailbox(text, match)
        for match in _BANG.finditer(text):
            yield from self._bang(text, match)
        for odd, address in self.odd.items():
            if odd in text:
                yield address

    def _mailbox(self, text: str, match: re.Match[str]) -> Iterator[str]:
        strict = match[1] == "@"
        for domain in self._domains(match[2]):
            for length in self.lengths[domain]:
                start = match.start() - length
                address = self.mailboxes[domain].get(text[start : match.start()]) if start >= 0 else None
                if address is None or not _begins_here(text, start, strict):
                    continue
                if strict or match[3] or length >= _SHORTEST_BARE_VERP:
                    yield address
                    return

    def _domains(self, written: str) -> Iterator[str]:
        """The domains to look for that the text could name, longest first: `o.example.pdf` may well be `o.example`."""
        whole = canonical_domain(written)
        if whole in self.lengths:
            yield whole
        labels = written[: _MAX_DOMAIN + 1].split(".")
        for depth in self.depths:
            start = canonical_domain(".".join(labels[:depth])) if 2 <= depth < len(labels) else whole
            if start != whole and start in self.lengths:
                yield start

    def _bang(self, text: str, match: re.Match[str]) -> Iterator[str]:
        """The UUCP spelling, `o.example!leak`."""
        before = text[max(0, match.start() - _MAX_DOMAIN) : match.start()]
        address = self.mailboxes.get(canonical_domain(_NOT_IN_A_DOMAIN.split(before)[-1]), {}).get(match[1])
        if address is not None:
            yield address


def hidden(addresses: Iterable[str]) -> Hidden:
    """An index of canonical addresses. One without an at sign is a word like any other and cannot be looked for.

    CannotRewrite where more than a few are not `local@domain`: the search would no longer be linear.
    """
    wanted = frozenset(addresses)
    mailboxes: dict[str, dict[str, str]] = {}
    odd: dict[str, str] = {}
    for address in wanted:
        local, at, domain = normal(address).rpartition("@")
        if at and local and _is_searchable(domain):
            mailboxes.setdefault(canonical_domain(domain), {})[local] = address
        elif at and local:
            odd[forms(address)[0]] = address
    if len(odd) > _MOST_ODD:
        raise CannotRewrite(sentences.ODD_ADDRESSES)
    lengths = {
        domain: tuple(sorted({len(local) for local in found}, reverse=True)) for domain, found in mailboxes.items()
    }
    depths = tuple(sorted({domain.count(".") + 1 for domain in mailboxes}, reverse=True))
    return Hidden(wanted, mailboxes, lengths, depths, odd)


def _is_searchable(domain: str) -> bool:
    match = _SEPARATOR.match("@" + domain)
    return match is not None and match[2] == domain


def _begins_here(text: str, start: int, strict: bool) -> bool:
    """Whether the local part is a whole one there: `smith@o.example` does not stand in `j.smith@o.example`.

    In a bounce address (`unsubscribe-smith=o.example@list`) a hyphen or a plus comes before it.
    """
    if not start:
        return True
    before = text[start - 1]
    if before == ".":
        return start < 2 or not text[start - 2].isalnum()
    return not (before.isalnum() or before == "_" or (strict and before in "+-"))
