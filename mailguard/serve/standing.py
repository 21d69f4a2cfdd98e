"""Gauges of how things stand: read when somebody scrapes, in the scraper's thread, so that they are true even while the
event loop or the store does not answer.

Promises: a source that fails leaves its gauges out and nothing else; who alarms asks for `absent`. Label values are
from the settings, a fixed set, or the revision in force: their number is bounded, and none is anybody's address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ..logs import logger

log = logger("serve")

Reading = tuple[str, tuple[str, ...], float]
"""The name of a gauge, without "mailguard_", the values of its labels, its value."""
Source = Callable[[], Iterable[Reading]]

GAUGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "build_info": ("Always 1; the version that runs.", ("version",)),
    "policy_info": ("Always 1; the revision of the policy in force. Missing while there is none.", ("revision",)),
    "policy_loaded_timestamp_seconds": ("Since when the policy in force is, in seconds since 1970.", ()),
    "policy_broken": ("1 while the policy files cannot be loaded.", ()),
    "nodes": ("Guards that run on this store, this one too, as of the last beat of ten seconds.", ()),
    "nodes_missing": ("Guards that ended without a word within a day and whose ledger nobody writes now.", ()),
    "nodes_other_policy": ("Guards on this store that judge by another revision of the policy than this one.", ()),
    "clock_ahead_seconds": (
        "By how much this guard's clock is ahead of the database's; above 10 either way it takes nothing out of the "
        "outbox. 0 on SQLite.",
        (),
    ),
    "client_connections": ("Open client connections.", ()),
    "client_connections_limit": ("How many may be open (limits.connections).", ()),
    "listener_connections": ("Open client connections, by listener.", ("listener",)),
    "certificate_expires_timestamp_seconds": (
        "When the certificate that a listener shows ends, in seconds since 1970.",
        ("listener",),
    ),
    "certificate_broken": ("1 while a newer certificate lies there and cannot be used.", ("listener",)),
    "smarthost_up": ("0 while the last attempt to connect to this smarthost failed, else 1.", ("smarthost",)),
    "smarthost_connections": (
        "Connections to a smarthost: busy with a message, idle, or bound to a session that signed in there.",
        ("smarthost", "state"),
    ),
    "smarthost_connections_limit": ("How many may be busy or idle (smarthost.connections).", ("smarthost",)),
    "smarthosts_in_trouble": (
        "Smarthosts to which the last attempt to connect failed; with several, mail may go on by the others.",
        (),
    ),
    "inspection_workers": ("Processes that read attachments: busy or idle.", ("state",)),
    "inspection_waiting_parts": ("Attachments that wait for a process to read them.", ()),
    "inspection_broken": ("1 while no process that reads attachments can be started.", ()),
    "disk_free_bytes": ("Free room for the guard on the disk of its store, witness, spool or log.", ("place",)),
    "disk_size_bytes": ("Size of that disk.", ("place",)),
    "store_waiting_writes": ("Writes that the store has not answered yet.", ()),
    "store_oldest_write_seconds": (
        "Ledger lag: how long the oldest write waits for the store's writer now, in seconds; 0 where none waits.",
        (),
    ),
    "ledger_witness_timestamp_seconds": (
        "When the ledger's witness was last written, in seconds since 1970; missing if not since the start.",
        (),
    ),
    "witness_failing": ("1 while the ledger's witness cannot be written.", ()),
    "ledger_broken": (
        "1 while the ledger is known not to be what was written: its end was changed or cut, or the last "
        "`mailguard audit verify` since the start said so.",
        (),
    ),
    "ledger_verified_timestamp_seconds": (
        "When `mailguard audit verify` or the console last checked the ledger, in seconds since 1970; missing if not "
        "since the start.",
        (),
    ),
    "object_store_failing": (
        "1 while the last request to the object store failed: large messages that would be held are deferred. Missing "
        "where none is set.",
        (),
    ),
    "event_loop_late_seconds": ("For how long the event loop has not answered now, in seconds.", ()),
    "store_read_timestamp_seconds": (
        "When the gauges of messages, outbox and ledger were last read from the store, in seconds since 1970.",
        (),
    ),
    "held_messages": ("Held messages that wait for a decision.", ()),
    "held_state_messages": (
        "Messages in the quarantine by state, ended ones until they are purged.",
        ("state",),
    ),
    "held_oldest_seconds": ("Age of the oldest held message that waits for a decision, in seconds; 0: none.", ()),
    "held_overdue_messages": ("Undecided messages past their deadline.", ()),
    "held_next_due_timestamp_seconds": (
        "The next deadline of a message that a person has to decide, in seconds since 1970; missing where none waits.",
        (),
    ),
    "outbox_rows": ("Rows of the outbox that are not done.", ()),
    "outbox_state_rows": (
        "Rows of the outbox that are not done: new (never tried), deferred (to be tried again), sending.",
        ("state",),
    ),
    "outbox_oldest_seconds": ("Age of the oldest row of the outbox, in seconds.", ()),
    "outbox_overdue_seconds": (
        "For how long the first row of the outbox that is due waits for its turn, in seconds; 0: none.",
        (),
    ),
    "ledger_entries": ("Entries of this guard's ledger.", ()),
    "ledger_unsigned_entries": ("Entries since the last signed checkpoint of the ledger.", ()),
    "ledger_checkpoint_timestamp_seconds": (
        "The time of the last entry that a signed checkpoint covers, in seconds since 1970; missing before the first.",
        (),
    ),
}


class Standing(Collector):
    """Sources are added while the service starts; each yields readings of gauges named in GAUGES."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._sources: list[Source] = []
        registry.register(self)

    def add(self, source: Source) -> None:
        self._sources.append(source)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        families = {
            name: GaugeMetricFamily(f"mailguard_{name}", text, labels=labels) for name, (text, labels) in GAUGES.items()
        }
        for source in self._sources:
            try:
                for name, labels, value in source():
                    families[name].add_metric(labels, value)
            except Exception as cause:
                log.warning("gauges_not_read", source=source.__name__, cause=cause)
        return iter(families.values())
