"""The mailboxes that a person could read in a field that lists recipients.

Promises: total; linear; every x@y that any reader could see is counted. Where readers could disagree, the mailboxes of
all readings count and there is a defect that holds (THREATS.md T26 to T31). Grammar: RFC 5322 sections 3.4 and 4.4.
An ordinary item is one regular expression; everything else goes through tokens, one item at a time.
"""

from __future__ import annotations

import re

from .canonical import canonical_address as canonical_address
from .canonical import canonical_domain as canonical_domain
from .header import Defects
from .message import Defect, Field, Mailbox
from .search import LEADING_OCTETS, Token, tokens
from .search import FoundAddress as FoundAddress
from .search import find_addresses as find_addresses
from .text import comment_end, decode_words, touches_words, without_comments

_LOCAL = rb"[A-Za-z0-9!#$%&*+/=^_`{|}~-][A-Za-z0-9!#$%&'*+/=^_`{|}~-]*+(?>(?:\.[A-Za-z0-9!#$%&'*+/=^_`{|}~-]++)*)"
_NAME = rb"[A-Za-z0-9][A-Za-z0-9-]*+(?>(?:\.[A-Za-z0-9][A-Za-z0-9-]*+)*)"
_ORDINARY = re.compile(
    rb"[ \t\r\n]*+("
    rb'(?:"[^"\\@=\x00-\x08\x0a-\x1f\x7f-\xff]*+"[ \t]*+|[A-Za-z0-9!#$%&\'*+/?^_`{|}~. \t-]*+)'
    rb"<(" + _LOCAL + rb"@" + _NAME + rb")>"
    rb"|(" + _LOCAL + rb"@" + _NAME + rb"))"
    rb"[ \t\r\n]*+(?:,|\Z)"
)
"""`a@b.example,` or `Name <a@b.example>,` without anything that needs a second look; "?" is left out for `=?`."""
_NAMED = re.compile(
    rb"[ \t\r\n]*+("
    rb'((?>(?:[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f"(),:;<>@\[\]\\]++|"[^"\\@\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*+")+))'
    rb"<(" + _LOCAL + rb"@" + _NAME + rb")>)"
    rb"[ \t\r\n]*+(?:,|\Z)"
)
"""The same with encoded words, folding or letters beyond ASCII in the name, which is decoded before it is believed."""
_SIGN_BEYOND = re.compile(rb"@|\xef\xbc\xa0|\xef\xb9\xab|[\x00-\x08\x0a-\x1f\x7f]")

_SPACE, _COMMENT, _WORD, _QUOTED, _LITERAL, _SPECIAL = range(6)
_TOKEN = re.compile(
    rb"([ \t\r\n]++)"
    rb'|(=\?[^?\s"<>@]{1,75}\?[bBqQ]\?[^?\r\n"<>]*+\?=|(?>(?:[^\x00-\x20\x7f()<>\[\]:;@\\,"=]++|=(?!\?))+)|=)'
    rb'|("(?>(?:[^"\\]++|\\[\s\S])*)")'
    rb'|(\[[^\[\]\\\r\n<>,;"()]*+\])'
    rb"|[\s\S]"
)
_TOKEN_UNQUOTED = re.compile(_TOKEN.pattern.replace(rb'"(?>(?:[^"\\]++|\\[\s\S])*)"', rb"(?!)"))
"""Once a quote has no end none is looked for again: `"\\"\\"\\"...` would be quadratic."""
_KINDS = {1: _SPACE, 2: _WORD, 3: _QUOTED, 4: _LITERAL, None: _SPECIAL}
_DOMAIN = re.compile(rb"[A-Za-z0-9_\x80-\xff-]++(?>(?:\.[A-Za-z0-9_\x80-\xff-]++)*)\.?")
_NAMELESS = re.compile(rb'[\s"<]*+(?:undisclosed|unlisted)[ _-]*+recipients?\s*+:?+\s*+;?+[\s">]*+', re.IGNORECASE)
"""The empty group as programs misspell it: `<Undisclosed-Recipient:;>`, `undisclosed recipients`."""
_WIDE_SIGNS = re.compile(rb"\xef\xbc\xa0|\xef\xb9\xab|\xe3\x80\x82|\xef\xbc\x8e|\xef\xbd\xa1")
"""Fullwidth and small at sign, and the ideographic full stops that IDNA maps to dots (THREATS.md T31)."""

