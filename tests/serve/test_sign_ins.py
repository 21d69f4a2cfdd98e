"""Which sign-in a listener gets, and what `serve` says where there is none."""

from __future__ import annotations

import pytest

from mailguard.core.errors import SettingsError
from mailguard.serve.metrics import Metrics
from mailguard.serve.sign_ins import sign_in_of
from mailguard.smtp.listen_settings import ListenerSettings
from tests.fakes.sign_in import FakeSignIn


def listener(sign_in: str) -> ListenerSettings:
    return ListenerSettings.model_validate({"address": "127.0.0.1:2525", "sign_in": sign_in})


def test_each_listener_gets_the_sign_in_that_it_names() -> None:
    offered = {"local": FakeSignIn(), "smarthost": FakeSignIn()}
    assert sign_in_of(listener("none"), offered) is None
    assert all(sign_in_of(listener(kind), offered) is offered[kind] for kind in offered)


@pytest.mark.parametrize("kind", ["local", "smarthost"])
def test_a_listener_without_its_sign_in_does_not_start(kind: str) -> None:
    with pytest.raises(SettingsError, match=rf'"sign_in: {kind}" of "127\.0\.0\.1:2525" is not served'):
        sign_in_of(listener(kind), {})


def test_attempts_are_counted_by_outcome_alone() -> None:
    metrics = Metrics()
    metrics.signed_in("slowed")
    assert metrics.registry.get_sample_value("mailguard_sign_ins_total", {"outcome": "slowed"}) == 1
