"""The MIME structure of a message as a tree of parts, and everything in it that two readers could see differently.

Promises: total; linear in the size of the message; never recursive; nothing of the body is copied. Nested messages are
seen as parts and not looked into. Sources: RFC 2045, RFC 2046, THREATS.md T32, T34, T48, T49, T80.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .header import MAX_PART_HEADER_OCTETS, MIME_FIELDS, Defects, Header, place, read_header
from .message import Buffer, Field, Part
from .parameters import Parameterised, read_parameterised
from .text import unfold

MAX_DEPTH = 100
"""THREATS.md T80: Postfix's mime_nesting_limit. Real mail stays below ten."""
MAX_PARTS = 1_000
"""THREATS.md T80: Haraka's limit; a message with 300 photographs has 301."""
MAX_DASHED_LINES = 200_000
"""Lines that begin with "--" cost a look each; beyond this many the rest is not looked at, and the message is held."""
MAX_IDLE_OCTETS = 1_000
"""A preamble or an epilogue up to this long is the usual sentence for old readers, a list footer or a disclaimer."""
MAX_BOUNDARY_OCTETS = 70
"""RFC 2046 section 5.1.1."""

_DASHED = re.compile(rb"--[^\r\n]{0,998}+")
_HEADER_STOP = re.compile(rb"(?>\r\n|\n|\r)(?:(?>\r\n|\n|\r)|(--[^\r\n]{0,998}+))")
_MEDIA_TYPE = re.compile(r"[!#$%&'*+.^_`{|}~0-9a-z-]+/[!#$%&'*+.^_`{|}~0-9a-z-]+")
_ENCODING = re.compile(rb"[!#$%&'*+.^_`{|}~0-9A-Za-z-]+")
_BOUNDARY = re.compile(rb"[ -~]{1,70}(?<! )")
_ENCODED_WORD = re.compile(rb"=\?[^?]+\?[bBqQ]\?[^?]*\?=")
_LOADED = re.compile(
    rb"(?:^|[\r\n])(?:content-[a-z-]+[ \t]*:|mime-version[ \t]*:|begin [0-7]{3} |--(?=\S{6})-*+[^-\s])", re.IGNORECASE
)
_PADDING_INSIDE = re.compile(rb"=[\r\n]*+[A-Za-z0-9+/]")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\r\n\t ]")

_PLAIN_ENCODINGS = frozenset({"7bit", "8bit", "binary"})
_ENCODINGS = _PLAIN_ENCODINGS | {"base64", "quoted-printable"}
_MISNAMED = frozenset(
    {"7-bit", "8-bit", "7bits", "8bits", "7", "8", "none", "utf-8", "utf8", "us-ascii", "ascii", "text"}
)
"""Made-up names that every reader takes for no encoding."""
_WHOLE = "message"


@dataclass(slots=True)
class _Node:
    """A part while its end is not known yet."""

    path: str
    start: int
    body_start: int
    end: int
    fields: tuple[Field, ...]
    media_type: str = "text/plain"
    parameters: dict[str, str] = field(default_factory=dict)
    encoding: str = "7bit"
    disposition: str | None = None
    filenames: tuple[str, ...] = ()
    boundary: bytes | None = None
    epilogue: int | None = None
    children: list[_Node] = field(default_factory=list)

    @property
    def where(self) -> str:
        return f"part {self.path}" if self.path else ""

    @property
    def shown(self) -> str:
        return self.where or _WHOLE


def read_parts(raw: Buffer, header: Header, defects: Defects) -> Part:
    """The tree of parts of the message whose header has been read."""
    return _Reader(raw, header, defects).read()


