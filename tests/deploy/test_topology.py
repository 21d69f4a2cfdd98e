"""deploy/compose.yaml without a container daemon: its services as processes on loopback, in the order that it asks for.

Of each service its own files, command, environment and volumes are taken; only addresses, paths inside a container and
the image are replaced by what is here: PostgreSQL 15 that asks for the password, Postfix, HAProxy, this mailguard.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.test_containers import DEPLOY, GUARDS, ROOT, SERVICES
from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import eventually
from tests.peers.haproxy import balancer
from tests.peers.postfix import Postfix
from tests.peers.postgresql import Postgresql
from tests.ports import free_port

PASSWORD = "kept in a file"
INSIDE = re.compile(r"(?<![\w./-])(/var/lib/mailguard|/etc/mailguard|/keys|/run/secrets)(?=[/\s:]|$)")


@dataclass
class Composed:
    """The services that run. ports: of each guard, for mail and for /readyz. volumes: where each named one lies."""

    folder: Path
    database: Postgresql
    smarthost: Postfix
    ports: dict[str, tuple[int, int]]
    house: contextlib.ExitStack
    balancer: int = 0
    done: list[str] = field(default_factory=list)
    guards: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """After everything that it depends on."""
        for other in SERVICES[name].get("depends_on", ()):
            if other not in self.done:
                self.start(other)
        if name in GUARDS:
            self._guard(name)
        elif name == "prepare":
            ended = self.run(name, *SERVICES[name]["command"])
            assert ended.returncode == 0, ended.stderr
        elif name == "haproxy":
            (mounted,) = SERVICES[name]["volumes"]
            servers = [self.ports[each] for each in GUARDS]
            configuration = (DEPLOY / mounted.partition(":")[0]).resolve()
            self.balancer = self.house.enter_context(balancer(servers, self.folder, configuration))
        else:
            assert name in ("postgresql", "smarthost"), f"{name} is not started here"
        self.done.append(name)

    def run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A `mailguard` command in a service."""
        places = self._places(name)
        command = [sys.executable, "-m", "mailguard", "-C", f"{places['/etc/mailguard']}/mailguard.yaml", *arguments]
        environment = self._environment(name, places)
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)

    def rows(self, name: str, *arguments: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run(name, *arguments, "--json").stdout.splitlines() if line.strip()]

    def _guard(self, name: str) -> None:
        places = self._places(name)
        serve = f"{sys.executable} -m mailguard -C {places['/etc/mailguard']}/mailguard.yaml serve"
        shell, option, text = SERVICES[name]["entrypoint"]
        assert text.endswith("exec mailguard serve")
        text = INSIDE.sub(lambda found: places[found[1]], text).replace("exec mailguard serve", f"exec {serve}")
        log = self.folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [shell, option, text], env=self._environment(name, places), stdout=output, stderr=output
            )
        self.guards[name] = process
        self.house.callback(end, process)

        def started() -> bool:
            assert process.poll() is None, log.read_text()
            return '"service_started"' in log.read_text()

        eventually(started, 120, f"{name} has started")

    def _places(self, name: str) -> dict[str, str]:
        """What each path inside the service is here: its volumes, and the files that are mounted into it."""
        settings = self.folder / f"{name}.etc"
        (settings / "policies").mkdir(parents=True, exist_ok=True)
        places = {"/etc/mailguard": str(settings), "/run/secrets": str(self.folder / "secrets")}
        for volume in SERVICES[name]["volumes"]:
            source, inside = volume.split(":")[:2]
            if not source.startswith("."):
                place = self.folder / "volumes" / source
                place.mkdir(parents=True, exist_ok=True)
                places[inside] = str(place)
        for volume in SERVICES[name]["volumes"]:
            source, inside = volume.split(":")[:2]
            if source.startswith("."):
                text = (DEPLOY / source).resolve().read_text()
                if inside.endswith("mailguard.yaml"):
                    text = self._here(name if name in GUARDS else "guard-1", INSIDE.sub(lambda it: places[it[1]], text))
                Path(INSIDE.sub(lambda it: places[it[1]], inside)).write_text(text)
        return places

    def _here(self, guard: str, text: str) -> str:
        """A settings file with the addresses of compose's networks replaced; each stands in it as it is replaced."""
        mail, checked = self.ports[guard]
        network = SERVICES["haproxy"]["networks"]["mail"]["ipv4_address"]
        replaced = {
            '"0.0.0.0:2525"': f'"127.0.0.1:{mail}"',
            '"0.0.0.0:9109"': f'"127.0.0.1:{checked}"',
            "[172.30.25.0/24]": "[127.0.0.0/8]",
            f"[{network}/32]": "[127.0.0.1/32]",
            '"smarthost:25"': f'"127.0.0.1:{self.smarthost.port}"',
            "mailguard@postgresql/mailguard": f"mailguard@127.0.0.1:{self.database.port}/mailguard",
        }
        for there, here in replaced.items():
            assert text.count(there) == 1, f"{there} stands not once in the settings of {guard}"
            text = text.replace(there, here)
        return text

    def _environment(self, name: str, places: Mapping[str, str]) -> dict[str, str]:
        told = {
            key: INSIDE.sub(lambda it: places[it[1]], value) for key, value in SERVICES[name]["environment"].items()
        }
        return {**os.environ, **told, "PYTHONPATH": str(ROOT)}


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(60)


