"""An older schema (docs/operating.md "Upgrading"): this service on a store that an older one made, on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.mailing import message, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.peers.postgresql import Postgresql
from tests.store.older.make import RULES, SETTINGS, delivered
from tests.store.older.stores import Older, copy_to_postgresql, unpack


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Postgresql]:
    cluster = Postgresql()
    yield cluster
    cluster.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Older:
    if request.param == "sqlite":
        return unpack(tmp_path / "store")
    cluster: Postgresql = request.getfixturevalue("postgresql")
    return asyncio.run(copy_to_postgresql(cluster.new_database(), tmp_path / "store"))


def service_on(older: Older, folder: Path, sink: Sink) -> Service:
    keys, witness = older.settings.keys_folder(), older.settings.witness_path()
    named: dict[str, Any] = {"store": older.settings.url, "keys": str(keys), "witness": str(witness)}
    return Service(folder, sink.port, RULES, **SETTINGS, **named)


def test_an_older_store_is_refused_upgraded_and_then_sends_everything_once(older: Older, tmp_path: Path) -> None:
    expected = older.expected
    with Sink() as sink:
        service = service_on(older, tmp_path, sink)
        with pytest.raises(AssertionError, match=r"is older than .*back it up, then run `mailguard data migrate`"):
            service.start()
        checked = service.run("check", check=False)
        assert checked.returncode == 1 and "data migrate" in checked.stdout
        assert service.run("held", "list", check=False).returncode == 2

        migrated = service.run("data", "migrate")
        assert "Back the store up first" in migrated.stderr and '"0001" to "0013"' in migrated.stderr
        assert migrated.stdout == "The store has the schema of this version now.\n"
        again = service.run("data", "migrate")
        assert (again.stdout, again.stderr) == ("The store is up to date.\n", "")
        assert service.run("audit", "verify").returncode == 0

        with service:
            for row in service.rows("outbox", "list"):
                # What is due already may have left meanwhile: then the outbox has nothing of it any more.
                assert service.run("outbox", "retry", row["ref"], check=False).returncode in (0, 2)
            released = service.run("held", "release", expected["held"], "--as", "separate", "--reason", "they asked")
            assert released.returncode == 0
            wanted = [(to, number) for to, number in expected["waiting"]]
            wanted += [(to, "<2@elmroad.example>") for to in expected["recipients"]]
            eventually(lambda: len(delivered(sink)) >= len(wanted), 120)
            eventually(lambda: service.rows("outbox", "list") == [], 120)
            states = {row["ref"]: row["state"] for row in service.rows("held", "list")}
            assert [states[expected[each]] for each in ("held", "releasing", "rejected")] == [
                "released",
                "released",
                "rejected",
            ]
            assert submit(service.port, message(number=9), ["new@council.example"])[0] == 250
            service.run("user", "add", "reception@elmroad.example", "--generate")
            assert [row["name"] for row in service.rows("user", "list")] == ["reception@elmroad.example"]
            assert service.stop() == 0
        assert delivered(sink) == sorted([*wanted, ("new@council.example", "<9@elmroad.example>")])
        assert not {tuple(each) for each in expected["delivered"]} & set(delivered(sink)), "sent twice"
        assert service.run("audit", "verify").returncode == 0
