"""DKIM keys from files: which are taken, what is said of others, and that a broken one never replaces another."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import ValidationError

from mailguard.config import Settings
from mailguard.core.errors import SettingsError
from mailguard.guard.settings import DkimSettings
from mailguard.serve import dkim_checks
from mailguard.serve.dkim_keys import DkimKeys, load_key
from mailguard.serve.finding import Finding


def openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys of every kind, made as docs/operating.md says."""
    folder = tmp_path_factory.mktemp("keys")
    openssl("genrsa", "-out", str(folder / "rsa.pem"), "2048")
    openssl("genrsa", "-traditional", "-out", str(folder / "traditional.pem"), "2048")
    openssl("genrsa", "-out", str(folder / "short.pem"), "1024")
    openssl("genpkey", "-algorithm", "ed25519", "-out", str(folder / "ed25519.pem"))
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(folder / "curve.pem"))
    openssl("rsa", "-in", str(folder / "rsa.pem"), "-aes128", "-passout", "pass:x", "-out", str(folder / "locked.pem"))
    (folder / "text.pem").write_text("no key\n")
    return folder


def setting(file: Path, selector: str = "guard1") -> DkimSettings:
    return DkimSettings.model_validate({"domain": "elmroad.example", "selector": selector, "key_file": file})


def public(file: Path) -> object:
    out = file.with_suffix(".pub")
    openssl("pkey", "-in", str(file), "-pubout", "-out", str(out))
    return load_pem_public_key(out.read_bytes())


@pytest.mark.parametrize("name", ["rsa", "traditional"])
def test_an_rsa_key_signs(made: Path, name: str) -> None:
    key = load_key(setting(made / f"{name}.pem"))
    checked = public(made / f"{name}.pem")
    assert key.algorithm == "rsa-sha256" and isinstance(checked, RSAPublicKey)
    checked.verify(key.sign(b"octets"), b"octets", padding.PKCS1v15(), SHA256())


def test_an_ed25519_key_signs_the_hash(made: Path) -> None:
    key = load_key(setting(made / "ed25519.pem"))
    checked = public(made / "ed25519.pem")
    assert key.algorithm == "ed25519-sha256" and isinstance(checked, Ed25519PublicKey)
    checked.verify(key.sign(b"octets"), hashlib.sha256(b"octets").digest())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("short.pem", "has 1024 bits; receivers want 2048: openssl genrsa -out short.pem 2048"),
        ("curve.pem", "is neither RSA nor Ed25519"),
        ("locked.pem", "is encrypted; it must have no password"),
        ("text.pem", "holds no private key in PEM form"),
        ("none.pem", "cannot be read: No such file or directory"),
    ],
)
def test_others_are_refused(made: Path, name: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        load_key(setting(made / name))
    assert name in str(caught.value) and "PRIVATE" not in str(caught.value)


async def test_new_files_are_in_force_after_a_reload_and_broken_ones_never(made: Path, tmp_path: Path) -> None:
    file = tmp_path / "dkim.pem"
    shutil.copy(made / "rsa.pem", file)
    keys = DkimKeys([setting(file)])
    (first,) = keys()
    shutil.copy(made / "text.pem", file)
    await keys.reload()
    assert keys() == (first,) and keys()[0] is first
    shutil.copy(made / "ed25519.pem", file)
    await keys.reload()
    assert keys()[0].algorithm == "ed25519-sha256"


def test_whoever_asks_before_they_can_be_read_gets_an_error(made: Path, tmp_path: Path) -> None:
    file = tmp_path / "dkim.pem"
    keys = DkimKeys([setting(made / "rsa.pem"), setting(file, "guard2")])
    for _ in range(2):
        with pytest.raises(SettingsError):
            keys()
    shutil.copy(made / "rsa.pem", file)
    assert len(keys()) == 2


def test_without_settings_there_are_none() -> None:
    assert DkimKeys(())() == ()


def findings(tmp_path: Path, *keys: dict[str, object]) -> list[Finding]:
    settings = Settings.model_validate(
        {
            "organisation": {"name": "Elm Road", "domains": ["elmroad.example"]},
            "smarthost": {"address": "127.0.0.1:2526"},
            "store": "sqlite:////nowhere/mailguard.db",
            "notices": {"from": "mailguard@elmroad.example"},
            "dkim": list(keys),
        }
    )
    return list(dkim_checks.check_dkim(settings))


def test_check_says_whether_it_signs_who_may_read_it_and_where_the_record_belongs(made: Path, tmp_path: Path) -> None:
    file = tmp_path / "open.pem"
    shutil.copy(made / "rsa.pem", file)
    file.chmod(0o644)
    own = {"domain": "ElmRoad.example", "selector": "guard1", "key_file": file}
    private = {"domain": "partner.example", "selector": "s", "key_file": made / "ed25519.pem"}
    found = findings(tmp_path, own, private, {**own, "selector": "guard2", "key_file": made / "short.pem"})
    assert [each.ok for each in found] == [True, True, True, True, False]
    assert found[0].sentence == (
        "can sign with rsa-sha256; its public half belongs in DNS at guard1._domainkey.elmroad.example"
    )
    assert found[1].sentence.startswith("note: every user of this computer may read the key")
    assert found[3].sentence == 'note: "partner.example" is not inside the organisation'
    assert found[4].part == "dkim guard2 of elmroad.example" and "1024 bits" in found[4].sentence


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ({"domain": "example", "selector": "s"}, "is no domain"),
        ({"domain": "elm road.example", "selector": "s"}, "is no domain"),
        ({"domain": "elmroad.example", "selector": "s; d=evil.example"}, "is no selector"),
        ({"domain": "elmroad.example", "selector": ""}, "is no selector"),
    ],
)
def test_names_that_dns_cannot_hold_are_refused(key: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        DkimSettings.model_validate({**key, "key_file": "k.pem"})


def test_one_record_holds_one_key(tmp_path: Path) -> None:
    key = {"domain": "elmroad.example", "selector": "s", "key_file": "k.pem"}
    with pytest.raises(ValidationError, match="is there twice"):
        findings(tmp_path, key, {**key, "domain": "ELMROAD.example"})
