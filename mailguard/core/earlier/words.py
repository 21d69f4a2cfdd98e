"""The words that the sender of a message wrote, as far as two messages can be compared by them.

Promises: total; linear; at most MOST_WORDS. Left out is what varies between copies of one text (greetings vary little,
links, addresses and numbers a lot) and what stands under all texts of a sender whatever they say: quoted messages, a
signature, the paragraph of a lawyer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..mail.decoded import TooLong, decoded_texts
from ..mail.markup import shown
from ..mail.message import Message, Part

MOST_WORDS = 4_000
MOST_CHARACTERS = 200_000
OPENING_CHARACTERS = 8_000
FEW_WORDS = 20
"""A text with fewer says too little by itself: the subject is compared along with it."""

_FIGURE = re.compile(r"\d")
_WORD = re.compile(r"[^\W\d_]{2,}")
_AROUND_WORDS = ".,;:!?()\"'"
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Scripts that write without spaces: pairs of characters stand for words there."""
_CLOSING = re.compile(
    r"\W{0,5}(?:(?:with )?(?:(?:my|our|very|kind|kindest|best|warm|warmest|many) ){0,2}(?:regards|wishes|thanks)"
    r"|(?:yours|sincerely|cheers|thanks|thank you)(?: (?:sincerely|faithfully|truly|yours|again))?"
    r"|(?:mit )?(?:freundlichen|besten|herzlichen|viele[nr]?|liebe[n]?) gr(?:üßen|üssen|üße|üsse|uß)"
    r"|(?:bien )?cordialement|(?:bien à vous)|(?:meilleures )?salutations|(?:un )?(?:cordial )?saludos?|atentamente"
    r"|(?:cordiali|distinti) saluti|(?:met )?vriendelijke groet(?:en)?|atenciosamente|pozdrawiam"
    r"|(?:cofion|gyda diolch)(?: cynnes)?)\W{0,5}",
    re.IGNORECASE,
)
_OF_CLOSING = (
    *("regards", "wishes", "thank", "yours", "sincerely", "cheers", "cordialement", "salutations", "saludo"),
    *("atentamente", "saluti", "groet", "atenciosamente", "pozdrawiam", "cofion", "gyda diolch"),
)
"""One of them is in every line in ASCII that the pattern finds."""
_QUOTE = re.compile(
    r"-{4,}[^-]{3,60}-{4,}|_{20,}"
    r"|.{1,200}(?:wrote|writes|schrieb|écrit|escribió|escreveu|scritto|schreef|skrev|napisał\(?a?\)?|kirjoitti|ysgrifennodd)"
    r"[ \xa0]?[:：]"
    r"|.{1,120}\b(?:schrieb|écrit|escribió|skrev|schreef) .{1,80}:"
    r"|\*?(?:from|von|de|da|van|od|från|fra|oddi wrth)[ \xa0]?:\*?[ \t\xa0].{0,200}[@<\[].{0,200}",
    re.IGNORECASE,
)
"""The line above which a reply or a forward ends."""
_LAWYERS = re.compile(
    r"confidential|intended recipient|disclaimer|privileged|received (?:it|this)[^.]{0,40} in error|virus|monitored"
    r"|unsubscribe|vertraulich|irrtümlich|confidentiel|destinataire|confidencial|destinatario",
    re.IGNORECASE,
)
_OF_LAWYERS = (
    *("confidential", "intended recipient", "disclaimer", "privileged", "virus", "monitored", "unsubscribe"),
    *("vertraulich", "irrtümlich", "confidentiel", "destinataire", "confidencial", "destinatario"),
)
"""What the pattern finds, word for word, but for the one that begins with "received"."""


def own_words(message: Message, subject: str) -> tuple[str, ...]:
    """In order, folded. A text of few words is told together with the words of the subject."""
    return own_words_and_opening(message, subject)[0]


def own_words_and_opening(message: Message, subject: str) -> tuple[tuple[str, ...], str]:
    """Both of what is written once."""
    written = written_text(message)
    own = own_text(written)
    first = own if len(written) <= OPENING_CHARACTERS else own_text(written[:OPENING_CHARACTERS])
    return _own_words(written, own, subject), first


def _own_words(written: str, own: str, subject: str) -> tuple[str, ...]:
    words = plain_words(own)
    if len(words) < FEW_WORDS:
        # Somebody who passes on what others wrote is known by that; whoever says "Yes" is not known by a signature.
        words = plain_words(subject) + words + plain_words(_passed_on(written))
    return words[:MOST_WORDS]


