"""mailguard user: accounts made, listed, changed and removed, without a service and through one."""

from __future__ import annotations

import asyncio
import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mailguard.cli.new_password import ALPHABET, generated
from mailguard.config import load_settings
from mailguard.core.account import password_fault
from mailguard.core.session import Session
from mailguard.core.sign_in import Credentials, SignInOutcome
from mailguard.guard.account_sign_in import AccountSignIn
from mailguard.serve.control import call, socket_path, system_user
from mailguard.serve.parts import Parts
from mailguard.store.store import Store
from tests.ports import free_port

from .conftest import SETTINGS, Ran, Run, on_store, process, wait_for

NAME, SECRET, OTHER = "Reception@elmroad.example", "maple river copper nine", "another fine password"
KEYS = ["name", "roles", "disabled", "created_at", "changed_at", "version", "account", "mailbox", "issuer"]


@pytest.fixture
def made(run: Run, settings: Path) -> Path:
    """Settings with a store."""

    async def nothing(_: Parts) -> None:
        pass

    on_store(settings, nothing)
    return settings


def written(folder: Path, text: str = SECRET + "\n") -> str:
    path = folder / "password"
    path.write_bytes(text.encode())
    return str(path)


def add(run: Run, settings: Path, name: str = NAME, text: str = SECRET + "\n", *more: str) -> Ran:
    file = written(settings.parent, text)
    return run("-C", str(settings), "user", "add", name, "--password-file", file, *more)


def signs_in(settings: Path, name: str = NAME, password: str = SECRET) -> bool:
    credentials = Credentials("PLAIN", name, (f"\0{name}\0{password}".encode(),))
    session = Session("s", "192.0.2.1", "client", True, "l", datetime.now(UTC))

    async def act(parts: Parts) -> SignInOutcome:
        sign_in = AccountSignIn(accounts=parts.store.accounts, passwords=parts.passwords, clock=parts.clock)
        return (await sign_in.sign_in(session, credentials)).outcome

    return bool(on_store(settings, act) is SignInOutcome.ACCEPTED)


def users(run: Run, settings: Path) -> list[dict[str, Any]]:
    ran = run("-C", str(settings), "user", "list", "--json")
    assert (ran.status, ran.err) == (0, "")
    return ran.items()


def test_an_account_is_made_listed_and_signs_in(run: Run, made: Path) -> None:
    ran = add(run, made)
    assert (ran.status, ran.out) == (0, "")
    assert ran.err == f"{NAME} can sign in now. This account may sign in to send mail.\n"
    (item,) = users(run, made)
    assert list(item) == KEYS
    assert (item["name"], item["roles"], item["disabled"], item["version"]) == (NAME, ["sender"], False, 1)
    ran = run("-C", str(made), "user", "list")
    head, line = ran.out.splitlines()
    assert head.split() == ["NAME", "ROLES", "STATE", "CHANGED"] and line.split()[:3] == [NAME, "sender", "enabled"]
    assert signs_in(made) and signs_in(made, NAME.lower()) and not signs_in(made, password=OTHER)


def test_each_change_is_in_the_ledger_without_the_name(run: Run, made: Path) -> None:
    add(run, made)
    config = ("-C", str(made), "user")
    other = written(made.parent, OTHER)
    for arguments in (
        ("password", NAME, "--password-file", other),
        ("role", NAME.lower(), "sender"),
        ("disable", NAME, "--by", "Sam Patel"),
        ("disable", NAME),
        ("enable", NAME),
        ("remove", NAME),
    ):
        assert run(*config, *arguments).status == 0, arguments
    entries = run("-C", str(made), "audit", "list", "--json").items()
    assert [entry["kind"] for entry in entries] == [
        "account_added",
        "account_password_changed",
        "account_disabled",
        "account_enabled",
        "account_removed",
    ]
    assert len({entry["account"] for entry in entries}) == 1
    assert {entry["system_user"] for entry in entries} == {system_user(os.getuid())}
    assert entries[2]["actor"] == "Sam Patel" and entries[0]["roles"] == ["sender"]
    assert "eception" not in json.dumps(entries)
    assert run("-C", str(made), "audit", "verify").status == 0
    assert users(run, made) == []
    assert "mailguard user add" in run(*config, "list").err


def test_a_new_password_takes_the_place_of_the_old(run: Run, made: Path) -> None:
    add(run, made)
    ran = run("-C", str(made), "user", "password", NAME, "--password-file", written(made.parent, OTHER + "\r\n"))
    assert (ran.status, ran.out) == (0, "")
    assert signs_in(made, password=OTHER) and not signs_in(made)


