"""MySQL: MariaDB's server, in a folder of its own, loopback only."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

from gansmith.errors import DataError, UsageError
from gansmith.modalities.relational import RelationalOptions
from gansmith.modalities.relational.format import RelationalFormat

pymysql = pytest.importorskip("pymysql")
pytestmark = pytest.mark.slow

FORM = RelationalFormat()
ODD = '`odd "people ö:x`'
SECONDS = 60


@pytest.fixture(scope="module")
def port():
    """Of a server whose user `me` has the password `geheim`."""
    if not shutil.which("mariadbd") or not shutil.which("mariadb-install-db") or os.geteuid():
        pytest.skip("MariaDB is not installed, or not to be started by this user")
    folder = Path(tempfile.mkdtemp(prefix="my"))
    shutil.chown(folder, "mysql")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    data = ["--user=mysql", f"--datadir={folder}/data"]
    subprocess.run(
        ["mariadb-install-db", "--no-defaults", *data, "--auth-root-authentication-method=normal"],
        check=True, capture_output=True,
    )  # fmt: skip
    place = [f"--socket={folder}/s", f"--port={number}", f"--pid-file={folder}/pid"]
    server = subprocess.Popen(
        ["mariadbd", "--no-defaults", *data, *place, "--bind-address=127.0.0.1"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(SECONDS * 5):
            time.sleep(0.2)
            try:
                with pymysql.connect(unix_socket=f"{folder}/s", user="root") as root, root.cursor() as cursor:
                    cursor.execute("CREATE USER me@'127.0.0.1' IDENTIFIED BY 'geheim'")
                    cursor.execute("GRANT ALL ON *.* TO me@'127.0.0.1'")
                break
            except pymysql.err.OperationalError:
                continue
        yield number
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _asked(port, database, *statements):
    given = {"host": "127.0.0.1", "port": port, "user": "me", "password": "geheim", "database": database}
    with pymysql.connect(**given, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall()


@pytest.fixture(scope="module")
def shop(port):
    """A database with what makes trouble: an enum, a set, a counter, a computed column, a boss, odd names."""
    rows = ", ".join(
        f"('{'sad' if k % 3 == 0 else 'glad'}', {150 + k % 40}, {'NULL' if k < 10 else k % 9 + 1}, 'a,b', "
        f"'C{1000 + k}', '10:{k}:00')"
        for k in range(60)
    )
    visits = ", ".join(f"({1 + k % 60}, {1 + k // 60}, '2024-01-{1 + k % 28:02d}')" for k in range(300))
    _asked(
        port, "mysql", "CREATE DATABASE shop",
        f"""CREATE TABLE shop.{ODD} (id INT AUTO_INCREMENT PRIMARY KEY, mood ENUM('glad', 'sad') NOT NULL,
            größe DECIMAL(5, 2) CHECK (größe > 100), boss INT, tags SET('a', 'b'), code VARCHAR(20) UNIQUE,
            start TIME, twice DOUBLE GENERATED ALWAYS AS (größe * 2) STORED,
            FOREIGN KEY (boss) REFERENCES {ODD} (id)) CHARSET utf8mb4""",
        f"""CREATE TABLE shop.visits (who INT NOT NULL, number INT, moment DATETIME NOT NULL,
            PRIMARY KEY (who, number), FOREIGN KEY (who) REFERENCES {ODD} (id), KEY by_time (moment))""",
        f"INSERT INTO shop.{ODD} (mood, größe, boss, tags, code, start) VALUES {rows}",
        f"INSERT INTO shop.visits VALUES {visits}",
    )  # fmt: skip
    return f"mysql://me:geheim@127.0.0.1:{port}/shop"


def _created(shop, port, name):
    _asked(port, "mysql", f"CREATE DATABASE {name}")
    return shop.replace("/shop", f"/{name}")


def test_a_schema_with_everything_comes_back(shop, port):
    read, copy = FORM.read(shop, RelationalOptions()), _created(shop, port, "copy")
    assert "geheim" not in f"{read.name} {read.notes} {read.source}"
    with FORM.address_writer(copy, replace(read, source=""), {}, RelationalOptions()) as writer:
        writer.write(read)
    for asked in (f"SELECT count(*), count(boss), sum(twice) FROM {ODD}", "SELECT count(*) FROM visits"):
        assert _asked(port, "copy", asked) == _asked(port, "shop", asked)
    made = _asked(port, "copy", f"SHOW CREATE TABLE {ODD}")[0][1]
    assert "AUTO_INCREMENT" in made
    assert "CHECK (`größe` > 100)" in made
    with pytest.raises(pymysql.err.IntegrityError):
        _asked(port, "copy", "INSERT INTO visits VALUES (5000, 1, now())")
    with pytest.raises(UsageError, match="not empty"):
        FORM.address_writer(copy, read, {}, RelationalOptions())
    with FORM.address_writer(copy, read, {}, RelationalOptions(replace=True)) as writer:
        writer.write(read)
    assert len(_asked(port, "copy", "SHOW TABLES")) == 2
    for address in (shop, shop.replace("127.0.0.1", "localhost")):
        with pytest.raises(UsageError, match="never written to"):
            FORM.address_writer(address, read, {}, RelationalOptions(replace=True))


def test_a_server_that_goes_away_leaves_nothing_half_written(shop, port):
    read, lost = FORM.read(shop, RelationalOptions()), _created(shop, port, "lost")

    def written():
        with FORM.address_writer(lost, replace(read, source=""), {}, RelationalOptions()) as writer:
            asked = "SELECT id FROM information_schema.processlist WHERE db = 'lost'"
            for (number,) in _asked(port, "mysql", asked):
                _asked(port, "mysql", f"KILL {number}")
            writer.write(read)

    with pytest.raises(DataError):
        written()
    assert not _asked(port, "lost", "SHOW TABLES")


def test_a_wrong_password_is_not_shown(shop):
    with pytest.raises(DataError) as refused:
        FORM.read(shop.replace("geheim", "falsch"), RelationalOptions())
    assert "falsch" not in str(refused.value)


def test_families_are_drawn_by_the_server(shop):
    read = FORM.read(shop, RelationalOptions(most_rows=180))
    assert read.n_rows < 300
    assert (read.links["visits", "who"] >= 0).all()
