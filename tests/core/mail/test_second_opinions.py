"""The standard library as a second reader, and hypothesis: parse is total, no reader sees more.

Every address that any of five other readings finds in To, Cc or their Resent forms is seen by ours, or the message has
a defect that holds.
"""

from __future__ import annotations

import email
import email.header
import email.policy
import inspect
import mmap
import os
import random
import re
import tempfile
import warnings
from collections.abc import Iterator
from email.utils import getaddresses
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mailguard.core.mail.address import canonical_address, find_addresses
from mailguard.core.mail.message import Message, Part
from mailguard.core.mail.parse import parse
from mailguard.core.rewrite.content import Content

SEEDS = sorted((Path(__file__).parents[2] / "fuzz" / "parse").glob("*.eml"))
RECIPIENT_FIELDS = ("to", "cc", "resent-to", "resent-cc")
LENIENT: dict[str, bool] = {"strict": False} if "strict" in inspect.signature(getaddresses).parameters else {}
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))
"""More of them (and other ones each time) for a hunt: FUZZ_EXAMPLES=10000."""
QUICK = settings(
    deadline=None, max_examples=EXAMPLES, derandomize=EXAMPLES == 150, suppress_health_check=list(HealthCheck)
)


def check(raw: bytes) -> Message:
    """All that holds for any bytes whatever."""
    parsed = parse(raw)
    position = 0
    for field in parsed.fields:
        assert position == field.start <= field.value_start <= field.end <= parsed.body_start <= len(raw)
        position = field.end
    for mailbox in parsed.visible:
        assert 0 <= mailbox.field_start < mailbox.start < mailbox.end <= len(raw)
        assert mailbox.address == mailbox.address.lower() and "@" in mailbox.address
        assert raw[mailbox.start : mailbox.end][:1] not in (b" ", b"\t", b"\r", b"\n")
    check_parts(parsed.root, raw)
    assert Content(raw).to_bytes() == raw
    assert parse(memoryview(raw)) == parsed
    return parsed


def check_parts(root: Part, raw: bytes) -> None:
    for part in root.walk():
        assert 0 <= part.start <= part.body_start <= part.end <= len(raw)
        position = part.body_start
        for child in part.children:
            assert position <= child.start and child.end <= part.end
            position = child.end


def second_opinions(raw: bytes) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for value in values(raw):
            for text in spellings(value):
                yield from (address for _, address in getaddresses([text], **LENIENT))
        yield from by_default_policy(raw)


def values(raw: bytes) -> list[str]:
    parsed = email.message_from_bytes(raw, policy=email.policy.compat32)
    return [repaired(str(value)) for name, value in parsed.raw_items() if name.lower() in RECIPIENT_FIELDS]


