"""The store's fixtures: every contract test runs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.peers.postgresql import Postgresql
from tests.peers.seaweedfs import Seaweedfs


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    cluster = Postgresql()
    yield cluster
    cluster.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def settings(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[StoreSettings]:
    """Settings of a new, empty store on either engine."""
    if engine_name == "sqlite":
        yield StoreSettings(url=f"sqlite:///{tmp_path}/mailguard.db")
        return
    cluster = request.getfixturevalue("postgresql")
    url = cluster.new_database()
    yield StoreSettings(url=url, keys=tmp_path / "mailguard.keys")
    cluster.drop_database(url)


@pytest.fixture
async def store(settings: StoreSettings) -> AsyncIterator[Store]:
    opened = await Store.open(settings)
    yield opened
    await opened.close()


@pytest.fixture
def sqlite_settings(tmp_path: Path) -> StoreSettings:
    return StoreSettings(url=f"sqlite:///{tmp_path}/mailguard.db")


@pytest.fixture
async def sqlite_store(sqlite_settings: StoreSettings) -> AsyncIterator[Store]:
    opened = await Store.open(sqlite_settings)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def seaweedfs() -> Iterator[Seaweedfs]:
    server = Seaweedfs()
    yield server
    server.close()