def test_disable_and_enable(run: Run, made: Path) -> None:
    add(run, made)
    assert "nobody can sign in" in run("-C", str(made), "user", "disable", NAME).out
    assert not signs_in(made) and users(run, made)[0]["disabled"] is True
    assert run("-C", str(made), "user", "enable", NAME).out == f"{NAME} is enabled.\n"
    assert signs_in(made)


@pytest.mark.parametrize("act", ["role", "password", "disable", "enable", "remove"])
def test_an_unknown_name_is_2(run: Run, made: Path, act: str) -> None:
    more = {"role": ["sender"], "password": ["--password-file", written(made.parent)]}.get(act, [])
    ran = run("-C", str(made), "user", act, "nobody", *more)
    assert (ran.status, ran.out, ran.err) == (2, "", 'There is no account "nobody".\n')


def test_a_name_that_is_there_is_2_and_changes_nothing(run: Run, made: Path) -> None:
    add(run, made)
    ran = add(run, made, NAME.upper(), OTHER)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == f'There is already an account "{NAME.upper()}".\n'
    assert signs_in(made) and len(users(run, made)) == 1


@pytest.mark.parametrize(
    ("name", "text", "more", "says"),
    [
        (NAME, "short\n", (), "at least 12 characters"),
        (NAME, "Reception2026!\n", (), "name of the account"),
        (NAME, "passwordpassword\n", (), "anybody tries"),
        (NAME, "", (), "first line is empty"),
        (NAME, "\n", (), "first line is empty"),
        (NAME, "tab\there and more\n", (), "control characters"),
        ("front desk", SECRET, (), "no spaces"),
        (NAME, SECRET, ("--role", "admiral"), 'no role "admiral"'),
        (NAME, SECRET, ("--generate",), "exclude each other"),
    ],
)
def test_what_cannot_be_used_is_2_with_a_sentence(
    run: Run, made: Path, name: str, text: str, more: tuple[str, ...], says: str
) -> None:
    ran = add(run, made, name, text, *more)
    assert ran.status == 2 and says in ran.err and ran.out == ""
    assert users(run, made) == []


def test_files_that_cannot_be_read_are_2(run: Run, made: Path) -> None:
    (made.parent / "latin").write_bytes(b"caf\xe9 au lait et lait\n")
    for file in ("missing", "latin", "."):
        ran = run("-C", str(made), "user", "add", NAME, "--password-file", str(made.parent / file))
        assert ran.status == 2 and ran.err and ran.out == ""


