"""What mailguard.yaml as a whole refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailguard.config import load_settings
from mailguard.core.document import DocumentErrors
from mailguard.core.organisation import Team

SETTINGS = """\
organisation: {{name: Elm Road Surgery, domains: [{domain}], trusted_domains: [{trusted}]}}
listen:
  - {{address: "{listen}", allow: [10.0.0.0/8]}}
smarthost: {{address: "{smarthost}"}}
store: sqlite:///mailguard.db
notices: {{from: mailguard@elmroad.example}}
log_level: {level}
"""
SOUND = {
    "domain": "elmroad.example",
    "trusted": "council.example",
    "listen": "127.0.0.1:2525",
    "smarthost": "127.0.0.1:2526",
    "level": "info",
}


def messages(folder: Path, **changed: str) -> list[str]:
    """What is wrong with these settings."""
    path = folder / "mailguard.yaml"
    path.write_text(SETTINGS.format(**(SOUND | changed)))
    try:
        load_settings(path)
    except DocumentErrors as errors:
        return [each.message for each in errors.diagnostics]
    return []


@pytest.mark.parametrize("domain", ["elmroad.example", '"@elmroad.example"', "b\u00fccher.example", "Elmroad.Example."])
def test_domains(tmp_path: Path, domain: str) -> None:
    assert messages(tmp_path, domain=domain) == messages(tmp_path, trusted=domain) == []


@pytest.mark.parametrize("domain", ["uk", '"*.elmroad.example"', "anna@elmroad.example", "elmroad..example", '""'])
def test_what_is_no_domain_is_refused(tmp_path: Path, domain: str) -> None:
    for key in ("domain", "trusted"):
        (message,) = messages(tmp_path, **{key: domain})
        assert "is no domain such as elmroad.example" in message


@pytest.mark.parametrize(
    ("listen", "smarthost"),
    [
        ("127.0.0.1:2525", "127.0.0.1:2525"),
        ("127.0.0.1:2525", "localhost:2525"),
        ("0.0.0.0:2525", "127.0.0.1:2525"),
        ("[::]:2525", "localhost:2525"),
        ("guard.elmroad.example:25", "Guard.elmroad.example:25"),
    ],
)
def test_a_smarthost_that_is_the_guard_itself_is_refused(tmp_path: Path, listen: str, smarthost: str) -> None:
    (message,) = messages(tmp_path, listen=listen, smarthost=smarthost)
    assert "round in circles" in message


@pytest.mark.parametrize(
    ("listen", "smarthost"),
    [
        ("127.0.0.1:25", "127.0.0.2:25"),
        ("127.0.0.1:25", "[::1]:25"),
        ("0.0.0.0:25", "mail.elmroad.example:25"),
        ("127.0.0.1:2525", "127.0.0.1:25"),
    ],
)
def test_a_smarthost_beside_the_guard(tmp_path: Path, listen: str, smarthost: str) -> None:
    assert messages(tmp_path, listen=listen, smarthost=smarthost) == []


def test_a_level_that_does_not_exist(tmp_path: Path) -> None:
    assert messages(tmp_path, level="verbose") == ['"verbose" is not one of "debug", "info", "warning" or "error"']


@pytest.mark.parametrize(
    "hostname", ["gu ard", "guard\\r\\nMAIL FROM:<x@y>", "wächter.example", "a" * 300, "g;(x)", "-", ""]
)
def test_a_hostname_that_cannot_stand_in_ehlo(tmp_path: Path, hostname: str) -> None:
    """`serve` ended with an internal error on the first two, and deferred all mail on the third; `check` said ok."""
    messages(tmp_path)
    path = tmp_path / "mailguard.yaml"
    path.write_text(path.read_text() + f'hostname: "{hostname}"\n', "utf-8")
    with pytest.raises(DocumentErrors, match="is no name such as"):
        load_settings(path)


@pytest.mark.parametrize(
    "hostname", ["guard", "guard.elmroad.example", "xn--wchter-bua.example", "pc_7", "[192.0.2.1]"]
)
def test_a_hostname(tmp_path: Path, hostname: str) -> None:
    messages(tmp_path)
    path = tmp_path / "mailguard.yaml"
    path.write_text(path.read_text() + f'hostname: "{hostname}"\n')
    assert load_settings(path).hostname == hostname


def several(folder: Path, *items: str) -> Path:
    """Settings with a list of smarthosts."""
    path = folder / "mailguard.yaml"
    listed = "smarthost:\n" + "".join(f"  - {item}\n" for item in items)
    path.write_text(SETTINGS.format(**SOUND).replace('smarthost: {address: "127.0.0.1:2526"}\n', listed))
    return path


def test_one_smarthost_or_a_list_of_them(tmp_path: Path) -> None:
    path = several(tmp_path, "{address: 'a.example:25', ca_file: ca.pem}", "{address: 'b.example:25'}")
    found = load_settings(path)
    assert [str(each.address) for each in found.smarthosts] == ["a.example:25", "b.example:25"]
    assert found.smarthosts[0].ca_file == tmp_path / "ca.pem" and found.default_route == found.smarthosts
    assert messages(tmp_path) == [] and len(load_settings(tmp_path / "mailguard.yaml").smarthosts) == 1


@pytest.mark.parametrize(
    ("items", "told"),
    [
        (["{address: 'a.example:25', sender_domains: [ward.example]}"], 'every smarthost has "sender_domains"'),
        (["{address: 'a.example:25'}", "{address: 'a.example:25'}"], "stands twice in the same route"),
        (["{address: 'a.example:25'}", "{address: '127.0.0.1:2525'}"], "round in circles"),
        (["{address: 'a.example:25'}", "{address: 'b.example:25', tsl: none}"], 'unknown key "tsl"'),
        (["{address: 'a.example:25', sender_domains: [example]}"], "is no domain such as"),
        (["{address: 'a.example:25', sender_domains: ward.example}"], "a list expected"),
        (["{tls: none}"], '"address" is missing'),
    ],
)
def test_what_is_refused_in_a_list_of_smarthosts(tmp_path: Path, items: list[str], told: str) -> None:
    with pytest.raises(DocumentErrors) as caught:
        load_settings(several(tmp_path, *items))
    (found,) = caught.value.diagnostics
    assert told in found.message and found.line >= 1


SIGNED_IN = "{address: '127.0.0.1:2587', sign_in: smarthost}"


@pytest.mark.parametrize(
    ("listen", "smarthost", "told"),
    [
        (SIGNED_IN, "smtp.provider.example:587", "would show clients' passwords"),
        ("{address: '127.0.0.1:2526'}", "127.0.0.1:2526", "round in circles"),
    ],
)
def test_what_does_not_fit_the_listeners_is_found_at_the_smarthost(
    tmp_path: Path, listen: str, smarthost: str, told: str
) -> None:
    path = tmp_path / "mailguard.yaml"
    written = SETTINGS.format(**(SOUND | {"smarthost": smarthost}))
    path.write_text(written.replace('{address: "127.0.0.1:2525", allow: [10.0.0.0/8]}', listen))
    with pytest.raises(DocumentErrors) as caught:
        load_settings(path)
    (found,) = caught.value.diagnostics
    assert told in found.message and path.read_text().splitlines()[found.line - 1].startswith("smarthost:")


def test_a_fault_in_a_list_is_found_at_its_line(tmp_path: Path) -> None:
    path = several(tmp_path, "{address: 'a.example:25'}", "{address: 'b.example:25', tls: required, partial: some}")
    with pytest.raises(DocumentErrors) as caught:
        load_settings(path)
    (found,) = caught.value.diagnostics
    assert path.read_text().splitlines()[found.line - 1].lstrip().startswith("- {address: 'b.example:25'")


def test_an_empty_list_of_smarthosts(tmp_path: Path) -> None:
    path = tmp_path / "mailguard.yaml"
    path.write_text(SETTINGS.format(**SOUND).replace('{address: "127.0.0.1:2526"}', "[]"))
    with pytest.raises(DocumentErrors):
        load_settings(path)


def with_teams(folder: Path, teams: str) -> Path:
    """Settings with these teams."""
    path = folder / "mailguard.yaml"
    written = SETTINGS.format(**(SOUND | {"domain": "elmroad.example"}))
    path.write_text(written.replace("trusted_domains", f"teams: {teams}, trusted_domains"))
    return path


def test_teams_are_known_by_canonical_senders(tmp_path: Path) -> None:
    path = with_teams(tmp_path, '[{name: clinic, senders: [Clinic@ElmRoad.example, "@Clinic.elmroad.example"]}]')
    (team,) = load_settings(path).organisation.organisation().teams
    assert team == Team("clinic", ("clinic@elmroad.example", "@clinic.elmroad.example"))


@pytest.mark.parametrize(
    ("teams", "told"),
    [
        ("[{name: a, senders: [a@elmroad.example]}, {name: a, senders: [b@elmroad.example]}]", 'the team "a" stands'),
        (
            "[{name: a, senders: [a@elmroad.example]}, {name: b, senders: [A@elmroad.example]}]",
            'the sender "a@elmroad.example" stands twice',
        ),
        ("[{name: a, senders: [a@other.example]}]", 'the sender "a@other.example" of a team is not inside'),
        ('[{name: a, senders: ["@other.example"]}]', 'the sender "@other.example" of a team is not inside'),
        ("[{name: a, senders: [elmroad.example]}]", "neither an address"),
        ('[{name: a, senders: ["@example"]}]', "neither an address"),
        ("[{name: a@elmroad.example, senders: [a@elmroad.example]}]", "no name of a team"),
        ('[{name: " ", senders: [a@elmroad.example]}]', "no name of a team"),
    ],
)
def test_what_is_refused_in_teams(tmp_path: Path, teams: str, told: str) -> None:
    with pytest.raises(DocumentErrors) as caught:
        load_settings(with_teams(tmp_path, teams))
    (found,) = caught.value.diagnostics
    assert told in found.message and found.line == 1
