"""Each kind of `sign_in` has something that tries it, and attempts are counted by their outcome alone."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from mailguard.config import Settings
from mailguard.guard.account_sign_in import AccountSignIn
from mailguard.serve.metrics import Metrics
from mailguard.serve.parts import open_parts
from mailguard.serve.sign_ins import sign_ins
from mailguard.smtp.listen_settings import ListenerSettings
from mailguard.smtp.routes import SmarthostRoutes


async def test_every_kind_that_the_settings_know_can_be_tried(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {
            "organisation": {"name": "Elm Road Surgery", "domains": ["elmroad.example"]},
            "smarthost": {"address": "127.0.0.1:2526"},
            "store": f"sqlite:///{tmp_path / 'mailguard.db'}",
            "notices": {"from": "mailguard@elmroad.example"},
        }
    )
    parts = await open_parts(settings)
    routes = SmarthostRoutes(settings.smarthosts, hostname="guard.elmroad.example")
    try:
        offered = sign_ins(parts, routes)
        kinds = set(get_args(ListenerSettings.model_fields["sign_in"].annotation)) - {"none"}
        assert set(offered) == kinds
        assert offered["smarthost"] is routes.sign_in and isinstance(offered["local"], AccountSignIn)
    finally:
        await routes.close()
        await parts.close()


def test_attempts_are_counted_by_outcome_alone() -> None:
    metrics = Metrics()
    metrics.signed_in("slowed")
    assert metrics.registry.get_sample_value("mailguard_sign_ins_total", {"outcome": "slowed"}) == 1
