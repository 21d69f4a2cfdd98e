"""Statements of the hot path, past SQLAlchemy's compiler and result objects: they take ten times as long as SQLite.

Contract: what goes wrong is raised as SQLAlchemy would raise it, without text and parameters. It must not know what a
statement says. On PostgreSQL a statement takes SQLAlchemy's way through its driver.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.exc import IntegrityError, OperationalError

_texts: dict[tuple[str, str], str] = {}


def statement(connection: Connection, name: str, made: Callable[[], Executable]) -> str:
    """The text of a statement in the words of this database, compiled once. name: of its own; its parameters are then
    given in the order in which they stand in it.
    """
    dialect = connection.dialect
    text = _texts.get((name, dialect.name))
    if text is None:
        text = _texts[name, dialect.name] = str(made().compile(dialect=dialect))  # type: ignore[attr-defined]
    return text


def execute(connection: Connection, text: str, parameters: Sequence[Any] = ()) -> None:
    """Run a statement that yields no rows. parameters: a tuple, or a list of several for as many runs."""
    driver = _sqlite(connection)
    if driver is None:
        connection.exec_driver_sql(text, parameters or None)
        return
    try:
        if isinstance(parameters, list):
            driver.executemany(text, parameters)
        else:
            driver.execute(text, parameters)
    except sqlite3.Error as error:
        raise _as_sqlalchemy(error) from error


def rows_of(connection: Connection, text: str, parameters: tuple[Any, ...]) -> Sequence[Sequence[Any]]:
    """All rows that a statement yields."""
    driver = _sqlite(connection)
    if driver is None:
        return connection.exec_driver_sql(text, parameters).all()
    try:
        return driver.execute(text, parameters).fetchall()
    except sqlite3.Error as error:
        raise _as_sqlalchemy(error) from error


def _sqlite(connection: Connection) -> sqlite3.Connection | None:
    # What SQLAlchemy calls the driver's own connection is, of SQLite, the one that it was given.
    found = connection.connection.dbapi_connection
    return found if isinstance(found, sqlite3.Connection) else None


def _as_sqlalchemy(error: sqlite3.Error) -> IntegrityError | OperationalError:
    kind = IntegrityError if isinstance(error, sqlite3.IntegrityError) else OperationalError
    return kind(None, None, error, hide_parameters=True)