def opening(message: Message) -> str:
    """Where its sender says what it is for. What is quoted below, and a signature, say what other messages were for."""
    return own_text(beginning(message))


def beginning(message: Message) -> str:
    """The first characters of what is written in it, with quotes and signature."""
    return written_text(message)[:OPENING_CHARACTERS]


def own_text(written: str) -> str:
    """What stands above quotes and signature, without the paragraphs of lawyers."""
    return _without_lawyers("\n".join(_own_lines(written)))


def _passed_on(written: str) -> str:
    """What stands below the line that begins a quote, and lines that are marked as quoted."""
    lines = written.split("\n")
    start = next((index for index, line in enumerate(lines) if _begins_quote(line.strip())), len(lines))
    marked = [line.lstrip("> \t") for line in lines[:start] if line.lstrip().startswith(">")]
    return _without_lawyers("\n".join([*marked, *(line.lstrip("> \t") for line in lines[start + 1 :])]))


def _without_lawyers(text: str) -> str:
    paragraphs = re.split(r"\n[ \t]*\n", text)
    return "\n\n".join(each for each in paragraphs if not _of_lawyers(each.lower()))


def _of_lawyers(lowered: str) -> bool:
    """Two of their words. Looked for one by one first, which is much faster: hardly any text has as many."""
    # Letters that a pattern finds as s and i although they are others.
    plain = lowered.isascii() or not ("ſ" in lowered or "ı" in lowered)
    if plain and "received " not in lowered and sum(each in lowered for each in _OF_LAWYERS) < 2:
        return False
    return len(set(_LAWYERS.findall(lowered))) >= 2


def _begins_quote(line: str) -> bool:
    return len(line) < 400 and _may_begin_quote(line) and _QUOTE.fullmatch(line) is not None


def _may_begin_quote(line: str) -> bool:
    """False where the pattern, which begins or ends so in each of its forms, can match no whole line."""
    return line[-1:] in (":", "：") or line[:1] in ("-", "_") or "@" in line or "<" in line or "[" in line


def plain_words(text: str) -> tuple[str, ...]:
    """Words as they are compared: folded, without links, addresses and whatever holds a figure."""
    found: list[str] = []
    for chunk in text.casefold().split():
        bare = chunk.strip(_AROUND_WORDS)
        if bare.isalpha() and bare.isascii() and bare != "www":
            # What the rest comes to for nearly all of what people write, in a fifth of the time.
            if bare[1:]:
                found.append(bare)
            if len(found) >= MOST_WORDS:
                break
            continue
        if "@" in chunk or "://" in chunk or chunk.startswith("www.") or _FIGURE.search(chunk):
            continue
        for word in _WORD.findall(chunk):
            found.extend(_pairs(word) if _UNSPACED.search(word) else (word,))
        if len(found) >= MOST_WORDS:
            break
    return tuple(found[:MOST_WORDS])


def _own_lines(written: str) -> Iterator[str]:
    begun = False
    for line in written.split("\n"):
        stripped = line.strip()
        if line.rstrip("\r") in ("-- ", "--") or _begins_quote(stripped):
            return
        if begun and len(stripped) < 60 and _closes(stripped):
            return
        begun |= bool(stripped)
        if not stripped.startswith(">"):
            yield line


def _closes(line: str) -> bool:
    """Looked for word by word first, as above."""
    lowered = line.lower()
    if line.isascii() and not any(map(lowered.__contains__, _OF_CLOSING)):
        return False
    return _CLOSING.fullmatch(line) is not None


def _pairs(word: str) -> Iterator[str]:
    return (word[index : index + 2] for index in range(len(word) - 1))


def written_text(message: Message) -> str:
    """The first text that is more than a line, plain before HTML, as programs show it."""
    leaves = [part for part in message.root.walk() if not part.children and part.disposition != "attachment"]
    best = ""
    for media_type in ("text/plain", "text/html"):
        for part in (each for each in leaves if each.media_type == media_type):
            text = _read(message, part)
            if len(text.split(None, FEW_WORDS)) >= FEW_WORDS:
                return text
            best = max(best, text, key=len)
    return best


def _read(message: Message, part: Part) -> str:
    try:
        text = next(decoded_texts(message, part), "")[:MOST_CHARACTERS]
    except TooLong:
        return ""
    return shown(text) if part.media_type == "text/html" else text
