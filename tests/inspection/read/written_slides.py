"""A writer of PresentationML packages of our own, from ECMA-376 part 1 (clauses 13 and 19), for what no program here
writes: strict files, diagrams, threaded comments, a slide without layout. It shares nothing with the readers.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

TRANSITIONAL = ("http://schemas.openxmlformats.org/presentationml/2006/main",
                "http://schemas.openxmlformats.org/drawingml/2006/main",
                "http://schemas.openxmlformats.org/officeDocument/2006/relationships")  # fmt: skip
STRICT = ("http://purl.oclc.org/ooxml/presentationml/main", "http://purl.oclc.org/ooxml/drawingml/main",
          "http://purl.oclc.org/ooxml/officeDocument/relationships")  # fmt: skip
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
INCH = 914_400
_MODES = ("Internal", "External")


def names(kind: tuple[str, str, str] = TRANSITIONAL) -> str:
    return f'xmlns:p="{kind[0]}" xmlns:a="{kind[1]}" xmlns:r="{kind[2]}"'


def frame(x: float, y: float, width: float, height: float, turn: int = 0) -> str:
    """Inches; degrees."""
    off = f'<a:off x="{round(x * INCH)}" y="{round(y * INCH)}"/>'
    return (
        f'<a:xfrm rot="{turn * 60_000}">{off}<a:ext cx="{round(width * INCH)}" cy="{round(height * INCH)}"/></a:xfrm>'
    )


def solid(colour: str) -> str:
    return f'<a:solidFill><a:srgbClr val="{colour}"/></a:solidFill>'


def box(text: str, place: str = "", fill: str = "", run: str = "", named: str = "", geometry: str = "rect") -> str:
    paragraphs = "".join(f"<a:p><a:r><a:rPr {run}/><a:t>{line}</a:t></a:r></a:p>" for line in text.split("|"))
    if run.startswith("<"):
        paragraphs = paragraphs.replace(f"<a:rPr {run}/>", f"<a:rPr>{run}</a:rPr>")
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="2" name="Box 1" {named}/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr>'
        f'{place or frame(1, 1, 4, 1)}<a:prstGeom prst="{geometry}"/>{fill}</p:spPr>'
        f"<p:txBody><a:bodyPr/><a:lstStyle/>{paragraphs}</p:txBody></p:sp>"
    )


def group(x: float, y: float, inner: str, scale: float = 1.0, turn: int = 0, named: str = "") -> str:
    """A group whose 10 by 10 inches are put at a place, larger or smaller."""
    size = round(10 * INCH)
    return (
        f'<p:grpSp><p:nvGrpSpPr><p:cNvPr id="3" name="g" {named}/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr>'
        f'<a:xfrm rot="{turn * 60_000}"><a:off x="{round(x * INCH)}" y="{round(y * INCH)}"/>'
        f'<a:ext cx="{round(scale * size)}" cy="{round(scale * size)}"/><a:chOff x="0" y="0"/>'
        f'<a:chExt cx="{size}" cy="{size}"/></a:xfrm></p:grpSpPr>{inner}</p:grpSp>'
    )


def slide(
    *shapes: str, kind: tuple[str, str, str] = TRANSITIONAL, root: str = "sld", more: str = "", own: str = ""
) -> str:
    tree = f"<p:nvGrpSpPr/><p:grpSpPr/>{''.join(shapes)}"
    return f"<p:{root} {names(kind)} {own}><p:cSld>{more}<p:spTree>{tree}</p:spTree></p:cSld></p:{root}>"


def relations(*links: tuple[str, str, str], kind: tuple[str, str, str] = TRANSITIONAL) -> str:
    """(id, kind, target); a target with a colon is outside."""
    found = "".join(
        f'<Relationship Id="{i}" Type="{kind[2]}/{k}" Target="{t}" TargetMode="{_MODES[int(_is_outside(t))]}"/>'
        for i, k, t in links
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{found}</Relationships>'


def _is_outside(target: str) -> bool:
    return ":" in target


def packed(members: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def parts(*slides: str, kind: tuple[str, str, str] = TRANSITIONAL, more: str = "") -> dict[str, str | bytes]:
    """A package of these slides, in order, without layouts."""
    listed = "".join(f'<p:sldId id="{255 + n}" r:id="s{n}"/>' for n in range(1, len(slides) + 1))
    links = [(f"s{n}", "slide", f"slides/slide{n}.xml") for n in range(1, len(slides) + 1)]
    return {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": relations(("d", "officeDocument", "ppt/presentation.xml"), kind=kind),
        "ppt/presentation.xml": f"<p:presentation {names(kind)}><p:sldIdLst>{listed}</p:sldIdLst>"
        f'<p:sldSz cx="{10 * INCH}" cy="{round(7.5 * INCH)}"/>{more}</p:presentation>',
        "ppt/_rels/presentation.xml.rels": relations(*links, kind=kind),
        **{f"ppt/slides/slide{n}.xml": each for n, each in enumerate(slides, 1)},
    }


def presentation(*slides: str, kind: tuple[str, str, str] = TRANSITIONAL, **more: str) -> bytes:
    return packed(parts(*slides, kind=kind) | {name.replace("__", "/"): text for name, text in more.items()})
