"""deploy/Dockerfile and deploy/compose.yaml, by their structure: there is no container daemon where the tests run.

What they rest on is run for real: a password of PostgreSQL from a file, the settings of the compose file, Postfix's.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
import yaml

from mailguard.config import Settings, load_settings
from tests.peers.postgresql import Postgresql

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
GUARDS = sorted(name for name in SERVICES if name.startswith("guard-"))
IDENTITY = "10001"


def instructions(name: str) -> list[tuple[str, str]]:
    """(instruction, arguments) of a Dockerfile, comments left out, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (DEPLOY / name).read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    found = [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines if line.strip()]
    assert all(instruction.isupper() for instruction, _ in found), found
    return found


def last_stage(name: str) -> list[tuple[str, str]]:
    found = instructions(name)
    return found[max(number for number, (instruction, _) in enumerate(found) if instruction == "FROM") :]


def test_the_image_runs_as_an_ordinary_user_by_number() -> None:
    stage = last_stage("Dockerfile")
    assert [argument for instruction, argument in stage if instruction == "USER"] == [f"{IDENTITY}:{IDENTITY}"]
    after = stage[[instruction for instruction, _ in stage].index("USER") :]
    assert not [argument for instruction, argument in after if instruction in ("RUN", "COPY", "ADD")]


def test_every_package_in_the_image_is_checked_against_its_hash() -> None:
    runs = [argument for instruction, argument in instructions("Dockerfile") if instruction == "RUN"]
    installs = re.findall(r"pip install ([^&]*)", " && ".join(runs))
    assert len(installs) == 2
    assert "--require-hashes -r requirements.lock" in installs[0] and "--no-deps --no-build-isolation" in installs[1]
    assert "hatchling==" in (ROOT / "requirements.lock").read_text(), "the build backend comes from the lock too"


def test_everything_that_the_image_copies_is_there_and_enough_to_build() -> None:
    copies = [argument.split() for instruction, argument in instructions("Dockerfile") if instruction == "COPY"]
    sources = {source for words in copies if not words[0].startswith("--from") for source in words[:-1]}
    assert all((ROOT / source).exists() for source in sources)
    assert {"mailguard", "policies", "pyproject.toml", "README.md", "LICENSE"} <= sources
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().split("\n")
    assert "*" in ignored and {line[1:] for line in ignored if line.startswith("!")} == {
        source.removeprefix("./") for source in sources
    }


def test_the_health_check_asks_the_running_service() -> None:
    stage = dict(last_stage("Dockerfile"))
    assert stage["HEALTHCHECK"].endswith('CMD ["mailguard", "status"]') and stage["CMD"] == '["serve"]'
    assert "root" not in stage["USER"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_of_compose_is_whole(name: str) -> None:
    service = SERVICES[name]
    assert ("build" in service) != ("image" in service)
    if "build" in service:
        folder = (DEPLOY / service["build"]["context"]).resolve()
        assert (folder / service["build"]["dockerfile"]).is_file()
    assert set(service["networks"]) <= set(COMPOSE["networks"])
    assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])
    for volume in service.get("volumes", ()):
        source = volume.partition(":")[0]
        assert source in COMPOSE["volumes"] if not source.startswith(".") else (DEPLOY / source).resolve().is_file()
    for other in service.get("depends_on", {}):
        if other.startswith("guard-") or other == "prepare":
            continue  # the image's own health check; done once it has ended
        assert "healthcheck" in SERVICES[other] or dict(last_stage(f"{other}.Dockerfile"))["HEALTHCHECK"]


