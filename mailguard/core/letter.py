"""A letter: blocks of plain words, and the two forms in which a person may read them, text and HTML.

Both forms say all of it. The text comes in already legible (legible.py); here it is only escaped and set.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a letter. style: lead, heading, text, quote, steps, list or small."""

    style: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    blocks: tuple[Block, ...]


def as_text(letter: Letter) -> str:
    """The letter as plain text, lines ending in "\\n". A paragraph is one line: the reader's program wraps it."""
    pieces = []
    for block in letter.blocks:
        if block.style == "steps":
            pieces.append("\n".join(f"{number}. {line}" for number, line in enumerate(block.lines, 1)))
        elif block.style in ("quote", "list"):
            mark = "> " if block.style == "quote" else "- "
            pieces.append("\n".join(mark + line for line in block.lines))
        else:
            pieces.append("\n".join(block.lines))
    # A heading stands directly above its paragraph; everything else is set apart by an empty line.
    text = ""
    for block, piece in zip(letter.blocks, pieces, strict=True):
        text += piece + ("\n" if block.style == "heading" else "\n\n")
    return text.rstrip("\n") + "\n"


def as_html(letter: Letter) -> str:
    """The letter as one column of HTML: real headings, 16 px, no picture, no link, no colour (dark mode works)."""
    body = "\n".join(_HTML[block.style](tuple(html.escape(line) for line in block.lines)) for block in letter.blocks)
    return (
        '<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{html.escape(letter.subject)}</title>\n</head>\n"
        '<body style="margin:0;padding:16px;font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:1.5">\n'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px">\n'
        f"<tr><td>\n{body}\n</td></tr>\n</table>\n</body>\n</html>\n"
    )


def _items(tag: str, lines: tuple[str, ...]) -> str:
    return f"<{tag}>\n" + "\n".join(f"<li>{line}</li>" for line in lines) + f"\n</{tag}>"


_HTML: dict[str, Callable[[tuple[str, ...]], str]] = {
    "lead": lambda lines: f'<h1 style="font-size:20px;line-height:1.3">{"<br>".join(lines)}</h1>',
    "heading": lambda lines: f'<h2 style="font-size:18px;margin:24px 0 4px">{"<br>".join(lines)}</h2>',
    "text": lambda lines: "\n".join(f"<p>{line}</p>" for line in lines),
    "quote": lambda lines: "<blockquote>\n" + "\n".join(f"<p>{line}</p>" for line in lines) + "\n</blockquote>",
    "steps": lambda lines: _items("ol", lines),
    "list": lambda lines: _items("ul", lines),
    "small": lambda lines: "<hr>\n" + "\n".join(f"<p>{line}</p>" for line in lines),
}
