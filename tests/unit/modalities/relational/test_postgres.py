"""PostgreSQL: a copy that an application runs on. Debian's server, in a folder of its own, loopback only."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gansmith.errors import DataError, UsageError
from gansmith.modalities.relational import RelationalOptions
from gansmith.modalities.relational.format import RelationalFormat
from gansmith.tasks.runs.fit import start
from gansmith.tasks.runs.settings import FitConfig

psycopg = pytest.importorskip("psycopg")
pytestmark = pytest.mark.slow

FORM = RelationalFormat()
DATA = Path(os.environ.get("GANSMITH_DATA", Path(__file__).parents[5] / "shared" / "data"))
SAKILA = DATA / "sakila" / "sakila.sqlite"
QUERIES = (
    "SELECT count(*) FROM rental r JOIN customer c USING (customer_id) JOIN payment p USING (rental_id)",
    "SELECT c.active, avg(p.amount) FROM payment p JOIN customer c USING (customer_id) GROUP BY 1",
    "SELECT f.rating, count(*) FROM inventory i JOIN film f USING (film_id) GROUP BY 1",
    "SELECT f.rental_rate, avg(p.amount) FROM payment p JOIN rental r USING (rental_id) "
    "JOIN inventory i USING (inventory_id) JOIN film f USING (film_id) GROUP BY 1",
    "SELECT date_trunc('month', rental_date), count(*) FROM rental GROUP BY 1",
    "SELECT avg(n) FROM (SELECT count(*) AS n FROM rental GROUP BY customer_id) AS each",
    "SELECT avg(n) FROM (SELECT count(*) AS n FROM film_actor GROUP BY film_id) AS each",
    "SELECT cat.name, count(*) FROM film_category JOIN category cat USING (category_id) GROUP BY 1",
    "SELECT s.store_id, sum(p.amount) FROM payment p JOIN staff s USING (staff_id) GROUP BY 1",
    "SELECT avg(return_date - rental_date) FROM rental",
    "SELECT count(*) FROM rental WHERE return_date < rental_date",
    "SELECT co.country, count(*) FROM customer JOIN address USING (address_id) JOIN city USING (city_id) "
    "JOIN country co USING (country_id) GROUP BY 1 ORDER BY 2 DESC LIMIT 5",
    "SELECT max(length), min(length), avg(replacement_cost) FROM film",
    "SELECT count(*) FROM payment p JOIN rental r USING (rental_id) WHERE p.payment_date < r.rental_date",
    "SELECT count(DISTINCT customer_id), count(DISTINCT inventory_id) FROM rental",
)


@pytest.fixture(scope="module")
def server():
    """The address of an empty cluster, `postgresql://postgres@127.0.0.1:PORT`."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed")
    binaries, folder = found[-1].parent, Path(tempfile.mkdtemp(prefix="pg"))
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = (
        f"-c listen_addresses=127.0.0.1 -c port={port} -c fsync=off -c unix_socket_directories={folder}"
    )
    data = folder / "data"
    init = [binaries / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8"]
    subprocess.run([*as_user, *map(str, init)], check=True, capture_output=True)
    control = [*as_user, str(binaries / "pg_ctl"), "-D", str(data), "-w"]
    subprocess.run(
        [*control, "-l", str(folder / "log"), "-o", settings, "start"], check=True, capture_output=True
    )
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def _asked(address: str, statement: str) -> list[tuple]:
    with psycopg.connect(address, autocommit=True) as connection:
        return connection.execute(statement).fetchall()


def _created(server: str, name: str) -> str:
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"{server}/{name}"


@pytest.fixture(scope="module")
def shop(server):
    """A database with what makes trouble: an enum, an identity, a computed column, arrays, odd names."""
    address = _created(server, "shop")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            """
            CREATE TYPE mood AS ENUM ('glad', 'sad');
            CREATE TABLE "odd ""people" ("the id" int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                mood mood NOT NULL, boss int REFERENCES "odd ""people",
                größe numeric(5, 2) CHECK (größe > 100),
                double numeric GENERATED ALWAYS AS (größe * 2) STORED, tags text[], code text UNIQUE);
            INSERT INTO "odd ""people" (mood, boss, größe, tags, code) SELECT
                (CASE WHEN k % 3 = 0 THEN 'sad' ELSE 'glad' END)::mood, CASE WHEN k > 9 THEN k % 9 + 1 END,
                150 + k % 40, ARRAY['a', 'b'], 'C' || (1000 + k) FROM generate_series(1, 60) AS k;
            CREATE TABLE secret (id int PRIMARY KEY);
            CREATE TABLE visits (id serial PRIMARY KEY, who int NOT NULL REFERENCES "odd ""people",
                secret int REFERENCES secret, at timestamp NOT NULL);
            INSERT INTO visits (who, at) SELECT 1 + k % 60, timestamp '2024-01-01' + k * interval '5 hours'
                FROM generate_series(1, 300) AS k;
            CREATE INDEX by_time ON visits (at);
            CREATE ROLE reader LOGIN; GRANT SELECT ON "odd ""people", visits TO reader;
            """
        )
    return address


