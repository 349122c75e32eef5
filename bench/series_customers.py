"""A thousand customers with 5 to 400 transactions, made by known laws, and how well the laws come back.

The laws:

* *Attributes.* City, segment, employer and the day of joining, each drawn alone.
* *Purchases* of a customer come at random (Poisson) at a rate of his own, log-normal, so that the number of
  transactions has a wide spread; each day's rate is the customer's times a factor of the weekday. A
  customer's time begins in 2023 or 2024 and ends with 2024; whoever has not 5 to 400 transactions in it is
  drawn again.
* *Categories* depend on the segment, hours and amounts (log-normal, cents) on the category.
* *Merchants* depend on the category and on the city: each city has its own favourites.
* *Salaries* come once a month. Public employers pay on the 15th, industry on the 25th, trade on the last
  business day; where that is a Saturday or Sunday, on the Friday before. Small employers pay on a day of the
  customer's own, which no column says: it shows in the series alone. Students have neither.

Every figure of synthetic customers stands beside that of fresh customers of the same laws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp

from bench.picture_task import Row
from bench.series_task import Limit, Measured, SeriesTask, entity_of, learnt, rows_of

N_CUSTOMERS: Final = 1_000
FIRST_DAY: Final = np.datetime64("2023-01-01")
N_DAYS: Final = 731
FEWEST: Final = 5
MOST: Final = 400
CITIES: Final = {"Hamburg": 0.35, "Leipzig": 0.25, "Bremen": 0.2, "Trier": 0.12, "Husum": 0.08}
SEGMENTS: Final = {"family": 0.4, "single": 0.35, "student": 0.25}
EMPLOYERS: Final = {"public": 0.3, "industry": 0.3, "trade": 0.25, "small": 0.15}
WEEKDAYS: Final = np.array([0.8, 0.8, 0.9, 1.0, 1.5, 1.6, 0.4])
"""Monday to Sunday; their mean is 1."""
CATEGORIES: Final = ("groceries", "cafe", "fuel", "online")
SHARES: Final = {
    "family": (0.5, 0.1, 0.2, 0.2), "single": (0.35, 0.25, 0.1, 0.3), "student": (0.35, 0.3, 0.02, 0.33),
}  # fmt: skip
HOURS: Final = {"groceries": (17.0, 2.0), "cafe": (9.0, 1.5), "fuel": (7.5, 1.0), "online": (20.5, 1.5)}
"""Mean and standard deviation."""
AMOUNTS: Final = {"groceries": (3.4, 0.6), "cafe": (1.8, 0.4), "fuel": (4.0, 0.25), "online": (3.6, 0.9)}
"""Of the logarithm, in euros."""
MERCHANTS: Final = {
    "groceries": ("Aldo", "Netta", "Rewo", "Markthalle"), "cafe": ("Bohne", "Kranz", "Milchbar"),
    "fuel": ("Jett", "Arol"), "online": ("Zalo", "Ottmar", "Kauf24"),
}  # fmt: skip
SALARY: Final = "salary"
RATE: Final = (-2.3, 1.0)
"""Mean and standard deviation of the logarithm of purchases a day."""
LIMITS: Final = {
    "weekday rates, largest relative error": Limit(0.05),
    "salaries within a day of the law": Limit(0.95, is_upper=False),
    "merchants by city, total variation": Limit(0.05),
    "lengths, 1 - KS": Limit(0.93, is_upper=False),
    "gaps, 1 - KS": Limit(0.93, is_upper=False),
}


@final
@dataclass(frozen=True)
class Customer:
    """What a customer's transactions follow from."""

    city: str
    segment: str
    employer: str
    first_day: int
    days_before: int
    """That he had joined before his first day here."""
    rate: float
    own_day: int
    """Of the month, on which a small employer pays."""
    level: float
    """Of the salary, in euros."""


def merchant_shares(city: str, category: str) -> np.ndarray:
    """How often customers of a city buy from each merchant of a category: its favourite takes half."""
    n = len(MERCHANTS[category])
    place = (list(CITIES).index(city) + CATEGORIES.index(category)) % n
    shares = np.full(n, 0.5 / (n - 1))
    shares[place] = 0.5
    return shares


def drawn(n: int = N_CUSTOMERS, seed: int = 0) -> pd.DataFrame:
    """The transactions of so many customers, in the order of customers and time."""
    rng = np.random.default_rng([seed, 10])
    customers, tables = list[Customer](), list[pd.DataFrame]()
    while len(tables) < n:
        table = _transactions(customer := _customer(rng), rng)
        if FEWEST <= len(table) <= MOST:
            customers.append(customer)
            tables.append(table)
    attributes = pd.DataFrame(
        {
            "customer": [f"C{k + 1:05}" for k in range(n)],
            "city": [one.city for one in customers],
            "segment": [one.segment for one in customers],
            "employer": [one.employer or None for one in customers],
            "joined": [FIRST_DAY + (one.first_day - one.days_before) for one in customers],
        }
    )
    owners = np.repeat(np.arange(n), [len(table) for table in tables])
    steps = pd.concat(tables, ignore_index=True)
    return pd.concat([attributes.take(owners).reset_index(drop=True), steps], axis=1)


