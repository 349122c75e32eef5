"""Planted faults for the scorecard's operating characteristics: a recipe, and what should be said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from bench.null_populations import Dealt, accounts, people

Rng = np.random.Generator
Parts = Dealt
"""Synthetic records, training records, hold-out, target."""
N: Final = 3_000
"""Records of a part."""
REAL, NUMBERS, USEFUL, PRIVATE = "look real", "numbers right", "useful", "give anybody"
ALARM: Final = ("amber", "red")


@dataclass(frozen=True)
class Fault:
    """A recipe."""

    plant: Callable[[Rng], Parts]
    question: str
    """A few words of the question that should see it; empty: any."""
    words: tuple[str, ...] = ()
    """What the answers, or the notes, should name."""
    levels: tuple[str, ...] = ALARM


def of_people(
    change: Callable[[pd.DataFrame, pd.DataFrame, Rng], pd.DataFrame], target: str = "active"
) -> Callable[[Rng], Parts]:
    """A recipe: fresh persons, changed; it is also given the training records."""

    def plant(rng: Rng) -> Parts:
        heap = people(3 * N, rng)
        fresh, train, holdout = (heap[k * N : (k + 1) * N].reset_index(drop=True) for k in range(3))
        return change(fresh.copy(), train, rng), train, holdout, target

    return plant


# --- Hold-outs ----------------------------------------------------------------------------------------------


def learnt_holdout(share: float) -> Callable[[Rng], Parts]:
    """A hold-out of which a share stands in training."""

    def plant(rng: Rng) -> Parts:
        heap = people(3 * N, rng)
        fresh, train, holdout = (heap[k * N : (k + 1) * N] for k in range(3))
        known = train.iloc[rng.permutation(N)[: round(share * N)]]
        return fresh, train, pd.concat([known, holdout[: N - len(known)]]), "active"

    return plant


# --- Private ------------------------------------------------------------------------------------------------


def identifiers(fresh: pd.DataFrame, train: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """All identifiers are those of training."""
    return fresh.assign(person=rng.permutation(train["person"].to_numpy()))


def _twelve(n: int, rng: Rng) -> pd.DataFrame:
    mixing = np.random.default_rng(1).normal(size=(12, 12)) + np.eye(12)
    return pd.DataFrame(rng.normal(size=(n, 12)) @ mixing, columns=[f"x{place}" for place in range(12)])


def unusual(n: int, share: float, noise: float) -> Callable[[Rng], Parts]:
    """The most unusual training records of n, copied with some noise; the rest is fresh."""

    def plant(rng: Rng) -> Parts:
        fake, train, holdout = (_twelve(n, rng) for _ in range(3))
        far = np.square((train - train.mean()) / train.std()).sum(axis=1).to_numpy()
        rare = train.iloc[np.argsort(-far)[: round(share * n)]]
        copies = rare + noise * rng.normal(size=rare.shape) * train.std().to_numpy()
        return pd.concat([copies, fake[len(rare) :]], ignore_index=True), train, holdout, ""

    return plant


# --- Groups and targets -------------------------------------------------------------------------------------


def flipped(where: Callable[[pd.DataFrame], pd.Series]) -> Callable[..., pd.DataFrame]:
    """The target of a group is the other one."""

    def change(fresh: pd.DataFrame, train: pd.DataFrame, rng: Rng) -> pd.DataFrame:
        other = fresh["active"].map({"yes": "no", "no": "yes"})
        return fresh.assign(active=fresh["active"].mask(where(fresh), other))

    return change


def reversed_pay(fresh: pd.DataFrame, train: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Among teachers, ages are put in the opposite order."""
    group = fresh["job"] == "teacher"
    ages = fresh.loc[group, "age"].to_numpy()
    order = np.argsort(np.argsort(ages, kind="stable"), kind="stable")
    return fresh.assign(
        age=fresh["age"].mask(group, pd.Series(np.sort(ages)[::-1][order], fresh.index[group]))
    )


