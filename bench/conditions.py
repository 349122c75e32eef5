"""Are the records that were asked for as good as the free ones?

    python -m bench conditions [adult titanic covertype creditcard_fraud nyc_taxi] [--seeds 1] [--values 0]

Half of each table is learnt, stratified by what is to be predicted, the other half is held out. For every
value of every column that a share of the learnt records has, down to .5 %, records are sampled with that
value asked for. Boosted trees tell them from free records of the same value, and both from real ones that
were held out: AUC, .5 is perfect. 2,000 records a side where there are as many. Of card fraud also: the share
of frauds that a forest of real records recognises, where 60 frauds were learnt among 3,296 other records.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.ensemble import RandomForestClassifier

from bench.machine import machine
from bench.peers.datasets import DATA_SETS, data_folder, is_there, prepare
from gansmith.errors import UsageError
from gansmith.modalities.table.options import TableOptions
from gansmith.scorecard.features import Features
from gansmith.scorecard.real.two_sample import two_sample_auc
from gansmith.tabular.conditions import matching
from gansmith.tabular.features import common_types, table_features
from gansmith.tabular.schema import Schema
from gansmith.tasks.model import Model, load_model
from gansmith.tasks.synthesize import Synthesizer

if TYPE_CHECKING:
    from gansmith.modalities.table.codec import TableCodec

TABLES: Final = {
    "adult": "income",
    "titanic": "Survived",
    "covertype": "Cover_Type",
    "creditcard_fraud": "Class",
    "nyc_taxi": "payment",
}
N_MOST: Final = 2_000
N_POOL: Final = 900_000
"""Free records, so that a value that one in 200 has comes up 2,000 times on two sides."""
MIN_SHARE: Final = 0.005
MIN_REAL: Final = 50
"""Fewer held-out records of a value tell nothing."""
N_FRAUDS: Final = 60
N_OTHERS: Final = 3_296


@dataclass(frozen=True)
class Asked:
    """What was found of one value."""

    column: str
    value: Any
    share: float
    """Of the learnt records."""
    made_share: float
    """Of the free records."""
    against_free: float
    free_against_free: float
    """How far two draws of free records are from each other."""
    against_real: float
    free_against_real: float
    seconds: float
    """For 2,000 records."""


def run(asked: list[str]) -> dict[str, Any]:
    """Every table that is there, a line for each seed."""
    parser = argparse.ArgumentParser(prog="python -m bench conditions", description=__doc__)
    parser.add_argument("tables", nargs="*", help=", ".join(TABLES))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--values", type=int, default=0, help="of each table, drawn at random; 0: all")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", default="", help="folder where models are kept, and taken from")
    options = parser.parse_args(asked)
    print(f"Conditions; {machine()}")
    found: dict[str, Any] = {}
    for name in options.tables or TABLES:
        if not is_there(DATA_SETS[name]):
            print(f"{name}: not there, skipped")
            continue
        for seed in range(options.seeds):
            found[f"{name}/{seed}"] = _measured(name, seed, options.values, options.save)
            print(f"{name} {seed}: {_told(found[f'{name}/{seed}'])}", flush=True)
    if options.json:
        print(json.dumps(found, default=lambda one: asdict(one) if isinstance(one, Asked) else str(one)))
    return found


def _measured(name: str, seed: int, n_values: int, folder: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as temporary:
        learnt, others = _halves(name, seed, Path(temporary))
        model = _learnt(learnt, seed, Path(folder) / f"{name}-{seed}.gan" if folder else None)
        options = TableOptions(schema=_schema(model).to_json())
        seen = model.modality.format.read(str(learnt), options)
        real = model.modality.format.read_like(str(others), seen).records
    compared = Schema(
        tuple(one for one in _schema(model).columns if one.traits.is_varied and not one.traits.is_made_anew)
    )
    free = model.sample(N_POOL, seed + 100).records.select(compared.names)
    (free, real), compared = common_types([free, real.select(compared.names)], compared)
    values = [one for one in _values(seen.records, compared) if _is_known(model, one[0], one[1])]
    if n_values:
        order = np.random.default_rng(0).permutation(len(values))[:n_values]
        values = [values[place] for place in np.sort(order)]
    asked = [_asked(model, compared, name, value, share, free, real, seed) for name, value, share in values]
    found: dict[str, Any] = {"values": asked}
    if name == "creditcard_fraud":
        found["frauds"] = _frauds(seed)
    return found


def _halves(name: str, seed: int, folder: Path) -> tuple[Path, Path]:
    """Two files with the letters of the original."""
    prepared = prepare(DATA_SETS[name], folder)
    parts = (prepared.train, prepared.holdout)
    whole = pd.concat([pd.read_csv(part, dtype=str, keep_default_na=False) for part in parts])
    whole = whole.sample(frac=1, random_state=seed).sort_values(TABLES[name], kind="stable")
    paths = folder / "learnt.csv", folder / "others.csv"
    for first, path in enumerate(paths):
        whole.iloc[first::2].sample(frac=1, random_state=seed).to_csv(path, index=False)
    return paths


def _learnt(path: Path, seed: int, kept: Path | None) -> Model:
    if kept is not None and kept.exists():
        return load_model(kept)
    model = Synthesizer(seed=seed).fit(str(path)).model_
    if kept is not None:
        model.save(kept)
    return model


def _schema(model: Model) -> Schema:
    return cast("TableCodec", model.codec).schema


def _values(seen: pa.Table, schema: Schema) -> list[tuple[str, Any, float]]:
    """Column, value and share of each value that is frequent enough."""
    found: list[tuple[str, Any, float]] = []
    for column in schema.columns:
        counts = pc.value_counts(seen.column(column.name).combine_chunks())
        for value, count in zip(
            counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True
        ):
            if value is not None and MIN_SHARE <= count / seen.num_rows < 1:
                found.append((column.name, value, count / seen.num_rows))
    return found


def _is_known(model: Model, name: str, value: Any) -> bool:
    """Whether it can be asked for: what too few records had never comes out."""
    try:
        model.doubts({name: value})
    except UsageError:
        return False
    return True


def _asked(
    model: Model,
    schema: Schema,
    name: str,
    value: Any,
    share: float,
    free: pa.Table,
    real: pa.Table,
    seed: int,
) -> Asked:
    started = time.perf_counter()
    made = model.sample(N_MOST, seed + 1, where={name: value}).records
    seconds = time.perf_counter() - started
    (made,), schema = common_types([made.select(schema.names)], schema)
    drawn, theirs = (part.take(matching(part, schema, {name: value})) for part in (free, real))
    n = min(N_MOST, drawn.num_rows // 2)
    parts = made.slice(0, n), drawn.slice(0, n), drawn.slice(n, n), theirs.slice(0, N_MOST)
    ours, first, second, others = table_features(parts, schema)
    return Asked(
        name,
        value,
        share,
        drawn.num_rows / free.num_rows,
        _auc(ours, first, seed),
        _auc(second, first, seed),
        *(
            (_auc(ours, others, seed), _auc(first, others, seed))
            if len(others) >= MIN_REAL
            else (np.nan, np.nan)
        ),
        seconds,
    )


def _auc(ours: Features, theirs: Features, seed: int) -> float:
    if min(len(ours), len(theirs)) < MIN_REAL:
        return np.nan
    return two_sample_auc(ours, theirs, seed=seed, n_folds=2, finds_giveaways=False).score.value


def _frauds(seed: int) -> dict[str, float]:
    """The share of held-out, free and asked-for frauds that a forest of real records recognises."""
    whole = pd.read_csv(data_folder() / "creditcard_fraud" / DATA_SETS["creditcard_fraud"].file)
    rng = np.random.default_rng(seed)
    fraud, other = (rng.permutation(np.flatnonzero(whole["Class"] == value)) for value in (1, 0))
    learnt = whole.iloc[rng.permutation(np.concatenate([fraud[:N_FRAUDS], other[:N_OTHERS]]))]
    model = Synthesizer(seed=seed).fit(learnt.reset_index(drop=True)).model_
    forest = RandomForestClassifier(300, random_state=0).fit(learnt.drop(columns="Class"), learnt["Class"])
    free = model.sample(N_POOL // 6, seed).records.to_pandas()
    asked = model.sample(N_MOST, seed, where={"Class": 1}).records.to_pandas()
    judged = {"held_out": whole.iloc[fraud[N_FRAUDS:]], "free": free[free["Class"] == 1], "where": asked}
    return {
        name: float(forest.predict(records.drop(columns="Class")).mean()) for name, records in judged.items()
    }


def _told(found: dict[str, Any]) -> str:
    """The means and the worst, in words."""
    values: list[Asked] = found["values"]
    parts = [f"{len(values)} values"]
    for least, name in ((0.01, "1 %"), (MIN_SHARE, ".5 %")):
        against = [one.against_free for one in values if one.made_share >= least]
        floor = [one.free_against_free for one in values if one.made_share >= least]
        if against:
            parts.append(
                f"from {name}: against free {np.nanmean(against):.3f}, worst {np.nanmax(against):.3f} "
                f"(two free halves {np.nanmean(floor):.3f}, {np.nanmax(floor):.3f})"
            )
    ours, theirs = (
        np.array([getattr(one, key) for one in values]) for key in ("against_real", "free_against_real")
    )
    if np.isfinite(ours).any():
        parts.append(f"against real {np.nanmean(ours):.3f}, free ones {np.nanmean(theirs):.3f}")
    rates = [N_MOST / one.seconds for one in values if 0.008 <= one.made_share < 0.0125]
    if rates:
        parts.append(f"a 1 % value {np.median(rates):,.0f} records a second")
    if "frauds" in found:
        parts.append("frauds recognised: " + ", ".join(f"{k} {v:.3f}" for k, v in found["frauds"].items()))
    return "; ".join(parts)
