"""What `mailguard incident pack` and `mailguard incident apologise` do. Addresses pass here and reach no log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Protocol

from pydantic import Field

from ..core.errors import UnknownReference
from ..core.packs.draft import MAX_TEXT
from ..core.packs.pack import Pack
from ..core.register.reference import is_incident
from ..guard.accounts import Actor
from ..guard.packs.apologies import Asked
from ..guard.packs.packing import MOST_WHY, Packing
from .arguments import Arguments, Item, Ref
from .control import BadArguments
from .incident_operations import ByArguments

MOST_ADDRESSES = 500
"""In one request: it is one line of the socket."""
Addresses = Annotated[list[str], Field(max_length=MOST_ADDRESSES)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Contents = Annotated[list[Sha256], Field(max_length=100)]
"""What a file can be a copy of (core/packs/from_file.py)."""


class Packed(Protocol):
    """serve.packs.Packs."""

    @property
    def packing(self) -> Packing: ...
    def draft(self, pack: Pack | None) -> str: ...


class _TakenAlong(ByArguments):
    """why: for what, which the evidence keeps."""

    why: str | None = Field(default=None, max_length=MOST_WHY)


class PackArguments(_TakenAlong):
    ref: Ref
    contents: Contents = Field(default_factory=list)
    incident: Ref | None = None


class FilePackArguments(_TakenAlong):
    contents: Contents = Field(min_length=1)
    counts: dict[str, int]
    incident: Ref | None = None


class ContentArguments(Arguments):
    ref: Ref
    contents: Contents


class NamesArguments(Arguments):
    addresses: Addresses


class ApologiseArguments(ByArguments):
    """ref: of the message. contents, people: of a file, and whom it names. One of both, or both."""

    ref: Ref | None = None
    contents: Contents = Field(default_factory=list)
    people: Addresses = Field(default_factory=list)
    text: str = Field(max_length=MAX_TEXT)
    to_all: bool = False
    inside: bool = False
    confirmed: int | None = None
    incident: Ref | None = None


async def pack(packs: Packed, given: PackArguments, system_user: str) -> AsyncIterator[Item]:
    _refuse_incident(given.incident)
    actor = _actor(given, system_user)
    made, revision = await packs.packing.pack(given.ref, actor, given.incident, given.contents, given.why)
    yield {
        "known": made.known.to_json(),
        "counts": made.counts(),
        "made_at": made.made_at.isoformat(),
        "draft": packs.draft(made),
        "incident": revision and revision.incident,
        "revision": revision and revision.revision,
    }


async def file_pack(packs: Packed, given: FilePackArguments, system_user: str) -> AsyncIterator[Item]:
    _refuse_incident(given.incident)
    actor = _actor(given, system_user)
    runs = await packs.packing.of_file(given.counts, given.contents, actor, given.incident, given.why)
    yield {
        "apologies": [each.to_json() for each in runs],
        "draft": packs.draft(None),
    }


async def content(packs: Packed, given: ContentArguments, _: str) -> AsyncIterator[Item]:
    yield {"content_sha256": await packs.packing.content_of(given.ref, given.contents)}


async def names(packs: Packed, given: NamesArguments, _: str) -> AsyncIterator[Item]:
    yield {"names": dict(packs.packing.names_of(given.addresses))}


async def apologise(packs: Packed, given: ApologiseArguments, system_user: str) -> AsyncIterator[Item]:
    _refuse_incident(given.incident)
    if given.ref is None and not given.contents:
        raise BadArguments("an apology is about a message or a file")
    asked = Asked(
        given.ref or "",
        given.ref,
        tuple(given.people),
        given.text,
        given.confirmed,
        given.incident,
        tuple(given.contents),
    )
    planned, revision = await packs.packing.apologise(
        asked, _actor(given, system_user), to_all=given.to_all, inside=given.inside
    )
    yield {
        "people": len(planned.people),
        "already": planned.already,
        "unwritable": planned.unwritable,
        "whole": planned.whole,
        "sent": planned.sent and planned.sent.to_json(),
        "earlier": [each.to_json() for each in planned.earlier],
        "incident": revision and revision.incident,
        "revision": revision and revision.revision,
    }


def _actor(given: ByArguments, system_user: str) -> Actor:
    return given.actor(system_user)


def _refuse_incident(text: str | None) -> None:
    if text is not None and not is_incident(text):
        raise UnknownReference(f'"{text}" is no incident; one looks like IR-7Q4K-2FXB7M')


OnPacks = Callable[[Packed, Any, str], AsyncIterator[Item]]

PACK_OPERATIONS: dict[str, tuple[type[Arguments], OnPacks]] = {
    "incident_pack": (PackArguments, pack),
    "incident_pack_of_file": (FilePackArguments, file_pack),
    "incident_pack_content": (ContentArguments, content),
    "incident_pack_names": (NamesArguments, names),
    "incident_apologise": (ApologiseArguments, apologise),
}
