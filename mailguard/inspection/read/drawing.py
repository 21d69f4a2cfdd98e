"""Text boxes of a drawing part: DrawingML, and VML of older programs, of which whatever is written in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..budget import Budget
from ..stream import SEEN, Text, Visibility
from .spreadsheetml import is_true, names
from .xml_events import SEPARATOR, read_xml


def read_drawing(pieces: Iterator[bytes], part: str, budget: Budget, what: str = "drawing") -> Iterator[Text]:
    """Each text that a shape shows; what a shape that is hidden holds as hidden. part: its name, which says where."""
    known = names()
    texts: list[tuple[str, Visibility]] = []
    is_open = part.endswith(".vml")
    shape = SEEN

    def start(full: str, attributes: Mapping[str, str]) -> None:
        nonlocal is_open, shape
        is_open = known[full] == "t" or full.rpartition(SEPARATOR)[2] in ("font", "div", "span")
        if known[full] == "cNvPr":
            shape = Visibility.HIDDEN_TEXT if is_true(attributes.get("hidden")) else SEEN

    def characters(text: str) -> None:
        if is_open and text.strip():
            budget.keep(len(text))
            texts.append((text.strip(), shape))

    read_xml(pieces, start, None, characters)
    for text, visibility in texts:
        yield Text(text, f"{what} {part.rpartition('/')[2]}", visibility)
