"""One stretch of text of a Word 97 document: its paragraphs, cells, fields and letters, told by what hides them.

Promises: total but for Uninspectable; linear in its letters. It must not know what lies beside the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..budget import Budget, Uninspectable
from ..stream import SEEN, Item, Text, Visibility
from .doc_looks import Looks, why_unseen
from .doc_paragraphs import MARKS, Formats, Paragraph, overlapping, read_paragraphs
from .doc_pieces import NO_FORMAT, Piece, Runs
from .doc_sprms import AUTOMATIC
from .layered_text import MAX_PARAGRAPH, LayeredText
from .text_table import Layers, Tables

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f]")
_LETTERS = {"\x0b": "\n", "\x0e": "\n", "\x1e": "-"}
_BEGIN, _RESULT, _END = "\x13", "\x14", "\x15"
_MAX_FIELDS = 1_000
_RUN_COST = 6
"""A run takes as long as six tags of XML. LibreOffice leaves the mark behind the last story without a format."""


@dataclass(frozen=True, slots=True)
class Story:
    """Letters start to end. whole: what hides all of it; page: the colour behind it."""

    start: int
    end: int
    where: str
    whole: Visibility = SEEN
    page: int = 0xFFFFFF


@dataclass(frozen=True, slots=True)
class Texts:
    """What all stories of a document share."""

    main: bytes
    pieces: tuple[Piece, ...]
    runs: Runs
    formats: Formats
    looks: Looks
    budget: Budget


def read_story(texts: Texts, story: Story) -> Iterator[Item]:
    budget = texts.budget
    budget.spend_tags(_RUN_COST)
    pieces = list(overlapping(texts.pieces, story.start, story.end))
    reader = _Reader(story, read_paragraphs(texts.main, pieces, texts.formats, budget), texts.looks, budget)
    for piece in pieces:
        wide = 1 + piece.wide
        for start, end, letters in texts.runs.within(piece.at, piece.at + wide * (piece.end - piece.start)):
            budget.spend_tags(_RUN_COST)
            text = texts.main[start:end].decode("utf-16-le" if piece.wide else "cp1252", "replace")
            if letters is None and _CONTROLS.sub("", text):
                raise Uninspectable(NO_FORMAT)
            yield from reader.take(text, letters or b"", piece.changes)
    yield from reader.finish()


class _Reader:
    def __init__(self, story: Story, paragraphs: list[Paragraph], looks: Looks, budget: Budget) -> None:
        self._story, self._looks, self._budget = story, looks, budget
        self._tables = Tables(budget)
        self._paragraphs = iter(paragraphs)
        self._now = next(self._paragraphs, None)
        self._letters = LayeredText()
        self._open = 0
        self._cells = [0]
        self._fields: list[bool] = []
        self._instruction: list[str] = []
        self._instruction_size = 0

    def take(self, text: str, letters: bytes, changes: bytes) -> Iterator[Item]:
        """A run of one format."""
        at = 0
        for match in _CONTROLS.finditer(text):
            if match.start() > at:
                self._write(text[at : match.start()], letters, changes)
            at = match.end()
            control = match[0]
            if control in MARKS:
                self._end_paragraph(control)
                yield from self._handed_on()
            elif control == _BEGIN:
                if len(self._fields) >= _MAX_FIELDS:
                    raise Uninspectable(f"holds fields nested more than {_MAX_FIELDS} deep")
                self._fields.append(True)
            elif control == _RESULT and self._fields:
                self._fields[-1] = False
                self._end_instruction()
            elif control == _END and self._fields:
                self._fields.pop()
                self._end_instruction()
            elif control in _LETTERS:
                self._write(_LETTERS[control], letters, changes)
        if at < len(text):
            self._write(text[at:], letters, changes)

    def finish(self) -> Iterator[Item]:
        """Letters behind the last mark, and an instruction that does not end."""
        self._end_instruction()
        self._tables.say(self._layers(), self._story.where)
        while self._open:
            self._end_table()
        self._tables.end_all()
        yield from self._handed_on()

    def _handed_on(self) -> Iterator[Item]:
        yield from self._tables.ready
        self._tables.ready.clear()

    def _write(self, text: str, letters: bytes, changes: bytes) -> None:
        if True in self._fields:
            self._instruction_size += len(text)
            if self._instruction_size > MAX_PARAGRAPH:
                raise Uninspectable(f"holds a paragraph of more than {MAX_PARAGRAPH} letters")
            self._instruction.append(text)
            return
        style = self._now.format.style if self._now is not None else 0
        said = self._looks.of(style, letters, changes)
        self._letters.write(why_unseen(said, self._behind(), self._story.page), text)

    def _behind(self) -> Iterator[int]:
        """The colours behind the paragraph, the nearest first."""
        if self._now is None:
            return
        yield self._now.format.ground
        row, depth = self._now.row, self._now.format.depth
        while depth > 0:
            index = self._cells[depth] if depth < len(self._cells) else 0
            if row is not None:
                yield row.cells[index] if index < len(row.cells) else AUTOMATIC
                row = row.outer
            depth -= 1

    def _end_instruction(self) -> None:
        """What a field does is no text: its result is. Told apart from the cell in which it stands."""
        text, self._instruction, self._instruction_size = "".join(self._instruction).strip(), [], 0
        if text:
            why = Visibility.MARKUP if self._story.whole is SEEN else self._story.whole
            self._tables.ready.append(Text(text, f"field in {self._story.where}", why))

    # paragraphs, cells and rows

    def _layers(self) -> Layers:
        """Of the paragraph that ends. What hides all of the story hides each of them."""
        layers, self._letters = self._letters.texts(), LayeredText()
        if self._story.whole is SEEN or not layers:
            return layers
        return {self._story.whole: [text for found in layers.values() for text in found]}

    def _end_paragraph(self, control: str) -> None:
        now = self._now
        if now is None or now.mark != control:
            raise Uninspectable("its paragraphs do not fit its text")
        if True in self._fields:
            self._instruction.append("\n")
        depth = now.format.depth
        ends_row = now.format.ends_row and depth > 0
        ends_cell = depth > 0 and not ends_row and (control == "\x07" or now.format.ends_cell)
        layers = self._layers()
        self._nest(depth)
        table = self._tables.table
        if table is not None and table.cell is None and (layers or ends_cell):
            table.begin_cell()
        if layers:
            self._tables.say(layers, self._story.where)
        if ends_cell and table is not None:
            table.end_cell(self._budget)
            self._cells[depth] += 1
        elif ends_row:
            self._end_row(depth)
        self._now = next(self._paragraphs, None)

    def _end_row(self, depth: int) -> None:
        table = self._tables.table
        if table is not None:
            if table.cell is not None:
                table.end_cell(self._budget)
            self._tables.end_row()
            table.begin_row()
        self._cells[depth] = 0

    def _nest(self, depth: int) -> None:
        """As many tables open as the paragraph stands in."""
        while self._open > depth:
            self._end_table()
        while self._open < depth:
            table = self._tables.table
            if table is not None and table.cell is None:
                table.begin_cell()
            self._tables.begin(self._story.where, self._story.whole).begin_row()
            self._open += 1
            self._cells.append(0)

    def _end_table(self) -> None:
        table = self._tables.table
        if table is not None:
            if table.cell is not None:
                table.end_cell(self._budget)
            self._tables.end_row()
        self._tables.end()
        self._cells.pop()
        self._open -= 1