@pytest.mark.parametrize("name", [*GUARDS, "prepare", "postgresql", "haproxy"])
def test_what_keeps_mail_has_a_read_only_root_and_no_rights_to_spare(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"] and "privileged" not in service
    assert name == "postgresql" or ("cap_add" not in service and "user" not in service)


def test_nothing_is_published_but_the_listener_and_that_on_this_machine() -> None:
    assert {name: service.get("ports", []) for name, service in SERVICES.items()} == {
        "haproxy": ["127.0.0.1:2525:2525"],
        **{name: [] for name in (*GUARDS, "prepare", "postgresql", "smarthost")},
    }
    assert COMPOSE["networks"]["store"] == {"internal": True}


def test_secrets_come_from_files_that_are_not_in_the_repository() -> None:
    for secret in COMPOSE["secrets"].values():
        assert secret == {"file": secret["file"]} and secret["file"].startswith("./secrets/")
    assert "/secrets/" in (DEPLOY / ".gitignore").read_text().split()
    everything = (DEPLOY / "compose.yaml").read_text() + "".join(
        each.read_text() for each in (DEPLOY / "compose").iterdir()
    )
    assert not re.search(r"PASSWORD: |postgresql://[^@/]*:[^@]*@", everything)


def test_compose_waits_longer_than_a_graceful_stop_takes() -> None:
    assert (
        int(SERVICES["guard-1"]["stop_grace_period"].rstrip("s"))
        >= 2 * Settings.model_fields["stop_grace_seconds"].default + 10
    )


def test_the_settings_of_compose_load_and_fit_it() -> None:
    settings = load_settings(DEPLOY / "compose" / "guard-1.yaml")
    (listener,) = settings.listen
    balancer = (DEPLOY / "compose" / "haproxy.cfg").read_text()
    assert f"bind :{SERVICES['haproxy']['ports'][0].rpartition(':')[2]}" in balancer
    assert settings.metrics is not None and f"check port {settings.metrics.address.port}" in balancer
    address = SERVICES["haproxy"]["networks"]["mail"]["ipv4_address"]
    assert listener.proxy_from == (ipaddress.ip_network(address),) and "send-proxy-v2" in balancer
    subnet = COMPOSE["networks"]["mail"]["ipam"]["config"][0]["subnet"]
    assert listener.allow == (ipaddress.ip_network(subnet),)
    assert subnet in (DEPLOY / "smarthost.Dockerfile").read_text()
    assert settings.smarthost.address.host in SERVICES and settings.smarthost.address.port == 25
    assert settings.store == "postgresql://mailguard@postgresql/mailguard" and "postgresql" in SERVICES
    store = settings.store_settings()
    for path in (store.keys_folder(), store.witness_path()):
        assert path.is_relative_to("/var/lib/mailguard"), "nothing else is a volume"


def test_the_guards_differ_in_their_ledgers_alone_and_the_balancer_knows_them_all() -> None:
    texts = {name: (DEPLOY / "compose" / f"{name}.yaml").read_text() for name in GUARDS}
    assert len(GUARDS) == 3
    for name, text in texts.items():
        assert text.replace(f"ledger: {name}", "ledger: guard-1") == texts["guard-1"]
        assert f"ledger: {name}\n" in re.sub(" +#.*", "", text)
        assert f"./compose/{name}.yaml:/etc/mailguard/mailguard.yaml:ro" in SERVICES[name]["volumes"]
        assert f"{name}:/var/lib/mailguard" in SERVICES[name]["volumes"], "its own socket and witness"
        assert {key: value for key, value in SERVICES[name].items() if key != "volumes"} == {
            key: value for key, value in SERVICES["guard-1"].items() if key != "volumes"
        }
    servers = re.findall(r"^    server (\S+) (\S+)$", (DEPLOY / "compose" / "haproxy.cfg").read_text(), re.M)
    assert servers == [(name, f"{name}:2525") for name in GUARDS]


def test_a_real_haproxy_reads_the_balancers_configuration() -> None:
    haproxy = shutil.which("haproxy", path="/usr/sbin:/usr/bin")
    assert haproxy, "HAProxy is not installed; on Debian: apt-get install haproxy"
    command = [haproxy, "-c", "-f", str(DEPLOY / "compose" / "haproxy.cfg")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and "valid" in done.stdout + done.stderr, done.stderr
    warnings = [line for line in done.stderr.splitlines() if "WARNING" in line]
    assert all("could not resolve address 'guard-" in line for line in warnings), (
        "the guards are known in compose alone"
    )


def test_the_smarthost_takes_mail_from_nobody_else() -> None:
    text = (DEPLOY / "smarthost.Dockerfile").read_text()
    assert '"smtpd_relay_restrictions = permit_mynetworks, reject"' in text and "0.0.0.0/0" not in text


def test_a_real_postfix_knows_every_setting_of_the_smarthost(tmp_path: Path) -> None:
    """postconf warns of names that it does not know."""
    settings = re.findall(r'"([a-z_]+ =[^"]*)"', dict(last_stage("smarthost.Dockerfile"))["RUN"])
    assert len(settings) >= 10
    (tmp_path / "main.cf").write_text("compatibility_level = 3.6\n" + "\n".join(settings) + "\n")
    shutil.copy("/usr/share/postfix/master.cf.dist", tmp_path / "master.cf")
    postconf = shutil.which("postconf", path="/usr/sbin:/usr/bin")
    assert postconf, "Postfix is not installed; on Debian: apt-get install postfix"
    done = subprocess.run([postconf, "-c", str(tmp_path), "-n"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert {setting.partition(" =")[0] for setting in settings} <= set(re.findall(r"^(\w+) =", done.stdout, re.M))


@pytest.fixture(scope="module")
def asking() -> Iterator[Postgresql]:
    """A PostgreSQL that asks for the password, as the one of compose does."""
    server = Postgresql()
    try:
        server.execute("ALTER ROLE mailguard PASSWORD 'kept in a file'")
        database = server.new_database().rpartition("/")[2]
        server.execute(f"ALTER DATABASE {database} RENAME TO guarded")
        access = server.data / "pg_hba.conf"
        access.write_text("host guarded all 127.0.0.1/32 scram-sha-256\n" + access.read_text())
        server.execute("SELECT pg_reload_conf()")
        yield server
    finally:
        server.close()


@pytest.mark.parametrize(("mode", "problem"), [(0o600, False), (0o644, True)])
def test_the_password_of_the_database_comes_from_a_file(asking: Postgresql, mode: int, problem: bool) -> None:
    """PGPASSFILE, as in compose.yaml: found, and not used where others may read it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        secret = folder / "passfile"
        secret.write_text(f"127.0.0.1:{asking.port}:guarded:mailguard:kept in a file\n")
        secret.chmod(mode)
        settings = yaml.safe_load((DEPLOY / "compose" / "guard-1.yaml").read_text())
        settings["store"] = asking.url("guarded")
        settings |= {"keys": str(folder / "k.keys"), "witness": str(folder / "w"), "policies": str(ROOT / "policies")}
        (folder / "mailguard.yaml").write_text(yaml.safe_dump(settings))
        done = subprocess.run(
            [sys.executable, "-m", "mailguard", "-C", str(folder / "mailguard.yaml"), "data", "migrate"],
            capture_output=True,
            text=True,
            timeout=60,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PGPASSFILE": str(secret)},
        )
    assert (done.returncode != 0) is problem, done.stdout + done.stderr
    assert "kept in a file" not in done.stdout + done.stderr


def test_the_compose_file_keeps_the_compose_specification() -> None:
    """Its JSON schema, as the PyPI package check-jsonschema 0.39.0 carries it (vendor.compose-spec; Apache-2.0)."""
    schema = json.loads((ROOT / "tests" / "deploy" / "schema" / "compose-spec.json").read_text())
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert [error.message for error in validator.iter_errors(COMPOSE)] == []
    wrong = {**COMPOSE, "services": {**SERVICES, "guard-1": {**SERVICES["guard-1"], "readonly": True}}}
    assert not validator.is_valid(wrong), "the schema judges nothing"
