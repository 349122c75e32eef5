"""The tables of the comparison: where they lie, what is to be predicted, and how they are cut in two."""

from __future__ import annotations

import gzip
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

import numpy as np
import pandas as pd

from bench.tables import BESIDE

MANY_VALUES: Final = 20
"""A column of numbers with more distinct values than this is a number to all competitors, else a category."""
HALVES_SEED: Final = 0


@final
@dataclass(frozen=True)
class DataSet:
    """One table of the comparison."""

    name: str
    """In `--only`, on the page, and of its folder."""
    target: str
    """Column that is to be predicted."""
    file: str = ""
    """In the folder; empty where `train.csv.gz` and `holdout.csv.gz` lie there."""
    folder: str = ""
    """Where it has another name than the data set."""
    header: str = ""
    """Names of the columns, where the file has none."""
    left_out: tuple[str, ...] = ()
    """Columns that nobody is given: they name a single record, or are free text."""
    dates: tuple[str, ...] = ()
    """Columns that hold a date and a time."""
    n_max: int = 0
    """Records drawn at random from the file; 0 takes all."""


KDD: Final = (
    "duration protocol_type service flag src_bytes dst_bytes land wrong_fragment urgent hot "
    "num_failed_logins logged_in num_compromised root_shell su_attempted num_root num_file_creations "
    "num_shells num_access_files num_outbound_cmds is_host_login is_guest_login count srv_count serror_rate "
    "srv_serror_rate rerror_rate srv_rerror_rate same_srv_rate diff_srv_rate srv_diff_host_rate "
    "dst_host_count dst_host_srv_count dst_host_same_srv_rate dst_host_diff_srv_rate "
    "dst_host_same_src_port_rate dst_host_srv_diff_host_rate dst_host_serror_rate dst_host_srv_serror_rate "
    "dst_host_rerror_rate dst_host_srv_rerror_rate attack"
)
GERMAN: Final = (
    "checking duration history purpose amount savings employment rate status_sex other_debtors residence "
    "property age other_plans housing n_credits job n_liable telephone foreign risk"
)
CAR: Final = "buying maint doors persons lug_boot safety acceptability"
DATA_SETS: Final = {
    one.name: one
    for one in (
        DataSet("adult", "income"),
        DataSet("adult_half", "income", "train.csv.gz", folder="adult"),
        DataSet("magic", "class"),
        DataSet("beijing_pm25", "pm2.5"),
        DataSet("covertype", "Cover_Type", "covtype_10k.csv"),
        DataSet(
            "abalone",
            "rings",
            "abalone.csv",
            header="sex length diameter height whole_weight shucked_weight viscera_weight shell_weight rings",
        ),
        DataSet("nyc_taxi", "fare", "taxis.csv", dates=("pickup", "dropoff")),
        DataSet("titanic", "Survived", "titanic.csv", left_out=("PassengerId", "Name", "Ticket")),
        DataSet("german_credit", "risk", "german.csv", header=GERMAN),
        DataSet(
            "car",
            "acceptability",
            "car.data",
            header=CAR,
        ),
        DataSet("creditcard_fraud", "Class", "creditcard_sample.csv"),
        DataSet("insurance", "charges", "insurance.csv"),
        DataSet(
            "pima_diabetes",
            "diabetes",
            "pima-indians-diabetes.csv",
            header="pregnancies glucose pressure skin insulin bmi pedigree age diabetes",
        ),
        DataSet(
            "netflix_titles",
            "type",
            "netflix_titles.csv.gz",
            left_out=("show_id", "title", "director", "cast", "description"),
        ),
        DataSet("kdd99", "attack", "kddcup.data_10_percent.gz", header=KDD, n_max=20_000),
    )
}


@final
@dataclass(frozen=True)
class Prepared:
    """A data set as the competitors get it."""

    data_set: DataSet
    train: Path
    holdout: Path
    kinds: dict[str, str]
    n_train: int
    n_holdout: int


def data_folder() -> Path:
    """Where the data sets lie: GANSMITH_DATA, else `../shared/data` beside the project."""
    return Path(os.environ.get("GANSMITH_DATA", BESIDE / "data"))


def is_there(data_set: DataSet) -> bool:
    """Whether the files of the data set can be read; nothing is downloaded."""
    return (_folder(data_set) / (data_set.file or "train.csv.gz")).exists()


def _folder(data_set: DataSet) -> Path:
    return data_folder() / (data_set.folder or data_set.name)


def prepare(data_set: DataSet, cache: Path) -> Prepared:
    """Write `train.csv` and `holdout.csv` below `cache`, with the letters of the original."""
    folder = cache / data_set.name
    folder.mkdir(parents=True, exist_ok=True)
    train, holdout = _parts(data_set)
    paths = folder / "train.csv", folder / "holdout.csv"
    for part, path in zip((train, holdout), paths, strict=True):
        part.to_csv(path, index=False)
    typed = pd.read_csv(paths[0])
    return Prepared(data_set, *paths, _kinds(typed, data_set), len(train), len(holdout))


def _parts(data_set: DataSet) -> tuple[pd.DataFrame, pd.DataFrame]:
    folder = _folder(data_set)
    if not data_set.file:
        return _read(folder / "train.csv.gz", data_set), _read(folder / "holdout.csv.gz", data_set)
    whole = _read(folder / data_set.file, data_set)
    order = np.random.default_rng(HALVES_SEED).permutation(len(whole))[: data_set.n_max or None]
    first, second = np.array_split(order, 2)
    return whole.iloc[first], whole.iloc[second]


def _read(path: Path, data_set: DataSet) -> pd.DataFrame:
    names = data_set.header.split() or None
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        table = pd.read_csv(file, dtype=str, keep_default_na=False, header=None if names else 0, names=names)
    return table.drop(columns=list(data_set.left_out))


def _kinds(train: pd.DataFrame, data_set: DataSet) -> dict[str, str]:
    def kind(name: str) -> str:
        if name in data_set.dates:
            return "datetime"
        is_number = pd.api.types.is_numeric_dtype(train[name]) and train[name].nunique() > MANY_VALUES
        return "number" if is_number else "category"

    return {str(name): kind(str(name)) for name in train}
