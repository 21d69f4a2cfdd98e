"""A writer of documents of our own, from ECMA-376, for what no program here writes; it shares nothing with the
readers."""

from __future__ import annotations

from tests.inspection.read.written import PACKAGE, STRICT, TRANSITIONAL, packed, relationships

MAIN = {
    TRANSITIONAL: f"{TRANSITIONAL}/wordprocessingml/2006/main",
    STRICT: f"{STRICT}/wordprocessingml/main",
}
_SPACES = (
    f'xmlns:r="{TRANSITIONAL}/officeDocument/2006/relationships" '
    f'xmlns:mc="{TRANSITIONAL}/markup-compatibility/2006" xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"'
)


def part(root: str, inside: str, flavour: str = TRANSITIONAL) -> str:
    return f'<w:{root} xmlns:w="{MAIN[flavour]}" {_SPACES}>{inside}</w:{root}>'


def parts(
    body: str,
    *links: tuple[str, str, str],
    flavour: str = TRANSITIONAL,
    **more: str | bytes,
) -> dict[str, str | bytes]:
    """links: (id, kind, target) of the text; more: `word__styles` is word/styles.xml, `x__y__bin` is x/y.bin."""
    made: dict[str, str | bytes] = {
        "[Content_Types].xml": content_types(),
        "_rels/.rels": relationships(("r1", "officeDocument", "word/document.xml"), flavour=flavour),
        "word/document.xml": part("document", f"<w:body>{body}</w:body>", flavour),
        "word/_rels/document.xml.rels": relationships(*links, flavour=flavour),
    }
    for name, content in more.items():
        path = name.replace("__", "/")
        made[f"{path}.xml" if isinstance(content, str) else path.replace("/bin", ".bin")] = content
    return made


def document(body: str, *links: tuple[str, str, str], flavour: str = TRANSITIONAL, **more: str | bytes) -> bytes:
    return packed(parts(body, *links, flavour=flavour, **more))


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*runs: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(runs)}</w:p>"


def grid(*rows: tuple[str, ...], properties: str = "", cell: str = "", letters: str = "") -> str:
    made = "".join(
        "<w:tr>"
        + "".join(f"<w:tc><w:tcPr>{cell}</w:tcPr>{paragraph(run(text, letters))}</w:tc>" for text in row)
        + "</w:tr>"
        for row in rows
    )
    return f"<w:tbl><w:tblPr>{properties}</w:tblPr>{made}</w:tbl>"


def content_types(**endings: str) -> str:
    listed = "".join(f'<Default Extension="{key}" ContentType="{value}"/>' for key, value in endings.items())
    return f'<Types xmlns="{PACKAGE}/content-types">{listed}</Types>'