def leaked(fresh: pd.DataFrame, train: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """The target is told by the parity of a number."""
    is_yes = (fresh["active"] == "yes").to_numpy()
    cents = (fresh["pay"] * 100).round().astype(int).to_numpy()
    return fresh.assign(pay=(cents - (cents % 2) + is_yes) / 100)


def _bits(n: int, rng: Rng, *, is_right: bool) -> pd.DataFrame:
    values = np.where(rng.random((n, 27)) < 0.5, 1, 0)
    if is_right:
        third = values[:, 0] ^ values[:, 1]
        values[:, 2] = np.where(rng.random(n) < 0.95, third, 1 - third)
    return pd.DataFrame(values, columns=[f"b{place}" for place in range(27)]).replace({0: "no", 1: "yes"})


def triple(rng: Rng) -> Parts:
    """Three columns of 27 hang together, no two of them do."""
    fake = _bits(N, rng, is_right=False)
    return fake, _bits(N, rng, is_right=True), _bits(N, rng, is_right=True), ""


# --- Columns and cells --------------------------------------------------------------------------------------


def moved(fresh: pd.DataFrame, train: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """All dates are three days later."""
    dates = pd.to_datetime(fresh["joined"]) + pd.Timedelta(days=3)
    return fresh.assign(joined=dates.dt.strftime("%Y-%m-%d"))


def gaps(fresh: pd.DataFrame, train: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """The cells of a column are shuffled that are missing together with those of another."""
    return fresh.assign(called=rng.permutation(fresh["called"].to_numpy()))


def shuffled(column: str, share: float) -> Callable[[Rng], Parts]:
    """A share of the cells of a column of accounts are shuffled among themselves."""

    def plant(rng: Rng) -> Parts:
        fake, train, holdout = (accounts(N, rng) for _ in range(3))
        cells, places = fake[column].to_numpy().copy(), rng.permutation(N)[: round(share * N)]
        cells[places] = cells[rng.permutation(places)]
        return fake.assign(**{column: cells}), train, holdout, "default"

    return plant


def identical(fresh: pd.DataFrame, train: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Half of the records are one record."""
    half = pd.DataFrame([fresh.iloc[0]] * (N // 2))
    return pd.concat([half, fresh[N // 2 :]], ignore_index=True)


def twice(fresh: pd.DataFrame, train: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Every record stands there twice."""
    return pd.concat([fresh[: N // 2]] * 2, ignore_index=True)


def lorem(fresh: pd.DataFrame, train: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Texts are placeholders."""
    text = ["lorem", "ipsum", "dolor", "sit", "amet", "consectetur", "adipiscing", "elit", "sed", "do"]
    said = [" ".join(rng.choice(text, rng.integers(4, 12))) for _ in range(len(fresh))]
    return fresh.assign(remark=said)


def spelt(column: str, how: Callable[[pd.Series], pd.Series]) -> Callable[..., pd.DataFrame]:
    """The cells of a column are spelt otherwise."""

    def change(fresh: pd.DataFrame, train: pd.DataFrame, rng: Rng) -> pd.DataFrame:
        return fresh.assign(**{column: how(fresh[column])})

    return change


FAULTS: Final[dict[str, Fault]] = {
    "hold-out is the training data": Fault(learnt_holdout(1.0), "", ("stand in the training",), ("grey",)),
    "hold-out overlaps by 50 %": Fault(learnt_holdout(0.5), "", ("stand in the training",), ("grey",)),
    "hold-out overlaps by 10 %": Fault(learnt_holdout(0.1), "", ("stand in the training",), ("grey",)),
    "identifiers copied": Fault(of_people(identifiers), PRIVATE, ("person",)),
    "12 unusual records with 1 % noise": Fault(unusual(1_200, 0.01, 0.01), PRIVATE),
    "1 % unusual records copied": Fault(unusual(10_000, 0.01, 0.0), PRIVATE),
    "women over 60: target wrong": Fault(
        of_people(flipped(lambda t: (t["sex"] == "female") & (t["age"] > 60))), "", ("sex", "age")
    ),
    "retired: target wrong": Fault(of_people(flipped(lambda t: t["job"] == "retired")), "", ("retired",)),
    "over 60: target wrong": Fault(of_people(flipped(lambda t: t["age"] > 60)), "", ("age",)),
    "teachers: ages reversed": Fault(of_people(reversed_pay), "", ("teacher",)),
    "three columns of 27": Fault(triple, "", ("b0", "b1", "b2")),
    "dates three days later": Fault(of_people(moved), NUMBERS, ("joined", "weekday")),
    "a tenth of a column's cells shuffled": Fault(shuffled("bill_1", 0.1), NUMBERS, ("bill_1",)),
    "half of the records are one": Fault(of_people(identical), REAL, ("identical",)),
    "every record twice": Fault(of_people(twice), REAL, ("identical",)),
    "target in a number's parity": Fault(of_people(leaked), "", ("pay", "active")),
    "gaps shuffled": Fault(of_people(gaps), "", ("phone", "called")),
    "dates in another format": Fault(
        of_people(spelt("joined", lambda c: pd.to_datetime(c).dt.strftime("%d/%m/%Y"))), "", ("joined",)
    ),
    "numbers with commas": Fault(of_people(spelt("pay", lambda c: c.map("{:,.2f}".format))), "", ("pay",)),
    "names in capitals": Fault(of_people(spelt("name", lambda c: c.str.upper())), REAL, ("name",)),
    "User123": Fault(
        of_people(spelt("name", lambda c: pd.Series([f"User{k}" for k in range(len(c))]))), REAL, ("name",)
    ),
    "texts are lorem": Fault(of_people(lorem), REAL, ("remark",)),
    "ages with decimals": Fault(of_people(spelt("age", lambda c: c + 0.1234)), REAL, ("age",)),
}
