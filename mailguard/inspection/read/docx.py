"""Documents of Office Open XML (docx, docm, dotx, dotm), transitional and strict: everything that one carries.

Promises: a Stream of all that the file holds, or `Uninspectable`; each part is read once, told by its outermost element
and not by what leads to it, and none is left out. A document that is protected or "final" is read like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from ..budget import Budget, Uninspectable
from ..enclosed import Enclosed, Found
from ..stream import SEEN, Item, Person, Row, Table, Text, Visibility
from .chart import read_chart
from .colour import THEME, WHITE
from .docx_settings import Settings, read_settings
from .docx_story import Known, Story
from .docx_styles import read_styles
from .drawing import read_drawing
from .package import Package, media_types, open_package
from .package_parts import known_name, outermost, read_file, read_links, read_unknown, source_of
from .properties import read_properties
from .theme import read_theme
from .wordml import keys, names
from .wordml import read_colour as read_word_colour
from .xml_events import read_xml

_SILENT = frozenset(
    [
        *("Relationships", "Types", "fonts", "webSettings", "numbering", "styles", "theme", "datastoreItem"),
        *("commentsEx", "commentsIds", "commentsExtensible", "chartStyle", "colorStyle", "tasks", "keyMaps"),
        *("layoutDef", "colorsDef", "styleDef"),
    ]
)
"""Outermost elements of parts that say how things look and hold no text; if one does, that is handed on."""
_STORIES = {
    "hdr": ("a header", SEEN),
    "ftr": ("a footer", SEEN),
    "footnotes": ("a footnote", SEEN),
    "endnotes": ("an endnote", SEEN),
    "comments": ("a comment", Visibility.COMMENT),
    "glossaryDocument": ("a building block", Visibility.MARKUP),
    "document": ("a second text that nothing shows", Visibility.MARKUP),
}


def read_docx(data: bytes | memoryview, budget: Budget) -> Iterable[Found]:
    """The document in these octets, which begin as a zip file does."""
    package = open_package(data, budget)
    return _Document(package, budget).read()


@dataclass(slots=True)
class _Document:
    package: Package
    budget: Budget
    done: set[str] = field(default_factory=lambda: {"[content_types].xml"})
    settings: Settings = field(default_factory=Settings)
    theme: tuple[int, ...] = THEME

    def read(self) -> Iterator[Found]:
        main = self._main()
        related: dict[str, str] = {}
        for each in self.package.relationships(main):
            if each.target:
                related.setdefault(each.kind, each.target)
        known = self._known(related, main)
        self.done.add(main)
        yield from Story(known, "the text").read(self.package.pieces(main))
        yield from self.settings.items()
        yield from self._chunks()
        headers = self._shown_headers(known, main)
        for part in self.package.parts:
            if part not in self.done:
                self.done.add(part)
                yield from self._rest(part, known, headers)

    def _main(self) -> str:
        targets = [each.target for each in self.package.relationships("") if each.kind == "officeDocument"]
        found = [each for each in dict.fromkeys(targets) if each and _root(self.package, each) == "document"]
        if len(found) != 1 or len(set(targets)) != 1:
            raise Uninspectable("does not say which part is its text")
        return found[0]

    def _known(self, related: Mapping[str, str], main: str) -> Known:
        """What has to be read before the text: settings, colours, styles."""
        theme, styles, settings = (related.get(kind, "") for kind in ("theme", "styles", "settings"))
        if theme and _root(self.package, theme) == "theme":
            self.theme = tuple(read_theme(self.package.pieces(theme)).values())
        if settings and _root(self.package, settings) == "settings":
            self.done.add(settings)
            self.settings = read_settings(self.package.pieces(settings), self.budget)
        pieces = self.package.pieces(styles) if styles and _root(self.package, styles) == "styles" else None
        known = Known(read_styles(pieces, self.theme, self.budget), self.budget)
        if self.settings.shows_page:
            known.page = self._page(main)
        return known

    def _page(self, main: str) -> int:
        """The colour of the pages, which the text says before it begins."""
        known, found = names(), WHITE

        class _Read(Exception):
            pass

        def start(full: str, attributes: Mapping[str, str]) -> None:
            nonlocal found
            if known[full] == "background":
                colour = read_word_colour(keys(known, attributes), self.theme, "color", "theme")
                found = colour if colour is not None and colour >= 0 else WHITE
            if known[full] in ("background", "body"):
                raise _Read

        with suppress(_Read):
            read_xml(self.package.pieces(main), start)
        return found

    def _shown_headers(self, known: Known, main: str) -> frozenset[str]:
        """Parts of headers and footers that some page shows: not those of first and even pages where none has its
        own."""
        kinds = {"default", *(["first"] if known.titled else ()), *(["even"] if self.settings.even else ())}
        wanted = {identifier for kind, identifier in known.headers if kind in kinds}
        return frozenset(each.target for each in self.package.relationships(main) if each.id in wanted)

    def _chunks(self) -> Iterator[Found]:
        """Whole documents in another form that Word takes in when it opens the file (part 1, 17.17.2)."""
        types = media_types(self.package)
        for part in [*self.package.parts]:
            if not part.endswith(".rels"):
                continue
            for each in self.package.relationships(source_of(part)):
                if each.kind == "aFChunk" and each.target and each.target not in self.done:
                    self.done.add(each.target)
                    name = each.target.rpartition("/")[2]
                    yield Enclosed(self.package.read(each.target), types(each.target), (name,))

    def _rest(self, part: str, known: Known, headers: frozenset[str]) -> Iterable[Item]:
        if part.endswith(".rels"):
            source = source_of(part)
            return read_links(self.package, source, "the text" if source.endswith("document.xml") else "")
        full = outermost(self.package, part)
        if not full:
            return read_file(self.package, part)
        root = known_name(full)
        if root in _STORIES:
            where, whole = _STORIES[root]
            if root in ("hdr", "ftr") and part not in headers:
                where, whole = f"{where} of no page", Visibility.MARKUP
            return Story(known, where, whole).read(self.package.pieces(part))
        if root in _SILENT:
            return self._strays(part)
        return _PARTS[root](self, part) if root in _PARTS else self._unknown(part, known)

    def _strays(self, part: str) -> Iterator[Item]:
        found: list[str] = []

        def characters(text: str) -> None:
            if not text.isspace():
                self.budget.keep(len(text))
                found.append(text.strip())

        read_xml(self.package.pieces(part), lambda *_: None, None, characters)
        for text in found:
            yield Text(text, part, Visibility.MARKUP)

    def _unknown(self, part: str, known: Known) -> Iterator[Item]:
        """All of its text, less what a content control shows of a custom part that is bound to it."""
        for item in read_unknown(self.package, part, Visibility.MARKUP, self.budget):
            if isinstance(item, Text) and item.text in known.bound:
                continue
            if isinstance(item, Row) and known.bound:
                left = [index for index, value in enumerate(item.values) if value not in known.bound]
                columns = item.columns or range(1, len(item.values) + 1)
                if left:
                    yield item._replace(
                        values=tuple(item.values[each] for each in left), columns=tuple(columns[each] for each in left)
                    )
                continue
            yield item

    def _settings(self, part: str) -> Iterator[Item]:
        """Those of the building blocks."""
        return read_settings(self.package.pieces(part), self.budget).items()

    def _properties(self, part: str) -> Iterator[Item]:
        return read_properties(self.package.pieces(part))

    def _chart(self, part: str) -> Iterator[Item]:
        chart = read_chart(self.package.pieces(part), self.budget)
        where = f"chart {part.rpartition('/')[2].removesuffix('.xml')}"
        for text in chart.texts:
            yield Text(text, where)
        rows = list(chart.rows())
        if rows:
            yield Table(where, Visibility.CHART_CACHE)
            yield from rows

    def _diagram(self, part: str) -> Iterator[Item]:
        return read_drawing(self.package.pieces(part), part, self.budget, "diagram")

    def _people(self, part: str) -> Iterator[Item]:
        """Those who made changes and comments, with the account that they are signed in with (MS-DOCX 2.5.1)."""
        known, found = names(), list[Person]()

        def start(full: str, attributes: Mapping[str, str]) -> None:
            said = keys(known, attributes)
            if known[full] == "person":
                self.budget.keep(len(said.get("author", "")) + 256)
                found.append(Person("author of a change or comment", said.get("author", "")[:256]))
            elif known[full] == "presenceInfo" and found:
                user = said.get("userId", "")[:256]
                address = user.rpartition("::")[0].rpartition("::")[2] or user
                found[-1] = Person(found[-1].role, found[-1].name, address if "@" in address else "")

        read_xml(self.package.pieces(part), start)
        yield from found


def _root(package: Package, part: str) -> str:
    return known_name(outermost(package, part))


_PARTS: dict[str, Callable[[_Document, str], Iterable[Item]]] = {
    "settings": _Document._settings,
    "coreProperties": _Document._properties,
    "Properties": _Document._properties,
    "chartSpace": _Document._chart,
    "dataModel": _Document._diagram,
    "drawing": _Document._diagram,
    "people": _Document._people,
}
