"""A letter: blocks of plain words, and the two forms in which a person may read them, text and HTML.

Both forms say all of it. The text comes in already legible (legible.py); here it is only escaped and set.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a letter. style: lead, heading, text, quote, steps, list, small or links. Each line of links is what
    its address in `links` is for.
    """

    style: str
    lines: tuple[str, ...]
    links: tuple[str, ...] = ()


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
        elif block.style == "links":
            pieces.append("\n\n".join(f"{line}:\n{link}" for line, link in zip(block.lines, block.links, strict=True)))
        else:
            pieces.append("\n".join(block.lines))
    # A heading stands directly above its paragraph; everything else is set apart by an empty line.
    text = ""
    for block, piece in zip(letter.blocks, pieces, strict=True):
        text += piece + ("\n" if block.style == "heading" else "\n\n")
    return text.rstrip("\n") + "\n"


def as_html(letter: Letter) -> str:
    """The letter as one column of HTML: real headings, 16 px, no picture, no colour (dark mode works); links are to the
    console alone.
    """
    body = "\n".join(_block(block) for block in letter.blocks)
    return (
        '<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{html.escape(letter.subject)}</title>\n</head>\n"
        '<body style="margin:0;padding:16px;font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:1.5">\n'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px">\n'
        f"<tr><td>\n{body}\n</td></tr>\n</table>\n</body>\n</html>\n"
    )


def _block(block: Block) -> str:
    lines = tuple(html.escape(line) for line in block.lines)
    if block.style != "links":
        return _HTML[block.style](lines)
    addresses = (html.escape(link) for link in block.links)
    return "\n".join(f'<p><a href="{link}">{line}</a></p>' for line, link in zip(lines, addresses, strict=True))


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
