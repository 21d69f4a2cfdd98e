# ruff: noqa: E501
"""Quoted header blocks as mail programs write them, in the languages that they write them in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.mail.markup import readable
from mailguard.core.mail.quoted import Quoted, quoted_blocks

EXPECTED = (Quoted(("anna@x.example",), ("ben@y.example", "cy@y.example", "dee@z.example"), ()),)
LANGUAGES = {
    "english": ("From", "Sent", "To", "Cc", "Subject"),
    "german": ("Von", "Gesendet", "An", "Cc", "Betreff"),
    "german-thunderbird": ("Von", "Datum", "An", "Kopie (CC)", "Betreff"),
    "french": ("De", "Envoyé", "À", "Cc", "Objet"),
    "french-spaced": ("De ", "Date ", "À\u00a0", "Copie à ", "Objet "),
    "spanish": ("De", "Enviado", "Para", "CC", "Asunto"),
    "portuguese": ("De", "Enviada em", "Para", "Cópia", "Assunto"),
    "italian": ("Da", "Inviato", "A", "Cc", "Oggetto"),
    "polish": ("Od", "Wysłano", "Do", "DW", "Temat"),
    "dutch": ("Van", "Verzonden", "Aan", "CC", "Onderwerp"),
    "welsh": ("Oddi wrth", "Anfonwyd", "At", "Copi", "Pwnc"),
    "swedish": ("Från", "Skickat", "Till", "Kopia", "Ämne"),
    "danish": ("Fra", "Sendt", "Til", "Cc", "Emne"),
    "finnish": ("Lähettäjä", "Lähetetty", "Vastaanottaja", "Kopio", "Aihe"),
    "hungarian": ("Feladó", "Dátum", "Címzett", "Másolat", "Tárgy"),
    "czech": ("Od", "Odesláno", "Komu", "Kopie", "Předmět"),
    "turkish": ("Kimden", "Tarih", "Kime", "Bilgi", "Konu"),
    "russian": ("От", "Дата", "Кому", "Копия", "Тема"),
    "greek": ("Από", "Θέμα", "Προς", "Κοιν", "Θέμα"),
    "japanese": ("差出人", "送信日時", "宛先", "CC", "件名"),
    "chinese": ("发件人", "发送时间", "收件人", "抄送", "主题"),
    "korean": ("보낸 사람", "보낸 날짜", "받는 사람", "참조", "제목"),
}  # fmt: skip
VALUES = ("Anna <anna@x.example>", "12 March", "Ben <ben@y.example>; cy@y.example", "Dee <dee@z.example>", "Hello")


def lines(names: tuple[str, ...], before: str = "", colon: str = ": ") -> list[str]:
    return [f"{before}{name}{colon}{value}" for name, value in zip(names, VALUES, strict=True)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_in_text_and_html(language: str) -> None:
    names = LANGUAGES[language]
    around = ("I see.\n\n-----\n", "\n\nHello all,\nsee you.")
    assert quoted_blocks("\n".join(lines(names)).join(around)) == EXPECTED
    assert quoted_blocks("\n".join(lines(names, "> > ")).join(around)) == EXPECTED
    assert quoted_blocks("\n".join(lines(names, "*", ":* ")).join(around)) == EXPECTED
    assert quoted_blocks("\n".join(lines(names, colon="\uff1a")).join(around)) == EXPECTED
    html = [
        f"<b>{name}:</b> {value.replace('<', '&lt;').replace('>', '&gt;')}"
        for name, value in zip(names, VALUES, strict=True)
    ]
    assert quoted_blocks(readable(f"<div>I see</div><div>{'<br>'.join(html)}</div><p>Hello</p>")) == EXPECTED


FORMS = {
    "outlook-html": "<div style='border-top:solid #E1E1E1 1.0pt'><p class=MsoNormal><b><span lang=EN-US>From:</span></b>"
    "<span> Anna &lt;<a href=\"mailto:anna@x.example\">anna@x.example</a>&gt; <br><b>Sent:</b> 12 March<br><b>To:</b> Ben"
    " &lt;ben@y.example&gt;; Cy &lt;cy@y.example&gt;<br><b>Cc:</b> Dee &lt;dee@z.example&gt;<br><b>Subject:</b> Hi</span>",
    "gmail": '<div class="gmail_quote"><div dir="ltr" class="gmail_attr">---------- Forwarded message ---------<br>From: '
    '<b class="gmail_sendername" dir="auto">Anna</b> <span dir="auto">&lt;<a href="mailto:anna@x.example">anna@x.example'
    "</a>&gt;</span><br>Date: Thu<br>Subject: Hi<br>To: Ben &lt;<a href='mailto:ben@y.example'>ben@y.example</a>&gt;, "
    "&lt;cy@y.example&gt;<br>Cc: Dee &lt;dee@z.example&gt;<br></div><br>Hello",
    "thunderbird": '<table class="moz-email-headers-table"><tbody><tr><th>Subject: </th><td>Hi</td></tr><tr><th>From: </th>'
    "<td>Anna &lt;anna@x.example&gt;</td></tr><tr><th>To: </th><td>ben@y.example, cy@y.example</td></tr><tr><th>CC: </th>"
    "<td>dee@z.example</td></tr></tbody></table>",
    "apple": "<blockquote><div>Begin forwarded message:</div><div><span><b>From: </b></span><span>Anna &lt;anna@x.example"
    "&gt;<br></span></div><div><span><b>Subject: </b></span><span>Hi</span></div><div><span><b>To: </b></span><span>Ben "
    "&lt;ben@y.example&gt;, cy@y.example</span></div><div><b>Cc: </b>dee@z.example</div></blockquote>",
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_as_programs_write_it(form: str) -> None:
    assert quoted_blocks(readable(FORMS[form])) == EXPECTED


def test_a_list_goes_on_over_lines() -> None:
    text = "> From: Anna <anna@x.example>\n> To: Ben <ben@y.example>,\n>   cy@y.example,\n>  Dee\n> <dee@z.example>\n>\n> Hi"
    assert quoted_blocks(text) == EXPECTED


def test_blocks_are_told_apart_and_the_blind_stand_alone() -> None:
    text = (
        "From: anna@x.example\nTo: ben@y.example\nSubject: a\n\nHello eve@v.example\n\n"
        "From: ben@y.example\nTo: anna@x.example\nBcc: dee@z.example"
    )
    assert quoted_blocks(text) == (
        Quoted(("anna@x.example",), ("ben@y.example",), ()),
        Quoted(("ben@y.example",), ("anna@x.example",), ("dee@z.example",)),
    )


@pytest.mark.parametrize(
    "text",
    [
        "Subject: hello\nDate: today anna@x.example",
        "To: everybody who wrote to anna@x.example",
        "Note: write to anna@x.example\nPhone: 1",
        "I came from: a@x.example",
        "",
    ],
)
def test_no_block(text: str) -> None:
    assert quoted_blocks(text) == ()


@given(
    st.lists(
        st.sampled_from(["From: a@x.example", "To:", "> An: b@x.example,", " c@x.example", "", "x", "\uff1a", "@"])
    )
)
def test_total(pieces: list[str]) -> None:
    quoted_blocks("\n".join(pieces))
