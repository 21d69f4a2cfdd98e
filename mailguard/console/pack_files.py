"""The files of an incident pack, for whoever takes it along: at the console, and by the command line. Pure."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from ..core.packs.pack import Pack
from ..core.packs.page import as_html, as_text
from .table_file import table

DRAFT = "apology.txt"
ZIP_TYPE = "application/zip"


def files_of(pack: Pack, draft: str) -> dict[str, bytes]:
    """Name -> content."""
    tables = {f"{each.name}.csv": table(each.headings, each.rows) for each in pack.tables()}
    return {"pack.html": as_html(pack).encode(), "pack.txt": as_text(pack).encode(), **tables, DRAFT: draft.encode()}


def zipped(folder: str, files: Mapping[str, bytes]) -> bytes:
    """One ZIP file of them, in a folder of that name."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"{folder}/{name}", content)
    return made.getvalue()
