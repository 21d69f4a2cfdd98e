"""Presentations of Office Open XML (pptx, pptm, potx, ppsx), transitional and strict: everything that one carries.

Promises: a Stream of all that the file holds, or `Uninspectable`; each part of the package is read once, whatever
points at it, and none is left out: a slide that the presentation does not list is read as one that nobody sees. What a
slide inherits is looked for in its layout and its master, no further, so that circular relationships end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..budget import Budget, Uninspectable
from ..stream import SEEN, Member, Stream, Text, Visibility
from .drawing_colour import Scheme
from .package import Package, Relationship, open_package
from .pptx_parts import Parts
from .pptx_shapes import read_page
from .slide_items import Link, Setting, read_slide
from .slide_looks import Above, Comparisons
from .slide_shapes import Page
from .theme import OFFICE, read_theme
from .xml_events import LocalNames, read_xml

_SIZE = 9_144_000.0, 6_858_000.0
_MAX_SLIDES = 10_000
_PAGES = ("sld", "sldLayout", "sldMaster", "notes", "notesMaster", "handoutMaster")
_NOTES = ("notes", "notesMaster", "handoutMaster")
_NAMES = ("section", "custShow")


@dataclass(slots=True)
class _Listing:
    """What the presentation part says. slides: ids of relationships, in order; names: of sections and custom shows."""

    size: tuple[float, float] = _SIZE
    slides: list[str] = field(default_factory=list)
    names: list[tuple[str, str]] = field(default_factory=list)
    found: bool = False


def read_pptx(data: bytes | memoryview, budget: Budget) -> Stream:
    """The presentation in these octets, which begin as a zip file does."""
    package = open_package(data, budget)
    documents = [each.target for each in package.relationships("") if each.kind == "officeDocument"]
    if len(documents) != 1 or not documents[0]:
        raise Uninspectable("does not say which part is the presentation")
    yield from _Presentation(package, documents[0], budget).read()


class _Presentation:
    """pages: layouts, masters and slides by part; themes: schemes by the part of their master."""

    def __init__(self, package: Package, part: str, budget: Budget) -> None:
        self._package, self._part, self._budget = package, part, budget
        self._parts = Parts(package, budget, {part, "[content_types].xml"})
        self._pages: dict[str, Page] = {}
        self._related: dict[str, tuple[Relationship, ...]] = {}
        self._themes: dict[str, Mapping[str, int]] = {}
        self._comparisons = Comparisons()
        self._listing = _Listing()
        self._default = Page()
        self._shown: set[str] = set()

    def read(self) -> Stream:
        self._listing = self._list()
        self._default = read_page(self._package.pieces(self._part), self._budget)
        targets = {each.id: each.target for each in self._relations(self._part)}
        order = list(dict.fromkeys(targets.get(each, "") for each in self._listing.slides))
        if "" in order:
            raise Uninspectable("names a slide that is not there")
        for number, part in enumerate(order, 1):
            yield from self._slide(part, f"slide {number}", number)
        for part in [each for each in self._package.parts if each not in self._parts.done]:
            if part.endswith(".xml") and self._parts.root(part) in _PAGES and part not in self._parts.done:
                yield from self._other(part)
        for name, kind in self._listing.names:
            yield Text(name, kind, Visibility.MARKUP)
        for text in self._default.stray:
            yield Text(text, "markup of the presentation", Visibility.MARKUP)
        yield from self._parts.rest()

    def _slide(self, part: str, where: str, number: int) -> Stream:
        page = self._page(part)
        if page.root != "sld":
            raise Uninspectable("lists a part as a slide that is none")
        whole = SEEN if page.shows and number else Visibility.HIDDEN_SLIDE
        if whole is SEEN:
            self._shown.update(self._above_parts(part, page))
        yield Member(where, "slide", whole)
        yield from self._read(part, page, where, whole)
        for each in self._relations(part):
            if each.kind == "notesSlide" and each.target and each.target not in self._parts.done:
                yield from self._notes(each.target, where)
            elif each.kind == "comments" and each.target:
                yield from self._parts.comments(each.target, where)

    def _notes(self, part: str, where: str) -> Stream:
        yield from self._read(part, self._page(part), f"notes of {where}", Visibility.NOTES)

    def _other(self, part: str) -> Stream:
        """A page that is no listed slide. What stands on a layout or master shows on its slides, if it has any."""
        page = self._page(part)
        if page.root == "sld":
            yield from self._slide(part, f"unlisted slide {part}", 0)
        elif page.root in _NOTES:
            why = Visibility.NOTES if page.root == "notes" else Visibility.MARKUP
            yield from self._read(part, page, f"{page.root} {part}", why)
        else:
            why = SEEN if part in self._shown else Visibility.MARKUP
            where = "layout" if page.root == "sldLayout" else "master"
            yield from self._read(part, page, f"{where} of slides", why)

    def _read(self, part: str, page: Page, where: str, whole: Visibility) -> Stream:
        self._parts.done.add(part)
        above = self._above(part, page)
        setting = Setting(where, whole, above, self._listing.size, self._comparisons, self._budget)
        targets = {each.id: each.target for each in self._relations(part)}
        for item in read_slide(page, setting):
            if not isinstance(item, Link):
                yield item
            elif targets.get(item.id):
                yield from self._linked(part, item, targets[item.id], where)

    def _linked(self, part: str, link: Link, target: str, where: str) -> Stream:
        if link.kind != "relIds":
            yield from self._parts.read(target, where, link.visibility)
        elif target not in self._parts.done:
            drawings = [
                each.target
                for each in self._relations(part)
                if each.kind == "diagramDrawing" and _digits(each.target) == _digits(target)
            ]
            yield from self._parts.diagram(target, drawings[0] if drawings else "", where, link.visibility)

    # what a page inherits

    def _above(self, part: str, page: Page) -> Above:
        parts = self._above_parts(part, page)
        pages = tuple(self._page(each) for each in parts)
        master = parts[-1] if parts else part
        mapping = next((each.mapping for each in (page, *pages) if each.mapping), {})
        default = self._default.text_styles.get("defaultTextStyle", {})
        return Above(pages, Scheme(self._theme(master), mapping), default)

    def _above_parts(self, part: str, page: Page) -> list[str]:
        """Its layout and its master, as far as they are there."""
        found: list[str] = []
        kinds = {"sld": ("slideLayout", "slideMaster"), "sldLayout": ("slideMaster",), "notes": ("notesMaster",)}
        for kind in kinds.get(page.root, ()):
            here = next((each.target for each in self._relations(part) if each.kind == kind and each.target), "")
            if here and self._page(here).root in _PAGES:
                found.append(here)
                part = here
        return found

    def _page(self, part: str) -> Page:
        if part not in self._pages:
            self._pages[part] = read_page(self._package.pieces(part), self._budget)
        return self._pages[part]

    def _relations(self, part: str) -> tuple[Relationship, ...]:
        if part not in self._related:
            self._related[part] = self._package.relationships(part)
        return self._related[part]

    def _theme(self, master: str) -> Mapping[str, int]:
        if master not in self._themes:
            part = next((each.target for each in self._relations(master) if each.kind == "theme" and each.target), "")
            self._themes[master] = read_theme(self._package.pieces(part)) if part else OFFICE
        return self._themes[master]

    def _list(self) -> _Listing:
        listing = _Listing()
        known = LocalNames()

        def start(full: str, attributes: Mapping[str, str]) -> None:
            name = known[full]
            if name == "presentation":
                listing.found = True
            elif name == "sldSz":
                size = tuple(_emu(attributes.get(key, "")) for key in ("cx", "cy"))
                listing.size = (size[0] or _SIZE[0], size[1] or _SIZE[1])
            elif name == "sldId":
                identifier = next((value for key, value in attributes.items() if key.endswith("}id")), None)
                if identifier is not None:  # those of sections have no relationship
                    listing.slides.append(identifier)
            elif name in _NAMES and attributes.get("name", "").strip():
                listing.names.append((attributes["name"].strip(), "section" if name == "section" else "custom show"))
            if len(listing.slides) + len(listing.names) > _MAX_SLIDES:
                raise Uninspectable(f"more than {_MAX_SLIDES} slides and sections")

        read_xml(self._package.pieces(self._part), start)
        if not listing.found:
            raise Uninspectable("its main part is no presentation")
        return listing


def _digits(part: str) -> str:
    return "".join(filter(str.isdigit, part.rpartition("/")[2]))


def _emu(value: str) -> float:
    return float(value) if value.isdecimal() and len(value) < 12 else 0.0