def repaired(text: str) -> str:
    """Text that the library read as ASCII with surrogates, as the UTF-8 that it was."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def possible(address: str) -> str:
    """Only what can be an address: some readers take `a@b.example^c` whole, or a name before it into the local part."""
    local, _, domain = address.rpartition("@")
    host = re.match("[0-9A-Za-z_.\x80-\U0010ffff-]*", domain)
    local = local if '"' in local else local.split()[-1] if local.split() else local
    return canonical_address(f"{local}@{host[0] if host else domain}")


def spellings(value: str) -> Iterator[str]:
    yield value
    try:
        yield str(email.header.make_header(email.header.decode_header(value)))
    except Exception:  # the other reader is not total: where it fails it sees nobody
        return


def by_default_policy(raw: bytes) -> Iterator[str]:
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    for name in RECIPIENT_FIELDS:
        try:
            for header in parsed.get_all(name, []):
                yield from (f"{each.username}@{each.domain}" for each in header.addresses)
        except Exception:  # the other reader is not total: where it fails it sees nobody
            continue


def assert_no_reader_sees_more(raw: bytes) -> None:
    parsed = check(raw)
    if any(defect.holds for defect in parsed.defects):
        return
    ours = {mailbox.address for mailbox in parsed.visible}
    for address in second_opinions(raw):
        if "@" in address.strip("@"):
            assert {canonical_address(repaired(address)), possible(repaired(address))} & ours, (address, ours, raw)


@QUICK
@given(st.binary(max_size=400))
@example(b"")
@example(b"\r\n")
@example(b"\r")
@example(b":")
@example(b"To:")
@example(b"To:=?utf-16?b?gg==?=\r\n")
@example(b"Content-Type: multipart/mixed; boundary=\r\n\r\n--")
def test_parse_is_total(raw: bytes) -> None:
    check(raw)


_TOKENS = [b"<", b">", b",", b", ", b";", b":", b"(", b")", b'"', b"\\", b"@", b".", b"[", b"]", b"'", b"!", b"%", b"="]
_ADDRESSES = [b"a@in.example", b"leak@o.example", b"[192.0.2.1]", b"xn--bcher-kva", b"@r.example:", b"b", b"example"]
_NAMES = [b"Ann ", b'"Ann, B" ', b"Team:", b"=?utf-8?q?leak=40o.example?=", b"=?utf-8?b?bGVha0BvLmV4YW1wbGU=?="]
_WORDS = [
    b"=?utf-8?q?x=2C?=",
    b"=?",
    b"?=",
    b"%40",
    b"\xef\xbc\xa0",
    b"\xe3\x80\x82",
    b"\xff",
    b"\xc3\xbc",
    b"\0",
    b"\x0b",
]
_LINES = [b"\r\n ", b"\r\n", b"\r\n\r\n", b"\t", b" ", b"\n", b"\r", b"To:", b"Cc: ", b"\r\nCc: ", b"\r\nResent-To:"]
_MIME = [b"\r\nCc : ", b"--B", b"--B--", b"\r\n--B\r\n", b"\r\nContent-Type: multipart/mixed; boundary=B\r\n"]
PIECES = st.sampled_from(_TOKENS + _ADDRESSES + _NAMES + _WORDS + _LINES + _MIME)


@QUICK
@given(st.lists(PIECES, max_size=24).map(b"".join))
@example(b"a@in.example, (x\xef\xbc\xa0y")
def test_no_reader_sees_more_than_ours_in_a_recipient_list(value: bytes) -> None:
    assert_no_reader_sees_more(b"From: a@in.example\r\nTo: " + value + b"\r\n\r\nHello\r\n")


@QUICK
@given(st.lists(PIECES, max_size=30).map(b"".join))
def test_no_reader_sees_more_than_ours_in_a_message(raw: bytes) -> None:
    assert_no_reader_sees_more(raw)


@QUICK
@given(st.sampled_from(SEEDS), st.integers(), st.integers(1, 8))
def test_mutated_messages(path: Path, seed: int, count: int) -> None:
    assert_no_reader_sees_more(mutate(path.read_bytes(), random.Random(seed), count))


def mutate(raw: bytes, chance: random.Random, count: int) -> bytes:
    octets = bytearray(raw)
    for _ in range(count):
        at = chance.randrange(len(octets) + 1)
        match chance.randrange(4):
            case 0:
                octets[at:at] = bytes([chance.choice(b' \t\r\n\0",;:<>()@\\=?.[]-a\x80\xef')])
            case 1:
                del octets[at : at + chance.randrange(1, 6)]
            case 2:
                octets[at : at + 1] = bytes([chance.randrange(256)])
            case _:
                other = chance.randrange(len(octets) + 1)
                octets[at:at] = octets[other : other + chance.randrange(1, 40)]
    return bytes(octets)


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_kept_seeds(path: Path) -> None:
    assert_no_reader_sees_more(path.read_bytes())


def test_there_are_seeds() -> None:
    assert len(SEEDS) >= 12


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_a_mapped_file_and_a_strided_view_are_read_like_bytes(path: Path) -> None:
    raw = path.read_bytes()
    expected = parse(raw)
    with tempfile.TemporaryFile() as file:
        file.write(raw)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            parsed = parse(mapped)
            assert (parsed.fields, parsed.root, parsed.visible, parsed.defects) == (
                expected.fields,
                expected.root,
                expected.visible,
                expected.defects,
            )
            del parsed
    doubled = memoryview(bytes(octet for each in raw for octet in (each, 0)))[::2]
    assert parse(doubled) == expected


@QUICK
@given(st.lists(PIECES, max_size=24).map(b"".join))
def test_found_addresses_lie_in_the_value_and_in_order(value: bytes) -> None:
    found = find_addresses(value)
    assert [each.start for each in found] == sorted(each.start for each in found)
    for each in found:
        assert 0 <= each.start < each.end <= len(value)
        assert "@" in each.address
