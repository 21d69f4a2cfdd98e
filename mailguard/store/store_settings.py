"""What the store wants to be told. config composes this with what the other parts declare."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from ..core.duration import Duration
from ..core.errors import SettingsError
from .object_settings import ObjectStoreSettings

if TYPE_CHECKING:
    from sqlalchemy.engine import URL


class RetentionSettings(BaseModel):
    """How long what is kept stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    held: Duration = Field(
        default=timedelta(days=30),
        ge=timedelta(0),
        description="How long a held message stays after it was decided. Default 30d; a number with s, m, h or d. "
        "Example: 14d. After that its text, its addresses and their key are removed; the ledger stays.",
    )
    evidence: Duration = Field(
        default=timedelta(days=400),
        ge=timedelta(0),
        description="How long the evidence records (addresses, subject, outcome by recipient) stay. Default 400d; a "
        "number with s, m, h or d. Example: 730d. After that nobody can say any more whom a message named.",
    )
    near_misses: Duration | None = Field(
        default=None,
        ge=timedelta(0),
        description="How long near misses stay in the register, from their last revision. Default: for "
        "good; a number with s, m, h or d. Example: 1095d. After that reports of that time count them no longer.",
    )
    false_positives: Duration | None = Field(
        default=None,
        ge=timedelta(0),
        description="How long false positives stay in the register, from their last revision. Default: for "
        "good; a number with s, m, h or d. Example: 1095d. After that they are gone with every revision.",
    )
    breaches: Duration | None = Field(
        default=None,
        ge=timedelta(0),
        description="How long closed breaches stay in the register, from their last revision. Default: for "
        "good; a number with s, m, h or d. Example: 1095d. After that no report or answer has them; open ones stay.",
    )
    embargo_breaches: Duration | None = Field(
        default=None,
        ge=timedelta(0),
        description="How long closed embargo breaches stay in the register, from their last revision. Default: for "
        "good; a number with s, m, h or d. Example: 1095d. After that no report has them; open ones stay.",
    )


class StoreSettings(BaseModel):
    """Where the store is and how it behaves."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(
        description="The database: sqlite:// and an absolute path (four slashes in all), or postgresql://. No default. "
        "Example: sqlite:////var/lib/mailguard/mailguard.db. Everything that the guard has taken on lives there.",
        repr=False,
    )
    keys: Path | None = Field(
        default=None,
        description="The folder of the keys. Default: beside a SQLite store (mailguard.keys); must be named for "
        "PostgreSQL. Example: /var/lib/mailguard/mailguard.keys. Without it nothing that is kept can be read again.",
    )
    witness: Path | None = Field(
        default=None,
        description="The witness file, best on another disk or machine. Default: beside the store "
        "(mailguard.witness). Example: /mnt/audit/mailguard.witness. It shows a ledger whose tail was cut off.",
    )
    ledger: str = Field(
        default="main",
        pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$",
        description="The name of this writer's ledger. Default main. Example: guard-1. Give each guard on one "
        "PostgreSQL a name of its own: those that share one wait for each other.",
    )
    retention: RetentionSettings = Field(
        default_factory=RetentionSettings,
        description="How long what is kept stays: held (default 30d), evidence (default 400d), and each kind of "
        "record of the register (default: for good). Example: {held: 14d, evidence: 730d, near_misses: 1095d}. "
        "`data purge` and the service remove what is older.",
    )
    object_store: ObjectStoreSettings | None = Field(
        default=None,
        description="The object store for the bodies of large held messages. Default: none, they lie in the database. "
        "Example: {url: s3://mailguard-held/elmroad, endpoint: https://s3.eu-west-2.amazonaws.com, region: eu-west-2}. "
        "See `object_store` of mailguard.yaml.",
    )
    timeout_seconds: float = Field(
        default=30.0,
        gt=0,
        le=600,
        description="How long a step may wait for the store, in seconds. Default 30. Example: 10. After that the "
        "message is deferred with 451.",
    )
    busy_timeout_seconds: float = Field(
        default=5.0,
        ge=0,
        le=60,
        description="How long SQLite waits for a lock that a foreign process holds, in seconds. Default 5. Example: 1. "
        "After that the message is deferred with 451.",
    )
    checkpoint_entries: int = Field(
        default=1000,
        ge=1,
        description="After how many entries the ledger is signed anew. Default 1000 entries. Example: 100. More "
        "signatures make the record stronger for outsiders and cost about 0.1 ms each.",
    )
    witness_max_bytes: int = Field(
        default=1024 * 1024,
        ge=4096,
        description="How large the witness file may grow before its older half is dropped, in bytes. Default 1048576. "
        "Example: 10485760. Fewer lines pin down less exactly where a tail was cut.",
    )
    connections: int = Field(
        default=4,
        ge=2,
        le=100,
        description="How many connections to PostgreSQL are kept. Default 4 connections. Example: 8. SQLite has one "
        "that writes and one that reads, whatever is set.",
    )

    @property
    def is_sqlite(self) -> bool:
        return self.parsed_url().get_backend_name() == "sqlite"

    def parsed_url(self) -> URL:
        """SettingsError for what is no database of ours. The text never quotes the URL: it may hold a password."""
        # Here, because every command of the shell imports this module, and few of them open a store.
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError

        try:
            url = make_url(self.url)
        except ArgumentError:
            raise SettingsError("store: this is no URL; write sqlite:////path or postgresql://...") from None
        if url.drivername not in {"sqlite", "postgresql", "postgresql+asyncpg"}:
            raise SettingsError("store: only sqlite:////path and postgresql://... are known")
        return url

    def sqlite_path(self) -> Path:
        """SettingsError where the path is not absolute."""
        path = self.parsed_url().database
        if not path or not path.startswith("/"):
            raise SettingsError("store: the path of a SQLite store is absolute, with four slashes: sqlite:////path")
        return Path(path)

    def keys_folder(self) -> Path:
        if self.keys is not None:
            return self.keys
        if not self.is_sqlite:
            raise SettingsError("keys: name the folder of the keys, a PostgreSQL store has none beside it")
        return self.sqlite_path().with_suffix(".keys")

    def witness_path(self) -> Path:
        if self.witness is not None:
            return self.witness
        beside = self.sqlite_path() if self.is_sqlite else self.keys_folder()
        return beside.with_suffix(".witness")

    def lock_path(self) -> Path:
        """Of a SQLite store: the file whose lock its owner holds."""
        return self.sqlite_path().with_suffix(".lock")