def _customer(rng: np.random.Generator) -> Customer:
    segment = _choice(SEGMENTS, rng)
    return Customer(
        city=_choice(CITIES, rng),
        segment=segment,
        employer="" if segment == "student" else _choice(EMPLOYERS, rng),
        first_day=int(rng.integers(0, N_DAYS - 90)),
        days_before=int(rng.integers(0, 2_000)),
        rate=float(np.exp(rng.normal(*RATE))),
        own_day=int(rng.integers(1, 29)),
        level=float(np.exp(rng.normal(7.8, 0.3))),
    )


def _choice(shares: dict[str, float], rng: np.random.Generator) -> str:
    return str(rng.choice(list(shares), p=list(shares.values())))


def _transactions(customer: Customer, rng: np.random.Generator) -> pd.DataFrame:
    days = FIRST_DAY + np.arange(customer.first_day, N_DAYS)
    counts = rng.poisson(customer.rate * WEEKDAYS[_weekday(days)])
    bought = np.repeat(days, counts)
    category = rng.choice(len(CATEGORIES), len(bought), p=SHARES[customer.segment])
    minutes, amount, merchant = np.zeros(len(bought)), np.zeros(len(bought)), np.zeros(len(bought), object)
    for place, name in enumerate(CATEGORIES):
        mine = np.flatnonzero(category == place)
        minutes[mine] = 60 * rng.normal(*HOURS[name], len(mine)).clip(0, 23.99)
        amount[mine] = np.exp(rng.normal(*AMOUNTS[name], len(mine))).clip(0.01)
        shares = merchant_shares(customer.city, name)
        merchant[mine] = rng.choice(np.array(MERCHANTS[name], object), len(mine), p=shares)
    due = np.array(due_days(customer.employer, customer.own_day), "M8[D]")
    paid = due[(due >= days[0]) & (due <= days[-1])]
    levels = customer.level * np.exp(rng.normal(0, 0.02, len(paid)))
    time = np.concatenate([bought + minutes.astype("m8[m]"), paid + np.timedelta64(300, "m")])
    table = pd.DataFrame(
        {
            "time": time.astype("M8[s]"),
            "category": [*(CATEGORIES[k] for k in category), *([SALARY] * len(paid))],
            "merchant": [*merchant, *(["employer"] * len(paid))],
            "amount": np.round([*amount, *levels], 2),
        }
    )
    return table.sort_values("time", kind="stable", ignore_index=True)


def due_days(employer: str, own_day: int = 0) -> list[np.datetime64]:
    """When salaries are due, each month from December 2022 to January 2025."""
    months = np.arange("2022-12", "2025-02", dtype="M8[M]")
    if not employer:
        return []
    if employer == "small":
        return [month.astype("M8[D]") + (own_day - 1) for month in months[1:-1]]
    if employer == "trade":
        days = (months + 1).astype("M8[D]") - 1
    else:
        days = months.astype("M8[D]") + ({"public": 15, "industry": 25}[employer] - 1)
    return list(days - np.maximum(_weekday(days) - 4, 0))


def _weekday(days: np.ndarray) -> np.ndarray:
    """0 is Monday."""
    return (days.astype("M8[D]").astype(np.int64) + 3) % 7


# --- What comes back ----------------------------------------------------------------------------------------


def figures(table: pd.DataFrame, known: pd.DataFrame) -> Measured:
    """How far the laws hold in a table of transactions.

    Args:
        table: Synthetic customers, or fresh ones.
        known: Those that were learnt from, whose lengths and gaps are compared with.
    """
    customer = entity_of(table, "customer")
    kept = table[[customer, "city", "employer", "time", "category", "merchant", "amount"]].astype(object)
    table = kept.assign(time=pd.to_datetime(kept["time"])).sort_values([customer, "time"], kind="stable")
    is_salary = table["category"] == SALARY
    bought, salaries = table[~is_salary], table[is_salary]
    lengths = [each.groupby(who).size() for each, who in ((table, customer), (known, "customer"))]
    weekdays = np.bincount(bought["time"].dt.dayofweek, minlength=7) / len(bought)
    logs = np.log(bought["amount"].astype(float).clip(lower=0.01)).groupby(bought["category"]).mean()
    return {
        "weekday rates, largest relative error": float(np.abs(weekdays / (WEEKDAYS / 7) - 1).max()),
        "salaries within a day of the law": _on_time(salaries, customer),
        "months with one salary": _monthly(salaries, customer),
        "salary of a customer, relative spread": _spread(salaries, customer),
        "gaps of a customer, correlation with the one before": _remembered(bought, customer),
        "merchants by city, total variation": _merchants_apart(bought),
        "lengths, 1 - KS": _alike(*lengths),
        "gaps, 1 - KS": _alike(gaps(table, customer), gaps(known, "customer")),
        "amounts, largest error of a mean logarithm": max(
            abs(float(logs.get(name, np.inf)) - mean) for name, (mean, _) in AMOUNTS.items()
        ),
        "hours, 1 - KS": _alike(*map(_hours, (table, known))),
    }


