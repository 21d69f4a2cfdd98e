"""An export of the ledger that can be checked alone, with nothing but the public key: JSON lines.

First line: `{"mailguard_export": 1, "public_keys": {...}}`. Then for each ledger in order its entries (`entry`: the
body, beside its hash) and checkpoints (`checkpoint`), each after the entry that it signs. Last line: how many lines
there were, where each ledger ends, the SHA-256 of all lines before it, and an Ed25519 signature over that. Macs stay
inside: they mean nothing without the secret key.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

from sqlalchemy import select

from ..core.errors import MailguardError
from . import schema
from .canonical import canonical
from .chain import checkpoint_text
from .engine import Engine
from .keys import signature_holds, sync_folder
from .paging import fetch, pages
from .store import Store
from .walk import ChainWalk, Report

FORMAT = 1
MAX_LINE_BYTES = 64 * 1024 * 1024


class ExportUnreadable(MailguardError):
    """The file is no export of ours, or cannot be read."""


async def export(store: Store, path: Path) -> dict[str, int]:
    """Write the whole ledger to a file (0600), signed. How many entries of each ledger. OSError, StoreUnavailable."""
    await store.checkpoint()
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        heads = await _write(store, file)
        file.flush()
        await asyncio.to_thread(os.fsync, file.fileno())
    temporary.rename(path)
    sync_folder(path.parent)
    return heads


async def _write(store: Store, file: BinaryIO) -> dict[str, int]:
    digest, count = hashlib.sha256(), 0
    heads: dict[str, int] = {}
    async for value in _values(store):
        line = canonical(value).encode("ascii") + b"\n"
        file.write(line)
        digest.update(line)
        count += 1
        if "entry" in value:
            heads[value["entry"]["ledger"]] = value["entry"]["sequence"]
    key = store.keyring.active("signing").identifier
    end = {"heads": heads, "key": key, "lines": count, "sha256": digest.hexdigest()}
    signature = base64.b64encode(store.keyring.sign(canonical(end))).decode()
    file.write((canonical({"end": end, "signature": signature}) + "\n").encode("ascii"))
    return heads


async def _values(store: Store) -> AsyncIterator[dict[str, Any]]:
    keyring = store.keyring
    public = {
        identifier: keyring.public_key(identifier).hex()
        for purpose, identifier in keyring.identifiers()
        if purpose == "signing"
    }
    yield {"mailguard_export": FORMAT, "public_keys": public}
    heads = await store.engine.read(partial(fetch, select(schema.ledgers).order_by(schema.ledgers.c.ledger)))
    for head in heads:
        async for value in _ledger(store.engine, head.ledger, head.sequence):
            yield value


async def _ledger(engine: Engine, ledger: str, last: int) -> AsyncIterator[dict[str, Any]]:
    """Entries up to where the ledger ended when the export began, each checkpoint after the entry that it signs."""
    entries, signed = schema.entries, schema.checkpoints
    mine = select(entries).where(entries.c.ledger == ledger, entries.c.sequence <= last)
    async for rows in pages(engine, mine, entries.c.sequence):
        between = (signed.c.sequence >= rows[0].sequence, signed.c.sequence <= rows[-1].sequence)
        query = select(signed).where(signed.c.ledger == ledger, *between).order_by(signed.c.number)
        checkpoints = list(await engine.read(partial(fetch, query)))
        for row in rows:
            yield {"entry": json.loads(row.body), "hash": row.hash}
            while checkpoints and checkpoints[0].sequence == row.sequence:
                yield _checkpoint_line(checkpoints.pop(0))


def _checkpoint_line(row: Any) -> dict[str, Any]:
    text = checkpoint_text(row.ledger, row.number, row.sequence, row.hash, row.at, row.key)
    return {"checkpoint": json.loads(text), "signature": base64.b64encode(row.signature).decode()}


def verify_export(path: Path, public_key: bytes | None = None) -> Report:
    """Check an export alone. public_key: the 32 octets that are known from elsewhere; without them the keys that the
    file itself names are used, and Report.key_known is False.

    ExportUnreadable for a file that is no export at all; everything else is in the Report.
    """
    report = Report(key_known=public_key is not None)
    try:
        with path.open("rb") as file:
            _Reader(report, public_key).read(_lines(file))
    except OSError as error:
        raise ExportUnreadable(f'"{path}" cannot be read') from error
    return report


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(MAX_LINE_BYTES):
        yield line


class _Reader:
    """Goes through the lines once, keeping only where each ledger stands."""

    def __init__(self, report: Report, public_key: bytes | None) -> None:
        self._report = report
        self._trusted = public_key
        self._keys: dict[str, bytes] = {}
        self._walks: dict[str, ChainWalk] = {}
        self._numbers: dict[str, int] = {}
        self._digest = hashlib.sha256()
        self._count = 0
        self._ended = False

    def read(self, lines: Iterator[bytes]) -> None:
        for line in lines:
            value = self._parse(line)
            if self._ended:
                self._trouble("export-extended", "something stands after the end")
            elif self._count == 0:
                self._begin(value)
            elif "end" in value:
                self._end(value)
                continue
            else:
                self._step(value)
            self._digest.update(line)
            self._count += 1
        if not self._count:
            raise ExportUnreadable("the file is empty")
        if not self._ended:
            self._trouble("tail-cut", "the export has no end")
        for ledger, walk in self._walks.items():
            self._report.ledgers[ledger] = walk.sequence
            self._report.entries += walk.count

    def _parse(self, line: bytes) -> dict[str, Any]:
        try:
            value = json.loads(line)
            in_form = isinstance(value, dict) and canonical(value).encode("ascii") + b"\n" == line
        except (ValueError, RecursionError):
            value, in_form = None, False
        if not isinstance(value, dict):
            if self._count == 0:
                raise ExportUnreadable("this is no export of mailguard")
            self._trouble("line-changed", f"line {self._count + 1} is no JSON object")
            return {}
        if not in_form:
            self._trouble("line-changed", f"line {self._count + 1} is not in canonical form")
        return value

    def _begin(self, value: dict[str, Any]) -> None:
        if value.get("mailguard_export") != FORMAT or not isinstance(value.get("public_keys"), dict):
            raise ExportUnreadable("this is no export of mailguard, or one of another version")
        try:
            self._keys = {name: bytes.fromhex(text) for name, text in value["public_keys"].items()}
        except (TypeError, ValueError):
            self._trouble("line-changed", "the public keys cannot be read")

    def _step(self, value: dict[str, Any]) -> None:
        try:
            if "entry" in value:
                self._entry(value["entry"], value["hash"])
            elif "checkpoint" in value:
                self._checkpoint(SimpleNamespace(**value["checkpoint"]), value)
            else:
                self._trouble("line-changed", f"line {self._count + 1} is neither entry nor checkpoint")
        except (KeyError, TypeError, ValueError, AttributeError):
            self._trouble("line-changed", f"line {self._count + 1} cannot be read")

    def _entry(self, body: dict[str, Any], digest: str) -> None:
        ledger = str(body["ledger"])
        if ledger not in self._walks:
            self._walks[ledger] = ChainWalk(ledger, None, self._report)
        self._walks[ledger].step(body["sequence"], canonical(body), digest, None)

    def _checkpoint(self, said: Any, value: dict[str, Any]) -> None:
        self._report.checkpoints += 1
        walk = self._walks.get(said.ledger)
        if walk is None or (walk.sequence, walk.hash) != (said.sequence, said.hash):
            self._report.add("checkpoint-contradicted", said.ledger, said.sequence, "the entries say otherwise")
        if said.checkpoint != self._numbers.get(said.ledger, 0) + 1:
            self._report.add("checkpoint-missing", said.ledger, said.sequence, "a checkpoint before it is missing")
        self._numbers[said.ledger] = said.checkpoint
        if not self._signed(said.key, canonical(value["checkpoint"]), value["signature"]):
            self._report.add("checkpoint-forged", said.ledger, said.sequence, "the signature does not hold")

    def _end(self, value: dict[str, Any]) -> None:
        self._ended = True
        end = value["end"] if isinstance(value["end"], dict) else {}
        if end.get("lines") != self._count or end.get("sha256") != self._digest.hexdigest():
            self._trouble("export-changed", "the lines are not those that were signed")
        if end.get("heads") != {ledger: walk.sequence for ledger, walk in self._walks.items()}:
            self._trouble("tail-cut", "a ledger does not end where the export says")
        key = str(end.get("key"))
        if not self._signed(key, canonical(end), str(value.get("signature"))):
            self._trouble("export-forged", "the signature of the export does not hold")
        elif self._trusted is not None and self._keys.get(key) != self._trusted:
            self._trouble("export-forged", "the export is signed with another key than the one that is known")

    def _signed(self, key: str, text: str, signature: str) -> bool:
        public = self._keys.get(key)
        try:
            return public is not None and signature_holds(public, base64.b64decode(signature, validate=True), text)
        except ValueError:
            return False

    def _trouble(self, kind: str, detail: str) -> None:
        self._report.add(kind, "", None, detail)
