"""Contents in memory and in files without a name."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

import pytest

from mailguard.smtp import spool
from mailguard.smtp.spool import Spool


def test_small_content_is_bytes() -> None:
    small = Spool(100)
    small.append(b"a" * 60)
    small.append(b"b" * 40)
    assert small.finish() == b"a" * 60 + b"b" * 40


def test_large_content_is_a_read_only_map_and_no_file_has_a_name(tmp_path: Path) -> None:
    large = Spool(100, tmp_path)
    for _ in range(50):
        large.append(b"0123456789")
        assert os.listdir(tmp_path) == []
    content = large.finish()
    assert isinstance(content, mmap.mmap) and content[:] == b"0123456789" * 50
    with pytest.raises(TypeError):
        content[0] = 0
    content.close()


def test_a_file_system_without_nameless_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool.os, "O_TMPFILE", os.O_DIRECTORY)
    large = Spool(10, tmp_path)
    large.append(b"x" * 100)
    assert os.listdir(tmp_path) == []
    content = large.finish()
    assert content[:] == b"x" * 100
    content.close()  # type: ignore[union-attr]


def test_no_descriptor_is_left(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for end in (Spool.discard, Spool.finish):
        large = Spool(10, tmp_path)
        large.append(b"x" * 100)
        kept = end(large)
        large.discard()
        if isinstance(kept, mmap.mmap):
            kept.close()
    assert len(os.listdir("/proc/self/fd")) == before