def test_a_password_from_stdin(run: Run, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{SECRET}\nmore\n".encode())))
    assert run("-C", str(made), "user", "add", NAME, "--password-file", "-").status == 0
    assert signs_in(made)


def test_without_terminal_file_or_generate_it_is_2(run: Run, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    ran = run("-C", str(made), "user", "add", NAME)
    assert ran.status == 2 and "--password-file" in ran.err and "--generate" in ran.err


def test_there_is_no_flag_for_a_password(run: Run, made: Path) -> None:
    assert run("-C", str(made), "user", "add", NAME, "--password", SECRET).status == 2


def test_a_generated_password_is_printed_once_and_works(run: Run, made: Path) -> None:
    ran = run("-C", str(made), "user", "add", NAME, "--generate")
    assert ran.status == 0
    password = ran.out.removesuffix("\n")
    assert re.fullmatch(r"([a-z2-9]{4}-){4}[a-z2-9]{4}", password)
    assert password not in ran.err and "not shown again" in ran.err
    assert signs_in(made, password=password)
    again = run("-C", str(made), "user", "password", NAME, "--generate").out.removesuffix("\n")
    assert again != password and signs_in(made, password=again)


def test_a_password_that_is_not_set_is_not_printed(run: Run, made: Path) -> None:
    ran = run("-C", str(made), "user", "password", "nobody", "--generate")
    assert (ran.status, ran.out) == (2, "")


def test_generated_passwords_are_strong_and_allowed() -> None:
    made = {generated() for _ in range(200)}
    assert len(made) == 200 and len(ALPHABET) ** 20 > 2**98
    assert [each for each in made if password_fault(NAME, each)] == []


def answer(terminal: int, answers: list[str]) -> str:
    """Type an answer for each prompt on a terminal; everything that was shown."""
    seen, waiting, until = "", list(answers), time.monotonic() + 120
    while time.monotonic() < until:
        ready, _, _ = select.select([terminal], [], [], 0.2)
        if not ready:
            continue
        try:
            octets = os.read(terminal, 4096)
        except OSError:
            break
        if not octets:
            break
        seen += octets.decode()
        if waiting and seen.rstrip(" ").endswith(":"):
            os.write(terminal, waiting.pop(0).encode() + b"\n")
    return seen


@pytest.mark.parametrize(("second", "status"), [(SECRET, 0), (OTHER, 2)])
def test_on_a_terminal_it_asks_twice_without_echo(made: Path, second: str, status: int) -> None:
    main, other = pty.openpty()
    command = [sys.executable, "-m", "mailguard", "-C", str(made), "user", "add", NAME]
    typing = subprocess.Popen(command, stdin=other, stdout=other, stderr=other, start_new_session=True)
    os.close(other)
    seen = answer(main, [SECRET, second])
    assert typing.wait(120) == status, seen
    os.close(main)
    assert "New password:" in seen and "The same again:" in seen
    assert SECRET not in seen and OTHER not in seen
    assert signs_in(made) is (status == 0)


def test_without_a_store_it_is_3(run: Run, settings: Path) -> None:
    assert add(run, settings).status == 3


@pytest.fixture
def served(settings: Path, sink: str) -> Path:
    port = free_port()
    settings.write_text(SETTINGS.format(listen=port, smarthost=sink.rpartition(":")[2]))
    return settings


def test_through_a_running_service_a_change_counts_at_once_and_no_password_stays_anywhere(
    run: Run, served: Path, tmp_path: Path
) -> None:
    """The service answers; what it keeps and logs holds neither password nor name in the clear."""
    with process("serve", "-C", str(served)) as service:
        wait_for(lambda: run("-C", str(served), "status").status == 0)
        assert add(run, served).status == 0
        (before,) = users(run, served)
        assert add(run, served).status == 2
        assert add(run, served, "front desk").status == 2
        assert run("-C", str(served), "user", "remove", "nobody").status == 2
        other = written(served.parent, OTHER)
        assert run("-C", str(served), "user", "password", NAME, "--password-file", other).status == 0
        Path(other).unlink()
        (after,) = users(run, served)
        assert after["version"] == before["version"] + 1
        service.send_signal(signal.SIGTERM)
        _, log = service.communicate(timeout=60)
    assert service.returncode == 0
    assert signs_in(served, password=OTHER) and not signs_in(served)
    left = [log.encode(), *(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())]
    for text in (SECRET, OTHER):
        assert not [octets for octets in left if text.encode() in octets]
    kept = [path for path in served.parent.rglob("mailguard.*") if path.is_file() and path != served]
    assert not [path for path in kept if b"eception@elmroad" in path.read_bytes()]
    assert "eception" not in log


def test_a_password_changed_by_command_counts_for_the_next_sign_in_of_a_store_that_is_open(
    run: Run, made: Path
) -> None:
    """As in the service: one open store, whose accounts are read for each attempt."""
    add(run, made)
    store_settings = load_settings(made).store_settings()

    async def act() -> list[bool]:
        from mailguard.guard.accounts import AccountBook, Actor
        from mailguard.serve.parts import SystemClock
        from mailguard.store.passwords import Argon2Passwords

        store, passwords = await Store.open(store_settings), Argon2Passwords()
        parts: dict[str, Any] = {"accounts": store.accounts, "passwords": passwords, "clock": SystemClock()}
        sign_in, book = AccountSignIn(**parts), AccountBook(**parts)
        session = Session("s", "192.0.2.1", "client", True, "l", datetime.now(UTC))

        async def tries(password: str) -> bool:
            credentials = Credentials("LOGIN", NAME, (NAME.encode(), password.encode()))
            return (await sign_in.sign_in(session, credentials)).outcome is SignInOutcome.ACCEPTED

        found = [await tries(SECRET)]
        await book.set_password(NAME, OTHER, Actor("Sam", "root"))
        found += [await tries(SECRET), await tries(OTHER)]
        passwords.close()
        await store.close()
        return found

    assert asyncio.run(act()) == [True, False, True]


def test_bad_arguments_over_the_socket_do_not_quote_the_password(run: Run, served: Path) -> None:
    from mailguard.serve.control import BadArguments

    with process("serve", "-C", str(served)) as service:
        wait_for(lambda: run("-C", str(served), "status").status == 0)
        path = socket_path(load_settings(served).store_settings())
        for password in ("x" * 2000, [SECRET], None):
            with pytest.raises(BadArguments) as caught:
                list(call(path, "user_add", {"name": NAME, "by": "Sam", "roles": ["sender"], "password": password}))
            assert "password" in str(caught.value) and SECRET not in str(caught.value)
        service.terminate()
        assert service.wait(60) == 0
