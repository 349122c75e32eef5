"""The messy export: its validator can tell, and how far what Gansmith makes passes it.

`KNOWN_FAILURES` is what does not pass yet, with the rate that was measured. The list is strict where no
network plays: what passes has to be taken off it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest
import torch

from bench.export import CHECKS, N_RECORDS, export, read, validate, write
from bench.export.checks import GOALS, MISSING
from bench.export.digits import ean, iban, luhn
from gansmith.modalities.registry import find_modality
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.options import TableOptions
from gansmith.tasks.synthesize import Synthesizer

N: Final = 1200
N_FEW: Final = 500
BY_NAME: Final = {check.name: check for check in CHECKS}
WRONG: Final = {
    "ordered_at: open then": "2024-03-03 10:15:00",
    "details: higher than wide": '{"color": "red", "size": {"w": 40, "h": 30}, "tags": []}',
    "details: no tag twice": '{"color": "red", "size": {"w": 40, "h": 60}, "tags": ["new", "new"]}',
    "bundle: rising": "[3, 1]",
    "blood_pressure: upper above lower": "90/100",
    "reference_range: rising": "28-45",
    "ordered_at: form": "2024-02-30 10:15:00",
    "order_date: form": "31.04.2024",
    "export_path: form": r"C:\Data\Exports\2024\13\batch_001.csv",
    "details: form": '{"color": "red"}',
    "ean: form": "4006381333932",
    "iban: form": "DE89370400440532013001",
    "card: form": "4111 1111 1111 1112",
    "event_id: form": "b7e15162-8aed-12a6-abf7-158809cf4f3c",
    "ip: form": "10.0.3.255",
    "age_estimate: form": "9.2091",
    "seat: form": "31A",
    "temperature: form": "n/a",
}
"""A cell that only this check can catch, by its name."""
LEARNT: Final = {
    "ordered_at: open then", "weekday: form", "geo: near the city", "blood_pressure: upper above lower",
}  # fmt: skip
"""What the networks have to learn; all else are rules that hold whatever they make."""
KNOWN_FAILURES: Final[dict[str, dict[str, float]]] = {
    "codec": {
        "plate: last letter": 0.846,
    },
    "independent": {
        "bundle: rising": 0.925,
    },
    "samples": {},
    "learnt": {
        "bundle: rising": 0.88,
        "post_code: form": 0.882,  # a fifth of the codes has fewer than five records: made anew
        "post_code: of the city": 0.882,
        "post_code: no rare value": 0.994,
    },
}


@pytest.fixture(scope="module")
def real():
    return export(N)


@pytest.fixture(scope="module")
def few(real):
    return real[:N_FEW]


@pytest.fixture(scope="module")
def path(real, tmp_path_factory):
    found = tmp_path_factory.mktemp("export") / "real.csv"
    write(real, found)
    return found


@pytest.fixture(scope="module")
def table(path):
    return find_modality("table").format.read(str(path), TableOptions())


@pytest.fixture(scope="module")
def codec(table):
    return TableCodec.fit(table, TableOptions(), 0)


def failing(rates):
    """The checks that miss their goals, by name."""
    return {check.name: round(rate, 3) for check, rate in rates.items() if rate < GOALS[check.sort]}


def decoded(codec, compact, path):
    """Compact records as they are written and read again."""
    with find_modality("table").format.writer(path, codec.empty, {}, TableOptions()) as writer:
        writer.write(codec.decode(compact, 7, 0))
    return read(path)


def test_check_digits_of_known_numbers():
    assert luhn("411111111111111") == 1
    assert ean("400638133393") == 1
    assert iban("DE", "370400440532013000") == 89


def test_a_record_depends_on_its_seed_and_number_alone(real):
    assert export(40) == real[:40]
    assert export(40, seed=1) != real[:40]


def test_the_export_is_as_large_and_as_mixed_as_it_says(real):
    assert N_RECORDS >= 2000
    assert len(real[0]) >= 45
    assert {column for check in CHECKS for column in check.columns} == set(real[0])
    assert len(BY_NAME) == len(CHECKS)


def test_real_records_pass_all_but_the_private_checks(few):
    missed = failing(validate(export(N_FEW, seed=1), few)) | failing(validate(few, few))
    assert {BY_NAME[name].sort for name in missed} == {"private"}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_every_check_catches_what_is_wrong(check, few):
    rng = np.random.default_rng(0)
    column = check.columns[0]
    if check.sort == "private":
        made = few
    elif check.name.endswith("in no order"):
        made = sorted(few, key=lambda row: row[column])
    elif check.sort == "relation" and len(check.columns) > 1:
        cells = rng.permutation([row[column] for row in few])
        made = [row | {column: str(cell)} for row, cell in zip(few, cells, strict=True)]
    else:
        wrong = WRONG.get(check.name, "?" if check.sort == "format" else few[0][column])
        made = [row | {column: wrong} for row in few]
    assert check.rate(made, few) < GOALS[check.sort]


@pytest.mark.parametrize("name", WRONG)
def test_few_wrong_cells_lower_the_rate_by_their_share(name, few):
    check = BY_NAME[name]
    (column,) = check.columns
    made = [row | {column: WRONG[name]} if k % 20 == 0 else row for k, row in enumerate(few)]
    there = [k for k, row in enumerate(few) if check.sort == "format" or row[column] not in ("", "-")]
    assert check.rate(made, few) == pytest.approx(1 - np.mean([k % 20 == 0 for k in there]))


@pytest.mark.slow
def test_what_the_codec_makes_of_learnt_records_passes(codec, table, real, tmp_path):
    """As if the networks were perfect."""
    made = decoded(codec, codec.encode(table, 0), tmp_path / "made.csv")
    assert failing(validate(made, real)).keys() == KNOWN_FAILURES["codec"].keys()


@pytest.mark.slow
def test_rules_hold_whatever_the_networks_make(codec, table, real, tmp_path):
    """Each column by itself, in another order."""
    compact = np.random.default_rng(0).permuted(codec.encode(table, 0).numpy(), axis=0)
    made = decoded(codec, torch.from_numpy(compact), tmp_path / "made.csv")
    rules = [one for one in CHECKS if one.sort in ("format", "relation") and one.name not in LEARNT]
    missed = failing({check: check.rate(made, real) for check in rules}).keys()
    assert missed == KNOWN_FAILURES["independent"].keys()


@pytest.fixture(scope="module")
def model(path):
    return Synthesizer(samples_seen=100_000, seed=0, threads=1).fit(str(path)).model_


@pytest.mark.slow
def test_what_is_learnt_passes(model, real, tmp_path):
    model.write(tmp_path / "made.csv", N, 0)
    rates = validate(read(tmp_path / "made.csv"), real)
    missed = failing({check: rate for check, rate in rates.items() if check.sort not in ("share", "repeat")})
    assert missed.keys() <= KNOWN_FAILURES["learnt"].keys()


@pytest.mark.slow
def test_two_samples_share_nothing_invented(model, tmp_path):
    for seed in (0, 1):
        model.write(tmp_path / f"{seed}.csv", N, seed)
    made, others = (read(tmp_path / f"{seed}.csv") for seed in (0, 1))
    named = [column for check in CHECKS if check.name.endswith(": no copy") for column in check.columns]
    shared = {one: {row[one] for row in made} & {row[one] for row in others} - MISSING for one in named}
    assert {one for one, cells in shared.items() if cells} == KNOWN_FAILURES["samples"].keys()