class _Reader:
    """One pass over the lines that begin with "--", with a stack of the multiparts that are open."""

    def __init__(self, raw: Buffer, header: Header, defects: Defects) -> None:
        self.raw = raw
        self.end = len(raw)
        self.defects = defects
        self.nodes: list[_Node] = []
        self.stack: list[_Node] = []
        self.open: dict[bytes, int] = {}
        self.closed: set[bytes] = set()
        self.lengths: tuple[int, ...] = ()
        self.current: _Node | None = None
        self.resume = header.body_start
        self._enter(_Node("", header.start, header.body_start, self.end, tuple(header.fields)), header, "text/plain")

    def read(self) -> Part:
        if self.stack:
            self._read_delimiters()
        self._end_current(self.end)
        self._finish(0, self.end)
        for node in self.nodes:
            self._check(node)
        return self._freeze()

    def _read_delimiters(self) -> None:
        raw = self.raw
        for count, line in enumerate(_DASHED.finditer(raw, self.resume)):
            if count >= MAX_DASHED_LINES:
                self.defects.add("too-many-delimiter-lines", _WHOLE)
                return
            start = line.start()
            if start < self.resume or (start and raw[start - 1] not in b"\r\n"):
                continue
            boundary, closing = self._delimiter(line[0][2:].rstrip(b" \t"))
            if boundary is None:
                continue
            if len(self.nodes) >= MAX_PARTS and not closing:
                self.defects.add("too-many-parts", _WHOLE)
                return
            self._delimit(self.open[boundary], closing, start, line.end())

    def _delimiter(self, text: bytes) -> tuple[bytes | None, bool]:
        """The open boundary that a line names, and whether it closes (RFC 2046 section 5.1.1)."""
        if text in self.open:
            if text.endswith(b"--") and text[:-2] in self.open:
                self.defects.add("boundary-ambiguous", _WHOLE)
            return text, False
        if text.endswith(b"--") and text[:-2] in self.open:
            return text[:-2], True
        if text in self.closed or (text.endswith(b"--") and text[:-2] in self.closed):
            self.defects.add("delimiter-after-close", _WHOLE)
        elif any(text[:length] in self.open for length in self.lengths):
            # RFC 2046 compares the beginning of a line only, most readers the whole line.
            self.defects.add("delimiter-with-text", _WHOLE)
        return None, False

    def _delimit(self, level: int, closing: bool, start: int, line_end: int) -> None:
        content_end = self._before_line_break(start)
        self._end_current(content_end)
        self._finish(level + 1, content_end)
        node = self.stack[level]
        if not node.children:
            self._check_idle(node, node.body_start, content_end, "preamble")
        if closing:
            node.epilogue = line_end
            self._pop()
        else:
            self._begin(node, self._after_line_break(line_end))

    def _before_line_break(self, position: int) -> int:
        """Where a part ends: the line break before a delimiter belongs to the delimiter."""
        if bytes(self.raw[max(position - 2, 0) : position]) == b"\r\n":
            return position - 2
        return max(position - 1, 0)

    def _after_line_break(self, position: int) -> int:
        rest = bytes(self.raw[position : position + 1000])
        position += len(rest) - len(rest.lstrip(b" \t"))
        line = bytes(self.raw[position : position + 2])
        return position + (2 if line == b"\r\n" else 1 if line[:1] in (b"\r", b"\n") else 0)

    def _begin(self, parent: _Node, start: int) -> None:
        path = f"{parent.path}.{len(parent.children) + 1}" if parent.path else str(len(parent.children) + 1)
        where = f"part {path}"
        header = read_header(self.raw, start, self._header_limit(start), where, self.defects)
        node = _Node(path, start, header.body_start, self.end, tuple(header.fields))
        parent.children.append(node)
        self.resume = header.body_start
        default = "message/rfc822" if parent.media_type == "multipart/digest" else "text/plain"
        self._enter(node, header, default)

    def _header_limit(self, start: int) -> int:
        """Where the header that begins here must end: at its empty line, or at a delimiter that comes before that."""
        first = _DASHED.match(self.raw, start)
        if first and self._is_delimiter(first[0]):
            return start
        for line in _HEADER_STOP.finditer(self.raw, max(start - 1, 0), min(start + MAX_PART_HEADER_OCTETS, self.end)):
            if line[1] is None:
                break
            if self._is_delimiter(line[1]):
                self.defects.add("part-without-body", _WHOLE)
                return line.start(1)
        return self.end

    def _is_delimiter(self, line: bytes) -> bool:
        text = line[2:].rstrip(b" \t")
        return text in self.open or (text.endswith(b"--") and text[:-2] in self.open)

    def _enter(self, node: _Node, header: Header, default: str) -> None:
        """A part begins: say what it is, and look for its parts where it is a multipart."""
        self.nodes.append(node)
        self.current = node
        _describe(node, header, default, self.defects)
        if node.boundary is None:
            return
        if len(self.stack) >= MAX_DEPTH:
            self.defects.add("nested-too-deep", node.shown)
            return
        if node.boundary in self.open:
            self.defects.add("boundary-reused", node.shown)
            return
        self.open[node.boundary] = len(self.stack)
        self.closed.discard(node.boundary)
        self.stack.append(node)
        self.lengths = tuple(sorted({len(boundary) for boundary in self.open}))
        self.current = None

    def _pop(self) -> None:
        node = self.stack.pop()
        if node.boundary is not None:
            self.open.pop(node.boundary, None)
            self.closed.add(node.boundary)
        self.lengths = tuple(sorted({len(boundary) for boundary in self.open}))

    def _finish(self, level: int, end: int) -> None:
        """Close the multiparts from this level on, whose own closing delimiter never came."""
        while len(self.stack) > level:
            node = self.stack[-1]
            self._clamp_last(node, end)
            node.end = max(end, node.children[-1].end if node.children else node.body_start)
            if node.children:
                self.defects.add("closing-delimiter-missing", node.shown, False)
            else:
                self.defects.add("multipart-without-parts", node.shown)
            self._pop()

    def _end_current(self, end: int) -> None:
        """The part that is being read ends here."""
        if self.current is not None:
            self.current.end = max(end, self.current.body_start)
            self.current = None
        if self.stack:
            self._clamp_last(self.stack[-1], end)

    @staticmethod
    def _clamp_last(node: _Node, end: int) -> None:
        """A multipart that has had its closing delimiter goes on, as epilogue, to its parent's next delimiter."""
        if node.children:
            last = node.children[-1]
            last.end = max(min(last.end, end), last.body_start)

    def _check(self, node: _Node) -> None:
        if node.epilogue is not None:
            self._check_idle(node, node.epilogue, node.end, "epilogue")
        if node.encoding == "base64" and not node.children:
            self._check_base64(node)

    def _check_idle(self, node: _Node, start: int, end: int, kind: str) -> None:
        """A preamble or epilogue that carries something that a reader without MIME would show."""
        if end - start > MAX_IDLE_OCTETS or _LOADED.search(bytes(self.raw[start : max(end, start)])):
            self.defects.add(f"loaded-{kind}", node.shown)

    def _check_base64(self, node: _Node) -> None:
        if _PADDING_INSIDE.search(self.raw, node.body_start, node.end):
            self.defects.add("base64-goes-on", node.shown)
        if _NOT_BASE64.search(self.raw, node.body_start, node.end):
            self.defects.add("base64-characters", node.shown)

    def _freeze(self) -> Part:
        """Parents stand before their children in nodes, so the parts are made from the back."""
        made: dict[int, Part] = {}
        part: Part | None = None
        for node in reversed(self.nodes):
            children = tuple(made.pop(id(child)) for child in node.children)
            part = made[id(node)] = _part(node, children)
        assert part is not None
        return part


