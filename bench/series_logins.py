"""A log of logins, made by known laws, of which one account in a hundred is attacked in bursts.

The laws, over sixty days:

* *Working hours.* Office workers begin at about 8:30, admins at 10, on weekdays; shift workers at 6, 14 or
  22, on all days. Each has a usual hour of his own, and logs in about then and later in the shift.
* *Places.* Everybody has 1 to 4 of his own, of twelve, the first one most often.
* *Failures* come one by one, at a rate of the account's own: about one login in twenty.
* *Attacks.* An attacked account has one to three bursts of 20 to 60 logins within ten minutes, from places
  abroad, nearly all of them failures. `attacked` is an attribute of the account.

"Within sampling error" means: not farther from the log that was learnt from than fresh logs of the same laws
are, by two of their standard deviations; of the share of attacked accounts, by two binomial ones.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp
from sklearn.ensemble import HistGradientBoostingClassifier

from bench.picture_task import Row
from bench.series_task import Limit, Measured, SeriesTask, entity_of, learnt, rows_of

N_USERS: Final = 2_000
N_DAYS: Final = 60
FIRST_DAY: Final = np.datetime64("2024-03-04")
ATTACKED_SHARE: Final = 0.01
ROLES: Final = {"office": 0.6, "shift": 0.25, "admin": 0.15}
PLACES: Final = (
    "Berlin", "Hamburg", "Munich", "Cologne", "Bremen", "Dresden", "Mainz", "Kiel", "Ulm", "Jena", "Fulda",
    "Trier",
)  # fmt: skip
ABROAD: Final = ("Lagos", "Hanoi", "Perm", "Lima", "Accra")
N_PLACES: Final = (0.5, 0.3, 0.15, 0.05)
"""How many accounts have 1, 2, 3, 4 places."""
N_FRESH: Final = 4
"""Fresh logs that say what sampling error is."""
N_ASKED: Final = 200
"""Accounts that are asked for, attacked and clean."""
WITHIN: Final = ("hours, total variation", "hours of an account, KS", "places a user, total variation",
                 "failure rate, absolute error", "failure rate of an account, KS",
                 "attacked, absolute error")  # fmt: skip


def drawn(n: int = N_USERS, seed: int = 0, attacked: float = ATTACKED_SHARE) -> pd.DataFrame:
    """The logins of so many accounts, in the order of accounts and time."""
    rng = np.random.default_rng([seed, 11])
    is_attacked = rng.permutation(np.arange(n) < round(attacked * n))
    tables = [_logins(rng, bool(one)).assign(user=f"u{k + 1:05}") for k, one in enumerate(is_attacked)]
    return pd.concat(tables, ignore_index=True)[["user", "role", "attacked", "time", "place", "failed"]]


def _logins(rng: np.random.Generator, is_attacked: bool) -> pd.DataFrame:
    role = str(rng.choice(list(ROLES), p=list(ROLES.values())))
    usual = {"office": 8.5, "admin": 10.0, "shift": float(rng.choice([6, 14, 22]))}[role] + rng.normal(0, 0.5)
    days = np.arange(N_DAYS)
    days = days if role == "shift" else days[days % 7 < 5]
    day = np.repeat(days, np.maximum(rng.poisson(0.8, len(days)), days == days[0]))
    hours = day * 24 + usual + rng.exponential(2.0, len(day)).clip(0, 8)
    n_own = 1 + int(rng.choice(len(N_PLACES), p=N_PLACES))
    own = rng.permutation(len(PLACES))[:n_own]
    shares = 0.4 ** np.arange(n_own)
    place = np.array(PLACES, object)[rng.choice(own, len(day), p=shares / shares.sum())]
    failed = rng.random(len(day)) < rng.beta(2, 38)
    for _ in range(int(rng.integers(1, 4)) if is_attacked else 0):
        n = int(rng.integers(20, 61))
        begins = rng.uniform(0, 24 * N_DAYS)
        hours = np.concatenate([hours, begins + rng.uniform(0, 1 / 6, n)])
        place = np.concatenate([place, rng.choice(np.array(ABROAD, object), n)])
        failed = np.concatenate([failed, rng.random(n) < 0.97])
    time = FIRST_DAY + (hours * 3_600).astype("m8[s]")
    table = pd.DataFrame(
        {"role": role, "attacked": is_attacked, "time": time, "place": place, "failed": failed}
    )
    return table.sort_values("time", kind="stable", ignore_index=True)


# --- What comes back ----------------------------------------------------------------------------------------


def _tidy(table: pd.DataFrame) -> pd.DataFrame:
    """Accounts in a column `user`, truths as such, times as times, all in order."""
    tidy = table.rename(columns={entity_of(table, "user"): "user"}).assign(time=pd.to_datetime(table["time"]))
    for name in ("attacked", "failed"):
        tidy[name] = tidy[name].map(lambda value: str(value) in ("True", "true", "1")).astype(bool)
    return tidy.sort_values(["user", "time"], kind="stable", ignore_index=True)


def features(table: pd.DataFrame) -> pd.DataFrame:
    """What a detector sees of each account."""
    table = _tidy(table)
    seconds = table["time"].astype("int64").to_numpy() / 1e9
    failures = table.assign(seconds=seconds)[table["failed"]]
    most = failures.groupby("user")["seconds"].apply(_most_within)
    own = table.groupby("user")
    found = pd.DataFrame(
        {
            "n": own.size(),
            "failed": own["failed"].mean(),
            "places": own["place"].nunique(),
            "shortest": own["time"].apply(lambda times: times.diff().dt.total_seconds().min()),
        }
    )
    return found.assign(most=most.reindex(found.index).fillna(0))


def _most_within(seconds: pd.Series, width: float = 600.0) -> int:
    """The most failures of one account within ten minutes."""
    times = np.sort(seconds.to_numpy())
    return int((np.searchsorted(times, times + width, side="right") - np.arange(len(times))).max())


def detector(seed: int = 0) -> HistGradientBoostingClassifier:
    """Trees that tell attacked accounts, learnt from 600 accounts of the law, half of them attacked."""
    known = drawn(600, seed + 100, attacked=0.5)
    is_attacked = known.groupby("user")["attacked"].first()
    trees = HistGradientBoostingClassifier(random_state=seed, max_iter=50, min_samples_leaf=10)
    return trees.fit(features(known), is_attacked)


def figures(table: pd.DataFrame, known: pd.DataFrame) -> Measured:
    """How far the clean accounts of a log are from those of the log that was learnt from."""
    both = [_tidy(one) for one in (table, known)]
    shares = [one.groupby("user")["attacked"].first().mean() for one in both]
    clean = [one[~one["attacked"]] for one in both]
    accounts = [one.groupby("user") for one in clean]
    hours = [one["time"].dt.hour.value_counts(normalize=True).reindex(range(24)).fillna(0) for one in clean]
    places = [
        own["place"].nunique().value_counts(normalize=True).reindex(range(1, 41)).fillna(0)
        for own in accounts
    ]
    rates = [own["failed"].mean() for own in accounts]
    usual = [
        (one["time"].dt.hour + one["time"].dt.minute / 60).groupby(one["user"]).median() for one in clean
    ]
    return {
        "hours, total variation": float((hours[0] - hours[1]).abs().sum() / 2),
        "hours of an account, KS": float(ks_2samp(*usual).statistic),
        "places a user, total variation": float((places[0] - places[1]).abs().sum() / 2),
        "failure rate, absolute error": float(abs(clean[0]["failed"].mean() - clean[1]["failed"].mean())),
        "failure rate of an account, KS": float(ks_2samp(*rates).statistic),
        "attacked, absolute error": float(abs(shares[0] - shares[1])),
    }


def bursts(trees: HistGradientBoostingClassifier, attacked: pd.DataFrame, clean: pd.DataFrame) -> Measured:
    """The share of accounts in which the detector finds an attack."""
    return {
        "bursts found where asked for": float(trees.predict(features(attacked)).mean()),
        "bursts found in clean accounts": float(trees.predict(features(clean)).mean()),
    }


def measured(task: SeriesTask) -> list[Row]:
    """The figures of each model's log and of what is asked of it, beside those of fresh logs."""
    known, trees = drawn(seed=0), detector()
    fresh = [figures(drawn(seed=seed + 1), known) for seed in range(N_FRESH)]
    real = {name: float(np.mean([one[name] for one in fresh])) for name in WITHIN}
    limits = {
        name: Limit(real[name] + 2 * float(np.std([one[name] for one in fresh], ddof=1))) for name in WITHIN
    }
    limits["attacked, absolute error"] = Limit(2 * (ATTACKED_SHARE * (1 - ATTACKED_SHARE) / N_USERS) ** 0.5)
    limits["bursts found where asked for"] = Limit(0.9, is_upper=False)
    limits["bursts found in clean accounts"] = Limit(0.0)
    real |= bursts(trees, drawn(N_ASKED, 50, attacked=1.0), drawn(N_ASKED, 51, attacked=0.0))
    ours = list[Measured]()
    for seed in task.seeds:
        if model := learnt(task, known, seed, {"entity": "user", "time": "time"}):
            attacked = model.sampled(N_ASKED, seed, where={"attacked": True})
            clean = model.sampled(N_ASKED, seed, where={"attacked": False})
            ours.append({**figures(model.sampled(N_USERS, seed), known), **bursts(trees, attacked, clean)})
    return rows_of(ours, real, limits)
