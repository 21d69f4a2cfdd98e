"""A message given as a file, read as `serve` would read it, for an incident pack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..config import Settings
from ..core.errors import SettingsError
from ..core.mail.parse import parse
from ..core.observation import inspected, observe
from ..core.packs.facts import Known
from ..core.packs.from_file import contents_of, is_mail, known_of_file
from ..core.policy.trial import assumed_envelope
from ..serve.inspecting import CommandInspector
from ..serve.pack_operations import MOST_ADDRESSES
from .ask import ask_one
from .policy_judging import check_addresses, read

BATCH_OCTETS = 24_000
"""Of addresses in one request, which is one line of the socket (serve/control.py)."""


def contents_in(path: Path, recipients: Sequence[str] | None) -> Mapping[str, memoryview]:
    """SHA-256 -> what the file can be a copy of, its own content first. SettingsError, BadParameter."""
    check_addresses("--rcpt", recipients or [])
    contents = contents_of(read(path))
    if not is_mail(parse(bytes(next(iter(contents.values()))))):
        raise SettingsError(
            f'"{path}" is no message: it has neither a sender nor a recipient. Give it as mail programs save it (.eml)'
        )
    return contents


def read_message(
    contents: Mapping[str, memoryview], content_sha256: str, recipients: Sequence[str] | None, settings: Settings
) -> Known:
    """content_sha256: which of the contents. recipients: who got it, where somebody knows; else whom it names."""
    message = parse(bytes(contents[content_sha256]))
    envelope = assumed_envelope(message, None, recipients)
    seen = observe(message, envelope, settings.organisation.organisation())
    wanted = tuple(dict.fromkeys((*seen.inspectable, *seen.closed)))
    if wanted:
        with CommandInspector(settings.inspection) as inspector:
            seen = inspected(seen, inspector.inspect(message, wanted))
    return known_of_file(seen, envelope, content_sha256, envelope_given=bool(recipients))


def names_in(known: Known) -> dict[str, str]:
    """Keyed hash -> address of everybody whom a file names, so that answers without a name get it back."""
    named = dict.fromkeys((*(known.recipients or ()), *(known.visible or ())))
    found: dict[str, str] = {}
    for batch in batches(list(named)):
        found |= ask_one("incident_pack_names", addresses=batch)["names"]
    return found


def batches(addresses: Sequence[str]) -> Iterator[list[str]]:
    """As many addresses at once as a request holds."""
    batch: list[str] = []
    octets = 0
    for address in addresses:
        # As it stands in JSON: six octets for a character outside of ASCII.
        size = sum(1 if character.isascii() else 12 for character in address) + 4
        if batch and (octets + size > BATCH_OCTETS or len(batch) == MOST_ADDRESSES):
            yield batch
            batch, octets = [], 0
        batch.append(address)
        octets += size
    if batch:
        yield batch
