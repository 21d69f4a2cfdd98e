"""Header blocks that a reply or a forward quotes in its text: who wrote the quoted message, and to whom.

A block is two or more lines `name: value` in a row with known names, one of them From or To, in any of the languages
that mail programs write them in; quoted with `>`, in bold, or in the cells of a table. Promises: total; linear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .mentions import SEAM, mentions

_TABLE = """
    From          | To                             | Cc           | Bcc             | Sent/Date/Subject/Reply-To
    from, sender  | to                             | cc           | bcc             | sent/date/subject/reply-to
    von, absender | an, empfänger                  | kopie        | blindkopie, bkk | gesendet/gesendet am/datum/betreff
    de            | à, a, pour, destinataire       | copie, copie à | cci           | envoyé/envoyé le/date/objet
    expéditeur    | destinataires                  | copie (cc)   | copie cachée    | répondre à/date d’envoi
    de, remitente | para, destinatario             | copia        | cco             | enviado/enviado el/fecha/asunto
    de, remetente | para, destinatário             | cópia        | cco             | enviado em/enviada em/data/assunto
    da, mittente  | a, destinatario                | copia        | ccn             | inviato/data/oggetto/data invio
    od, nadawca   | do, adresat                    | dw, do wiadomości | udw        | wysłano/wysłane/data/temat
    van, afzender | aan, naar, ontvanger           | kopie        | bcc             | verzonden/datum/onderwerp
    oddi wrth, gan | at, i                         | copi         | bcc             | anfonwyd/dyddiad/pwnc
    från          | till                           | kopia        | hemlig kopia    | skickat/datum/ämne
    fra           | til                            | kopi         | blindkopi       | sendt/dato/emne
    lähettäjä     | vastaanottaja                  | kopio        | piilokopio      | lähetetty/päivämäärä/aihe
    feladó        | címzett                        | másolat      | titkos másolat  | elküldve/dátum/tárgy
    kimden        | kime                           | bilgi        | gizli           | gönderildi/tarih/konu
    od            | komu                           | kopie        | skrytá          | odesláno/datum/předmět
    от            | кому                           | копия        | скрытая копия   | отправлено/дата/тема
    від           | кому                           | копія        | прихована копія | надіслано/дата/тема
    από           | προς                           | κοιν         | κρυφή κοιν      | στάλθηκε/ημερομηνία/θέμα
    差出人        | 宛先                           | cc           | bcc             | 送信日時/日付/日時/件名
    发件人        | 收件人                         | 抄送         | 密送            | 发送时间/日期/主题
    寄件者        | 收件者                         | 副本         | 密件副本        | 寄件日期/日期/主旨
    보낸 사람     | 받는 사람                      | 참조         | 숨은참조        | 보낸 날짜/날짜/제목
"""
"""Outlook, Gmail, Apple Mail and Thunderbird in the languages that this may meet, a language a line."""
_COLUMNS = ("from", "to", "cc", "bcc", "other")
_KINDS = {
    name.strip(): kind
    for line in _TABLE.strip().splitlines()
    for kind, cell in zip(_COLUMNS, line.split("|"), strict=True)
    for name in re.split("[,/]", cell.lower())
}
_LONGEST_NAME = max(map(len, _KINDS))
_AROUND = f" \t\xa0\u3000*_|>{SEAM}"
_FIELD = re.compile(rf"^[{re.escape(_AROUND)}]{{0,200}}+([^\W\d_][^\n:：]{{0,{_LONGEST_NAME + 8}}})[:：]", re.MULTILINE)
_MOST_LINES = 2_000
"""Of one value: a list of 2,000 recipients a line each. What follows still counts as text."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """One block. authors: mentioned in From; recipients: in To and Cc; blind: in Bcc, as a sent message shows it."""

    authors: tuple[str, ...]
    recipients: tuple[str, ...]
    blind: tuple[str, ...]


def quoted_blocks(text: str) -> tuple[Quoted, ...]:
    """The header blocks in a text, in order. A text without a mention has none that matters."""
    if "@" not in text:
        return ()
    return tuple(_blocks(text))


def _blocks(text: str) -> Iterator[Quoted]:
    block: dict[str, list[str]] = {}
    end = 0
    for kind, start, stop in _fields(text):
        if block and text[end:start].strip(_AROUND + "\n"):
            yield from _block(block)
            block = {}
        block.setdefault(kind, []).append(text[start:stop])
        end = stop
    yield from _block(block)


def _fields(text: str) -> Iterator[tuple[str, int, int]]:
    """The kind and the span of every line with a known name, and of what goes on below it."""
    named = [(kind, found) for found in _FIELD.finditer(text) if (kind := _kind(found[1])) is not None]
    for index, (kind, found) in enumerate(named):
        limit = named[index + 1][1].start() if index + 1 < len(named) else len(text)
        yield kind, found.start(), _value_end(text, found.end(), limit)


def _kind(name: str) -> str | None:
    return _KINDS.get(name.strip(_AROUND).lower())


def _value_end(text: str, start: int, limit: int) -> int:
    """A value goes on where its list does: after a comma, or on lines that mention somebody."""
    end = _line_end(text, start, limit)
    for _ in range(_MOST_LINES):
        following = _line_end(text, end + 1, limit)
        line = text[end + 1 : following].strip(_AROUND)
        if not line or not ("@" in line or text[start:end].rstrip(_AROUND)[-1:] in ",;"):
            break
        start, end = end + 1, following
    return end


def _line_end(text: str, start: int, limit: int) -> int:
    end = text.find("\n", start, limit)
    return limit if end < 0 else end


def _block(fields: dict[str, list[str]]) -> Iterator[Quoted]:
    named = {kind for kind in fields if kind != "other"}
    if len(fields) < 2 or not named & {"from", "to"}:
        return
    authors, to, blind = (
        mentions("\n".join(line for kind in kinds for line in fields.get(kind, ())))
        for kinds in (("from",), ("to", "cc"), ("bcc",))
    )
    if authors or to or blind:
        yield Quoted(authors, to, blind)
