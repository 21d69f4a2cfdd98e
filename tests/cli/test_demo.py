"""mailguard demo: a real guard, a smarthost that keeps what it gets, and samples that must end as they must."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import smtplib
import socket
from pathlib import Path

import pytest

from mailguard.cli.packaged import policy_files
from mailguard.serve.demo import Options
from mailguard.serve.demo import run as run_demo
from mailguard.serve.demo_samples import Ending, people, samples

from .conftest import Run, process, wait_for

ENDINGS = {
    "288 patients in Cc": "held",
    "6 carers in Cc: their sender may mend it": "held",
    "288 people in To (rule set to refuse)": "refused",
    "group of 8 patients: 8 copies": "separate",
    "recipient field that two programs read differently": "held",
    "reply with its Bcc field still in it": "sent",
    "appointment reminder to one person": "sent",
    "spreadsheet with a hidden sheet": "held",
    "1,204 NHS numbers to an outside address": "held",
}


def test_once_shows_what_happened_and_ends_with_0(tmp_path: Path) -> None:
    with process("demo", "--once", "--smtp", "127.0.0.1:0", "--console", "127.0.0.1:0", cwd=tmp_path) as demo:
        out, err = demo.communicate(timeout=300)
    assert (demo.returncode, err) == (0, ""), out
    assert out.startswith("mailguard demo. Everything stays on this computer; no email can leave it.\n")
    for title, ending in ENDINGS.items():
        assert re.search(rf"^  {ending} +{re.escape(title)} ", out, re.MULTILINE), (title, out)
    assert re.search(r"288 patients in Cc +MG-[2-9A-Z]{4}-[2-9A-Z]{2}$", out, re.MULTILINE)
    assert re.search(r"rule set to refuse\) +550 5\.7\.1$", out, re.MULTILINE)
    assert "288 people in Cc would see each other's addresses (rule visible-list)" in out
    assert "8 separate copies, each to one person; none shows the address of another" in out
    assert (
        "5 notices to senders, and 5 to those who decide, about what was held" in out
        and "0 of the messages that were held or refused" in out
    )
    assert "PROBLEM" not in out and "Stop: Ctrl+C" not in out
    assert re.search(r"Review console +http://127\.0\.0\.1:\d+/start/[0-9a-f]{64}   \(it ends with the samples", out)
    folder = re.search(r"Data +(\S+)", out)
    assert folder and not Path(folder[1]).exists()


def test_ports_that_are_taken_are_said_in_words_and_the_next_are_used(tmp_path: Path) -> None:
    with contextlib.ExitStack() as taken:
        for port in (2525, 8085):
            other = taken.enter_context(socket.socket())
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):  # somebody else has it: the same to the demo
                other.bind(("127.0.0.1", port))
                other.listen()
        with process("demo", "--once", cwd=tmp_path) as demo:
            out, _ = demo.communicate(timeout=300)
    assert demo.returncode == 0
    assert "Port 2525 is in use by another program, so the demo takes the next free one, 25" in out
    assert "Port 8085 is in use by another program, so the demo takes the next free one, 8" in out
    assert re.search(r"Review console +http://127\.0\.0\.1:8(?!085)\d\d\d/start/", out)


def test_the_named_port_is_not_replaced_by_another(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        for named in (("--smtp", address), ("--smtp", "127.0.0.1:0", "--console", address)):
            with process("demo", "--once", *named, cwd=tmp_path) as demo:
                _, err = demo.communicate(timeout=300)
            assert demo.returncode == 2
            assert address in err and "Traceback" not in err


def test_the_console_is_never_open_to_other_computers(run: Run) -> None:
    for address in ("0.0.0.0:8085", "192.0.2.1:8085", "[::]:8085"):
        ran = run("demo", "--once", "--smtp", "127.0.0.1:0", "--console", address)
        assert ran.status == 2 and ran.out == ""
        assert f'"{address}" can be reached from other computers' in ran.err


def test_it_goes_on_until_ctrl_c_and_shows_what_people_send(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with process("demo", "--smtp", "127.0.0.1:0", "--keep", "--console", "127.0.0.1:0", cwd=tmp_path) as demo:
        assert demo.stdout is not None and demo.stderr is not None
        lines = []
        while "is shown here" not in (line := demo.stdout.readline()):
            lines.append(line)
        shown = "".join(lines)
        address = re.search(r"Send test mail +127\.0\.0\.1:(\d+)", shown)
        folder = re.search(r"Data +(\S+)", shown)
        assert address and folder and "Stop: Ctrl+C" in shown
        with smtplib.SMTP("127.0.0.1", int(address[1]), timeout=30) as session:
            many = ", ".join(people(20))
            message = f"From: me@elmroad.example\r\nCc: {many}\r\nSubject: My own\x1b[31m\r\n\r\nHello\r\n"
            session.sendmail("me@elmroad.example", people(20), message)
        assert re.match(r"  held      My own \[31m +MG-", demo.stdout.readline())
        assert "20 people in Cc would see each other's addresses" in demo.stdout.readline()
        demo.send_signal(signal.SIGINT)
        out, err = demo.communicate(timeout=300)
    assert (demo.returncode, out, err) == (0, f"The demo has ended. Its data are in {folder[1]}.\n", "")
    assert (Path(folder[1]) / "mailguard.yaml").exists()


@pytest.mark.parametrize("after", ["", "  Data "], ids=["at once", "in the middle of the samples"])
def test_ctrl_c_at_any_moment_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with process("demo", "--smtp", "127.0.0.1:0", "--console", "127.0.0.1:0", cwd=tmp_path) as demo:
        assert demo.stdout is not None
        if not after:
            wait_for(lambda: list(tmp_path.glob("mailguard-demo-*")))
        while after and not demo.stdout.readline().startswith(after):
            pass
        demo.send_signal(signal.SIGINT)
        out, err = demo.communicate(timeout=300)
    assert demo.returncode in (0, 130) and "Traceback" not in err, err
    assert not after or (demo.returncode, err) == (0, "")
    assert not after or out.endswith("The demo has ended. Its data are deleted.\n")
    assert not list(tmp_path.iterdir())


def test_the_folder_that_was_kept_can_be_used(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with process("demo", "--once", "--keep", "--smtp", "127.0.0.1:0", "--console", "127.0.0.1:0") as demo:
        demo.communicate(timeout=300)
    (folder,) = tmp_path.glob("mailguard-demo-*")
    assert folder.stat().st_mode & 0o777 == 0o700
    listed = run("-C", str(folder / "mailguard.yaml"), "held", "list", "--json").items()
    assert len(listed) == 5
    assert run("-C", str(folder / "mailguard.yaml"), "audit", "verify").status == 0
    assert not any(b"patient" in line for line in (folder / "mailguard.log").read_bytes().splitlines())


def test_a_sample_that_ends_otherwise_is_a_problem_and_1() -> None:
    said: list[str] = []
    rule = "{id: lax, describe: Nothing is held., when: {size_bytes: {at_least: 1}}, action: relay}"
    lax = f"version: 1\nrules:\n  - {rule}\n"
    status = asyncio.run(
        run_demo(Options(once=True, smtp="127.0.0.1:0", console="127.0.0.1:0"), {"default.yaml": lax}, said.append)
    )
    text = "\n".join(said)
    assert status == 1
    assert "PROBLEM: ended as sent, and must be held" in text
    assert "PROBLEM: 1 left the guard, and must be 0" in text


def test_the_samples_are_what_they_say() -> None:
    assert len(set(people(288))) == 288
    assert {sample.title: sample.ending.value for sample in samples()} == ENDINGS
    assert len({sample.identifier for sample in samples()}) == len(samples())
    for sample in samples():
        assert b"\n" not in sample.raw.replace(b"\r\n", b"")
        assert sample.copies == (len(sample.recipients) if sample.ending is Ending.SEPARATE else sample.copies)


def test_the_default_policy_is_packaged() -> None:
    assert "default.yaml" in policy_files()
