"""Presentations of OpenDocument: odp and otp (a zip package), fodp (one XML document), and drawings alike.

Promises: a Stream of all that the file holds, or `Uninspectable`. An encrypted package is told by its manifest. Objects
in a package (charts, documents in the document) are hidden as far as the shape is that shows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from ..budget import Budget
from ..stream import SEEN, Item, Member, Stream, Table, Text, Visibility
from .drawing_colour import Scheme
from .odp_shapes import Slide, SlideReader
from .ods import with_members
from .ods_content import ContentReader
from .opendocument import open_opendocument, pieces_of, read_content, read_parts
from .package import Package
from .properties import read_properties
from .slide_items import Link, Setting, read_slide
from .slide_looks import Above, Comparisons
from .slide_shapes import Page
from .theme import OFFICE

PRESENTATION = b"application/vnd.oasis.opendocument.presentation"
_MIMETYPES = (PRESENTATION, PRESENTATION + b"-template")
_SIZE = 10_080_000.0, 7_560_000.0
"""28 by 21 cm, for a presentation that does not say."""


def read_odp(data: bytes, budget: Budget) -> Stream:
    package = open_opendocument(data, _MIMETYPES, "presentation", budget)
    slides = _Slides(budget, package)
    for part in ("styles.xml", "content.xml"):
        if part in package.parts:
            yield from slides.read(package.pieces(part))
    yield from slides.rest()
    yield from read_parts(package, budget, lambda folder: slides.object(folder, folder, Visibility.EMBEDDED))


def read_fodp(data: bytes, budget: Budget) -> Stream:
    """A flat document has its properties, styles and slides in one."""
    budget.spend_bytes(len(data))
    budget.spend_tags(data.count(b"<"))
    slides = _Slides(budget, None)
    yield from slides.read(pieces_of(data))
    yield from slides.rest()
    yield from read_properties(pieces_of(data), inside="office:1.0}meta")


@dataclass(slots=True)
class _Slides:
    """masters: by name; used: names of those that a slide of the show has."""

    budget: Budget
    package: Package | None
    reader: SlideReader = field(init=False)
    masters: dict[str, Slide] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    read_objects: set[str] = field(default_factory=set)
    comparisons: Comparisons = field(default_factory=Comparisons)
    count: int = 0

    def __post_init__(self) -> None:
        self.reader = SlideReader(self.budget)

    def read(self, pieces: Iterable[bytes]) -> Stream:
        for slide in self.reader.read(pieces):
            if slide.is_master:
                self.masters[slide.name] = slide
            else:
                self.count += 1
                yield from self._slide(slide, f"slide {self.count}")

    def rest(self) -> Stream:
        """What stands on masters, which shows where a slide uses it; and headers and footers."""
        for name, master in self.masters.items():
            whole = SEEN if name in self.used else Visibility.MARKUP
            yield from self._page(master, master.page, "master of slides", whole, ())
            yield from self._page(master, master.notes, "master of notes", Visibility.MARKUP, ())
            yield from (*master.comments, *master.told)
        for text in self.reader.stray:
            yield Text(text, "header or footer")

    def _slide(self, slide: Slide, where: str) -> Stream:
        whole = Visibility.HIDDEN_SLIDE if slide.hidden else SEEN
        if not slide.hidden:
            self.used.add(slide.master)
        yield Member(where, "slide", whole)
        master = self.masters.get(slide.master)
        yield from self._page(slide, slide.page, where, whole, (master.page,) if master is not None else ())
        yield from self._page(slide, slide.notes, f"notes of {where}", Visibility.NOTES, ())
        yield from (*slide.comments, *slide.told)

    def _page(self, slide: Slide, page: Page, where: str, whole: Visibility, above: tuple[Page, ...]) -> Iterator[Item]:
        layout = slide.layout
        if slide.master in self.masters:
            layout = self.masters[slide.master].layout
        size = self.reader.sizes.get(layout, _SIZE)
        setting = Setting(
            where, whole, Above(above, Scheme(OFFICE)), size if all(size) else _SIZE, self.comparisons, self.budget
        )
        for item in read_slide(page, setting):
            if isinstance(item, Link):
                yield from self.object(item.id, where, item.visibility)
            else:
                yield item

    def object(self, folder: str, where: str, visibility: Visibility) -> Stream:
        """A document in the document. A chart shows its table if its shape is seen; another one is embedded."""
        folder = folder.lower()
        if self.package is None or f"{folder}/content.xml" not in self.package.parts or folder in self.read_objects:
            return
        self.read_objects.add(folder)
        self.budget.descend()
        yield Member(folder, "embedded document", Visibility.EMBEDDED)
        reader = ContentReader(self.budget, Visibility.CHART_CACHE, f"{where}: table ")
        for item in with_members(read_content(self.package, f"{folder}/", reader)):
            if isinstance(item, Table | Text) and item.visibility is Visibility.CHART_CACHE:
                yield replace(item, visibility=visibility)
            else:
                yield item
        self.budget.ascend()
