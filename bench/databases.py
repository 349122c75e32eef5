"""Databases: learnt, made, loaded and judged; a database of known laws; how fast, and in how much memory.

python -m bench databases chinook sakila synthea      scores beside real families and independent parts
python -m bench databases million                     laws that were put in, and whether they come out
python -m bench databases sakila --only customer,rental --peer      some tables alone, and SDV's HMA on them
python -m bench databases load --model sakila.gan     rows a second into SQLite, and PostgreSQL where it is
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

DATA: Final = Path(os.environ.get("GANSMITH_DATA", Path(__file__).parents[2] / "shared" / "data"))
SOURCES: Final = {
    "chinook": f"sqlite:///{DATA / 'chinook' / 'Chinook_Sqlite.sqlite'}",
    "sakila": f"sqlite:///{DATA / 'sakila' / 'sakila.sqlite'}",
    "synthea": str(DATA / "synthea"),
}
SHOWN: Final = (
    "foreign_keys", "valid", "cardinality", "parent_trend", "grandparent_trend", "c2st_children",
    "c2st_parents", "queries", "c2st", "membership_auc",
)  # fmt: skip


def run(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench databases", description=__doc__)
    parser.add_argument("names", nargs="+", choices=[*SOURCES, "laws", "million", "load"])
    parser.add_argument("--rows", type=int, default=100_000, help="of the database of known laws")
    parser.add_argument("--model", type=Path, help="take this model instead of learning one")
    parser.add_argument("--to", default="", help="where `load` writes to; an SQLite file if not given")
    parser.add_argument("--scale", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--samples-seen", type=int, default=0)
    parser.add_argument("--only", default="", help="judge these tables alone, such as customer,rental")
    parser.add_argument("--peer", action="store_true", help="SDV's HMA in our place")
    parser.add_argument("--keep", type=Path, help="keep the model that is learnt")
    parser.add_argument("--min-count", type=int, default=0, help="1 lets rare values out")
    parser.add_argument("--full", action="store_true", help="all records and repetitions of the scorecard")
    given = parser.parse_args(arguments)
    for name in given.names:
        if name == "load":
            found = loaded(given.model, given.to, given.scale)
        elif name in ("laws", "million"):
            n_rows = 1_000_000 if name == "million" else given.rows
            found = laws(n_rows, given.seed, given.samples_seen)
        else:
            found = judged(name, given)
        print(json.dumps({"name": name, "seed": given.seed, **found}, indent=1))
        sys.stdout.flush()


def judged(name: str, given: argparse.Namespace) -> dict[str, Any]:
    """Learnt from four fifths of the families, judged by the others."""
    from gansmith.modalities.relational import RelationalOptions
    from gansmith.modalities.relational.format import RelationalFormat
    from gansmith.scorecard.score import FULL, QUICK

    form, seed, only = RelationalFormat(), given.seed, [*filter(None, given.only.split(","))]
    real = form.read(SOURCES[name], RelationalOptions())
    if given.peer and only:
        real = restricted(real, only)
    train, held, _ = form.hold_out(real, None, RelationalOptions(), 0.2, seed)
    started = time.monotonic()
    if given.peer:
        from bench.databases_peer import made_by_hma

        fake, said = made_by_hma(train, seed)
        if fake is None:
            return said
    else:
        model = _model(given.model) if given.model else _learnt(train, given)
        fake, said = next(iter(model.blocks(1, seed))), {"fit_s": round(time.monotonic() - started)}
        if given.keep:
            model.save(given.keep)
    if only and not given.peer:
        train, held, fake = (restricted(one.whole, only) for one in (train, held, fake))
    card = next(form.score([fake], train, held, None, seed, FULL if given.full else QUICK))
    scores = {
        entry.name: {
            "value": round(entry.score.value, 4),
            "error": round(entry.score.error, 4),
            **{anchor: round(one.value, 4) for anchor, one in entry.anchors.items()},
            "details": {key: round(value, 3) for key, value in [*entry.details.items()][:8]},
        }
        for entry in card.entries
        if entry.name in SHOWN
    }
    return {"rows": real.n_rows, **said, "made": fake.n_rows, "scores": scores}


def restricted(database: Any, names: list[str]) -> Any:
    """Some tables of a database, with the keys between them."""
    from dataclasses import replace

    from gansmith.modalities.relational.planning import plan_of
    from gansmith.modalities.relational.records import Database
    from gansmith.modalities.relational.schema import DatabaseSchema

    kept = [database.schema[name] for name in names]
    keys = {one.name: tuple(key for key in one.foreign_keys if key.parent in names) for one in kept}
    schema = DatabaseSchema(tables=tuple(replace(one, foreign_keys=keys[one.name]) for one in kept))
    found = Database(schema, {name: database.tables[name] for name in names}, database.name)
    return replace(found, plan=plan_of(schema, found.tables, found.links))


def _learnt(records: Any, given: argparse.Namespace) -> Any:
    from gansmith.modalities.registry import find_modality
    from gansmith.modalities.relational import RelationalOptions
    from gansmith.tasks.opening import Opened
    from gansmith.tasks.runs.fit import start
    from gansmith.tasks.runs.settings import FitConfig

    options = RelationalOptions(min_count=given.min_count)
    opened = Opened(find_modality("relational"), records, options, "", time.monotonic())
    run = start(opened, FitConfig(seed=given.seed, samples_seen=given.samples_seen, threads=1))
    for record in run:
        if record.readings:
            print(f"step {record.step} of {record.n_steps}: {record.readings}", file=sys.stderr)
    return run.model()


def _model(path: Path) -> Any:
    from gansmith.tasks.model import load_model

    return load_model(path)


def shop(n_rows: int, seed: int) -> dict[str, pa.Table]:
    """Four tables of about so many rows, whose laws are known: see `measured`."""
    rng = np.random.default_rng(seed)
    n = n_rows // 14
    age = rng.integers(18, 90, n)
    tier = rng.choice(["plain", "gold"], n, p=[0.8, 0.2])
    since = np.datetime64("2018-01-01") + rng.integers(0, 1500, n)
    n_orders = rng.poisson(np.where(age > 50, 5.0, 2.0))
    owner = np.repeat(np.arange(n), n_orders)
    dated = since[owner] + rng.exponential(200, len(owner)).astype(int)
    channel = np.where(rng.random(len(owner)) < np.where(age[owner] > 50, 0.7, 0.2), "shop", "web")
    order = np.repeat(np.arange(len(owner)), 1 + rng.poisson(2.0, len(owner)))
    dear = rng.random(len(order)) < np.where(tier[owner[order]] == "gold", 0.6, 0.1)
    price = np.round(
        np.where(dear, rng.lognormal(4.5, 0.3, len(order)), rng.lognormal(2.5, 0.4, len(order))), 2
    )
    quantity = 1 + rng.poisson(0.7, len(order))
    total = np.round(np.bincount(order, weights=price * quantity, minlength=len(owner)), 2)
    returned = np.flatnonzero(rng.random(len(order)) < np.where(dear, 0.2, 0.05))
    return {
        "customers": pa.table({"customer_id": np.arange(n) + 1, "age": age, "tier": tier, "since": since}),
        "orders": pa.table(
            {
                "order_id": np.arange(len(owner)) + 1, "customer_id": owner + 1, "order_date": dated,
                "channel": channel, "total": total,
            }
        ),
        "order_lines": pa.table(
            {
                "line_id": np.arange(len(order)) + 1, "order_id": order + 1, "price": price,
                "quantity": quantity,
            }
        ),
        "returns": pa.table(
            {
                "return_id": np.arange(len(returned)) + 1, "line_id": returned + 1,
                "reason": rng.choice(["broken", "size", "taste"], len(returned), p=[0.2, 0.5, 0.3]),
            }
        ),
    }  # fmt: skip


def measured(tables: dict[str, pa.Table]) -> dict[str, float]:
    """The laws of the shop, as they are in some data."""
    customers, orders = tables["customers"], tables["orders"]
    lines, returns = tables["order_lines"], tables["returns"]
    owner = _places(orders["customer_id"], customers["customer_id"])
    order = _places(lines["order_id"], orders["order_id"])
    age, gold = customers["age"].to_numpy(), np.array(customers["tier"].to_pylist()) == "gold"
    n_orders = np.bincount(owner, minlength=len(age))
    price, quantity = lines["price"].to_numpy(), lines["quantity"].to_numpy()
    sums = np.bincount(order, weights=price * quantity, minlength=len(owner))
    since = customers["since"].cast(pa.timestamp("s")).to_numpy()[owner]
    dated = orders["order_date"].cast(pa.timestamp("s")).to_numpy()
    in_shop = np.array(orders["channel"].to_pylist()) == "shop"
    back = np.zeros(len(lines), bool)
    back[_places(returns["line_id"], lines["line_id"])] = True
    dear = price > 40
    return {
        "orders of the old": float(n_orders[age > 50].mean()),
        "orders of the young": float(n_orders[age <= 50].mean()),
        "in the shop, old": float(in_shop[age[owner] > 50].mean()),
        "in the shop, young": float(in_shop[age[owner] <= 50].mean()),
        "dear lines, gold": float(dear[gold[owner[order]]].mean()),
        "dear lines, plain": float(dear[~gold[owner[order]]].mean()),
        "lines an order": float(np.bincount(order, minlength=len(owner)).mean()),
        "returned, dear": float(back[dear].mean()),
        "returned, cheap": float(back[~dear].mean()),
        "days until an order": float(
            ((dated - since).astype("timedelta64[s]").astype(float) / 86_400).mean()
        ),
        "orders before their customer": float((dated < since).mean()),
        "totals that are no sums": float((np.abs(sums - orders["total"].to_numpy()) > 0.006).mean()),
    }


def _places(keys: pa.ChunkedArray, among: pa.ChunkedArray) -> np.ndarray:
    """The number of the row that each key is of."""
    return pc.index_in(keys, value_set=among.combine_chunks()).to_numpy()


def laws(n_rows: int, seed: int, samples_seen: int) -> dict[str, Any]:
    """Whether laws that were put into a database come out of a copy; the time and the memory it takes."""
    from gansmith.tasks.runs.fit import start
    from gansmith.tasks.runs.settings import FitConfig

    with tempfile.TemporaryDirectory() as folder:
        tables = shop(n_rows, seed)
        for name, table in tables.items():
            pq.write_table(table, Path(folder) / f"{name}.parquet")
        started = time.monotonic()
        run = start(folder, FitConfig(seed=seed, samples_seen=samples_seen, threads=1))
        for record in run:
            if record.readings:
                print(f"step {record.step} of {record.n_steps}: {record.readings}", file=sys.stderr)
        model, seconds = run.model(), time.monotonic() - started
    peak, started = _peak_gib(), time.monotonic()
    made = model.modality.format.join([*model.blocks(model.codec.n_blocks(1.0), where=["scale=1.0"])])
    made_in = time.monotonic() - started
    real, ours = measured(tables), measured({name: one.records for name, one in made.tables.items()})
    return {
        "rows": sum(map(len, tables.values())),
        "fit_s": round(seconds),
        "made": made.n_rows,
        "made_per_s": round(made.n_rows / made_in),
        "peak_gib": peak,
        "laws": {name: [round(real[name], 4), round(ours[name], 4)] for name in real},
    }


def loaded(path: Path | None, to: str, scale: float) -> dict[str, Any]:
    """How many rows a second go into a database, made on the way."""
    model = _model(path or Path("sakila.gan"))
    with tempfile.TemporaryDirectory() as folder:
        address = to or f"sqlite:///{folder}/copy.db"
        n = model.codec.n_blocks(scale)
        started = time.monotonic()
        model.write(address, n, where=[f"scale={scale!r}"], options={"replace": bool(to)})
        seconds = time.monotonic() - started
    n_rows = scale * model.codec.n_rows
    return {"scale": scale, "blocks": n, "rows_per_s": round(n_rows / seconds), "peak_gib": _peak_gib()}


def _peak_gib() -> float:
    """The memory that this process had at most."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)
