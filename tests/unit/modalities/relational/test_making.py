"""A database is learnt, made, saved, written: keys whole, rules kept, the same for the same seed."""

from __future__ import annotations

import sqlite3

import numpy as np
import pyarrow.compute as pc
import pytest
import torch
from relational_shops import shop, sqlite_shop

from gansmith import load
from gansmith.errors import DataError, UsageError
from gansmith.modalities.relational import RelationalOptions
from gansmith.modalities.relational.encoding import remembered
from gansmith.modalities.relational.format import RelationalFormat
from gansmith.tasks.model import load_model
from gansmith.tasks.runs.fit import resume, start
from gansmith.tasks.runs.settings import FitConfig

pytest.importorskip("sqlalchemy", reason="databases need the extra [db]")
FORM = RelationalFormat()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A quick model of the shop, from an SQLite file; it is at `model.address`."""
    folder = tmp_path_factory.mktemp("shop")
    address = sqlite_shop(folder / "shop.db", shop())
    run = start(address, FitConfig(samples_seen=8_000, threads=1))
    for _ in run:
        pass
    made = run.model()
    made.save(folder / "shop.gan")
    return made, folder, address


@pytest.fixture(scope="module")
def made(model):
    return next(iter(model[0].blocks(1)))


def test_every_key_points_at_a_row_and_is_its_own(made):
    for table in made.schema.tables:
        records = made.tables[table.name].records
        for key in table.foreign_keys:
            assert (made.links[table.name, key.name] >= 0).all()
        keys = list(zip(*(records[name].to_pylist() for name in table.primary_key), strict=True))
        assert len(set(keys)) == len(keys)


def test_rules_across_tables_are_found_and_kept(made):
    orders, lines = made.tables["orders"].records, made.tables["order_lines"].records
    customers = made.tables["customers"].records
    since = customers["since"].take(made.links["orders", "customer_id"])
    assert pc.all(pc.greater_equal(orders["order_date"].cast(since.type), since)).as_py()
    price = made.tables["products"].records["price"].take(made.links["order_lines", "product_id"])
    assert lines["unit_price"].to_pylist() == price.to_pylist()
    worth = lines["unit_price"].to_numpy() * lines["quantity"].to_numpy()
    sums = np.bincount(made.links["order_lines", "order_id"], weights=worth, minlength=len(orders))
    has_any = np.bincount(made.links["order_lines", "order_id"], minlength=len(orders)) > 0
    np.testing.assert_allclose(orders["total"].to_numpy()[has_any], sums[has_any], atol=0.006)


def test_lines_are_counted_within_their_order(made):
    lines = made.tables["order_lines"].records
    for order in set(lines["order_id"].to_pylist()):
        own = lines.filter(pc.equal(lines["order_id"], order))["line_no"].to_pylist()
        assert sorted(own) == list(range(1, len(own) + 1))


def test_the_same_seed_makes_the_same_from_a_file_too(model, made):
    loaded = load_model(model[1] / "shop.gan")
    again, other = next(iter(loaded.blocks(1))), next(iter(loaded.blocks(1, seed=1)))
    assert FORM.fingerprint(again) == FORM.fingerprint(made) != FORM.fingerprint(other)


def test_scale_makes_as_much_and_blocks_run_on(model, monkeypatch):
    from gansmith.modalities.relational import codec

    monkeypatch.setattr(codec, "ROWS_PER_BLOCK", 300)
    blocks = list(model[0].blocks(model[0].codec.n_blocks(2.0), where=["scale=2.0"]))
    assert len(blocks) > 1
    whole = FORM.join(blocks)
    n = len(whole.tables["customers"])
    assert abs(n - 160) <= 2
    assert whole.tables["customers"].records["customer_id"].to_pylist() == list(range(1, n + 1))
    assert len(whole.tables["channels"]) == 3
    assert (whole.links["order_lines", "product_id"] >= 0).all()


def test_it_goes_into_sqlite_with_keys_checks_and_indexes(model, tmp_path):
    path = tmp_path / "copy.db"
    model[0].write(f"sqlite:///{path}", 1)
    database = sqlite3.connect(path)
    assert not database.execute("PRAGMA foreign_key_check").fetchall()
    kept = "\n".join(row[0] for row in database.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL"))
    assert "CHECK (age >= 18)" in kept
    assert "CREATE INDEX by_customer" in kept
    assert database.execute("SELECT count(*) FROM customers").fetchone()[0] == 80
    database.close()


def test_what_is_there_is_not_lost(model, tmp_path):
    path = tmp_path / "copy.db"
    model[0].write(f"sqlite:///{path}", 1)
    before = path.read_bytes()
    with pytest.raises(UsageError, match="is not empty: it has channels"):
        model[0].write(f"sqlite:///{path}", 1)
    assert path.read_bytes() == before
    model[0].write(f"sqlite:///{path}", 1, options={"replace": True})
    with pytest.raises(UsageError, match="never written to"):
        model[0].write(model[2], 1, options={"replace": True})


def test_it_goes_into_a_folder_and_a_dump_whole_or_not_at_all(model, tmp_path):
    model[0].write(tmp_path / "out", 1, options={"files": "parquet"})
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [f"{n}.parquet" for n in ("channels", "customers", "order_lines", "orders", "products")]
    again = FORM.read(str(tmp_path / "out"), FORM.settled(model[0].modality.options(), "show"))
    assert len(again.tables["customers"]) == 80
    model[0].write(tmp_path / "one", 1, options={"table": ("orders",)})
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["orders.csv"]
    model[0].write(tmp_path / "all.sql", 1)
    said = (tmp_path / "all.sql").read_text()
    assert said.startswith("BEGIN;")
    assert said.rstrip().endswith("COMMIT;")
    with pytest.raises(UsageError, match="there and not empty"):
        model[0].write(tmp_path / "out", 1)


def test_root_rows_are_what_is_asked_for_and_others_cannot_be(model):
    block = next(iter(model[0].blocks(1, where=["customers.tier=gold", "customers.age>=40"])))
    customers = block.tables["customers"].records
    assert set(customers["tier"].to_pylist()) == {"gold"}
    assert min(customers["age"].to_pylist()) >= 40
    assert len(customers) == 80
    with pytest.raises(UsageError, match="'orders' hang on rows of another table"):
        model[0].blocks(1, where=["orders.total>5"])
    with pytest.raises(UsageError, match="kept as they are"):
        model[0].blocks(1, where=["channels.channel=web"])


def test_python_says_the_same_words(model):
    tables = load(model[1] / "shop.gan").sample(scale=0.5, seed=3)
    assert tables["customers"].num_rows == 40
    with pytest.raises(UsageError, match="Of a database say --scale"):
        load(model[1] / "shop.gan").sample(7)


@pytest.mark.slow
def test_a_run_that_was_stopped_ends_as_one_that_was_not(tmp_path):
    address, config = sqlite_shop(tmp_path / "shop.db", shop()), FitConfig(samples_seen=6_000, threads=1)
    whole, halted = start(address, config), start(address, config, folder=tmp_path / "run")
    for _ in whole:
        pass
    for record in halted:
        if record.step == 5:
            break
    resumed = resume(address, tmp_path / "run")
    for _ in resumed:
        pass
    ours, theirs = (run.model().networks["generator"].state_dict() for run in (resumed, whole))
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items())


def test_passwords_are_shown_nowhere(model, tmp_path):
    with pytest.raises(DataError) as refused:
        FORM.read("postgresql://me:geheim@127.0.0.1:9/shop", model[0].modality.options())
    assert "geheim" not in str(refused.value)
    assert "me:***@127.0.0.1" in str(refused.value)
    content = (model[1] / "shop.gan").read_bytes()
    assert str(model[1]).encode() not in content


def test_a_database_that_is_not_there_is_said(tmp_path):
    with pytest.raises(DataError, match="there is no such database"):
        FORM.read(f"sqlite:///{tmp_path}/none.db", RelationalOptions())


def test_what_a_family_had_is_remembered_the_last_first():
    states = np.arange(8)[:, None]  # two families of four rows
    rows, places = np.array([3, 4, 6]), np.array([3, 0, 2])
    assert remembered(states, rows, places, 3).tolist() == [[1, 0, -1], [-1, -1, -1], [4, -1, -1]]
    assert remembered(states, rows[:1], 3, 2).tolist() == [[1, 0]]