def _learnt(address: str, n: int) -> Any:
    run = start(address, FitConfig(samples_seen=n, threads=1))
    for _ in run:
        pass
    return run


def test_a_schema_with_everything_comes_back(server, shop):
    reader = shop.replace("postgres@", "reader@")
    run = _learnt(reader, 4_000)
    assert any("points at secret, which may not be read" in note for note in run.notes)
    copy = _created(server, "copy")
    model = run.model()
    model.write(copy, 1)
    assert _asked(copy, 'SELECT count(*) FROM "odd ""people"')[0][0] == 60
    assert not _asked(copy, 'SELECT * FROM "odd ""people" WHERE double <> größe * 2 OR größe <= 100')
    assert _asked(copy, "SELECT 1 FROM pg_indexes WHERE indexname = 'by_time'")
    with psycopg.connect(copy, autocommit=True) as connection:  # sequences go on
        connection.execute("INSERT INTO visits (who, at) VALUES (1, now())")
    with pytest.raises(UsageError, match="is not empty"):
        model.write(copy, 1)
    with pytest.raises(UsageError, match="never written to"):
        model.write(shop, 1, options={"replace": True})


def test_a_server_that_goes_away_leaves_nothing_half_written(server, shop):
    read, lost = FORM.read(shop, RelationalOptions()), _created(server, "lost")

    def written() -> None:
        with FORM.address_writer(lost, replace(read, source=""), {}, RelationalOptions()) as writer:
            _asked(shop, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'lost'")
            writer.write(read)

    with pytest.raises(DataError):
        written()
    assert not _asked(lost, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'")


def test_a_wrong_password_is_not_shown(shop):
    with pytest.raises(DataError) as refused:
        FORM.read(shop.replace("postgres@", "nobody:geheim@"), RelationalOptions())
    assert "geheim" not in str(refused.value)


@pytest.mark.skipif(not SAKILA.is_file(), reason="sakila is not there")
def test_an_application_runs_on_copies_of_sakila(server):
    real = _created(server, "real")
    read = FORM.read(f"sqlite:///{SAKILA}", RelationalOptions())
    with FORM.address_writer(real, replace(read, source=""), {}, RelationalOptions()) as writer:
        writer.write(read)
    model = _learnt(real, 60_000).model()
    for scale in (1, 3):
        copy = _created(server, f"sakila{scale}")
        model.write(copy, model.codec.n_blocks(scale), where=[f"scale={scale}"])
        invalid = _asked(copy, "SELECT conname FROM pg_constraint WHERE NOT convalidated")
        assert not invalid
        n_constraints = (
            "SELECT contype, count(*) FROM pg_constraint WHERE connamespace = 'public'::regnamespace "
            "GROUP BY 1"
        )
        assert sorted(_asked(copy, n_constraints)) == sorted(_asked(real, n_constraints))
        assert 0.85 * scale < _asked(copy, QUERIES[0])[0][0] / _asked(real, QUERIES[0])[0][0] < 1.15 * scale
        for query in QUERIES:
            assert len(_asked(copy, query)) > 0, query
        assert _asked(copy, QUERIES[10])[0][0] == _asked(copy, QUERIES[13])[0][0] == 0
