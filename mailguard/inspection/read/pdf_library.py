"""PDFium, by ctypes: a document in memory, its pages, what is painted on a page and in which letters.

The library is loaded when the first document is, never with this module: the service imports the readers, and only the
sandboxed worker reads (its rehearsal loads the library before the sandbox closes). Nothing is opened, nothing runs: the
build has no JavaScript and no XFA engine, and without a form environment no action of a document is followed.

Promises: `Uninspectable` for what PDFium does not open. A crash inside of it ends the worker, which is what the worker
is for. Coordinates are those of the page (points, y upwards), before its own rotation.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import addressof, c_char_p, c_double, c_float, c_int, c_size_t, c_uint, c_ulong, c_void_p
from functools import cache
from importlib.resources import files
from types import TracebackType
from typing import Any, NamedTuple

from ..budget import Uninspectable
from .pdf_password import ENCRYPTED

NO_PDF = "no PDF that can be opened"
TEXT, PATH, IMAGE, SHADING, FORM = 1, 2, 3, 4, 5
"""FPDF_PAGEOBJ_*."""
LINK, POPUP = 2, 16
SQUARE, CIRCLE, HIGHLIGHT = 5, 6, 9
"""FPDF_ANNOT_*. Of the first two nothing is painted; the others a viewer paints by itself if they do not say how."""
_OWN_COLOUR, _INNER_COLOUR = 0, 1
_HIDDEN = 2
_PASSWORD, _SECURITY = 4, 5
"""FPDF_ERR_*."""
_FAR = 1e6
OPAQUE = 242
"""Of 255: what shows through less cannot be read."""
Box = tuple[float, float, float, float]
Matrix = tuple[float, float, float, float, float, float]

_P = c_void_p
_CALLS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "FPDF_LoadMemDocument64": (_P, (_P, c_size_t, c_char_p)),
    "FPDF_CloseDocument": (None, (_P,)),
    "FPDF_GetLastError": (c_ulong, ()),
    "FPDF_GetPageCount": (c_int, (_P,)),
    "FPDF_GetSecurityHandlerRevision": (c_int, (_P,)),
    "FPDF_LoadPage": (_P, (_P, c_int)),
    "FPDF_ClosePage": (None, (_P,)),
    "FPDF_GetPageBoundingBox": (c_int, (_P, _P)),
    "FPDFPage_GetAnnotCount": (c_int, (_P,)),
    "FPDFPage_GetAnnot": (_P, (_P, c_int)),
    "FPDFPage_CloseAnnot": (None, (_P,)),
    "FPDFAnnot_GetSubtype": (c_int, (_P,)),
    "FPDFAnnot_GetFlags": (c_int, (_P,)),
    "FPDFAnnot_GetRect": (c_int, (_P, _P)),
    "FPDFAnnot_GetColor": (c_int, (_P, c_int, _P, _P, _P, _P)),
    "FPDFAnnot_HasKey": (c_int, (_P, c_char_p)),
    "FPDFPage_Flatten": (c_int, (_P, c_int)),
    "FPDFPage_CountObjects": (c_int, (_P,)),
    "FPDFPage_GetObject": (_P, (_P, c_int)),
    "FPDFFormObj_CountObjects": (c_int, (_P,)),
    "FPDFFormObj_GetObject": (_P, (_P, c_ulong)),
    "FPDFPageObj_GetType": (c_int, (_P,)),
    "FPDFPageObj_GetBounds": (c_int, (_P, _P, _P, _P, _P)),
    "FPDFPageObj_GetMatrix": (c_int, (_P, _P)),
    "FPDFPageObj_SetMatrix": (c_int, (_P, _P)),
    "FPDFPageObj_GetFillColor": (c_int, (_P, _P, _P, _P, _P)),
    "FPDFPageObj_GetStrokeColor": (c_int, (_P, _P, _P, _P, _P)),
    "FPDFPageObj_GetStrokeWidth": (c_int, (_P, _P)),
    "FPDFPageObj_HasTransparency": (c_int, (_P,)),
    "FPDFPageObj_CountMarks": (c_int, (_P,)),
    "FPDFPageObj_GetMark": (_P, (_P, c_ulong)),
    "FPDFPageObj_RemoveMark": (c_int, (_P, _P)),
    "FPDFPageObjMark_GetName": (c_int, (_P, _P, c_ulong, _P)),
    "FPDFPageObjMark_GetParamValueType": (c_int, (_P, c_char_p)),
    "FPDFPageObjMark_GetParamStringValue": (c_int, (_P, c_char_p, _P, c_ulong, _P)),
    "FPDFPageObj_GetClipPath": (_P, (_P,)),
    "FPDFClipPath_CountPaths": (c_int, (_P,)),
    "FPDFClipPath_CountPathSegments": (c_int, (_P, c_int)),
    "FPDFClipPath_GetPathSegment": (_P, (_P, c_int, c_int)),
    "FPDFPath_GetDrawMode": (c_int, (_P, _P, _P)),
    "FPDFPath_CountSegments": (c_int, (_P,)),
    "FPDFPath_GetPathSegment": (_P, (_P, c_int)),
    "FPDFPathSegment_GetPoint": (c_int, (_P, _P, _P)),
    "FPDFPathSegment_GetType": (c_int, (_P,)),
    "FPDFImageObj_GetImagePixelSize": (c_int, (_P, _P, _P)),
    "FPDFTextObj_GetTextRenderMode": (c_int, (_P,)),
    "FPDFTextObj_GetFontSize": (c_int, (_P, _P)),
    "FPDFText_LoadPage": (_P, (_P,)),
    "FPDFText_ClosePage": (None, (_P,)),
    "FPDFText_CountChars": (c_int, (_P,)),
    "FPDFText_GetText": (c_int, (_P, c_int, c_int, _P)),
    "FPDFText_GetUnicode": (c_uint, (_P, c_int)),
    "FPDFText_HasUnicodeMapError": (c_int, (_P, c_int)),
    "FPDFText_GetTextObject": (_P, (_P, c_int)),
    "FPDFText_GetCharBox": (c_int, (_P, c_int, _P, _P, _P, _P)),
}


class Pdfium:
    """The functions of the library by their own names. Pointers go in and come out as integers, None for NULL.

    None of them takes a function of ours to call back: ctypes makes those in memory that is writable and executable,
    which neither the sandbox nor deploy/mailguard.service lets anybody have.
    """

    def __init__(self) -> None:
        library = ctypes.CDLL(str(files("pypdfium2_raw") / "libpdfium.so"))
        for name, (result, arguments) in _CALLS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)
        library.FPDF_InitLibrary()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        raise AttributeError(name)


@cache
def pdfium() -> Pdfium:
    return Pdfium()


class Document:
    """A PDF as PDFium opens it with no password at all; `with` closes it. octets stay where they are until then.
    size: of how many of them it is made, all where it is not given. revision: of the security handler, None where
    PDFium takes it for one that is not encrypted."""

    def __init__(self, octets: bytes, size: int | None = None) -> None:
        self._calls = pdfium()
        self._octets = octets
        # The octets themselves, not a copy of them: PDFium only reads.
        pointer = ctypes.cast(c_char_p(octets), _P)
        self._handle = self._calls.FPDF_LoadMemDocument64(pointer, len(octets) if size is None else size, None)
        if not self._handle:
            code = self._calls.FPDF_GetLastError()
            raise Uninspectable(ENCRYPTED if code in (_PASSWORD, _SECURITY) else NO_PDF)
        self.pages: int = self._calls.FPDF_GetPageCount(self._handle)
        revision: int = self._calls.FPDF_GetSecurityHandlerRevision(self._handle)
        self.revision = None if revision == -1 else revision

    def __enter__(self) -> Document:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._calls.FPDF_CloseDocument(self._handle)

    def page(self, index: int) -> Page | None:
        """From 0; None for one that cannot be loaded."""
        handle = self._calls.FPDF_LoadPage(self._handle, index)
        return Page(self, index, handle) if handle else None

    def load(self, index: int) -> int | None:
        handle: int | None = self._calls.FPDF_LoadPage(self._handle, index)
        return handle


class Filled(NamedTuple):
    """An area that an annotation fills without saying how it looks. colour: 0xRRGGBB. solid: nothing shows through."""

    box: Box
    colour: int
    solid: bool


class Page:
    """One page, its annotations painted onto it where they have an appearance; `with` closes it.

    box: what of it is shown, left, bottom, right, top. filled: by annotations without an appearance.
    """

    def __init__(self, document: Document, index: int, handle: int) -> None:
        self.calls = pdfium()
        self.handle = handle
        self.filled: list[Filled] = []
        if self._look_at_annotations():
            self.calls.FPDFPage_Flatten(handle, 0)
            again = document.load(index)
            if again:
                self.calls.FPDF_ClosePage(handle)
                self.handle = again
        box = (c_float * 4)()
        self.calls.FPDF_GetPageBoundingBox(self.handle, addressof(box))
        self.box: Box = bounded(_sorted(*box))

    def __enter__(self) -> Page:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.calls.FPDF_ClosePage(self.handle)

    def _look_at_annotations(self) -> bool:
        """Whether one of them has an appearance."""
        calls, found = self.calls, False
        for number in range(calls.FPDFPage_GetAnnotCount(self.handle)):
            annotation = calls.FPDFPage_GetAnnot(self.handle, number)
            if annotation:
                subtype = calls.FPDFAnnot_GetSubtype(annotation)
                has = calls.FPDFAnnot_HasKey(annotation, b"AP")
                found |= bool(has) and subtype not in (LINK, POPUP)
                if not has and subtype in (SQUARE, CIRCLE, HIGHLIGHT):
                    self._fill(annotation, subtype)
                calls.FPDFPage_CloseAnnot(annotation)
        return found

    def _fill(self, annotation: int, subtype: int) -> None:
        calls = self.calls
        box, colours = (c_float * 4)(), (c_uint * 4)()
        at = addressof(colours)
        which = _OWN_COLOUR if subtype == HIGHLIGHT else _INNER_COLOUR
        hidden = calls.FPDFAnnot_GetFlags(annotation) & _HIDDEN
        has_colour = subtype == HIGHLIGHT or calls.FPDFAnnot_HasKey(annotation, b"IC")
        if hidden or not has_colour or not calls.FPDFAnnot_GetRect(annotation, addressof(box)):
            return
        if calls.FPDFAnnot_GetColor(annotation, which, at, at + 4, at + 8, at + 12):
            red, green, blue, alpha = colours
            if alpha >= OPAQUE:
                colour = red << 16 | green << 8 | blue
                self.filled.append(Filled(bounded(_sorted(*box)), colour, subtype != HIGHLIGHT))


def _sorted(one: float, two: float, three: float, four: float) -> Box:
    return min(one, three), min(two, four), max(one, three), max(two, four)


def bounded(box: Box) -> Box:
    """With each side no further away than any page reaches; what is no number is far away, and so off the page."""
    left, bottom, right, top = box
    if left > -_FAR and bottom > -_FAR and right < _FAR and top < _FAR:
        return box
    left, bottom, right, top = (max(-_FAR, min(_FAR, each)) if each == each else _FAR for each in box)
    return left, bottom, right, top


class Letters:
    """The text of a page, character by character; `with` closes it. text has as many letters as characters are there:
    at text[i] stands the i-th, U+FFFD where its font does not say which it is."""

    def __init__(self, page: Page) -> None:
        self._calls = page.calls
        self._handle = self._calls.FPDFText_LoadPage(page.handle)
        count = self._calls.FPDFText_CountChars(self._handle) if self._handle else 0
        self._corners = (c_double * 4)()
        at = addressof(self._corners)
        self._places = (at, at + 8, at + 16, at + 24)
        buffer = ctypes.create_string_buffer(2 * count + 2)
        written = self._calls.FPDFText_GetText(self._handle, 0, count, addressof(buffer)) if count else 0
        text = buffer.raw[: 2 * max(0, written - 1)].decode("utf-16-le", "replace")
        if len(text) != count:
            text = "".join(_letter(self._calls.FPDFText_GetUnicode(self._handle, at)) for at in range(count))
        self.text: str = text

    def __enter__(self) -> Letters:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._handle:
            self._calls.FPDFText_ClosePage(self._handle)

    def owner(self, at: int) -> int | None:
        """The text object that painted it; None for a space or an end of line that stands in no object."""
        owner: int | None = self._calls.FPDFText_GetTextObject(self._handle, at)
        return owner

    def is_guessed(self, at: int) -> bool:
        """Whether the font does not say which letter it is."""
        return bool(self._calls.FPDFText_HasUnicodeMapError(self._handle, at))

    def box(self, at: int) -> Box | None:
        """left, bottom, right, top."""
        if not self._calls.FPDFText_GetCharBox(self._handle, at, *self._places):
            return None
        left, right, bottom, top = self._corners
        return bounded((left, bottom, right, top))


def _letter(code: int) -> str:
    return chr(code) if 0 < code < 0xD800 or 0xDFFF < code < 0x110000 else "�"
