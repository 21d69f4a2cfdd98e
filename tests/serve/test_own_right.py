"""With `sign_in: smarthost`, what the guard sends by itself needs a right of its own, or no rule may make it send."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mailguard.config import Settings
from mailguard.core.errors import SettingsError
from mailguard.core.policy.load import Policy, load_policy
from mailguard.serve.composition import Running, serve
from mailguard.serve.own_right import check_own_right, lacking, why_refused
from mailguard.smtp.listen_settings import ListenerSettings

RULE = """\
version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside would see each other.
    when: {{visible_external_recipients: {{at_least: 10}}}}
    action: {action}
    mode: {mode}
"""
OWN = {"username": "guard", "password_file": "password"}
TRUSTS = {"trusts_address": True}


def listener(sign_in: str) -> ListenerSettings:
    return ListenerSettings.model_validate({"address": "127.0.0.1:0", "sign_in": sign_in})


def settings(*smarthosts: dict[str, Any], sign_in: str = "smarthost", folder: Path = Path("/nowhere")) -> Settings:
    each = [{"address": f"127.0.0.1:{2600 + at}", "tls": "none"} | values for at, values in enumerate(smarthosts)]
    return Settings.model_validate(
        {
            "organisation": {"name": "Elm Road Surgery", "domains": ["elmroad.example"]},
            "listen": (listener("none"), listener(sign_in)),
            "smarthost": each if len(each) > 1 else each[0],
            "store": f"sqlite:///{folder}/mailguard.db",
            "policies": folder / "policies",
            "notices": {"from": "mailguard@elmroad.example"},
            "hostname": "guard.elmroad.example",
        }
    )


def policy(action: str = "hold", mode: str = "enforce") -> Policy:
    return load_policy({"policy.yaml": RULE.format(action=action, mode=mode).encode()})


@pytest.mark.parametrize(
    ("smarthosts", "without"),
    [
        ([{}], ["127.0.0.1:2600"]),
        ([OWN], []),
        ([TRUSTS], []),
        ([OWN, {}], ["127.0.0.1:2601"]),
        ([TRUSTS, OWN], []),
        ([TRUSTS, {"sender_domains": ["ward.example"]}], ["127.0.0.1:2601"]),
    ],
)
def test_every_smarthost_has_to_take_what_the_guard_sends(smarthosts: Sequence[dict[str, Any]], without: Any) -> None:
    assert lacking(settings(*smarthosts)) == without
    assert lacking(settings(*smarthosts, sign_in="local")) == lacking(settings(*smarthosts, sign_in="none")) == []


@pytest.mark.parametrize(
    ("action", "mode", "refused"),
    [
        ("hold", "enforce", True),
        ("hold\n    rewrite: separate", "enforce", True),
        ("rewrite\n    rewrite: separate", "enforce", True),
        ("rewrite\n    rewrite: bcc", "enforce", True),
        ("reject", "enforce", False),
        ("relay", "enforce", False),
        ("hold", "monitor", False),
        ("hold", "off", False),
    ],
)
def test_only_an_enforced_rule_that_makes_the_guard_send(action: str, mode: str, refused: bool) -> None:
    found = why_refused(settings({}), policy(action, mode))
    assert (found is not None) is refused
    assert found is None or ('"visible-list"' in found and "trusts_address" in found)
    assert why_refused(settings(TRUSTS), policy(action, mode)) is None


def test_what_check_says() -> None:
    (finding,) = check_own_right(settings({}), policy())
    assert not finding.ok and '"visible-list" can hold' in finding.sentence
    (finding,) = check_own_right(settings({}), policy("reject"))
    assert finding.ok and finding.sentence.startswith("note: the guard has no right of its own")
    assert list(check_own_right(settings(TRUSTS), policy())) == []


@pytest.mark.parametrize(
    "smarthost",
    [
        {"tls": "opportunistic"},
        {"tls": "none", "address": "smtp.elmroad.example:25"},
        {"tls": "opportunistic", "address": "smtp.elmroad.example:587"},
    ],
)
def test_a_clients_password_needs_tls_towards_the_smarthost(smarthost: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match='use "tls: required"'):
        settings(smarthost)
    assert settings(smarthost, sign_in="local").smarthosts
    assert settings({"tls": "required"}, smarthost | {"sender_domains": ["ward.example"]}).smarthosts


def files(folder: Path, text: str) -> None:
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "policies" / "policy.yaml").write_text(text)


async def test_serve_does_not_start(tmp_path: Path) -> None:
    files(tmp_path, RULE.format(action="hold", mode="enforce"))
    with pytest.raises(SettingsError, match='"visible-list" can hold or rewrite'):
        async with asyncio.timeout(30):
            await serve(settings({}, folder=tmp_path))


async def test_a_reload_that_would_bring_such_a_rule_is_refused(tmp_path: Path) -> None:
    files(tmp_path, RULE.format(action="reject", mode="enforce"))
    started: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    work = asyncio.create_task(serve(settings({}, folder=tmp_path), ready=started.set_result, stop=stop))
    try:
        async with asyncio.timeout(30):
            await asyncio.wait({started, work}, return_when=asyncio.FIRST_COMPLETED)
            running = started.result()
            before = running.policies.revision
            files(tmp_path, RULE.format(action="hold", mode="enforce"))
            assert not await running.policies.reload()
            assert running.policies.revision == before and "visible-list" in running.status()["policy_problem"]
            files(tmp_path, RULE.format(action="hold", mode="monitor"))
            assert await running.policies.reload() and running.status()["policy_problem"] is None
    finally:
        stop.set()
        await asyncio.wait({work}, timeout=30)
    assert work.result() == 0
