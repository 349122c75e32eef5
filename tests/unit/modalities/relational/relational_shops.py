"""A small shop whose laws are known: customers, their orders, the lines of these, products, a boss."""

from __future__ import annotations

import sqlite3

import numpy as np
import pyarrow as pa


def shop(n: int = 80, seed: int = 0) -> dict[str, pa.Table]:
    """Five tables: old customers order more; gold ones dear things; totals are sums; dates follow dates."""
    rng = np.random.default_rng(seed)
    age = rng.integers(20, 80, n)
    tier = np.where(rng.random(n) < 0.3, "gold", "plain")
    since = np.datetime64("2020-01-01") + rng.integers(0, 300, n)
    customers = {
        "customer_id": np.arange(n) + 1,
        "name": [f"Person {k}" for k in range(n)],
        "age": age,
        "tier": tier,
        "since": since,
    }
    products = {
        "product_id": np.arange(30) + 1,
        "price": np.round(np.where(np.arange(30) % 2, 90.0, 10.0) + np.arange(30), 2),
        "colour": np.array(["red", "blue", "green"])[np.arange(30) % 3],
    }
    n_orders = rng.poisson(np.where(age > 50, 4, 1))
    owner = np.repeat(np.arange(n), n_orders)
    order_date = since[owner] + rng.integers(0, 400, len(owner))
    n_lines = 1 + rng.poisson(1.5, len(owner))
    order = np.repeat(np.arange(len(owner)), n_lines)
    dear = (tier[owner[order]] == "gold") ^ (rng.random(len(order)) < 0.1)
    product = 2 * rng.integers(0, 15, len(order)) + dear
    quantity = rng.integers(1, 4, len(order))
    line_no = np.arange(len(order)) - np.repeat(np.cumsum(n_lines) - n_lines, n_lines) + 1
    price = products["price"][product]
    total = np.round(np.bincount(order, weights=price * quantity, minlength=len(owner)), 2)
    orders = {
        "order_id": np.arange(len(owner)) + 100,
        "customer_id": owner + 1,
        "order_date": order_date,
        "channel_id": rng.integers(1, 4, len(owner)),
        "total": total,
    }
    lines = {
        "order_id": order + 100,
        "line_no": line_no,
        "product_id": product + 1,
        "unit_price": price,
        "quantity": quantity,
    }
    channels = {"channel_id": [1, 2, 3], "channel": ["web", "shop", "phone"]}
    found = {"channels": channels, "customers": customers, "products": products, "orders": orders}
    return {name: pa.table(columns) for name, columns in {**found, "order_lines": lines}.items()}


KEYS = """
CREATE TABLE channels (channel_id INTEGER PRIMARY KEY, channel VARCHAR(20) NOT NULL UNIQUE);
CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, name TEXT, age INTEGER CHECK (age >= 18), tier TEXT,
    since DATE);
CREATE TABLE products (product_id INTEGER PRIMARY KEY, price NUMERIC(8, 2) NOT NULL, colour TEXT);
CREATE TABLE orders (order_id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers,
    order_date DATE NOT NULL, channel_id INTEGER NOT NULL REFERENCES channels, total NUMERIC(10, 2));
CREATE TABLE order_lines (order_id INTEGER REFERENCES orders, line_no INTEGER, product_id INTEGER NOT NULL
    REFERENCES products, unit_price NUMERIC(8, 2), quantity INTEGER, PRIMARY KEY (order_id, line_no));
CREATE INDEX by_customer ON orders (customer_id);
"""


def sqlite_shop(path, tables) -> str:
    """The same as an SQLite file with keys, checks and an index; its address."""
    database = sqlite3.connect(path)
    database.executescript(KEYS)
    for name, table in tables.items():
        marks = ", ".join("?" * table.num_columns)
        cells = [
            column.cast(pa.string()).to_pylist() if pa.types.is_temporal(column.type) else column.to_pylist()
            for column in table.columns
        ]
        database.executemany(f"INSERT INTO {name} VALUES ({marks})", zip(*cells, strict=True))
    database.commit()
    database.close()
    return f"sqlite:///{path}"
