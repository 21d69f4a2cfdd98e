"""Settings: what cannot be used safely is refused, and every field explains itself."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from mailguard.smtp.smarthost_settings import SmarthostSettings


def made(**values: Any) -> SmarthostSettings:
    return SmarthostSettings(**({"address": "smtp.elmroad.example:587"} | values))


def test_defaults_are_cautious() -> None:
    found = made()
    assert str(found.address) == "smtp.elmroad.example:587" and found.tls == "opportunistic"
    assert found.partial == "bounce" and found.max_recipients is None and found.messages_per_minute is None
    assert found.final_timeout_seconds >= 600  # RFC 5321 section 4.5.3.2.6
    assert found.command_timeout_seconds >= 300  # RFC 5321 section 4.5.3.2.2 and 4.5.3.2.3
    assert found.final_timeout_seconds < found.deadline_seconds < 900


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"username": "guard", "tls": "required"}, '"username" needs "password_file"'),
        ({"password_file": "p"}, '"password_file" needs "username"'),
        ({"username": "guard", "password_file": "p"}, 'use "tls: required"'),
        ({"username": "guard", "password_file": "p", "tls": "opportunistic"}, 'use "tls: required"'),
        ({"username": "guard", "password_file": "p", "tls": "none"}, 'use "tls: required"'),
        ({"address": "smtp.elmroad.example"}, "is not HOST:PORT"),
        ({"address": "smtp.elmroad.example:0"}, "has no port"),
        ({"tls": "starttls"}, "Input should be"),
        ({"password": "s3cret"}, "Extra inputs"),
        (
            {"username": "guard", "password_file": "p", "tls": "required", "tell_client": "xclient"},
            '"tell_client: xclient" ends a sign-in',
        ),
        ({"sender_domains": ["uk"]}, "is no domain such as"),
        ({"max_recipients": 0}, "greater than or equal to 1"),
        ({"deadline_seconds": 901}, "less than or equal"),
    ],
)
def test_what_is_refused(values: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        made(**values)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        {"tls": "required"},
        {"tls": "implicit"},
        {"tls": "none", "address": "127.0.0.1:25"},
        {"tls": "none", "address": "[::1]:25"},
    ],
)
def test_where_a_password_may_go(values: dict[str, Any]) -> None:
    assert made(username="guard", password_file="p", **values).username == "guard"


@pytest.mark.parametrize("name", SmarthostSettings.model_fields)
def test_every_field_says_default_unit_example_consequence(name: str) -> None:
    text = SmarthostSettings.model_fields[name].description or ""
    assert all(f"{word}: " in text for word in ("Default", "Unit", "Example", "Consequence"))
    if name != "address":
        assert name in text.partition("Example: ")[2]
