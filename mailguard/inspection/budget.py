"""What reading one attachment may cost. One Budget goes along into everything that is found inside of it.

INVARIANT: whoever unpacks, keeps or emits something says so here first, so that no file, however it is made, costs more
than its limits; past one of them `Uninspectable` is raised and the floor holds the message.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..core.errors import MailguardError

MEBIBYTE = 1024 * 1024


class Uninspectable(MailguardError):
    """Something cannot be read in full. str() is a short reason in lower case, without a value of the file."""


@dataclass(frozen=True, slots=True)
class Limits:
    """THREATS.md T52 gives depth, members, ratio and total; the others keep a worker within 256 MB.

    ratio: how many octets one packed octet may become; asked only above ratio_from_bytes, since a few kilobytes of
    XML that repeats itself pack a hundredfold in honest files. kept_bytes: of what a reader must remember while it goes
    on (shared strings, items of a pivot cache). cells: that are emitted, a row counting as one more; tags: of XML; they
    are what a processor reads in less than ten seconds. cells_in_row: of a row, which is judged in one piece; asked of
    tables in texts and HTML.
    """

    depth: int = 5
    members: int = 10_000
    total_bytes: int = 200 * MEBIBYTE
    ratio: int = 100
    ratio_from_bytes: int = 8 * MEBIBYTE
    kept_bytes: int = 96 * MEBIBYTE
    cells: int = 2_000_000
    cells_in_row: int = 2_000_000
    tags: int = 10_000_000


@dataclass(slots=True)
class Budget:
    """What is left of the limits."""

    limits: Limits = field(default_factory=Limits)
    members: int = 0
    total_bytes: int = 0
    kept_bytes: int = 0
    cells: int = 0
    tags: int = 0
    depth: int = 0

    def spend_members(self, count: int) -> None:
        self.members += count
        if self.members > self.limits.members:
            raise Uninspectable(f"more than {self.limits.members} members")

    def spend_bytes(self, count: int) -> None:
        self.total_bytes += count
        if self.total_bytes > self.limits.total_bytes:
            raise Uninspectable(f"more than {self.limits.total_bytes} octets when unpacked")

    def check_ratio(self, packed: int, unpacked: int) -> None:
        if unpacked > self.limits.ratio_from_bytes and unpacked > packed * self.limits.ratio:
            raise Uninspectable(f"unpacks to more than {self.limits.ratio} times its size")

    def keep(self, count: int) -> None:
        self.kept_bytes += count
        if self.kept_bytes > self.limits.kept_bytes:
            raise Uninspectable(f"more than {self.limits.kept_bytes} octets to remember")

    def spend_cells(self, count: int) -> None:
        self.cells += count
        if self.cells > self.limits.cells:
            raise Uninspectable(f"more than {self.limits.cells} cells")

    def spend_row(self, count: int) -> None:
        """The cells of a row."""
        if count > self.limits.cells_in_row:
            raise Uninspectable(f"a row of more than {self.limits.cells_in_row} cells")
        self.spend_cells(count + 1)

    def spend_tags(self, count: int) -> None:
        self.tags += count
        if self.tags > self.limits.tags:
            raise Uninspectable(f"more than {self.limits.tags} tags")

    def descend(self) -> None:
        """One level into something inside; `ascend` comes after it."""
        self.depth += 1
        if self.depth > self.limits.depth:
            raise Uninspectable(f"nested more than {self.limits.depth} deep")

    def ascend(self) -> None:
        self.depth -= 1
