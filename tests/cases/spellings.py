"""Spellings of two addresses in the recipient fields, and of ordinary recipients: octets that a YAML file cannot hold.

HIDDEN: header lines that name a@one.example and b@two.example; somebody could read both. ORDINARY: values of To as
mail programs write them, with the number of different people in them.
"""

from __future__ import annotations

import base64

A, B = b"a@one.example", b"b@two.example"

_SEPARATORS = (
    b", ", b",", b";", b" ", b"\t", b"\r\n ", b" , , ", b"/", b"|", b"\xc2\xa0", b" and ", b"+", b"\xef\xbc\x8c",
    b"\xe3\x80\x81", b"\x0b", b"\x0c", b"\xe2\x80\xa8", b"\xc2\x85", b"\\,", b"%2C", b":", b"<>", b"(,)", b'""',
    b" =?utf-8?q?=2C?= ", b"\x00,", b"\r\n \r\n ",
)  # fmt: skip
_FIELDS = (
    b"Cc", b"CC", b"Cc ", b"Cc\t", b"cC", b"Resent-Cc", b"Resent-To", b"Resent-to ", b"Apparently-To", b"Cc\r\n ",
    b"C\xd1\x81", b"\xef\xbb\xbfCc", b"Cc\x00", b"Cc\x0b", b"x\r\nCc", b"X: y\x0bCc", b"X: y\rCc",
)  # fmt: skip
_VALUES = (
    b"=?utf-8?b?" + base64.b64encode(A + b", " + B) + b"?=",
    b"=?utf-8?q?a=40one.example?=, =?utf-8?q?b=40two.example?=",
    b"=?utf-7?q?b+AEA-two.example?= <a@one.example>",
    b"=?utf-8?q?b?= =?utf-8?q?=40two.example?= <a@one.example>",
    b"=?utf-8?q?b=EF=BC=A0two.example?= <a@one.example>",
    b"=?utf-8*en?q?b=40two.example?= <a@one.example>",
    b"=?UTF-16?b?" + base64.b64encode("b@two.example".encode("utf-16")) + b"?= <a@one.example>",
    b"=?x-unknown?q?b=40two.example?= <a@one.example>",
    b"b&#64;two.example <a@one.example>", b'"b@two.example" <a@one.example>', b"b@two.example <a@one.example>",
    b"b @ two . example, a@one.example", b"b(x)@two.example, a@one.example", b"b@two(x).example, a@one.example",
    b"b\r\n @two.example, a@one.example", b"<b@two.example, a@one.example", b"<<b@two.example>>, a@one.example",
    b'"b@two.example"@one.example', b"b\\@two.example, a@one.example", b'"b\\@"@two.example, a@one.example',
    b"b@two..example, a@one.example", b"mailto:b@two.example, a@one.example", b"[mailto:b@two.example] a@one.example",
    b"b\xef\xbc\xa0two.example, a@one.example", b"b\xef\xb9\xabtwo.example, a@one.example",
    b"b@two\xe3\x80\x82example, a@one.example", b"b\xe2\x80\x8b@two.example, a@one.example",
    b"b@tw\xc3\xb6.example, a@one.example", b"b\xfc@two.example, a@one.example",
    b"g:a@one.example; h:b@two.example;", b"g:a@one.example;b@two.example", b"g:;a@one.example,b@two.example",
    b'"b@two.example": a@one.example;', b"g: g2: a@one.example;,b@two.example;", b"(b@two.example) a@one.example",
    b"((b@two.example)) a@one.example", b"(b@two.example a@one.example", b'"Ann a@one.example, b@two.example',
    b"@one.example:b@two.example, a@one.example", b"<@x.example:@y.example:b@two.example>, a@one.example",
    b"Ann <a@one.example> <b@two.example>", b"<>, b@two.example, a@one.example", b",a@one.example,b@two.example",
    b"X" * 1500 + b" <a@one.example>, b@two.example", b"/C=GB/S=b/@two.example, a@one.example",
    b'"x\\"" <b@two.example>, a@one.example', b'"x\\\\" <b@two.example>, a@one.example',
    b"(x\\) <b@two.example>, a@one.example", b"http://b@two.example/, a@one.example",
)  # fmt: skip

HIDDEN = (
    *(b"To: " + A + separator + B for separator in _SEPARATORS),
    *(b"To: <" + A + b">" + separator + b"<" + B + b">" for separator in _SEPARATORS),
    *(b"To: " + A + b"\r\n" + name + b": " + B for name in _FIELDS),
    *(b"To: " + value for value in _VALUES),
)

ORDINARY = (
    (b"John Q. Public <a@one.example>", 1), (b'"Surname, Name (Dept)" <a@one.example>', 1),
    (b"J\xc3\xb6rg <a@one.example>", 1), (b"a@one.example;", 1), (b"a@one.example,", 1),
    (b"<a@one.example>,\r\n <b@two.example>,", 2), (b'"a@one.example" <a@one.example>', 1),
    (b"'a@one.example' <a@one.example>", 1), (b"a@one.example <a@one.example>", 1), (b"Name<a@one.example>", 1),
    (b"=?utf-8?Q?'a=40one.example'?= <a@one.example>", 1), (b"undisclosed-recipients:;", 0),
    (b"Undisclosed recipients:;", 0), (b"undisclosed-recipients: ;", 0), (b"undisclosed-recipients", 0), (b"", 0),
    (b"Dr. A. O'Neil, MBE <a@one.example>", 1), (b"A (Ann) Archer <a@one.example>", 1), (b"a@one.example (Ann)", 1),
    (b"=?iso-8859-1?Q?J=F6rg_M=FCller?= <a@one.example>", 1), (b"A & B Ltd <a@one.example>", 1),
    (b"=?utf-8?B?SsO2cmc=?=\r\n =?utf-8?B?IE0=?= <a@one.example>", 1), (b"[Team] <a@one.example>", 1),
    (b'"Ann @ Clinic" <a@one.example>', 1), (b"Ann | Clinic <a@one.example>", 1), (b"o'neil@one.example", 1),
    (b"bounce+a=one.example@two.example", 1), (b"a@xn--bcher-kva.example", 1), (b"a@b\xc3\xbccher.example", 1),
    (b"a@one.example\r\nCc: ", 1), (b"a@one.example\r\nReply-To: b@two.example, c@three.example", 1),
    (b"a@one.example\r\nContent-Type: text", 1), (b"a@one.example\r\nContent-Type: text/plain;", 1),
)  # fmt: skip
