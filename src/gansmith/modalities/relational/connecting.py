"""Databases behind an address: how they are reached, in one transaction that cannot write.

No password is kept, logged or shown: it stands in the address, in `GANSMITH_DB_PASSWORD`, or where the driver
looks for it (`PGPASSWORD`, `.pgpass`).
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from gansmith.errors import DataError, UsageError
from gansmith.store.address import is_address, without_password

PASSWORD: Final = "GANSMITH_DB_PASSWORD"
_MISSING: Final = (
    "databases need SQLAlchemy and a driver: pip install 'gansmith[db]' has those of SQLite, PostgreSQL, "
    "MySQL and MariaDB; of others install the driver that SQLAlchemy names."
)
_DRIVERS: Final = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
_PORTS: Final = {"postgresql": 5432, "mysql": 3306}
_SERVER: Final = {
    "postgresql": "SELECT system_identifier::text FROM pg_control_system()",
    "mysql": "SELECT concat_ws(':', @@hostname, @@port, @@datadir)",
}
"""What tells servers apart, whatever they are called."""


def is_duckdb(address: str) -> bool:
    """Whether it is the address or the file of a DuckDB database."""
    return address.startswith("duckdb:") or address.endswith(".duckdb")


def file_of(address: str) -> Path:
    """The file of a database that is one, `duckdb:///shop.duckdb` or the name itself."""
    return Path(address.partition(":///")[2] if is_address(address) else address)


def check_installed() -> None:
    """Raise UsageError when SQLAlchemy is not there."""
    if find_spec("sqlalchemy") is None:
        raise UsageError(_MISSING)


def engine_of(address: str, *, is_read_only: bool) -> Any:
    """An engine for an address; of SQLite the file must be there to be read.

    Raises:
        UsageError: SQLAlchemy or a driver is not installed, or the address is none.
        DataError: There is no such file.
    """
    check_installed()
    import sqlalchemy as sa
    from sqlalchemy import exc

    if not is_address(address):
        address = f"sqlite:///{address}"
    try:
        url = sa.make_url(address)
        if url.drivername in _DRIVERS:
            url = url.set(drivername=_DRIVERS[url.drivername])
        if url.username and not url.password and os.environ.get(PASSWORD):
            url = url.set(password=os.environ[PASSWORD])
        if url.get_backend_name() == "sqlite" and url.database:
            path = Path(url.database)
            if is_read_only and not path.is_file():
                raise DataError(f"{path}: there is no such database. Give the address of one that is there.")
            if is_read_only:
                name = f"file:{quote(str(path.absolute()))}"
                url = url.set(database=name, query={"mode": "ro", "uri": "true"})
        return sa.create_engine(url, hide_parameters=True)
    except (exc.ArgumentError, exc.NoSuchModuleError, ImportError) as error:
        raise UsageError(
            f"{without_password(address)}: no address of a database that can be reached ({error}). {_MISSING}"
        ) from error


@contextmanager
def connected(address: str, *, is_read_only: bool) -> Generator[Any]:
    """A connection in one transaction; on an error nothing was written.

    Raises:
        DataError: The database cannot be reached, or breaks off; without a password in the message.
    """
    engine = engine_of(address, is_read_only=is_read_only)
    from sqlalchemy import exc

    try:
        with engine.connect() as plain:
            connection = _reading(plain) if is_read_only else plain
            with connection.begin():
                if engine.dialect.name == "sqlite" and is_read_only:
                    connection.exec_driver_sql("BEGIN")  # the driver begins where something is written
                yield connection
    except (exc.SQLAlchemyError, RuntimeError) as error:  # drivers say by the latter what they lack
        raise failed(address, error) from None
    finally:
        engine.dispose()


def _reading(connection: Any) -> Any:
    """A connection that cannot write, and sees the database as it is at its first look."""
    match connection.dialect.name:
        case "postgresql":
            return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        case "mysql" | "mariadb":
            connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
            connection.commit()
            return connection.execution_options(isolation_level="REPEATABLE READ")
        case _:
            return connection


def failed(address: str, error: Exception) -> DataError:
    """What to say of an error of a database: its first line, without the password."""
    import sqlalchemy as sa

    cause = getattr(error, "orig", None) or error
    said = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    password = sa.make_url(address).password if is_address(address) else None
    for secret in filter(None, (password, os.environ.get(PASSWORD))):
        said = said.replace(str(secret), "***")
    return DataError(f"{without_password(address)}: {said}. Check address, user, password and rights.")


def identity_of(address: str) -> str:
    """Tells databases apart without saying which: the same for the same one, whoever asks."""
    import sqlalchemy as sa

    if is_duckdb(address):
        return _hashed(f"duckdb {file_of(address).resolve()}")
    url = sa.make_url(address if is_address(address) else f"sqlite:///{address}")
    backend, name = backend_of(url.get_backend_name()), url.database or ""
    if backend == "sqlite":
        return _hashed(f"sqlite {Path(name).resolve()}")
    host = str(url.host or url.query.get("host", "") or "localhost").casefold()
    host = "localhost" if host in ("127.0.0.1", "::1") else host
    return _hashed(f"{backend} {host}:{url.port or _PORTS.get(backend, '')}/{name}")


def server_of(connection: Any) -> str:
    """The same by what a server says of itself: one may be called in several ways. Empty: it does not say."""
    from sqlalchemy import exc

    backend = backend_of(connection.dialect.name)
    if backend not in _SERVER:
        return ""
    try:
        with connection.begin_nested():
            said = connection.exec_driver_sql(_SERVER[backend]).scalar()
    except exc.DBAPIError:
        return ""
    return _hashed(f"{backend} {said} {connection.engine.url.database}")


def backend_of(name: str) -> str:
    """A kind of database under one name, whatever SQLAlchemy calls it."""
    return {"postgres": "postgresql", "mariadb": "mysql"}.get(name, name)


def _hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]
