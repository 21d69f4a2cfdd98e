"""Making and changing the schema.

Contract: a new, empty database gets the schema and the keys in one transaction; an older one is changed only when asked
(`data migrate`). A start on anything else is a SettingsError that says what to do.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, inspect, select, text

from mailguard.logs import logger

from ..core.errors import SettingsError, StoreUnavailable
from . import schema
from .chain import Head, genesis, head_mac, insert_rows
from .keys import Keyring, ensure_keys, load_keys
from .lock import OwnerLock
from .sqlite_engine import make_file, reading_engine, writing_engine
from .store_settings import StoreSettings

T = TypeVar("T")
log = logger("store")
_ADVISORY_LOCK = 7_241_533_011
"""Two guards that start on one new PostgreSQL make its schema one after the other."""


async def on_database(settings: StoreSettings, work: Callable[[Connection], T], *, reads: bool = False) -> T:
    """Run work in one transaction on a connection of its own, before (or without) an engine. StoreUnavailable.

    reads: that it only reads, so that a SQLite store may belong to another process.
    """
    try:
        if settings.is_sqlite:
            return _on_sqlite_reading(settings, work) if reads else _on_sqlite(settings, work)
        return await _on_postgresql(settings, work)
    except (SettingsError, StoreUnavailable):
        raise
    except Exception as error:
        raise StoreUnavailable(f"the store cannot be opened ({type(error).__name__})") from error


def _on_sqlite(settings: StoreSettings, work: Callable[[Connection], T]) -> T:
    path = settings.sqlite_path()
    make_file(path)
    with writing_engine(path, settings.busy_timeout_seconds).connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        value = work(connection)
        connection.exec_driver_sql("COMMIT")
    return value


def _on_sqlite_reading(settings: StoreSettings, work: Callable[[Connection], T]) -> T:
    with reading_engine(settings.sqlite_path(), settings.busy_timeout_seconds).connect() as connection:
        return work(connection)


async def _on_postgresql(settings: StoreSettings, work: Callable[[Connection], T]) -> T:
    # Only here: it brings SQLAlchemy's asynchronous half along, which a start on SQLite need not wait for.
    from .postgresql_engine import asynchronous_engine

    engine = asynchronous_engine(settings)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


def prepare_database(connection: Connection, settings: StoreSettings, *, create: bool) -> Keyring:
    """Make sure that this code can work on the database, and read the keys. SettingsError."""
    found = revision(connection)
    if found is None:
        if not create:
            raise SettingsError("store: there is no mailguard store there yet; `mailguard serve` makes one")
        keyring = ensure_keys(settings.keys_folder())
        upgrade(connection)
        log.info("store_created", revision=schema.HEAD)
    else:
        _refuse_other_revision(connection, found)
        keyring = load_keys(settings.keys_folder())
    check_keys(connection, keyring, settings.keys_folder())
    ensure_ledger(connection, keyring, settings.ledger)
    return keyring


def _refuse_other_revision(connection: Connection, found: str) -> None:
    """SettingsError for an older schema, and for a newer one that does not say that this code may work on it."""
    if found == schema.HEAD:
        return
    if found < schema.HEAD or not is_compatible(connection, found):
        raise SettingsError(_other_revision(found))
    log.warning("store_schema_newer", revision=found, known=schema.HEAD)


def is_compatible(connection: Connection, found: str) -> bool:
    """Whether a newer schema says that the code of this one may work on it, as while nodes are upgraded in turn.

    Only what says so is: a migration that adds no line about itself, or was made before there were any, does not.
    """
    if "compatible" not in inspect(connection).get_table_names():
        return False
    table = schema.compatible
    oldest = connection.execute(select(table.c.oldest).where(table.c.revision == found)).scalar_one_or_none()
    return oldest is not None and oldest <= schema.HEAD


def _other_revision(found: str) -> str:
    if found > schema.HEAD:
        return f'store: its schema ("{found}") is newer than "{schema.HEAD}"; install a newer mailguard'
    return f'store: its schema ("{found}") is older than "{schema.HEAD}"; back it up, then run `mailguard data migrate`'


def revision(connection: Connection) -> str | None:
    """The revision of the schema, None for an empty database. SettingsError for a database of something else."""
    names = set(inspect(connection).get_table_names())
    if "alembic_version" in names:
        found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one_or_none()
        return found
    if names & set(schema.metadata.tables):
        raise SettingsError("store: the database holds other tables of the same names; give mailguard one of its own")
    return None


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run the migrations that are missing, up to a revision, inside the transaction of the caller."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def refuse_other(connection: Connection, keyring: Keyring, settings: StoreSettings) -> None:
    """SettingsError where a start of this version would fail on a store of another schema or without its keys."""
    found = revision(connection)
    if found is not None:
        _refuse_other_revision(connection, found)
    _refuse_missing(connection, keyring, settings.keys_folder())


def check_keys(connection: Connection, keyring: Keyring, folder: Path) -> None:
    """SettingsError where the store was written under a key that the folder lacks. New keys are noted."""
    new = set(keyring.identifiers()) - _refuse_missing(connection, keyring, folder)
    rows = [
        (purpose, identifier, keyring.public_key(identifier) if purpose == "signing" else None)
        for purpose, identifier in sorted(new)
    ]
    insert_rows(connection, schema.keys, rows)


def _refuse_missing(connection: Connection, keyring: Keyring, folder: Path) -> set[tuple[str, str]]:
    """The keys that the store was written under."""
    table = schema.keys
    noted = {(row.purpose, row.identifier) for row in connection.execute(select(table.c.purpose, table.c.identifier))}
    if missing := noted - set(keyring.identifiers()):
        purposes = ", ".join(sorted({purpose for purpose, _ in missing}))
        raise SettingsError(
            f'keys: the store was written under keys ({purposes}) that "{folder}" does not have; restore the folder'
        )
    return noted


def ensure_ledger(connection: Connection, keyring: Keyring, ledger: str) -> None:
    """The row that says where the ledger of this writer ends. A ledger with entries that lost it is not mended here."""
    for table in (schema.ledgers, schema.entries):
        if connection.execute(select(table.c.ledger).where(table.c.ledger == ledger).limit(1)).first() is not None:
            return
    head = Head(0, genesis(ledger), 0, 0)
    mac = head_mac(keyring.active("ledger").octets, ledger, head)
    insert_rows(connection, schema.ledgers, [(ledger, 0, head.hash, 0, 0, mac)])


async def migrate(
    settings: StoreSettings, announce: Callable[[str, str], None] = lambda before, after: None
) -> tuple[str | None, str]:
    """Bring the schema up to date; on an empty database make it, with the keys. The revisions before and after.

    announce: called with the two revisions before an older schema is changed. All of it happens in one transaction:
    what fails, or is cut off, leaves the store as it was. StoreOwned while a service runs, SettingsError,
    StoreUnavailable.
    """

    def work(connection: Connection) -> tuple[str | None, str]:
        before = revision(connection)
        if before is not None and before > schema.HEAD:
            raise SettingsError(_other_revision(before))
        keyring = ensure_keys(settings.keys_folder()) if before is None else load_keys(settings.keys_folder())
        if before is not None and before < schema.HEAD:
            announce(before, schema.HEAD)
        upgrade(connection)
        check_keys(connection, keyring, settings.keys_folder())
        ensure_ledger(connection, keyring, settings.ledger)
        return before, schema.HEAD

    lock = take_lock(settings)
    try:
        return await on_database(settings, work)
    finally:
        if lock is not None:
            lock.release()


def take_lock(settings: StoreSettings) -> OwnerLock | None:
    """Own a SQLite store; PostgreSQL is shared. StoreOwned, StoreUnavailable."""
    if not settings.is_sqlite:
        return None
    try:
        settings.sqlite_path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable("the folder of the store cannot be made") from error
    return OwnerLock.take(settings.lock_path())
