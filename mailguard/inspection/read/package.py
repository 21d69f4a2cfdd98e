"""An Open Packaging Conventions file (ECMA-376 part 2): parts by name, and the relationships between them.

Promises: names are compared as the standard says, without case; two parts of one name, and parts in interleaved
pieces, are `Uninspectable`, since programs differ in which they take. A relationship that points nowhere gives None,
one outside of the package is only reported. It must not know what the parts mean.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from ..budget import Budget, Uninspectable
from .xml_events import Names, read_xml
from .zip_directory import Entry
from .zip_members import Archive, open_archive

_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
_CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_LISTING = "[content_types].xml"
_MAX_RELATIONSHIPS = 100_000
_OVERHEAD = 256


@dataclass(frozen=True, slots=True)
class Relationship:
    """kind: the last word of its type ("worksheet"), which transitional and strict share. target: name of the part, ""
    where it is outside or nowhere; outside: what an external one points to."""

    id: str
    kind: str
    target: str
    outside: str


@dataclass(frozen=True, slots=True)
class Package:
    """parts: name in lower case, without the first slash -> member."""

    archive: Archive
    parts: Mapping[str, Entry]

    def pieces(self, part: str) -> Iterator[bytes]:
        return self.archive.pieces(self.parts[part])

    def read(self, part: str) -> bytes:
        return self.archive.read(self.parts[part])

    def relationships(self, part: str) -> tuple[Relationship, ...]:
        """Of a part; of the package itself for ""."""
        folder, _, name = part.rpartition("/")
        listed = f"{folder}/_rels/{name}.rels".lstrip("/")
        if listed not in self.parts:
            return ()
        found: list[Relationship] = []
        names = Names([_RELATIONSHIPS])

        def start(name: str, attributes: Mapping[str, str]) -> None:
            if names[name] == "Relationship":
                if len(found) >= _MAX_RELATIONSHIPS:
                    raise Uninspectable(f"more than {_MAX_RELATIONSHIPS} relationships in one part")
                self.archive.budget.keep(_OVERHEAD + sum(map(len, attributes.values())))
                found.append(self._relationship(folder, attributes))

        read_xml(self.pieces(listed), start)
        return tuple(found)

    def _relationship(self, folder: str, attributes: Mapping[str, str]) -> Relationship:
        kind = attributes.get("Type", "").rpartition("/")[2]
        target = attributes.get("Target", "")
        if attributes.get("TargetMode", "").lower() == "external":
            return Relationship(attributes.get("Id", ""), kind, "", target)
        return Relationship(attributes.get("Id", ""), kind, self._part(folder, target), "")

    def _part(self, folder: str, target: str) -> str:
        """The part that a target means: from the root with a slash, else beside the part that names it."""
        path = target.replace("\\", "/").partition("#")[0]
        joined = path if path.startswith("/") else f"/{folder}/{path}"
        for candidate in (joined, unquote(joined)):
            name = posixpath.normpath(candidate).lstrip("/").lower()
            if name in self.parts:
                return name
        return ""


def media_types(package: Package) -> Callable[[str], str]:
    """Part -> the media type that the package says it has (10.1.2): its own, else that of its ending."""
    own: dict[str, str] = {}
    by_ending: dict[str, str] = {}
    names = Names([_CONTENT_TYPES])

    def start(full: str, attributes: Mapping[str, str]) -> None:
        package.archive.budget.keep(_OVERHEAD)
        if names[full] == "Override":
            own[attributes.get("PartName", "").lstrip("/").lower()] = attributes.get("ContentType", "")
        elif names[full] == "Default":
            by_ending[attributes.get("Extension", "").lower()] = attributes.get("ContentType", "")

    if _LISTING in package.parts:
        read_xml(package.pieces(_LISTING), start)
    return lambda part: own.get(part) or by_ending.get(part.rpartition(".")[2]) or "application/octet-stream"


def open_package(data: bytes | memoryview, budget: Budget) -> Package:
    """The package in a zip file; encryption of a member, and data between members, are not for a document."""
    archive = open_archive(data, budget)
    if archive.directory.loose:
        raise Uninspectable("holds data beside the members of its zip archive")
    parts: dict[str, Entry] = {}
    for entry in archive.directory.entries:
        if entry.encrypted:
            raise Uninspectable("encrypted")
        if entry.is_folder:
            continue
        name = _part_name(entry.name)
        if name in parts:
            raise Uninspectable("holds two parts of one name")
        if name.endswith(".piece"):
            raise Uninspectable("holds a part in interleaved pieces")
        parts[name] = entry
    return Package(archive, parts)


def _part_name(member: str) -> str:
    name = member.replace("\\", "/")
    if "\0" in name or any(step in ("..", ".") for step in name.split("/")):
        raise Uninspectable("holds a part with a name that leads elsewhere")
    return posixpath.normpath(name).lstrip("/").lower()
