"""The words of rich text that its reader knows (RTF 1.9.1): destinations, letters, code pages of fonts."""

from __future__ import annotations

from ..stream import SEEN, Visibility

STORIES: dict[str, tuple[str, Visibility]] = {
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), ("a header", SEEN)),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), ("a footer", SEEN)),
    "footnote": ("a footnote", SEEN),
    "annotation": ("a comment", Visibility.COMMENT),
    **dict.fromkeys(("shptxt", "dptxbxtext"), ("a text box", SEEN)),
    **dict.fromkeys(("xe", "tc", "tcn", "rxe"), ("an entry of an index", Visibility.MARKUP)),
}
"""Destinations that hold paragraphs, with where they stand and what hides all of them."""

PEOPLE = {
    "author": "author",
    "operator": "last saved by",
    "manager": "manager",
    "atnauthor": "author of a comment",
    "revtbl": "author of a change",
    "protusertbl": "may edit",
}
"""Destinations that name people."""

_SOURCE = (
    *("mmquery", "mmconnectstr", "mmconnectstrdata", "mmdatasource", "mmheadersource", "mmodsoudldata"),
    "mmodsotable",
)
_COLUMNS = ("mmodsoname", "mmodsomappedname", "mmaddfieldname")
TOLD: dict[str, tuple[str, Visibility]] = {
    **{
        each: (f"property {each}", Visibility.PROPERTY)
        for each in ("title", "subject", "company", "category", "keywords", "comment", "doccomm", "hlinkbase")
    },
    **dict.fromkeys(("propname", "staticval", "linkval"), ("property of the file", Visibility.PROPERTY)),
    "fldinst": ("field", Visibility.MARKUP),
    "docvar": ("variables of the document", Visibility.MARKUP),
    "template": ("link to a template", Visibility.MARKUP),
    **dict.fromkeys(("ffdeftext", "ffhelptext", "ffstattext", "ffl"), ("field of a form", Visibility.MARKUP)),
    **dict.fromkeys(_SOURCE, ("source of a mail merge", Visibility.CONNECTION)),
    **dict.fromkeys(_COLUMNS, ("column of a mail merge", Visibility.CONNECTION)),
    **dict.fromkeys(("shprslt", "nonshppict"), ("drawing for older programs", Visibility.MARKUP)),
}  # fmt: skip
"""Destinations whose text is one value that nobody sees."""

SILENT = frozenset(
    [
        *("fonttbl", "colortbl", "stylesheet", "listtable", "listoverridetable", "rsidtbl", "generator", "themedata"),
        *("colorschememapping", "latentstyles", "xmlnstbl", "mmathPr", "pnseclvl", "filetbl", "pgdsctbl", "pgptbl"),
        *("bkmkstart", "bkmkend", "atnid", "atndate", "atnref", "atnparent", "atntime", "atrfstart", "atrfend"),
        *("pict", "objclass", "objname", "objsect", "objalias", "pn", "pntxta", "pntxtb", "ftnsep", "ftnsepc"),
        *("aftnsep", "aftnsepc", "blipuid", "passwordhash", "wgrffmtfilter", "fchars", "lchars"),
        *("nonesttables", "sn", "panose", "falt", "fontemb", "listpicture", "defchp", "defpap", "oldcprops"),
        *(
            "oldpprops",
            "oldtprops",
            "oldsprops",
            "ffname",
            "datafield",
            "password",
            "userprops",
            "info",
            "writereservhash",
        ),
        *(
            "listname",
            "ftncn",
            "aftncn",
            "picprop",
            "creatim",
            "revtim",
            "printim",
            "buptim",
            "private",
            "upr",
            "writereservhash",
        ),
    ]
)
"""Destinations that say how something looks, or name something that has no text. info and userprops hold others."""

CLOSED = SILENT - {"info", "userprops", "upr", "sn", "ffname", "pict"}
"""Those of SILENT in which no destination opens: what looks like one there is a style, or a table of them."""

LETTERS = {
    "tab": "\t", "line": "\n", "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’", "ldblquote": "“",
    "rdblquote": "”", "bullet": "•", "emspace": " ", "enspace": " ", "qmspace": " ", "softline": "\n", "lbr": "\n",
}  # fmt: skip
SYMBOLS = {"~": "\u00a0", "_": "-", "{": "{", "}": "}", "\\": "\\"}
PARAGRAPHS = frozenset(["par", "sect", "page", "column"])

CHARSETS = {
    128: "cp932", 129: "cp949", 134: "cp936", 136: "cp950", 161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255",
    178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 77: "mac-roman", 254: "cp437",
}  # fmt: skip
"""\\fcharset -> codec, where it is not the document's own."""