def _part(node: _Node, children: tuple[Part, ...]) -> Part:
    return Part(
        node.path,
        node.start,
        node.body_start,
        node.end,
        node.fields,
        node.media_type,
        node.parameters,
        node.encoding,
        node.disposition,
        node.filenames,
        children,
    )


def _describe(node: _Node, header: Header, default: str, defects: Defects) -> None:
    node.media_type = default
    if not any(each.name in MIME_FIELDS for each in node.fields):
        return
    kind = _structured(node, header, "content-type", defects)
    disposition = _structured(node, header, "content-disposition", defects)
    names: list[str] = []
    if disposition is not None:
        node.disposition = disposition.value or None
        names += disposition.readings.get("filename", []) + disposition.readings.get("name", [])
    if kind is not None:
        _read_type(node, kind, defects)
        names += kind.readings.get("name", []) + kind.readings.get("filename", [])
    node.filenames = tuple(dict.fromkeys(name for name in names if name))
    _read_encoding(node, header, defects)


def _values(node: _Node, header: Header, name: str, defects: Defects) -> list[bytes]:
    """The distinct bodies of a MIME field that may stand once (RFC 2045 section 3)."""
    found = [each for each in node.fields if each.name == name]
    if not found:
        return []
    bodies = [unfold(header.octets[each.value_start - header.start : each.end - header.start]) for each in found]
    distinct = list(dict.fromkeys(bodies))
    if len(bodies) > 1:
        defects.add("duplicate-field", place(name, node.where), len(distinct) > 1)
    return distinct


