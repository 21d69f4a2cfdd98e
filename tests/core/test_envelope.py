"""The envelope: a parameter is found whatever its case."""

from __future__ import annotations

from mailguard.core.envelope import value_of


def test_values() -> None:
    assert value_of([b"a=1", b"SMTPUTF8"], b"A") == b"1"
    assert value_of([b"SMTPUTF8"], b"SMTPUTF8") == b""
    assert value_of([], b"SMTPUTF8") is None
