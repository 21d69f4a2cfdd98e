"""What the settings of the door take and refuse."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from mailguard.core.errors import SettingsError
from mailguard.core.mail.header import MAX_FIELDS, MAX_HEADER_OCTETS
from mailguard.core.reply import Reply
from mailguard.smtp.capabilities import Capabilities
from mailguard.smtp.listen_settings import HostPort, Limits, ListenerSettings, parse_host_port
from mailguard.smtp.listener import Listener

HERE = ListenerSettings.model_validate({"address": "127.0.0.1:25"})


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("127.0.0.1:2525", "127.0.0.1", 2525), ("[::1]:25", "::1", 25), ("localhost:0", "localhost", 0)],
)
def test_addresses(text: str, host: str, port: int) -> None:
    assert parse_host_port(text) == HostPort(host, port)
    assert str(parse_host_port(text)) == text


@pytest.mark.parametrize(
    "text", ["", "127.0.0.1", ":25", "::1:25", "[::1]", "[::x]:25", "a b:25", "h:70000", "h:-1", "[h]:1"]
)
def test_addresses_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not HOST:PORT|no IPv6"):
        parse_host_port(text)


def test_interface_example() -> None:
    item = ListenerSettings.model_validate({"address": "127.0.0.1:2525", "tls": "none"})
    assert (item.address.port, item.line_ends, item.sign_in, item.allow) == (2525, "refuse", "none", ())
    assert Limits.model_validate({"recipients": 5000, "message_bytes": 52428800}) == Limits()


@pytest.mark.parametrize("address", ["0.0.0.0:25", "[::]:25", "192.0.2.1:25", "mail.example:25"])
def test_t5_never_an_open_relay(address: str) -> None:
    with pytest.raises(ValidationError, match="open relay"):
        ListenerSettings.model_validate({"address": address})
    assert ListenerSettings.model_validate({"address": address, "allow": ["10.0.0.0/8", "2001:db8::/32"]}).allow


@pytest.mark.parametrize("everyone", ["0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "8.0.0.0/7", "2000::/3", "::/1"])
def test_t5_the_whole_internet_is_not_a_network(everyone: str) -> None:
    """Nor is it in halves: 0.0.0.0/1 and 128.0.0.0/1 together are everybody, 2000::/3 is all of IPv6 that is in use."""
    with pytest.raises(ValidationError, match="whole internet"):
        ListenerSettings.model_validate({"address": "0.0.0.0:25", "allow": [everyone]})
    with pytest.raises(ValidationError, match="whole internet"):
        ListenerSettings.model_validate({"address": "0.0.0.0:25", "allow": ["10.0.0.0/8"], "proxy_from": [everyone]})


@pytest.mark.parametrize(
    "network", ["10.0.0.0/8", "17.0.0.0/8", "fc00::/7", "2001:db8::/32", "2a01::/16", "127.0.0.0/8"]
)
def test_t5_what_one_organisation_may_have_is_a_network(network: str) -> None:
    assert ListenerSettings.model_validate({"address": "0.0.0.0:25", "allow": [network]}).allow


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("tls", "starttls", 'needs "certificate"'),
        ("tls", "implicit", 'needs "certificate"'),
        ("certificate", "guard.pem", "would not be used"),
        ("key", "guard.key", "would not be used"),
        ("sign_in", "oauth", "none"),
        ("own_address_only", True, 'needs "sign_in"'),
        ("send_as", {"anna": ["a@in.example"]}, 'needs "own_address_only'),
        ("proxy_from", ["192.0.2.1"], 'needs "allow" or "sign_in"'),
        ("tls", "maybe", "none"),
        ("line_ends", "guess", "refuse"),
        ("allow", ["10.0.0.1/8"], "not a network"),
        ("colour", "red", "Extra inputs"),
    ],
)
def test_refused_values(key: str, value: object, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        ListenerSettings.model_validate({"address": "127.0.0.1:25", key: value})


@pytest.mark.parametrize("kind", ["local", "smarthost"])
def test_t5_sign_in_opens_a_listener_only_under_tls(kind: str) -> None:
    outside = {"address": "0.0.0.0:587", "sign_in": kind}
    with pytest.raises(ValidationError, match="in clear"):
        ListenerSettings.model_validate(outside)
    with pytest.raises(ValidationError, match="in clear"):
        ListenerSettings.model_validate({**outside, "allow": ["10.0.0.0/8"]})
    for tls in ("starttls", "implicit"):
        assert ListenerSettings.model_validate({**outside, "tls": tls, "certificate": "guard.pem"}).allow == ()
    behind = {"address": "127.0.0.1:587", "sign_in": kind, "proxy_from": ["127.0.0.1"]}
    assert ListenerSettings.model_validate(behind).proxy_from


@pytest.mark.parametrize("wrong", ["anna", "a@b@in.example", "<a@in.example>", "a@in.example\n", "Anna <a@in.example>"])
def test_send_as_takes_mailboxes_alone(wrong: str) -> None:
    own = {"address": "127.0.0.1:25", "sign_in": "local", "own_address_only": True}
    assert ListenerSettings.model_validate({**own, "send_as": {"scanner": ["a@in.example"]}}).send_as
    with pytest.raises(ValidationError, match="is not an address"):
        ListenerSettings.model_validate({**own, "send_as": {"scanner": [wrong]}})


def test_a_listener_is_given_the_sign_in_that_its_settings_ask_for() -> None:
    async def submit(*_: object) -> Reply:
        raise AssertionError

    for settings, sign_in in ((ListenerSettings(address="127.0.0.1:25", sign_in="local"), None), (HERE, object())):
        with pytest.raises(SettingsError, match="not served by this version"):
            Listener(settings, Limits(), "guard.example", submit, Capabilities, sign_in=sign_in)  # type: ignore[arg-type]


def test_the_listener_asks_once_more() -> None:
    async def submit(*_: object) -> Reply:
        raise AssertionError

    unchecked = ListenerSettings.model_validate({"address": "127.0.0.1:25"}).model_copy(
        update={"address": HostPort("0.0.0.0", 25)}
    )
    with pytest.raises(SettingsError, match="open relay"):
        Listener(unchecked, Limits(), "guard.example", submit, Capabilities)


def test_limits_refuse_nonsense() -> None:
    for wrong in (
        {"recipients": 99},
        {"message_bytes": 0},
        {"idle_seconds": 0},
        {"commands_per_session": 5000},
        {"x": 1},
    ):
        with pytest.raises(ValidationError):
            Limits.model_validate(wrong)


@pytest.mark.parametrize("model", [ListenerSettings, Limits])
def test_every_setting_is_described(model: type[ListenerSettings | Limits]) -> None:
    for name, field in model.model_fields.items():
        for word in ("Default: ", "Unit: ", "Example: ", "Consequence: "):
            assert word in (field.description or ""), name


@pytest.mark.parametrize(("key", "most"), [("header_bytes", MAX_HEADER_OCTETS), ("header_fields", MAX_FIELDS)])
def test_the_door_never_takes_a_header_that_the_parser_does_not_read_to_its_end(key: str, most: int) -> None:
    """Past what is read a Bcc field would not be seen (docs/decisions/parser.md)."""
    assert getattr(Limits.model_validate({key: most}), key) == most
    with pytest.raises(ValidationError):
        Limits.model_validate({key: most + 1})
