"""Readers of archives, encrypted PDFs, everyday files in a worker: what they use was there before it was shut in."""

from __future__ import annotations

from pathlib import Path

import yaml

from mailguard.inspection.pool import WorkerPool
from mailguard.inspection.process import Job
from mailguard.inspection.settings import InspectionSettings

FIXTURES = Path(__file__).parents[1] / "fixtures"
ARCHIVES = yaml.safe_load((FIXTURES / "archives" / "truth.yaml").read_text())
PICTURES = yaml.safe_load((FIXTURES / "pictures" / "truth.yaml").read_text())


async def test_every_format_is_read_in_the_sandbox_as_outside() -> None:
    pool = WorkerPool(InspectionSettings(workers=1))
    try:
        for truth in ARCHIVES:
            data = (FIXTURES / "archives" / truth["file"]).read_bytes()
            found, _ = await pool.run(Job(data, "application/octet-stream", (truth["file"],)), 60)
            people = sum(finding.count for finding in found.findings if finding.kind == "people_rows")
            assert (people, found.error) == (12 if truth["kind"] == "open" else 0, None), truth["file"]
            assert (found.unread is None) == (truth["kind"] in ("open", "clean")), truth["file"]
        for truth in PICTURES:
            data = (FIXTURES / "pictures" / truth["file"]).read_bytes()
            found, _ = await pool.run(Job(data, "application/octet-stream", (truth["file"],)), 60)
            assert found.unread is None and found.error is None, truth["file"]
        examined = set()
        for file in sorted((FIXTURES / "encrypted_pdfs").glob("*.pdf")):
            found, _ = await pool.run(Job(file.read_bytes(), "application/pdf", (file.name,)), 60)
            assert found.unread is None and found.error is None, file.name
            examined.add(tuple((finding.kind, finding.count, finding.hidden) for finding in found.findings))
        assert len(examined) == 1 and any(examined), "each as it is in the clear"
        for name in ("key.asc", "signature.asc", "smime.p7s", "logo.gif", "voice.wav"):
            data = (FIXTURES / "ordinary" / name).read_bytes()
            found, _ = await pool.run(Job(data, "application/octet-stream", (name,)), 60)
            assert found.unread is None, name
    finally:
        await pool.close()
