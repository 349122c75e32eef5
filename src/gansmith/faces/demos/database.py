"""A shop's database: learnt with its keys, made twice as large, and asked the same as the real one.

The shop is made here by laws, so what the copy should answer is known.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import numpy as np

from gansmith.faces.demos.pictures import make_folder
from gansmith.tasks.synthesize import Synthesizer
from gansmith.tasks.writing import n_asked

N_CUSTOMERS: Final = 600
SAMPLES_SEEN: Final = 100_000
TABLES: Final = """
CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, age INTEGER NOT NULL CHECK (age >= 18),
    tier TEXT NOT NULL, since DATE NOT NULL);
CREATE TABLE orders (order_id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers,
    ordered DATE NOT NULL, channel TEXT NOT NULL, total NUMERIC(10, 2) NOT NULL);
CREATE TABLE order_lines (order_id INTEGER NOT NULL REFERENCES orders, line INTEGER NOT NULL,
    price NUMERIC(8, 2) NOT NULL, quantity INTEGER NOT NULL, PRIMARY KEY (order_id, line));
CREATE INDEX by_customer ON orders (customer_id);
"""
QUESTIONS: Final = {
    "orders of a customer over 50": "SELECT avg(n) FROM (SELECT count(order_id) AS n FROM customers "
    "LEFT JOIN orders USING (customer_id) WHERE age > 50 GROUP BY customer_id)",
    "orders of a younger one": "SELECT avg(n) FROM (SELECT count(order_id) AS n FROM customers "
    "LEFT JOIN orders USING (customer_id) WHERE age <= 50 GROUP BY customer_id)",
    "mean price, gold customers": "SELECT avg(price) FROM order_lines JOIN orders USING (order_id) "
    "JOIN customers USING (customer_id) WHERE tier = 'gold'",
    "mean price, the others": "SELECT avg(price) FROM order_lines JOIN orders USING (order_id) "
    "JOIN customers USING (customer_id) WHERE tier <> 'gold'",
    "orders before their customer came": "SELECT count(*) FROM orders JOIN customers USING (customer_id) "
    "WHERE ordered < since",
    "totals that are not the sum of their lines": "SELECT count(*) FROM (SELECT total, sum(price * quantity) "
    "AS added FROM orders JOIN order_lines USING (order_id) GROUP BY order_id) "
    "WHERE abs(total - added) > .006",
}


def run_database(
    folder: Path, seed: int = 0, show: Callable[[str], object] = print, samples_seen: int = SAMPLES_SEEN
) -> dict[str, Any]:
    """Learn a shop's database, write one of twice its size, and ask both.

    Args:
        folder: Where the databases and the model go.
        seed: Of the laws, of learning and of what is made.
        show: Called with each line of text.
        samples_seen: Length of the training.

    Returns:
        The files, and by question the answers of the real database and of the copy.

    Raises:
        DataError: The folder cannot be written.
        UsageError: SQLAlchemy is not installed.
    """
    make_folder(folder)
    real, copy = folder / "shop.db", folder / "copy.db"
    n_rows = _made(real, seed)
    show(f"A shop of {n_rows:,} rows in three tables: {real}. Learning it, customers first ...")
    synthesizer = Synthesizer(kind="relational", samples_seen=samples_seen, seed=seed, verbose=False)
    synthesizer.fit(f"sqlite:///{real}")
    synthesizer.save(folder / "shop.gan")
    model = synthesizer.model_
    options = {"scale": 2.0, "replace": True}
    n_parts, _ = n_asked(model.modality, model.codec, None, options)
    model.write(copy, n_parts, seed, options=options)
    answers = {question: (_asked(real, asked), _asked(copy, asked)) for question, asked in QUESTIONS.items()}
    show(f"A copy of twice its size, with keys, checks and indexes: {copy}. What both answer:\n")
    show(f"  {'':44}{'real':>10}{'copy':>10}")
    for question, (ours, theirs) in answers.items():
        show(f"  {question:44}{ours:10.2f}{theirs:10.2f}")
    return {"files": ["shop.db", "shop.gan", "copy.db", "copy.db.meta.json"], "answers": answers}


def _asked(path: Path, statement: str) -> float:
    with closing(sqlite3.connect(path)) as connection:
        return float(connection.execute(statement).fetchone()[0] or 0)


def _made(path: Path, seed: int) -> int:
    """Write the shop; how many rows it has."""
    rng = np.random.default_rng(seed)
    age, gold = rng.integers(18, 80, N_CUSTOMERS), rng.random(N_CUSTOMERS) < 0.3
    since = np.datetime64("2023-01-01") + rng.integers(0, 700, N_CUSTOMERS)
    owner = np.repeat(np.arange(N_CUSTOMERS), rng.poisson(np.where(age > 50, 6, 2)))
    ordered = since[owner] + rng.integers(0, 365, len(owner))
    channel = np.where(rng.random(len(owner)) < np.where(age[owner] > 50, 0.7, 0.2), "shop", "web")
    order = np.repeat(np.arange(len(owner)), 1 + rng.poisson(1.2, len(owner)))
    line = np.arange(len(order)) - np.searchsorted(order, order) + 1
    price = np.round(rng.lognormal(np.where(gold[owner[order]], 4.0, 2.5), 0.3), 2)
    quantity = 1 + rng.poisson(0.7, len(order))
    total = np.round(np.bincount(order, weights=price * quantity, minlength=len(owner)), 2)
    tier = np.where(gold, "gold", "plain")
    columns: dict[str, tuple[np.ndarray, ...]] = {
        "customers": (np.arange(N_CUSTOMERS) + 1, age, tier, since.astype(str)),
        "orders": (np.arange(len(owner)) + 1, owner + 1, ordered.astype(str), channel, total),
        "order_lines": (order + 1, line, price, quantity),
    }
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(TABLES)
        for name, cells in columns.items():
            rows = zip(*(one.tolist() for one in cells), strict=True)
            connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(cells))})", rows)
        connection.commit()
    return sum(len(cells[0]) for cells in columns.values())
