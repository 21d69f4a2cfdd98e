"""A guard that misreads must not start."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailguard.core.errors import SettingsError
from mailguard.core.mail.parse import parse
from mailguard.serve import selftest
from mailguard.serve.demo_samples import samples


def test_the_samples_are_read_rightly() -> None:
    assert [sample.title for sample in samples() if not selftest.is_read_rightly(sample)] == []
    selftest.refuse_misreading()


@pytest.mark.parametrize("lost", ["fields", "visible"])
def test_a_parser_that_loses_something_is_refused(monkeypatch: pytest.MonkeyPatch, lost: str) -> None:
    """What Python 3.11.2 made of the samples on 22 November 2026: the last field only, and nobody visible."""
    monkeypatch.setattr(selftest, "parse", lambda raw: replace(parse(raw), **{lost: ()}))
    with pytest.raises(SettingsError, match="misreads"):
        selftest.refuse_misreading()
