"""The layout of a policy file: the same indentation and spaces everywhere, with every comment kept.

Promises: what is loaded from the formatted text is what is loaded from the text; its comments are the same, in the same
order; formatting it again changes nothing. This is checked for each text before it is given back: one that cannot be
formatted so (there is none in the tests) is a DocumentErrors, never another policy.
Only white space changes: indentation by two, lists under their key set in, one space after `:`, `,` and `-`, none
inside of brackets, two before a comment at the end of a line, at most one empty line in a row. Quotes, line breaks, the
order of keys and what stands in a block of text stay as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import yaml
from yaml import tokens

from ..document import Diagnostic, DocumentErrors, load_document

STEP = 2
_OTHER_BREAKS = re.compile("\r(?!\n)|[\x85\u2028\u2029]")
"""What YAML 1.1 takes for a line end and YAML 1.2 does not (1.2.2 section 5.4)."""
_ZERO_WIDTH = (
    tokens.BlockMappingStartToken,
    tokens.BlockSequenceStartToken,
    tokens.BlockEndToken,
    tokens.StreamStartToken,
    tokens.StreamEndToken,
)
_OPENING = (tokens.FlowMappingStartToken, tokens.FlowSequenceStartToken)
_CLOSING = (tokens.FlowMappingEndToken, tokens.FlowSequenceEndToken)


def formatted(text: bytes, name: str) -> bytes:
    """The text in the layout of this module, UTF-8 with \\n. DocumentErrors for what cannot be read or formatted."""
    before = load_document(text, name)
    source = text.decode("utf-8-sig")
    if found := _OTHER_BREAKS.search(source):
        line = source.count("\n", 0, found.start()) + 1
        raise DocumentErrors([Diagnostic(name, line, 1, "a line end that is not read alike everywhere: use \\n")])
    source = source.replace("\r\n", "\n")
    once = _laid_out(source)
    after = load_document(once.encode(), name)
    if after.value != before.value or comments(once) != comments(source) or _laid_out(once) != once:
        raise DocumentErrors([Diagnostic(name, 1, 1, "this file cannot be formatted without changing it")])
    return once.encode()


def comments(source: str) -> list[str]:
    """The comments of a text in their order, from their `#` on."""
    return [line[place:].rstrip() for line, place in _with_comments(source)]


@dataclass(slots=True)
class _Block:
    """A block mapping or sequence. column: where it stood. indent: where it stands now. listed: whether a sequence.

    inline: a sequence whose dashes stand under the key, not set in, which no token begins or ends.
    """

    column: int
    indent: int
    listed: bool
    inline: bool = False


@dataclass(slots=True)
class _Line:
    """What is known of a line. indent: of its first token. pieces: its tokens, as (text, what stands before it).

    kept: octets of a text that goes on from the line before, which are not pieces. blocks: (column, indent) of the
    blocks that are open at its end, for comments.
    """

    indent: int | None = None
    column: int = 0
    pieces: list[tuple[str, bool]] = field(default_factory=list)
    raw: str | None = None
    blocks: list[tuple[int, int]] = field(default_factory=list)


def _laid_out(source: str) -> str:
    lines = source.split("\n")
    read = _Layout(lines, source)
    read.walk()
    return read.text()


class _Layout:
    def __init__(self, lines: Sequence[str], source: str) -> None:
        self._source = source
        self._lines = lines
        self._known = [_Line() for _ in lines]
        self._blocks: list[_Block] = []
        self._flow = 0
        self._ends = [0] * len(lines)
        """Up to which column tokens reach on each line: what stands behind it is a comment."""

    def walk(self) -> None:
        for token in yaml.scan(self._source, Loader=yaml.CSafeLoader):
            self._take(token)

    def _take(self, token: tokens.Token) -> None:
        if isinstance(token, (tokens.BlockMappingStartToken, tokens.BlockSequenceStartToken)):
            self._open(token.start_mark.column, isinstance(token, tokens.BlockSequenceStartToken))
        elif isinstance(token, tokens.BlockEndToken):
            self._leave_inline()
            self._blocks.pop()
        elif isinstance(token, tokens.BlockEntryToken) and not (self._blocks and self._blocks[-1].listed):
            self._open(token.start_mark.column, True, inline=True)
        elif isinstance(token, tokens.KeyToken) and not self._flow:
            self._leave_inline()
        if isinstance(token, _CLOSING):
            self._flow -= 1
        if not isinstance(token, _ZERO_WIDTH) and token.end_mark.index > token.start_mark.index:
            self._place(token)
        if isinstance(token, _OPENING):
            self._flow += 1

    def _open(self, column: int, listed: bool, *, inline: bool = False) -> None:
        indent = self._blocks[-1].indent + STEP if self._blocks else 0
        self._blocks.append(_Block(column, indent, listed, inline))

    def _leave_inline(self) -> None:
        if self._blocks and self._blocks[-1].inline:
            self._blocks.pop()

    def _content(self) -> int:
        """Where what a block holds begins on a line of its own."""
        return self._blocks[-1].indent + STEP if self._blocks else 0

    def _place(self, token: tokens.Token) -> None:
        start, end = token.start_mark, token.end_mark
        line = self._known[start.line]
        written = self._source[start.index : end.index]
        if line.indent is None and line.raw is None:
            line.indent, line.column = self._indent_of(token), start.column
        if isinstance(token, tokens.ScalarToken) and token.style in ("|", ">"):
            self._place_block_text(token)
        else:
            first, *rest = written.split("\n")
            line.pieces.append((first, self._spaced(token, line)))
            self._place_rest(start.line + 1, rest, token)
            self._ends[start.line] = len(self._lines[start.line])
            self._ends[end.line] = end.column
        for number in range(start.line, min(end.line + 1, len(self._known))):
            self._known[number].blocks = [(each.column, each.indent) for each in self._blocks]

    def _indent_of(self, token: tokens.Token) -> int:
        if self._flow or isinstance(token, _CLOSING):
            return self._content() + STEP * max(0, self._flow - 1)
        if isinstance(token, tokens.BlockEntryToken):
            return self._blocks[-1].indent
        in_mapping = bool(self._blocks) and not self._blocks[-1].listed
        begins = in_mapping and token.start_mark.column == self._blocks[-1].column
        return self._blocks[-1].indent if begins else self._content()

    def _spaced(self, token: tokens.Token, line: _Line) -> bool:
        """Whether a space stands between the token and what is before it on its line."""
        if not line.pieces or isinstance(token, (tokens.ValueToken, tokens.FlowEntryToken, *_CLOSING)):
            return False
        return line.pieces[-1][0] not in ("[", "{")

    def _place_rest(self, number: int, rest: Sequence[str], token: tokens.Token) -> None:
        """The further lines of a text in quotes or without: white space at their begin and end says nothing."""
        indent = " " * (self._content() + STEP * self._flow)
        quoted = isinstance(token, tokens.ScalarToken) and token.style == '"'
        for place, each in enumerate(rest):
            last = place == len(rest) - 1
            said = each.lstrip(" ") if quoted else each.strip(" ")
            line = self._known[number + place]
            if last:
                line.indent, line.pieces = len(indent), [(said, False)]
            else:
                line.raw = indent + said if said.strip(" ") or (quoted and said) else ""

    def _place_block_text(self, token: tokens.Token) -> None:
        """A text of its own lines: all are moved by as much as its first one, so that they stay to each other."""
        start, end = token.start_mark, token.end_mark
        line = self._known[start.line]
        header = re.match(r"[|>][-+0-9]*", self._source[start.index :])
        assert header is not None
        line.pieces.append((header[0], self._spaced(token, line)))
        self._ends[start.line] = start.column + len(header[0])
        stop = end.line if end.column == 0 else end.line + 1
        body = range(start.line + 1, min(stop, len(self._lines)))
        first = next((self._lines[each] for each in body if self._lines[each].strip(" ")), "")
        given = len(first) - len(first.lstrip(" "))
        moved = self._content() - given
        if any(character.isdigit() for character in header[0]):
            moved = self._blocks[-1].indent - self._blocks[-1].column if self._blocks else 0
        for each in body:
            text = self._lines[each]
            if text.strip(" "):
                self._known[each].raw = " " * moved + text if moved >= 0 else text[-moved:]
            else:
                self._known[each].raw = " " * max(0, len(text) + moved) if len(text) > given else ""

    def text(self) -> str:
        made: list[str] = []
        kept = 0
        for number, line in enumerate(self._known):
            if line.raw is not None:
                made.append(line.raw)
                kept = len(made)
            elif line.indent is not None:
                made.append(self._with_tokens(number, line))
            elif comment := self._lines[number].strip(" "):
                made.append(" " * self._comment_indent(number) + comment)
            elif made and made[-1] != "":
                made.append("")
        while len(made) > kept and made[-1] == "":
            made.pop()
        # A block of text that ends with the file, without a line end, has none in its value either.
        return "\n".join(made) + ("" if self._known[-1].raw is not None else "\n")

    def _with_tokens(self, number: int, line: _Line) -> str:
        said = "".join((" " if spaced else "") + piece for piece, spaced in line.pieces)
        behind = self._lines[number][self._ends[number] :]
        if not behind.strip(" "):
            return " " * (line.indent or 0) + said
        gap = len(behind) - len(behind.lstrip(" "))
        return " " * (line.indent or 0) + said + " " * max(STEP, gap) + behind.strip(" ")

    def _comment_indent(self, number: int) -> int:
        """That of the block that it stands in: of the next line where it stood there, else of the block around it."""
        column = len(self._lines[number]) - len(self._lines[number].lstrip(" "))
        following = next((each for each in self._known[number + 1 :] if each.indent is not None), None)
        before = next((each for each in reversed(self._known[:number]) if each.indent is not None), None)
        if following is not None and following.indent is not None and following.column == column:
            return following.indent
        known = [*(before.blocks if before else [])]
        if following is not None and following.indent is not None:
            known.append((following.column, following.indent))
        inside = [each for each in known if each[0] <= column] or [(0, 0)]
        if following is None:
            # The end of the file: a list that was not set in stood in the column of its key, which comes first.
            return min(inside, key=lambda each: (-each[0], each[1]))[1]
        return max(inside)[1]


def _with_comments(source: str) -> list[tuple[str, int]]:
    """The lines that hold a comment, with its column."""
    lines = source.split("\n")
    read = _Layout(lines, source)
    read.walk()
    found = []
    for number, line in enumerate(lines):
        known = read._known[number]
        if known.raw is not None:
            continue
        start = read._ends[number] if known.indent is not None else 0
        if "#" in line[start:]:
            found.append((line, line.index("#", start)))
    return found
