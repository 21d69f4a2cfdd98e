"""Envelopes, edits, replies and places as JSON, for the sealed columns. Octets stand as Latin-1, which keeps each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..core.envelope import Envelope, Path, Recipient
from ..core.place import Place, Where
from ..core.rewrite.content import Edit


def octets_to_text(octets: bytes) -> str:
    return octets.decode("latin-1")


def text_to_octets(text: str) -> bytes:
    return text.encode("latin-1")


def envelope_to_json(envelope: Envelope) -> list[Any]:
    path = envelope.reverse_path
    return [
        None if path is None else _path_to_json(path),
        [recipient_to_json(recipient) for recipient in envelope.recipients],
        list(map(octets_to_text, envelope.parameters)),
    ]


def envelope_from_json(value: Any) -> Envelope:
    path, recipients, parameters = value
    return Envelope(
        None if path is None else _path_from_json(path),
        tuple(recipient_from_json(recipient) for recipient in recipients),
        tuple(map(text_to_octets, parameters)),
    )


def recipient_to_json(recipient: Recipient) -> list[Any]:
    return [*_path_to_json(recipient.path), list(map(octets_to_text, recipient.parameters))]


def recipient_from_json(value: Any) -> Recipient:
    wire, address, parameters = value
    return Recipient(_path_from_json([wire, address]), tuple(map(text_to_octets, parameters)))


def edits_to_json(edits: Sequence[Edit]) -> list[Any]:
    return [[edit.start, edit.end, octets_to_text(edit.replacement)] for edit in edits]


def edits_from_json(value: Any) -> tuple[Edit, ...]:
    return tuple(Edit(start, end, text_to_octets(replacement)) for start, end, replacement in value)


def places_to_json(places: Mapping[str, Sequence[Place]]) -> dict[str, Any]:
    return {name: [[each.where.value, each.part] for each in found] for name, found in places.items()}


def places_from_json(value: Any) -> dict[str, tuple[Place, ...]]:
    """A kind of place that this version does not know is left out: nobody is led there."""
    known = set(Where)
    return {
        name: tuple(Place(Where(where), part) for where, part in found if where in known)
        for name, found in value.items()
    }


def _path_to_json(path: Path) -> list[Any]:
    return [octets_to_text(path.wire), path.address]


def _path_from_json(value: Any) -> Path:
    return Path(text_to_octets(value[0]), value[1])