def _alike(one: pd.Series, other: pd.Series) -> float:
    return 1 - float(ks_2samp(one, other).statistic)


def _hours(table: pd.DataFrame) -> pd.Series:
    return table["time"].dt.hour + table["time"].dt.minute / 60


def gaps(table: pd.DataFrame, customer: str) -> pd.Series:
    """Hours between one transaction and the next of the same customer."""
    return table.groupby(customer)["time"].diff().dropna().dt.total_seconds() / 3_600


def _on_time(salaries: pd.DataFrame, customer: str) -> float:
    """The share of salaries that are at most a day from when they are due.

    What a small employer pays is due on the customer's usual day of the month, the median of his own;
    whoever has fewer than three does not count.
    """
    right, n = 0, 0
    days = salaries["time"].to_numpy().astype("M8[D]")
    for employer in ("public", "industry", "trade"):
        mine = days[(salaries["employer"] == employer).to_numpy()]
        due = np.array(due_days(employer), "M8[D]").astype(np.int64)
        apart = np.abs(mine.astype(np.int64)[:, None] - due).min(1)
        right, n = right + int((apart <= 1).sum()), n + len(mine)
    for _, own in salaries[salaries["employer"] == "small"].groupby(customer):
        if len(own) >= 3:
            day = own["time"].dt.day
            right, n = right + int(((day - day.median()).abs() <= 1).sum()), n + len(own)
    return right / n if n else 0.0


def _spread(salaries: pd.DataFrame, customer: str) -> float:
    """By how much what a customer is paid varies, the median of those with five salaries; .02 by the law."""
    own = salaries["amount"].astype(float).groupby(salaries[customer])
    return float((own.std() / own.mean())[own.size() >= 5].median())


def _remembered(bought: pd.DataFrame, customer: str) -> float:
    """Whether short gaps between purchases follow short ones: they are independent, by the law."""
    gap = np.log(bought.groupby(customer)["time"].diff().dt.total_seconds() / 86_400 + 0.05)
    before = gap.groupby(bought[customer]).shift()
    known = (gap.notna() & before.notna()).to_numpy()
    pairs = [
        np.corrcoef(pair["gap"], pair["before"])[0, 1]
        for _, pair in pd.DataFrame({"gap": gap, "before": before})[known].groupby(bought[customer][known])
        if len(pair) >= 20
    ]
    return float(np.nanmean(pairs)) if pairs else float("nan")


def _monthly(salaries: pd.DataFrame, customer: str) -> float:
    """Of the months between the first and the last salary of a customer, the share that has exactly one."""
    month = salaries["time"].dt.year * 12 + salaries["time"].dt.month
    own = month.groupby(salaries[customer])
    n_between = int((own.max() - own.min() + 1).sum())
    counts = month.groupby([salaries[customer], month]).size()
    return float((counts == 1).sum() / n_between) if n_between else 0.0


def _merchants_apart(bought: pd.DataFrame) -> float:
    """Total variation between what a city buys where and the law, given the category; the mean over both."""
    total = 0.0
    for (city, category), mine in bought.groupby(["city", "category"]):
        if city in CITIES and category in MERCHANTS:
            found = mine["merchant"].value_counts(normalize=True).reindex(MERCHANTS[category]).fillna(0)
            apart = np.abs(found.to_numpy() - merchant_shares(city, category)).sum() / 2
            apart += (1 - found.sum()) / 2
            total += apart * len(mine)
    return float(total / len(bought))


def measured(task: SeriesTask) -> list[Row]:
    """The figures of each model's customers, beside those of fresh ones."""
    known = drawn(seed=0)
    ours = list[Measured]()
    for seed in task.seeds:
        if model := learnt(task, known, seed, {"entity": "customer", "time": "time"}):
            ours.append(figures(model.sampled(N_CUSTOMERS, seed), known))
    return rows_of(ours, figures(drawn(seed=1), known), LIMITS)