def taken(composed: Composed, raw: bytes, recipient: str) -> bool:
    """Whether the balancer had a guard that took it: until it notices, it sends to one that is gone."""
    try:
        return submit(composed.balancer, raw, [recipient])[0] == 250
    except OSError:
        return False


def known_to(composed: Composed, guard: str) -> set[str]:
    (status,) = composed.rows(guard, "status")
    assert status["nodes_problem"] is None
    return {each["node"] for each in status["nodes"]}


def came_to(composed: Composed) -> Counter[str]:
    return Counter(address.decode() for each in composed.smarthost.messages for address in each.recipients)


@pytest.fixture
def composed(tmp_path: Path) -> Iterator[Composed]:
    with contextlib.ExitStack() as house:
        database = Postgresql()
        house.callback(database.close)
        settings = SERVICES["postgresql"]["environment"]
        database.execute(f"ALTER ROLE {settings['POSTGRES_USER']} PASSWORD '{PASSWORD}'")
        database.execute(f"CREATE DATABASE {settings['POSTGRES_DB']}")
        access = database.data / "pg_hba.conf"
        access.write_text(f"host {settings['POSTGRES_DB']} all 127.0.0.1/32 scram-sha-256\n" + access.read_text())
        database.execute("SELECT pg_reload_conf()")
        secrets = tmp_path / "secrets"
        secrets.mkdir()
        passfile = secrets / "postgresql_passfile"
        passfile.write_text(f"127.0.0.1:{database.port}:{settings['POSTGRES_DB']}:mailguard:{PASSWORD}\n")
        passfile.chmod(0o600)
        smarthost = house.enter_context(Postfix())
        ports = {name: (free_port(), free_port()) for name in GUARDS}
        yield Composed(tmp_path, database, smarthost, ports, house)


def test_the_services_of_compose_start_in_their_order_and_pass_mail(composed: Composed) -> None:
    composed.start("haproxy")
    assert set(composed.done) == set(SERVICES), "every service runs, each after what it depends on"
    assert composed.done.index("prepare") < min(composed.done.index(each) for each in GUARDS)
    keys = composed.folder / "volumes" / "keys" / "mailguard.keys"
    for name in GUARDS:
        copied = composed.folder / "volumes" / name / "mailguard.keys"
        assert {each.name for each in copied.glob("*.key")} == {each.name for each in keys.glob("*.key")}
        assert copied.stat().st_mode & 0o777 == 0o700

    # Through the balancer to a guard, from that to Postfix, from that to the recipient.
    for number in range(6):
        assert submit(composed.balancer, message(number=number), [f"one{number}@council.example"])[0] == 250
    composed.smarthost.wait_for_recipients(6)
    code, said = submit(composed.balancer, message(people(20), number=7), people(20))
    assert code == 250 and "Held for checking" in said, said
    ref = said.rpartition(" ")[2]
    eventually(lambda: known_to(composed, "guard-2") == set(GUARDS), what="each knows of the others")

    # One is gone: what it held is another one's to release, and mail goes on.
    composed.guards["guard-1"].send_signal(signal.SIGTERM)
    assert composed.guards["guard-1"].wait(60) == 0
    released = composed.run("guard-3", "held", "release", ref, "--as", "separate", "--reason", "They know of it")
    assert released.returncode == 0, released.stdout + released.stderr
    eventually(lambda: taken(composed, message(number=8), "after@council.example"), what="the balancer knows of it")
    eventually(lambda: came_to(composed) >= Counter([*people(20), "after@council.example"]), what="all of it arrived")
    assert max(came_to(composed)[each] for each in people(20)) == 1, "and each copy once"
    for name in ("guard-2", "guard-3"):
        verified = composed.run(name, "audit", "verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr
    everything = "".join((composed.folder / f"{name}.log").read_text() for name in GUARDS)
    assert PASSWORD not in everything and "@council.example" not in everything
