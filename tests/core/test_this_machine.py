"""Which hosts are this computer."""

from __future__ import annotations

import pytest

from mailguard.core.this_machine import is_this_machine


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_computer(host: str) -> None:
    assert is_this_machine(host)


@pytest.mark.parametrize(
    "host", [None, "", "0.0.0.0", "::", "10.0.0.1", "localhost.elmroad.example", "127.0.0.1.example", "[::1]"]
)
def test_any_other_is_elsewhere(host: str | None) -> None:
    assert not is_this_machine(host)
