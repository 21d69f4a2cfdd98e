"""Large held messages in a real S3 server, through the service: held, deferred while it is away, sent unchanged."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.nodes import node, status
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.peers.postgresql import Postgresql
from tests.peers.seaweedfs import Seaweedfs

LARGE = 200_000
LINE = "The list of all appointments of the clinic, once more.\r\n"
TEN = people(10)
HOLDS = """version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside the organisation would see each other's addresses.
    when: {visible_external_recipients: {at_least: 10}}
    action: hold
    rewrite: separate
"""


@pytest.fixture(scope="module")
def seaweedfs() -> Iterator[Seaweedfs]:
    server = Seaweedfs()
    yield server
    server.close()


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Postgresql]:
    cluster = Postgresql()
    yield cluster
    cluster.close()


def large(number: int = 1) -> bytes:
    return message(TEN, body=LINE * (LARGE // 20), number=number)


def set_to(server: Seaweedfs, **changes: Any) -> dict[str, Any]:
    found = server.settings(larger_than_bytes=LARGE, **changes)
    return json.loads(found.model_dump_json(exclude_none=True))


def health(service: Service) -> tuple[int, dict[str, Any]]:
    address = status(service)["metrics"]
    try:
        with urllib.request.urlopen(f"http://{address}/health", timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def metrics(service: Service) -> str:
    address = status(service)["metrics"]
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=60) as answer:
        return answer.read().decode()


def findings(service: Service) -> list[dict[str, Any]]:
    return [json.loads(line) for line in service.run("check", "--json", check=False).stdout.splitlines()]


def sent(sink: Sink, number: int = 1) -> list[bytes]:
    """What has left of the message of this number; notices about it have other names."""
    return [each.content for each in sink.taken if f"Message-ID: <{number}@elmroad.example>".encode() in each.content]


def held(reply: tuple[int, str]) -> str:
    code, text = reply
    assert code == 250, text
    return text.partition("Held for checking, ref ")[2]


def test_a_large_message_is_held_there_deferred_while_it_is_away_and_sent_as_it_came(
    seaweedfs: Seaweedfs, sink: Sink, tmp_path: Path
) -> None:
    chosen = set_to(seaweedfs, timeout_seconds=4)  # each question to the frozen one takes so long
    with Service(tmp_path, sink.port, HOLDS, object_store=chosen, metrics={"address": "127.0.0.1:0"}) as service:
        raw = large()
        reference = held(submit(service.port, raw, TEN))
        assert service.rows("data", "objects") == [{"set": True, "originals": 1, "faults": []}]
        assert health(service)[0] == 200
        assert 'mailguard_object_requests_total{result="ok",what="put"}' in metrics(service)
        with seaweedfs.frozen():
            code, text = submit(service.port, large(2), TEN)
            assert (code, text[:5]) == (451, "4.3.0"), "what cannot be kept is not taken on"
            found, said = health(service)
            assert found == 503 and "object store" in said["object_store_problem"]
            assert said["ready"] is True, "small mail is taken all the same"
            assert "mailguard_object_store_failing 1.0" in metrics(service)
            small = held(submit(service.port, message(TEN, number=3), TEN))
            refused = service.run(
                *("held", "release", reference, "--as", "original", "--reason", "All of them agreed."), check=False
            )
            assert refused.returncode == 3 and "object store" in refused.stderr
            service.run("held", "release", small, "--as", "original", "--reason", "All of them agreed.")
            eventually(lambda: sent(sink, 3), what="the small one leaves")
            assert not sent(sink)
        service.run("held", "release", reference, "--as", "original", "--reason", "All of them agreed.")
        (taken,) = eventually(lambda: sent(sink), what="it leaves afterwards")
        assert taken.endswith(raw), "every byte below our Received field"
        held(submit(service.port, large(4), TEN))
        eventually(lambda: health(service)[0] == 200, 90, "health says that it is well again")
        events = {each["event"] for each in service.events()}
        assert {"object_store_failed", "object_store_back"} <= events


def test_what_was_taken_away_there_is_named_and_never_sent(seaweedfs: Seaweedfs, sink: Sink, tmp_path: Path) -> None:
    from obstore.store import S3Store

    chosen = set_to(seaweedfs)
    with Service(tmp_path, sink.port, HOLDS, object_store=chosen) as service:
        reference = held(submit(service.port, large(), TEN))
        store = S3Store.from_url(
            chosen["url"],
            endpoint=chosen["endpoint"],
            region="us-east-1",
            access_key_id=(seaweedfs.folder / "access").read_text().strip(),
            secret_access_key=(seaweedfs.folder / "secret").read_text().strip(),
            client_options={"allow_http": True},
        )
        (there,) = [each["path"] for each in store.list().collect() if "probe" not in each["path"]]
        store.delete(there)
        done = service.run("data", "objects", check=False)
        assert done.returncode == 1 and reference in done.stdout and "missing" in done.stdout
        done = service.run(
            "held", "release", reference, "--as", "original", "--reason", "All of them agreed.", check=False
        )
        assert done.returncode == 3 and "missing in the object store" in done.stderr
        assert not sent(sink)


def test_a_backup_says_what_is_not_in_it_and_a_store_put_back_finds_it(
    seaweedfs: Seaweedfs, sink: Sink, tmp_path: Path
) -> None:
    chosen = set_to(seaweedfs)
    with Service(tmp_path, sink.port, HOLDS, object_store=chosen) as service:
        reference = held(submit(service.port, large(), TEN))
        made = service.run("data", "backup", str(tmp_path / "backup"), "--keys", str(tmp_path / "saved"))
        assert "1 large messages lie in the object store" in made.stderr
        assert json.loads((tmp_path / "backup" / "manifest.json").read_text())["originals_in_object_store"] == 1
        service.stop()
        (tmp_path / "store").rename(tmp_path / "lost")
        (tmp_path / "store").mkdir()
        back = service.run("data", "restore", str(tmp_path / "backup"), "--keys", str(tmp_path / "saved"))
        assert "`mailguard data objects`" in back.stderr
        assert service.rows("data", "objects")[0] == {"set": True, "originals": 1, "faults": []}
        service.start()
        service.run("held", "release", reference, "--as", "original", "--reason", "All of them agreed.")
        eventually(lambda: sent(sink), what="what was put back can be sent")


def test_a_store_that_is_copied_into_postgresql_finds_what_lies_there(
    seaweedfs: Seaweedfs, postgresql: Postgresql, sink: Sink, tmp_path: Path
) -> None:
    chosen = set_to(seaweedfs)
    with Service(tmp_path, sink.port, HOLDS, object_store=chosen) as service:
        reference = held(submit(service.port, large(), TEN))
        service.stop()
    values = yaml.safe_load(service.settings_file.read_text())
    values |= {"store": postgresql.new_database(), "keys": str(tmp_path / "store" / "mailguard.keys")}
    other = tmp_path / "shared.yaml"
    other.write_text(yaml.safe_dump(values | {"object_store": chosen | {"url": "s3://held/elsewhere"}}))
    refused = service.run("data", "copy", str(other), check=False)
    assert refused.returncode == 2 and "bject_store" in refused.stderr
    other.write_text(yaml.safe_dump(values))
    service.run("data", "copy", str(other))
    service.settings_file = other
    with service:
        service.run("held", "release", reference, "--as", "original", "--reason", "All of them agreed.")
        eventually(lambda: sent(sink), what="what was copied can be sent")


def test_any_of_two_guards_sends_what_the_other_has_held(
    seaweedfs: Seaweedfs, postgresql: Postgresql, sink: Sink, tmp_path: Path
) -> None:
    url, chosen = postgresql.new_database(), set_to(seaweedfs)
    with (
        node(tmp_path, "one", url, sink.port, HOLDS, object_store=chosen) as one,
        node(tmp_path, "two", url, sink.port, HOLDS, object_store=chosen) as two,
    ):
        raw = large()
        reference = held(submit(one.port, raw, TEN))
        one.kill()
        two.run("held", "release", reference, "--as", "original", "--reason", "All of them agreed.")
        (taken,) = eventually(lambda: sent(sink), what="the other one sends it")
        assert taken.endswith(raw)


def test_check_proves_the_object_store(seaweedfs: Seaweedfs, sink: Sink, tmp_path: Path) -> None:
    service = Service(tmp_path, sink.port, HOLDS, object_store=set_to(seaweedfs))
    found = {each["part"]: each for each in findings(service)}
    assert found["object store"]["ok"] is True
    wrong = tmp_path / "wrong"
    wrong.write_text("not-the-key\n")
    service = Service(tmp_path, sink.port, HOLDS, object_store=set_to(seaweedfs, secret_key_file=wrong))
    found = {each["part"]: each for each in findings(service)}
    assert found["object store"]["ok"] is False and "deferred" in found["object store"]["sentence"]