_TRAILING = re.compile(rb"[ \t\r\n;,]*+\Z")
_AFTER_GROUP = re.compile(rb"[ \t\r\n]*+(?:[,(]|\Z)")
_SEPARATOR = re.compile(rb'[<>,;:\[\]"\\\x00-\x1f\x7f]')
_QUOTED_SEPARATOR = re.compile(rb"[@,;:<>()\[\]\\\x00-\x1f\x7f]|=\?")
_EMPTY_ITEMS = re.compile(rb"(?>(?:[ \t]*+,)+)")
_HIGH_OCTETS = bytes(range(0x80, 0x100))

_Token = tuple[int, int, int]


def list_mailboxes(octets: bytes, field: Field, base: int = 0) -> tuple[tuple[Mailbox, ...], tuple[Defect, ...]]:
    """The mailboxes of one field, in order, duplicates included, and its defects.

    octets: the header that holds the field; base: where in raw it begins. Spans are offsets in raw.
    """
    name, field_start = field.name, field.start
    position, end, match = field.value_start - base, field.end - base, _ORDINARY.match
    found: list[Mailbox] = []
    while position < end and (item := match(octets, position, end)) is not None:
        start, stop = item.span(1)
        address = (item[3] or item[2]).decode("ascii").lower()
        found.append(Mailbox(address, name, field_start, base + start, base + stop, len(found)))
        position = item.end()
    if found and position == end:
        return tuple(found), ()
    reader = _Reader(octets, field, base)
    reader.read(found, position)
    return tuple(reader.mailboxes), reader.defects.all()


