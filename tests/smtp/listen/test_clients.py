"""Real clients: swaks and curl."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from mailguard.core.reply import Reply
from tests.smtp.listen.door import open_door

MESSAGE = b"From: a@in.example\r\nTo: b@out.example\r\nSubject: x\r\n\r\n.dot first\r\n..two\r\nend\r\n"


async def _run(*command: str) -> tuple[int, str]:
    assert shutil.which(command[0]), f"{command[0]} is part of the test machine"
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await asyncio.wait_for(process.communicate(), 20)
    return process.returncode or 0, output.decode("utf-8", "replace")


async def _swaks(port: int, *more: str) -> tuple[int, str]:
    return await _run("swaks", "--server", f"127.0.0.1:{port}", "--from", "a@in.example", "--helo", "pc.example", *more)


async def test_swaks() -> None:
    async with open_door() as door:
        status, said = await _swaks(door.port, "--to", "b@out.example,c@out.example", "--body", ".dot\nline")
        assert status == 0, said
        content = door.messages[0].content
        assert [each.address for each in door.messages[0].envelope.recipients] == ["b@out.example", "c@out.example"]
        assert b"\r\n\r\n.dot\r\nline\r\n" in content and content.count(b"\n") == content.count(b"\r\n")


async def test_swaks_pipelined() -> None:
    async with open_door() as door:
        status, said = await _swaks(door.port, "--to", "b@out.example", "--pipeline")
        assert status == 0 and len(door.messages) == 1, said


async def test_swaks_hears_a_refusal() -> None:
    async with open_door() as door:
        door.reply = Reply(550, "5.7.1", "Not sent: 288 people in Cc would see each other's addresses. Ref MG-2222-22")
        status, said = await _swaks(door.port, "--to", "b@out.example")
        assert status == 26 and "550 5.7.1 Not sent: 288 people" in said


@pytest.mark.parametrize("size", [len(MESSAGE), 3_000_000])
async def test_curl_byte_for_byte(tmp_path: Path, size: int) -> None:
    message = MESSAGE + b"0123456789\r\n" * ((size - len(MESSAGE)) // 12)
    (tmp_path / "message.eml").write_bytes(message)
    async with open_door() as door:
        status, said = await _run(
            *("curl", "-sS", "--url", f"smtp://127.0.0.1:{door.port}/pc.example"),
            *(
                "--mail-from",
                "a@in.example",
                "--mail-rcpt",
                "b@out.example",
                "--upload-file",
                f"{tmp_path}/message.eml",
            ),
        )
        assert status == 0, said
        assert door.messages[0].content == message
        assert door.messages[0].envelope.parameters == (b"SIZE=%d" % len(message),)


async def test_curl_speaking_http_is_dropped() -> None:
    async with open_door() as door:
        status, said = await _run(
            *("curl", "-sS", "--http0.9", "-m", "5", "-d", "EHLO x\r\nMAIL FROM:<a@in.example>\r\n"),
            f"http://127.0.0.1:{door.port}/",
        )
        assert door.messages == [] and "250" not in said, (status, said)
