"""DuckDB: read by itself, written with keys on."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest
from relational_shops import shop, sqlite_shop

from gansmith.errors import DataError, UsageError
from gansmith.modalities.relational import RelationalOptions
from gansmith.modalities.relational.format import RelationalFormat

FORM = RelationalFormat()
ODD = '"odd ""people ö"'


@pytest.fixture
def odd(tmp_path):
    """A file with what makes trouble: an enum, a counter, a computed column, lists, bytes, a boss."""
    path = tmp_path / "odd.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"""
            CREATE TYPE mood AS ENUM ('glad', 'sad'); CREATE SEQUENCE counter;
            CREATE TABLE {ODD} (id INTEGER PRIMARY KEY DEFAULT nextval('counter'), mood mood NOT NULL,
                größe DECIMAL(5, 2) CHECK (größe > 100), boss INTEGER REFERENCES {ODD}(id), tags VARCHAR[],
                double DOUBLE GENERATED ALWAYS AS (größe * 2) VIRTUAL, code VARCHAR UNIQUE, picture BLOB);
            CREATE TABLE visits (who INTEGER NOT NULL REFERENCES {ODD}(id), number INTEGER,
                moment TIMESTAMP NOT NULL, PRIMARY KEY (who, number));
            CREATE INDEX by_time ON visits (moment);
            CREATE VIEW seen AS SELECT 1 AS one;
            INSERT INTO {ODD} (mood, größe, tags, code, picture) SELECT
                CASE WHEN k % 3 = 0 THEN 'sad' ELSE 'glad' END, 150 + k % 40, ['a', 'b'], 'C' || (1000 + k),
                'x'::BLOB FROM range(30) AS _(k);
            INSERT INTO {ODD} (mood, größe, boss, code) SELECT 'glad', 120, k % 30 + 1, 'D' || k
                FROM range(30) AS _(k);
            INSERT INTO visits SELECT 1 + k % 60, 1 + k // 60, TIMESTAMP '2024-01-01' + INTERVAL 5 HOUR * k
                FROM range(300) AS _(k);
        """)
    return path


def _asked(path, statement):
    with duckdb.connect(str(path)) as connection:
        return connection.execute(statement).fetchall()


def test_a_schema_with_everything_comes_back(odd, tmp_path):
    read = FORM.read(f"duckdb:///{odd}", RelationalOptions())
    assert any("seen" in note for note in read.notes)
    assert "double" not in read.tables['odd "people ö'].schema.names
    copy = tmp_path / "copy.duckdb"
    with FORM.writer(copy, replace(read, source=""), {}, RelationalOptions()) as writer:
        writer.write(read)
    assert _asked(copy, f"SELECT count(*), count(boss), sum(double) FROM {ODD}") == _asked(
        odd, f"SELECT count(*), count(boss), sum(double) FROM {ODD}"
    )
    assert _asked(copy, "SELECT count(*) FROM visits") == [(300,)]
    assert "by_time" in _asked(copy, "SELECT sql FROM duckdb_indexes()")[0][0]
    _asked(copy, f"INSERT INTO {ODD} (mood, größe) VALUES ('sad', 130)")  # the counter goes on
    with pytest.raises(duckdb.ConstraintException):
        _asked(copy, "INSERT INTO visits VALUES (5000, 1, now())")
    with pytest.raises(UsageError, match="not empty"):
        FORM.writer(copy, read, {}, RelationalOptions())
    with pytest.raises(UsageError, match="never written to"):
        FORM.writer(odd, read, {}, RelationalOptions(replace=True))


def test_another_kind_of_database_goes_in(tmp_path):
    read = FORM.read(sqlite_shop(tmp_path / "shop.db", shop()), RelationalOptions())
    copy = tmp_path / "copy.duckdb"
    with FORM.writer(copy, read, {}, RelationalOptions()) as writer:
        writer.write(read)
    back = FORM.read(copy, RelationalOptions())
    assert {name: len(table) for name, table in back.tables.items()} == {
        name: len(table) for name, table in read.tables.items()
    }
    assert {one.name: len(one.foreign_keys) for one in back.schema.tables} == {
        one.name: len(one.foreign_keys) for one in read.schema.tables
    }


def test_errors_say_what_to_do(tmp_path):
    with pytest.raises(DataError, match="no such database"):
        FORM.read("duckdb:///nowhere.duckdb", RelationalOptions())
    (tmp_path / "no.duckdb").write_text("no database at all, but a text that is long enough to be read")
    with pytest.raises(DataError, match=r"no\.duckdb"):
        FORM.read(tmp_path / "no.duckdb", RelationalOptions())