def _structured(node: _Node, header: Header, name: str, defects: Defects) -> Parameterised | None:
    values = _values(node, header, name, defects)
    return read_parameterised(values[0]) if values and values[0] else None


def _read_type(node: _Node, kind: Parameterised, defects: Defects) -> None:
    where = place("content-type", node.where)
    if _MEDIA_TYPE.fullmatch(kind.value):
        node.media_type = kind.value
    else:
        compound = "multipart" in kind.value or "message" in kind.value or "=?" in kind.value
        defects.add("media-type", where, compound)
    node.parameters = {name: values[0] for name, values in kind.readings.items() if values}
    multipart = node.media_type.startswith("multipart/")
    for flaw in kind.flaws:
        name = flaw.rpartition(":")[2]
        holds = multipart or flaw == "too-many" or flaw in ("conflict:boundary", "conflict:charset")
        defects.add("content-type-parameters", where, holds and not (flaw == "comment" and name == flaw))
    if node.media_type in ("message/partial", "message/external-body"):
        defects.add(node.media_type.replace("/", "-"), node.shown)
    if multipart:
        _read_boundary(node, kind, where, defects)


def _read_boundary(node: _Node, kind: Parameterised, where: str, defects: Defects) -> None:
    values = kind.raw.get("boundary", [])
    if any(name.startswith("boundary*") for name in kind.raw):
        defects.add("boundary-extended", where)
    boundary = values[0].rstrip(b" \t") if values else (kind.first("boundary") or "").encode("utf-8", "replace")
    if not boundary:
        defects.add("boundary-missing", where)
        return
    if not _BOUNDARY.fullmatch(values[0] if values else boundary) or _ENCODED_WORD.search(boundary):
        defects.add("boundary", where)
    node.boundary = boundary


def _read_encoding(node: _Node, header: Header, defects: Defects) -> None:
    where = place("content-transfer-encoding", node.where)
    values = _values(node, header, "content-transfer-encoding", defects)
    if not values or not values[0]:
        return
    node.encoding = values[0].decode("latin-1").lower()
    if not _ENCODING.fullmatch(values[0]):
        defects.add("transfer-encoding", where)
    elif node.encoding not in _ENCODINGS:
        defects.add("transfer-encoding", where, node.encoding not in _MISNAMED)
    elif node.encoding not in _PLAIN_ENCODINGS and node.media_type.startswith(("multipart/", "message/rfc822")):
        # RFC 2045 section 6.4 forbids it; some readers decode it all the same.
        defects.add("transfer-encoding", where)
