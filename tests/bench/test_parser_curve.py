"""Parsing is linear in whatever an attacker repeats: the curve over n, 2n, 4n, 8n, printed (`-s`) and bounded.

Asserted is the growth from n to 8n, never an absolute time: linear is 8, quadratic 64.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from mailguard.core.mail.address import find_addresses
from mailguard.core.mail.parse import parse

SMALLEST = 1_250
"""Eight times this is the ten thousand of issue 2, point 3."""
STEPS = (1, 2, 4, 8)
GROWTH = 24.0
"""Three times the linear growth leaves room for caches and a busy machine; quadratic growth is well above it."""
NOISE_SECONDS = 0.004
HEAD = b"From: a@in.example\r\nTo: b@o.example\r\nMIME-Version: 1.0\r\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=B\r\n\r\n"

LISTS: dict[str, Callable[[int], bytes]] = {
    "plain": lambda n: b", ".join(b"user%d@dom%d.example" % (i, i % 97) for i in range(n)),
    "named": lambda n: b", ".join(b'"User %d" <user%d@dom%d.example>' % (i, i, i % 97) for i in range(n)),
    "encoded": lambda n: b", ".join(b"=?utf-8?q?User_%d?= <user%d@dom%d.example>" % (i, i, i % 97) for i in range(n)),
    "encoded-addresses": lambda n: b" ".join(b"=?utf-8?q?u%d=40x.example=2C?=" % i for i in range(n)),
    "encoded-run": lambda n: b"=?utf-8?q?x?= " * n + b"<a@b.example>",
    "encoded-charsets": lambda n: b"=?utf-8?q?x?= =?l1?q?y?= " * (n // 2) + b"<a@b.example>",
    "encoded-tail": lambda n: b"?==?utf-8?q?x" * n,
    "encoded-marks": lambda n: b"=?utf-8?q?x" + b"?" * n + b"=?utf-8?q?x" * n + b"?=",
    "encoded-spaces": lambda n: b"=?x?q?y?=" + b" " * n + b"=? " * n,
    "encoded-open": lambda n: b"=?utf-8?q?x" * n,
    "missing-commas": lambda n: b" ".join(b"user%d@dom%d.example" % (i, i % 97) for i in range(n)),
    "semicolons": lambda n: b"; ".join(b"user%d@dom%d.example" % (i, i % 97) for i in range(n)),
    "commas": lambda n: b"," * n,
    "comma-items": lambda n: b'"x" y,' * n,
    "quotes": lambda n: b'"' * n,
    "odd-quotes": lambda n: b'"' * (n | 1),
    "escaped-quotes": lambda n: b'"' + b'\\"' * n,
    "escaped-quotes-in-items": lambda n: b'"' + b'\\", x ' * n,
    "open-comments": lambda n: b"(" * n,
    "open-comments-in-items": lambda n: b"(a@b, " * n,
    "nested-comments": lambda n: b"(" * n + b")" * n + b"a@b.example",
    "comments-in-address": lambda n: b"a" + b"(x)" * n + b"@b.example",
    "closed-comments": lambda n: b"a@b (x), " * n,
    "close-brackets": lambda n: b")" * n,
    "angles": lambda n: b"<" * n,
    "angle-items": lambda n: b"<a@b, " * n,
    "routes": lambda n: b"<@a,@b:c@d " * n,
    "at-signs": lambda n: b"@" * n,
    "at-words": lambda n: b"a@" * n,
    "quoted-at-signs": lambda n: b'"@' * n,
    "wide-at-signs": lambda n: b"a\xef\xbc\xa0" * n,
    "brackets": lambda n: b"[" * n,
    "colons": lambda n: b"a:" * n,
    "groups": lambda n: b"g: a@b, c@d;" * n,
    "backslashes": lambda n: b"\\" * n,
    "folds": lambda n: b"a@b.example,\r\n " * n,
    "blank-folds": lambda n: b"x\r\n \r\n y" * n,
    "spaces": lambda n: b"a" + b" " * n * 8 + b"@b.example",
    "equal-signs": lambda n: b"=" * n + b"@b.example",
    "question-marks": lambda n: b"=?" * n,
    "long-domain": lambda n: b"a@" + b"b." * n + b"example",
    "long-unicode-domain": lambda n: b"a@" + "ü.".encode() * n + b"example",
    "undisclosed": lambda n: b"undisclosed-recipients" + b" " * n + b":" + b" " * n + b"x",
    "dots": lambda n: b"a" + b"." * n + b"@b.example",
}

WHOLES: dict[str, Callable[[int], bytes]] = {
    "fields": lambda n: HEAD + b"X: y\r\n" * n + b"\r\n",
    "no-colons": lambda n: HEAD + b"x\r\n" * n + b"\r\n",
    "duplicates": lambda n: HEAD + b"Cc: a@b.example\r\n" * n + b"\r\n",
    "blank-lines": lambda n: HEAD + b" \r\n" * n + b"\r\n",
    "hidden-fields": lambda n: HEAD + b"X: " + b"\x0bCc: a@b " * n + b"\r\n\r\n",
    "long-lines": lambda n: HEAD + b"X: " + b"y" * n * 40 + b"\r\n\r\n" + b"z" * n * 40,
    "no-end-of-header": lambda n: HEAD + b"a: b\r\n\tc" * n,
    "parameters": lambda n: HEAD + b"Content-Type: a/b" + b';c="d"' * n + b"\r\n\r\n",
    "parameter-quotes": lambda n: HEAD + b"Content-Type: a/b" + b';c="\\' * n + b"\r\n\r\n",
    "dashed-lines": lambda n: MIXED + b"--B\r\n\r\n" + b"--x\r\n" * n,
    "parts": lambda n: MIXED + b"--B\r\n\r\nx\r\n" * n,
    "endless-part-headers": lambda n: MIXED + b"--B\r\na: b\r\n" * n,
    "nesting": lambda n: HEAD
    + b"".join(
        b"Content-Type: multipart/mixed; boundary=B%d\r\n\r\n--B%d\r\n" % (depth, depth) for depth in range(n)
    ),
    "base64": lambda n: HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QUJD" * 18 * n,
}  # fmt: skip


def seconds(work: Callable[[], object]) -> float:
    """The best of two, in time of this processor, so that a busy machine bends no curve."""
    best = float("inf")
    for _ in range(2):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best


def assert_linear(name: str, make: Callable[[int], bytes], read: Callable[[bytes], object]) -> None:
    curve = []
    for step in STEPS:
        raw = make(SMALLEST * step)
        curve.append(seconds(lambda raw=raw: read(raw)))  # type: ignore[misc]
    print(f"{name:28}" + "".join(f"{point * 1000:9.1f} ms" for point in curve))
    assert curve[-1] < NOISE_SECONDS * 8 or curve[-1] / max(curve[0], NOISE_SECONDS) < GROWTH


@pytest.mark.parametrize("name", LISTS)
def test_recipient_lists_parse_linearly(name: str) -> None:
    assert_linear(name, lambda n: b"Cc: " + LISTS[name](n) + b"\r\n\r\n", parse)


@pytest.mark.parametrize("name", LISTS)
def test_addresses_are_found_linearly(name: str) -> None:
    assert_linear(name, LISTS[name], find_addresses)


@pytest.mark.parametrize("name", WHOLES)
def test_messages_parse_linearly(name: str) -> None:
    assert_linear(name, WHOLES[name], parse)


def test_fifty_thousand_recipients() -> None:
    """Printed, not asserted: under a quarter of a second is the aim (issue 2)."""
    for name in ("plain", "named", "encoded"):
        raw = HEAD + b"Cc: " + LISTS[name](50_000) + b"\r\n\r\n"
        assert len(parse(raw).visible) == 50_001
        print(f"50,000 in Cc, {name}: {seconds(lambda raw=raw: parse(raw)) * 1000:.0f} ms")  # type: ignore[misc]
