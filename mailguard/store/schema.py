"""The tables, once for both engines. Every stored kind carries its retention class.

Contract: no column holds an address, a subject or text in the clear; those stand in `sealed...` columns and in chunks.
Times are whole microseconds since 1970 in UTC (instants.py). Changes come with a migration (migrations/versions).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

HEAD = "0013"
"""The revision of the schema that this code speaks."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)
_NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts up only what is declared INTEGER PRIMARY KEY."""

keys = Table(
    "keys",
    metadata,
    Column("purpose", Text, primary_key=True),
    Column("identifier", Text, primary_key=True),
    Column("public", LargeBinary, nullable=True),
)

ledgers = Table(
    "ledgers",
    metadata,
    Column("ledger", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    Column("checkpoint", BigInteger, nullable=False),
    Column("checkpoint_sequence", BigInteger, nullable=False),
    Column("mac", Text, nullable=False),
)

entries = Table(
    "entries",
    metadata,
    Column("ledger", Text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("ref", Text, nullable=True),
    Column("claimed_ref", Text, nullable=True),
    Column("evidence_sha256", Text, nullable=True),
    Column("body", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("mac", Text, nullable=False),
    UniqueConstraint("claimed_ref"),
    Index("ix_entries_ref", "ref"),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("ledger", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
)

evidence = Table(
    "evidence",
    metadata,
    Column("ledger", Text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("ref", Text, nullable=True),
    Column("at", BigInteger, nullable=False),
    Column("retention", Text, nullable=False),
    Column("master", Text, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("ix_evidence_ref", "ref"),
    Index("ix_evidence_at", "at"),
)

message_keys = Table(
    "message_keys",
    metadata,
    Column("ref", Text, primary_key=True),
    Column("master", Text, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("retention", Text, nullable=False),
)

blobs = Table(
    "blobs",
    metadata,
    Column("blob", Text, primary_key=True),
    Column("ref", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("kept", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("retention", Text, nullable=False),
    Column("master", Text, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Index("ix_blobs_ref", "ref"),
)

chunks = Table(
    "chunks",
    metadata,
    Column("blob", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
)

objects = Table(
    "objects",
    metadata,
    Column("object", Text, primary_key=True),
    Column("blob", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=True),
    Column("created_at", BigInteger, nullable=False),
    Column("gone", Boolean, nullable=False),
    Column("retention", Text, nullable=False),
    Index("ix_objects_blob", "blob"),
    Index("ix_objects_gone", "gone"),
)

object_spaces = Table(
    "object_spaces",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("space", Text, nullable=False),
)

held = Table(
    "held",
    metadata,
    Column("ref", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=True),
    Column("team", Text, nullable=True),
    Column("approvals_needed", Integer, nullable=False),
    Column("approvals_given", Integer, nullable=False),
    Column("offers", Text, nullable=True),
    Column("notify_sender", Boolean, nullable=False),
    Column("hide_inside_above", Integer, nullable=True),
    Column("released_as", Text, nullable=True),
    Column("decided_at", BigInteger, nullable=True),
    Column("policy_revision", Text, nullable=False),
    Column("content_sha256", Text, nullable=False),
    Column("sender_hash", Text, nullable=False),
    Column("recipients_hash", Text, nullable=False),
    Column("delivery", Text, nullable=False),
    Column("blob", Text, nullable=True),
    Column("retention", Text, nullable=False),
    Column("sealed_message", LargeBinary, nullable=False),
    Column("sealed_decision", LargeBinary, nullable=False),
    Index("ix_held_state", "state", "due_at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("identifier", Text, nullable=False),
    Column("ref", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("not_before", BigInteger, nullable=False),
    Column("give_up_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease", Text, nullable=True),
    Column("lease_owner", Text, nullable=True),
    Column("lease_until", BigInteger, nullable=True),
    Column("done_at", BigInteger, nullable=True),
    Column("blob", Text, nullable=True),
    Column("sender_told", Boolean, nullable=False),
    Column("retention", Text, nullable=False),
    Column("sealed_envelope", LargeBinary, nullable=False),
    Column("sealed_content", LargeBinary, nullable=False),
    Column("sealed_reply", LargeBinary, nullable=True),
    UniqueConstraint("identifier"),
    sqlite_autoincrement=True,
)
Index("ix_outbox_ref", outbox.c.ref, outbox.c.done_at)
Index(
    "ix_outbox_open",
    outbox.c.number,
    sqlite_where=outbox.c.done_at.is_(None),
    postgresql_where=outbox.c.done_at.is_(None),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("identifier", Text, primary_key=True),
    Column("recipient_hash", Text, primary_key=True),
    Column("ref", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("code", Integer, nullable=True),
    Column("status", Text, nullable=True),
    Column("at", BigInteger, nullable=False),
    Column("sealed_text", LargeBinary, nullable=True),
    Index("ix_outcomes_ref", "ref"),
)

policies = Table(
    "policies",
    metadata,
    Column("revision", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("retention", Text, nullable=False),
    Column("master", Text, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("identifier", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("retention", Text, nullable=False),
    Column("master", Text, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

occasions = Table(
    "occasions",
    metadata,
    Column("occasion", Text, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("retention", Text, nullable=False),
    Index("ix_occasions_until", "until"),
)

sendings = Table(
    "sendings",
    metadata,
    Column("sending", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("trace", LargeBinary, nullable=False),
    Column("retention", Text, nullable=False),
    Index("ix_sendings_until", "until"),
)

sending_links = Table(
    "sending_links",
    metadata,
    Column("link", Text, primary_key=True),
    Column("sending", Text, primary_key=True),
    Index("ix_sending_links_sending", "sending"),
)

sent_files = Table(
    "sent_files",
    metadata,
    Column("link", Text, primary_key=True),
    Column("sending", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("people", LargeBinary, nullable=False),
    Column("retention", Text, nullable=False),
    Index("ix_sent_files_link_at", "link", "at"),
    Index("ix_sent_files_sending", "sending"),
    Index("ix_sent_files_until", "until"),
)

exception_uses = Table(
    "exception_uses",
    metadata,
    Column("ledger", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("exception", Text, primary_key=True),
    Column("uses", BigInteger, nullable=False),
    Column("last_used_at", BigInteger, nullable=False),
    Column("retention", Text, nullable=False),
)

console_sessions = Table(
    "console_sessions",
    metadata,
    Column("session", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("began_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("retention", Text, nullable=False),
    Column("master", Text, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("ix_console_sessions_account", "account"),
)

console_links = Table(
    "console_links",
    metadata,
    Column("link", Text, primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger, nullable=True),
    Column("retention", Text, nullable=False),
    Column("master", Text, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

sender_links = Table(
    "sender_links",
    metadata,
    Column("link", Text, primary_key=True),
    Column("ref", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("retention", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("ix_sender_links_ref", "ref"),
)

urgent_calls = Table(
    "urgent_calls",
    metadata,
    Column("ref", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("sender_hash", Text, nullable=False),
    Column("retention", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("ix_urgent_calls_sender_hash", "sender_hash", "at"),
)

assignments = Table(
    "assignments",
    metadata,
    Column("ref", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("retention", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("ix_assignments_account", "account"),
)

saved_views = Table(
    "saved_views",
    metadata,
    Column("view", Text, primary_key=True),
    Column("account", Text, nullable=True),
    Column("team", Text, nullable=True),
    Column("made_at", BigInteger, nullable=False),
    Column("retention", Text, nullable=False),
    Column("master", Text, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("ix_saved_views_account", "account"),
    Index("ix_saved_views_team", "team"),
)

nodes = Table(
    "nodes",
    metadata,
    Column("node", Text, primary_key=True),
    Column("ledger", Text, nullable=False),
    Column("machine", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("policy_revision", Text, nullable=True),
    Column("began_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("retention", Text, nullable=False),
)

short_lived = Table(
    "short_lived",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("group", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("retention", Text, nullable=False),
    Column("master", Text, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("ix_short_lived_group", "kind", "group"),
    Index("ix_short_lived_until", "until"),
)

sign_in_counts = Table(
    "sign_in_counts",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("failures", Float, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("retention", Text, nullable=False),
    Index("ix_sign_in_counts_at", "kind", "at"),
)

paces = Table(
    "paces",
    metadata,
    Column("server", Text, primary_key=True),
    Column("next_at", BigInteger, nullable=False),
    Column("retention", Text, nullable=False),
)

compatible = Table(
    "compatible",
    metadata,
    Column("revision", Text, primary_key=True),
    Column("oldest", Text, nullable=False),
)
"""Of a revision of the schema the oldest one whose code may be started on it."""

incidents = Table(
    "incidents",
    metadata,
    Column("incident", Text, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("happened_at", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("retention", Text, nullable=False),
    Column("master", Text, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("ix_incidents_happened_at", "happened_at"),
)

register_positions = Table(
    "register_positions",
    metadata,
    Column("ledger", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
)
