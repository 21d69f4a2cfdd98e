"""A policy that names what the settings do not have is not put in force."""

from __future__ import annotations

from mailguard.config import Settings
from mailguard.core.policy.load import load_policy
from mailguard.core.policy.model import Policy
from mailguard.serve.fit import check_fit, why_unfit


def settings(*teams: str) -> Settings:
    return Settings.model_validate(
        {
            "organisation": {
                "name": "Elm Road",
                "domains": ["elmroad.example"],
                "teams": [{"name": name, "senders": [f"{name}@elmroad.example"]} for name in teams],
            },
            "smarthost": {"address": "127.0.0.1:2526"},
            "store": "sqlite:////tmp/none.db",
            "notices": {"from": "mailguard@elmroad.example"},
        }
    )


def policy(*rules: str) -> Policy:
    lines = "".join(f"  - {{id: r{number}, describe: x, {rule}}}\n" for number, rule in enumerate(rules))
    return load_policy({"p.yaml": f"version: 1\nrules:\n{lines}".encode()})


NAMED = "when: {any: [{not: {sender_team: [clinic, shelter]}}, {calendar: true}]}, action: hold"


def test_a_team_that_the_settings_do_not_have() -> None:
    found = why_unfit(settings("clinic"), policy("when: {calendar: true}, action: hold", NAMED))
    assert found == 'p.yaml:4: the settings have no team "shelter", so rule "r1" guards nobody by it'
    (finding,) = check_fit(settings("clinic"), policy(NAMED))
    assert not finding.ok and '"shelter"' in finding.sentence
    assert [each.ok for each in check_fit(settings(), policy(NAMED))] == [False, False]


def test_teams_that_are_known_or_not_asked_for() -> None:
    assert why_unfit(settings("clinic", "shelter"), policy(NAMED)) is None
    assert why_unfit(settings(), policy(f"{NAMED}, mode: off")) is None
