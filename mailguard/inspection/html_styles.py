"""What the styles of an HTML document hide: in an element's own attributes, and in its style blocks.

Promises: total; linear. Of style blocks those selectors are followed that name one element by itself: a tag, a class,
an identifier, :nth-child, and these together ("tr.private", "td:nth-child(3)"). What hides by the elements around it,
only on some screens (@media) or by a program counts as seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .stream import SEEN, Visibility

MAX_STYLE_CHARACTERS = 262_144
MAX_COMPOUND = 16
"""Selectors of several conditions, each of which is tried on every element; further ones count as not there."""
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all|opacity\s*:\s*0(?![.\d])"
    r"|(?:max-)?height\s*:\s*0(?:px)?\s*(?:;|[\"']|$)",
    re.IGNORECASE,
)
_TINY = re.compile(r"font-size\s*:\s*[01](?:\.\d+)?(?:px|pt|em|%)?\s*(?:;|[\"']|$)", re.IGNORECASE)
_WHITE = re.compile(
    r"(?<!-)color\s*[:=]\s*[\"']?\s*(?:#fff(?:fff)?\b|white\b|rgba?\(\s*255\s*,\s*255\s*,\s*255)", re.IGNORECASE
)
_BACKGROUND = re.compile(r"background|bgcolor", re.IGNORECASE)
_HIDDEN_ATTRIBUTE = re.compile(r"\shidden(?=[\s=/]|$)", re.IGNORECASE)
_DISPLAYED = re.compile(r"display\s*:\s*(?!none)[a-z]", re.IGNORECASE)

_STYLE = re.compile(r"<!--[\s\S]*?(?:-->|\Z)|<style(?=[\s/>])[^<>]*>(?P<code>[\s\S]*?)(?:</style|\Z)", re.IGNORECASE)
_CSS_COMMENT = re.compile(r"/\*[\s\S]*?(?:\*/|\Z)|<!--|-->")
_BRACE = re.compile(r"[{}]")
_COMPOUND = re.compile(
    r"(?P<tag>[a-z][a-z0-9]*|\*)?(?P<names>(?:[.#][a-z_][\w-]*)*)"
    r"(?::nth-child\(\s*(?P<nth>[^()]{1,20})\))?",
    re.IGNORECASE,
)
_NTH = re.compile(r"(?P<a>[+-]?\d{0,6})n\s*(?P<b>[+-]\s*\d{1,6})?|(?P<only>\d{1,6})", re.IGNORECASE)
_NAMED = re.compile(r"(?<![\w-])(class|id)\s*+=\s*+(\"[^\"]*\"|'[^']*'|[^\s\"']+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Selector:
    """names: classes with a dot, identifiers with a hash. nth: (a, b) of an+b, None for any place."""

    tag: str
    names: frozenset[str]
    nth: tuple[int, int] | None

    def holds(self, tag: str, names: frozenset[str], place: int) -> bool:
        if (self.tag and self.tag != tag) or not self.names <= names:
            return False
        return self.nth is None or _is_nth(place, *self.nth)


@dataclass(slots=True)
class Styles:
    """What style blocks hide. simple: by one tag, class or identifier; compound: the others."""

    simple: dict[str, Visibility] = field(default_factory=dict)
    compound: list[tuple[Selector, Visibility]] = field(default_factory=list)

    def why(self, tag: str, attributes: str, place: int) -> Visibility:
        """Why they hide an element, SEEN where they do not. place: among the elements of its parent, from 1."""
        if not self.simple and not self.compound:
            return SEEN
        names = _names(attributes)
        found = next((self.simple[each] for each in (tag, *names) if each in self.simple), None)
        if found is None:
            found = next((why for selector, why in self.compound if selector.holds(tag, names, place)), SEEN)
        return SEEN if found is not SEEN and _DISPLAYED.search(attributes) else found


def styles_of(source: str) -> Styles:
    """What the style blocks of a document hide."""
    styles = Styles()
    if "<style" in source or "<STYLE" in source or "<Style" in source:
        left = MAX_STYLE_CHARACTERS
        for found in _STYLE.finditer(source):
            code = (found["code"] or "")[:left]
            left -= len(code)
            for selectors, declarations in _rules(_CSS_COMMENT.sub(" ", code)):
                why = _by_declarations(declarations)
                if why is not SEEN:
                    for each in selectors.split(","):
                        _add(styles, each.strip(), why)
    return styles


def why_hidden(attributes: str, around: Visibility) -> Visibility:
    """Why what is in an element is not seen: for a reason of its own, else for that of the element around it."""
    if not attributes:
        return around
    if _HIDDEN_ATTRIBUTE.search(attributes):
        return Visibility.HIDDEN_TEXT
    found = _by_declarations(attributes)
    return around if found is SEEN else found


def _by_declarations(text: str) -> Visibility:
    if _HIDDEN.search(text):
        return Visibility.HIDDEN_TEXT
    if _TINY.search(text):
        return Visibility.TINY_TEXT
    if _WHITE.search(text) and not _BACKGROUND.search(text):
        return Visibility.SAME_COLOUR
    return SEEN


def _rules(code: str) -> Iterator[tuple[str, str]]:
    """(selectors, declarations) of every rule that always holds: what stands within an at-rule is left out."""
    depth, at, selectors = 0, 0, ""
    for brace in _BRACE.finditer(code):
        text = code[at : brace.start()]
        at = brace.end()
        if brace[0] == "{":
            if depth == 0:
                selectors = text.rpartition(";")[2].strip()
            depth += 1
        else:
            if depth == 1 and not selectors.startswith("@"):
                yield selectors, text
            depth = max(depth - 1, 0)


def _add(styles: Styles, selector: str, why: Visibility) -> None:
    found = _COMPOUND.fullmatch(selector)
    if not selector or found is None:
        return
    tag = (found["tag"] or "").lower().replace("*", "")
    names = frozenset(re.findall(r"[.#][^.#]+", found["names"].lower()))
    nth = _nth(found["nth"]) if found["nth"] else None
    if found["nth"] and nth is None:
        return
    if nth is None and len(names) + bool(tag) == 1:
        styles.simple.setdefault(tag or next(iter(names)), why)
    elif (tag or names or nth) and len(styles.compound) < MAX_COMPOUND:
        styles.compound.append((Selector(tag, names, nth), why))


def _nth(text: str) -> tuple[int, int] | None:
    """an+b (Selectors level 3, section 6.6.5.1)."""
    text = text.strip().lower()
    if text in ("odd", "even"):
        return 2, int(text == "odd")
    found = _NTH.fullmatch(text)
    if found is None:
        return None
    if found["only"]:
        return 0, int(found["only"])
    step = found["a"]
    return int(step if step.strip("+-") else f"{step}1"), int((found["b"] or "0").replace(" ", ""))


def _is_nth(place: int, a: int, b: int) -> bool:
    if a == 0:
        return place == b
    return (place - b) % a == 0 and (place - b) // a >= 0


def _names(attributes: str) -> frozenset[str]:
    names: set[str] = set()
    for kind, value in _NAMED.findall(attributes):
        words = value.strip("\"'").lower().split()
        names.update(f".{word}" if kind.lower() == "class" else f"#{word}" for word in words)
    return frozenset(names)
