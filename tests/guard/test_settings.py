"""Settings of notices and outbox: what is refused, and that every field explains itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import BaseModel, ValidationError

from mailguard.core.organisation import Organisation
from mailguard.guard.settings import NoticeSettings, OutboxSettings


def test_the_settings_of_interface_md() -> None:
    notices = NoticeSettings.model_validate(
        {"from": "mailguard@elmroad.example", "contact": "manager@elmroad.example", "reverse_path": None}
    )
    assert notices.sender == "mailguard@elmroad.example"
    assert notices.reverse_path is None


def test_outbox_defaults_keep_to_rfc_5321_4_5_4_1() -> None:
    outbox = OutboxSettings()
    assert outbox.give_up_after >= timedelta(days=4)
    assert outbox.longest_retry >= timedelta(minutes=30)
    assert outbox.notices_give_up_after < outbox.give_up_after
    assert OutboxSettings.model_validate({"first_retry": "1m"}).first_retry == timedelta(minutes=1)


@pytest.mark.parametrize(
    "address",
    ["", "jo", "jo@", "@x.example", "jo@x.example\r\nBcc: y", "Jo <jo@x.example>", "a b@x.example", "jö@x.example",
     "jo@x..example", "jo@-x.example", "a@b@c.example", "x" * 65 + "@y.example", '"a"@x.example'],
)  # fmt: skip
def test_an_address_that_cannot_be_written_to_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        NoticeSettings.model_validate({"from": address})


@pytest.mark.parametrize("change", [{"unknown": 1}, {"contact": 7}])
def test_unknown_keys_and_types_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        NoticeSettings.model_validate({"from": "a@b.example", **change})


@pytest.mark.parametrize(
    "change", [{"first_retry": "0s"}, {"factor": 0.5}, {"give_up_after": "soon"}, {"longest_retry": "2d"}]
)
def test_a_schedule_that_never_tries_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        OutboxSettings.model_validate(change)


def test_addresses_outside_are_named_for_check() -> None:
    elm = Organisation("Elm Road Surgery", frozenset({"elmroad.example"}))
    settings = NoticeSettings.model_validate({"from": "mailguard@ElmRoad.example", "contact": "it@helpers.example"})
    assert settings.problems(elm) == ('notices.contact is "it@helpers.example", which is not inside the organisation',)


@pytest.mark.parametrize("model", [NoticeSettings, OutboxSettings])
def test_every_field_says_default_and_example(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        description = field.description or ""
        assert "Example: " in description, name
        assert "Required." in description if field.is_required() else "Default: " in description, name