class _Reader:
    """Reads one field from left to right. position is always at the beginning of a list item."""

    def __init__(self, octets: bytes, field: Field, base: int) -> None:
        self.octets = octets
        self.field = field
        self.base = base
        self.position = field.value_start - base
        self.end = field.end - base
        self.mailboxes: list[Mailbox] = []
        self.defects = Defects()
        self.item = 0
        self.in_group = False
        self.named_group = False
        self.quotes_broken = False
        self.comments_broken = False

    def read(self, found: list[Mailbox], position: int) -> None:
        """found: the mailboxes of the ordinary items at the beginning; position: where the first other one begins."""
        if found:
            self.mailboxes, self.item, self.position = found, len(found), position
            self._read_items()
            self._conclude()
        elif not _NAMELESS.fullmatch(self.octets, self.position, self.end):
            self._read_items()
            self._conclude()
        elif not self.octets[self.position : self.end].rstrip().endswith(b";"):
            self._flaw("no-recipients", holds=False)

    def _read_items(self) -> None:
        octets, end, match = self.octets, self.end, _ORDINARY.match
        name, field_start, base, found = self.field.name, self.field.start, self.base, self.mailboxes
        while self.position < end:
            item = match(octets, self.position, end) or self._named_item()
            if item is None:
                if empty := _EMPTY_ITEMS.match(octets, self.position, end):
                    self._flaw("empty-item", holds=False)
                    self.position = empty.end()
                else:
                    self._read_odd_item()
                continue
            address = (item[3] or item[2]).decode("ascii").lower()
            start, stop = item.span(1)
            found.append(Mailbox(address, name, field_start, base + start, base + stop, self.item))
            self.item += 1
            self.position = item.end()

    def _named_item(self) -> re.Match[bytes] | None:
        item = _NAMED.match(self.octets, self.position, self.end)
        if item is None:
            return None
        name = decode_words(item[2]).text if b"=?" in item[2] else item[2]
        return None if _SIGN_BEYOND.search(name.replace(b"\r\n", b"")) else item

    def _conclude(self) -> None:
        if self.in_group:
            self._flaw("group-not-closed")
        value = self.octets[self.field.value_start - self.base : self.end]
        if not self.mailboxes and not self.named_group and value.strip(b" \t\r\n,"):
            self._flaw("no-recipients")

    def _flaw(self, kind: str, holds: bool = True) -> None:
        self.defects.add(kind, self.field.name, holds)

    def _read_odd_item(self) -> None:
        """One item up to its comma, semicolon or group colon, by tokens."""
        tokens_: list[_Token] = []
        opened: int | None = None
        while self.position < self.end:
            token = self._next_token()
            sign = self.octets[token[1]] if token[0] == _SPECIAL else 0
            if sign == 0x3C:
                opened = opened if opened is not None else token[2]
            elif sign == 0x3E:
                opened = None
            elif sign in b",;:" and not (opened is not None and self._is_route(opened)):
                self._end_item(tokens_, sign)
                return
            tokens_.append(token)
        self._end_item(tokens_, 0)

    def _next_token(self) -> _Token:
        octets, position = self.octets, self.position
        match = (_TOKEN_UNQUOTED if self.quotes_broken else _TOKEN).match(octets, position, self.end)
        kind, stop = (_KINDS[match.lastindex], match.end()) if match else (_SPECIAL, position + 1)
        if kind == _SPECIAL and octets[position] == 0x22:
            self.quotes_broken = True
            self._flaw("quote-not-closed")
        if kind == _SPECIAL and octets[position] == 0x28 and not self.comments_broken:
            closed = comment_end(octets, position, self.end)
            if closed is not None:
                kind, stop = _COMMENT, closed
            else:
                self.comments_broken = True
                self._flaw("comment-not-closed")
        self.position = stop
        return kind, position, stop

    def _is_route(self, opened: int) -> bool:
        """Whether an at sign follows the opening bracket: commas and colons then belong to the route."""
        return self.octets[opened : opened + 1] == b"@"

    def _end_item(self, tokens_: list[_Token], sign: int) -> None:
        meaningful = [token for token in tokens_ if token[0] not in (_SPACE, _COMMENT)]
        visible = [token for token in tokens_ if token[0] != _SPACE]
        if sign == 0x3A:
            self._begin_group(visible, meaningful)
            return
        if visible:
            self._judge(visible, meaningful, followed=sign == 0x2C)
        elif sign == 0x2C:
            self._flaw("empty-item", holds=False)
        if sign == 0x3B:
            self._end_group()

    def _begin_group(self, visible: list[_Token], meaningful: list[_Token]) -> None:
        if self.in_group:
            self._flaw("nested-group")
        if any(token[0] not in (_WORD, _QUOTED) for token in meaningful) or not meaningful:
            self._flaw("group-name")
        if visible and self._add_sightings(visible, None):
            self._flaw("address-in-group-name")
        self.in_group = self.named_group = True

    def _end_group(self) -> None:
        if not self.in_group:
            trailing = _TRAILING.match(self.octets, self.position, self.end)
            self._flaw("semicolon-separator", holds=trailing is None)
        elif not _AFTER_GROUP.match(self.octets, self.position, self.end):
            self._flaw("missing-comma")
        self.in_group = False

    def _judge(self, visible: list[_Token], meaningful: list[_Token], followed: bool) -> None:
        """One item: the address that its grammar says, then whatever else a person could read in it."""
        if not meaningful:
            if self._add_sightings(visible, None):
                self._flaw("address-in-comment")
            return
        if any(token[0] == _WORD and b"@" in self.octets[token[1] : token[2]] for token in meaningful):
            # Only an encoded word can hold one: those who split before they decode see an address there.
            self._flaw("sign-in-encoded-word")
        address = self._structure(meaningful)
        others = self._add_sightings(visible, address)
        if address is None and others:
            self._flaw("unreadable-address")
        elif address is None:
            self._without_address(meaningful, followed)
        self.item += 1

    def _without_address(self, meaningful: list[_Token], followed: bool) -> None:
        """`Smith, John <a@b>`: an unquoted comma in a name is read alike by all; other bare words are not."""
        name = all(token[0] in (_WORD, _QUOTED) for token in meaningful)
        self._flaw("item-without-address", holds=not (name and followed and self._is_named_next()))

    def _is_named_next(self) -> bool:
        following = _ORDINARY.match(self.octets, self.position, self.end)
        return following is not None and following[2] is not None

    def _structure(self, meaningful: list[_Token]) -> str | None:
        """The canonical address that the grammar finds, None (and a flaw) where it finds none."""
        opening = [index for index, token in enumerate(meaningful) if self._is(token, b"<")]
        closing = [index for index, token in enumerate(meaningful) if self._is(token, b">")]
        if not opening and not closing:
            return self._address(meaningful) if self._has_sign(meaningful) else None
        if len(opening) != 1 or len(closing) != 1 or closing[0] != len(meaningful) - 1:
            self._flaw("unreadable-address")
            return None
        address = self._address(meaningful[opening[0] + 1 : closing[0]])
        self._check_phrase(meaningful[: opening[0]], address)
        return address

    def _has_sign(self, meaningful: list[_Token]) -> bool:
        """Whether there is anything like an address in an item without angle brackets."""
        if any(token[0] == _SPECIAL for token in meaningful):
            return True
        start, stop = meaningful[0][1], meaningful[-1][2]
        return bool(_WIDE_SIGNS.search(self.octets, start, stop))

    def _is(self, token: _Token, sign: bytes) -> bool:
        return token[0] == _SPECIAL and self.octets[token[1] : token[2]] == sign

    def _check_phrase(self, phrase: list[_Token], address: str | None) -> None:
        specials = [token for token in phrase if token[0] == _SPECIAL]
        if not specials:
            return
        shown = {token.address for token in tokens(self.octets[phrase[0][1] : phrase[-1][2]])}
        plain = all(self._is(token, b"@") for token in specials)
        self._flaw("unquoted-name", holds=not (plain and shown == {address}))

    def _address(self, parts: list[_Token]) -> str | None:
        """addr-spec (RFC 5322 section 3.4.1), its three tokens side by side."""
        if len(parts) > 4 and self._is(parts[0], b"@") and self._is(parts[-4], b":"):
            self._flaw("source-route")
            parts = parts[-3:]
        if len(parts) != 3 or not self._is(parts[1], b"@"):
            self._flaw("unreadable-address")
            return None
        local, sign, domain = parts
        if local[0] not in (_WORD, _QUOTED) or domain[0] not in (_WORD, _LITERAL):
            self._flaw("unreadable-address")
            return None
        if local[2] != sign[1] or sign[2] != domain[1]:
            self._flaw("spaced-address")
        return self._spelled(self.octets[local[1] : local[2]], self.octets[domain[1] : domain[2]])

    def _spelled(self, local: bytes, domain: bytes) -> str:
        if b"=?" in local or b"=?" in domain:
            self._flaw("encoded-word-in-address")
        if _WIDE_SIGNS.search(local + domain):
            self._flaw("wide-sign-in-address")
        if not _is_utf8(local + domain):
            self._flaw("address-not-utf-8")
        if local[:1] == b'"':
            self._check_quoted(local)
        elif local[:1] == b"'" or local[:1] == b"." or local[-1:] == b"." or b".." in local:
            self._flaw("odd-local-part", holds=local[:1] == b"'")
        if domain[:1] != b"[" and not _DOMAIN.fullmatch(domain):
            self._flaw("invalid-domain")
        return canonical_address(local + b"@" + domain)

    def _check_quoted(self, local: bytes) -> None:
        """A quoted local part is read alike by all unless it quotes what separates addresses (THREATS.md T30)."""
        if _QUOTED_SEPARATOR.search(local):
            self._flaw("quoted-local-part")

    def _add_sightings(self, visible: list[_Token], address: str | None) -> bool:
        """Count the address and every other one that the item shows in any reading. Whether there was another."""
        start, stop = visible[0][1], visible[-1][2]
        written = self.octets[start:stop]
        counted = dict.fromkeys([address] if address is not None else [])
        others = dict.fromkeys(self._others(written, address))
        for each in (*counted, *others):
            self.mailboxes.append(
                Mailbox(each, self.field.name, self.field.start, self.base + start, self.base + stop, self.item)
            )
        return bool(others)

    def _others(self, written: bytes, address: str | None) -> list[str]:
        found = _shown(written, address)
        if b"(" in written:
            found += _shown(without_comments(written).text, address)
        if b"=?" in written:
            reading = decode_words(written)
            shown = _shown(reading.text, address)
            if touches_words(written):
                shown += _shown(decode_words(written, apart=True).text, address)
            decoded = [each for each in shown if each not in found]
            if decoded and _SEPARATOR.search(reading.decoded()):
                self._flaw("list-in-encoded-word")
            found += decoded
        return found


def _shown(text: bytes, address: str | None) -> list[str]:
    """The addresses in text other than `address`, which a neighbouring letter of another script does not change."""
    found: list[str] = []
    for token in tokens(text):
        each = token.address
        if each != address and not _is_same(token, each, address):
            found.append(each)
    return found


def _is_same(token: Token, each: str, address: str | None) -> bool:
    """Whether the token is the address less leading punctuation, or with letters of another script against it."""
    if address is None:
        return False
    if address.endswith(each) and not address[: -len(each)].encode().strip(LEADING_OCTETS):
        return True
    written = token.local + b"@" + token.domain
    return not written.isascii() and canonical_address(written.strip(_HIGH_OCTETS)) == address


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
