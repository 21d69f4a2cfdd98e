"""What an archive says of its members before anything is unpacked: their names, which can name people."""

from __future__ import annotations

from collections.abc import Iterator

from ..stream import Item, Member, Text

WHERE = "names of the files in an archive"


def listed(name: str) -> Iterator[Item]:
    """A member by its name alone. What is in it comes apart from this, if it can be read."""
    yield Text(name, WHERE)
    yield Member(name, "file")
