"""A table whose cells have parts, and keys that come again, from a file to a file."""

from __future__ import annotations

import csv
import json
import re
from datetime import datetime, timedelta

import pytest

from gansmith.faces.cli import run
from gansmith.scorecard.features import draws

N = 600


def orders() -> list[dict[str, str]]:
    rng, found = draws(0), list[dict[str, str]]()
    for k in range(N):
        at = datetime(2022, 1, 1) + timedelta(minutes=int(rng.integers(0, 1_500_000)))
        customer, width = int(200 * rng.random() ** 1.5), int(rng.integers(10, 80))
        size = {"w": width, "h": width + int(rng.integers(1, 20))}
        found.append(
            {
                "order_id": f"ORD-{at.year}-{2000 + 3 * k:06}",
                "customer_id": f"C{10_000 + 7 * customer}",
                "tier": ("bronze", "silver", "gold")[customer**2 % 7 % 3],
                "ordered_at": f"{at:%Y-%m-%d %H:%M}",
                "details": json.dumps({"color": str(rng.choice(["red", "blue"])), "size": size}),
            }
        )
    return found


@pytest.fixture(scope="module")
def learnt(tmp_path_factory):
    folder = tmp_path_factory.mktemp("messy")
    with (folder / "orders.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(orders()[0]))
        writer.writeheader()
        writer.writerows(orders())
    options = ["--samples-seen", "2000", "--preset", "small", "--threads", "1"]
    assert run(["fit", str(folder / "orders.csv"), "-o", str(folder / "orders.gan"), *options]) == 0
    return folder


@pytest.fixture
def sampled(learnt, tmp_path):
    """`sampled(*options)`: records of the model, read from the file that they were written to."""

    def sample(*options: str) -> list[dict[str, str]]:
        made = tmp_path / "made.csv"
        assert run(["sample", str(learnt / "orders.gan"), "-o", str(made), *options]) == 0
        with made.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return sample


def test_forms_and_relations_are_those_of_the_table(sampled):
    rows = sampled("-n", "300")
    assert all(re.fullmatch(r"ORD-202[2-4]-\d{6}", row["order_id"]) for row in rows)
    assert len({row["order_id"] for row in rows}) == 300
    assert all(row["order_id"][4:8] == row["ordered_at"][:4] for row in rows)
    assert all(re.fullmatch(r"C1\d{4}", row["customer_id"]) for row in rows)
    customers = {row["customer_id"] for row in rows}
    assert len({(row["customer_id"], row["tier"]) for row in rows}) == len(customers) < 250
    sizes = [json.loads(row["details"])["size"] for row in rows]
    assert all(size["w"] <= size["h"] for size in sizes)


def test_parts_and_what_a_key_decides_can_be_asked_for(sampled):
    where = ["--where", "tier=gold", "--where", "order_id.year=2023", "--where", "details.size.w>=50"]
    rows = sampled("-n", "20", *where)
    assert len(rows) == 20
    assert {(row["tier"], row["order_id"][4:8], row["ordered_at"][:4]) for row in rows} == {
        ("gold", "2023", "2023")
    }
    assert all(json.loads(row["details"])["size"]["w"] >= 50 for row in rows)


@pytest.mark.parametrize("column", ["customer_id", "order_id", "order_id.number"])
def test_what_is_made_anew_cannot_be_asked_for(column, learnt, capsys):
    cell = {"customer_id": "C10007", "order_id": "ORD-2023-002003", "order_id.number": "002003"}[column]
    assert run(["sample", str(learnt / "orders.gan"), "-n", "5", "--where", f"{column}={cell}"]) == 2
    assert "cannot be asked for" in capsys.readouterr().err
