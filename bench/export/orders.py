"""Orders: numbers and file names that hold a date, opening hours, dates of three formats, totals."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random
from typing import Final

from bench.export.checks import Row, decides, form, gaps, known, repeats, rule, shares, unique
from bench.export.drawn import chosen

FIRST_DAY: Final = date(2023, 1, 2)
N_DAYS: Final = 1000
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NEVER: Final = "9999-12-31"
DISCOUNTS: Final = {"0": 60.0, "0.05": 15.0, "0.1": 15.0, "0.2": 10.0}
STATES: Final = {"shipped": 70.0, "open": 20.0, "returned": 10.0}
TIERS: Final = {"bronze": 60.0, "silver": 30.0, "gold": 10.0}
N_CUSTOMERS: Final = 300


def record(rng: Random, k: int, _: Row) -> Row:
    day, moment = _moment(rng)
    customer = 10_000 + 7 * int(N_CUSTOMERS * rng.random() ** 1.6) + k % 3
    shipped = day + timedelta(rng.choice((0, 1, 1, 2, 2, 3, 5)))
    delivered = shipped + timedelta(rng.choice((1, 1, 2, 3, 4)))
    until = NEVER if rng.random() < 0.3 else f"{day + timedelta(rng.choice((30, 90, 365)))}"
    is_paid, n, price = rng.random() < 0.8, rng.choice((1, 1, 1, 2, 2, 3, 4, 6, 12)), _price(rng)
    discount = chosen(rng, DISCOUNTS)
    return {
        "order_id": f"ORD-{day.year}-{2000 + 3 * k + rng.randrange(3):06}",
        "customer_id": f"C{customer}",
        "tier": chosen(Random(customer), TIERS),
        "ordered_at": f"{moment:%Y-%m-%d %H:%M:%S}",
        "order_date": f"{day:%d.%m.%Y}",
        "order_time": f"{moment:%H:%M}",
        "order_month": MONTHS[day.month - 1],
        "weekday": DAYS[day.weekday()],
        "ship_date": f"{shipped:%m/%d/%Y}",
        "delivered_on": "" if rng.random() < 0.2 else f"{delivered}",
        "days_to_ship": f"{(shipped - day).days}",
        "valid_until": until,
        "status": chosen(rng, STATES),
        "is_paid": "Y" if is_paid else "N",
        "paid_on": f"{day + timedelta(rng.randrange(20))}" if is_paid else "NULL",
        "quantity": f"{n}",
        "unit_price": f"{price:.2f}",
        "discount": discount,
        "total": f"{n * price * (1 - float(discount)) + 1e-9:.2f}",
        "insured_value": f"${rng.lognormvariate(6.5, 1.2):,.2f}",
        "margin": f"{min(max(rng.gauss(22, 8), 1), 60):.1f} %",
        "invoice_file": f"invoice_{day}_{rng.randrange(1, 400):04}.pdf",
        "export_path": rf"C:\Data\Exports\{day:%Y}\{day:%m}\batch_{rng.randrange(1, 100):03}.csv",
    }


def _moment(rng: Random) -> tuple[date, datetime]:
    """Open from 9 to 20, on Saturdays until 14, closed on Sundays; more orders late in the year."""
    day = FIRST_DAY + timedelta(rng.randrange(N_DAYS))
    while day.weekday() == 6 or rng.random() > 0.4 + day.month / 20:
        day = FIRST_DAY + timedelta(rng.randrange(N_DAYS))
    minute = 60 * 9 + int(60 * (5 if day.weekday() == 5 else 11) * rng.betavariate(2, 2))
    return day, datetime(day.year, day.month, day.day, minute // 60, minute % 60, rng.randrange(60))


def _price(rng: Random) -> float:
    return round(rng.lognormvariate(3.4, 0.8)) + rng.choice((0.99, 0.95, 0.5, 0.0))


def day_of(cell: str, form: str = "%Y-%m-%d") -> date:
    return datetime.strptime(cell, form).date()


def _is_open(moment: str) -> bool:
    when = datetime.fromisoformat(moment)
    return when.weekday() < 6 and 9 <= when.hour < (14 if when.weekday() == 5 else 20)


def _ordered(cell: str) -> date:
    return day_of(cell[:10])


def _is_total(total: str, n: str, price: str, discount: str) -> bool:
    return abs(float(total) - int(n) * float(price) * (1 - float(discount))) < 0.006


def _is_year_between(first: int, last: int):
    return lambda cell: first <= day_of(cell).year <= last


CHECKS = (
    form("order_id", r"ORD-202[345]-\d{6}"),
    unique("order_id"),
    form("customer_id", r"C1\d{4}"),
    repeats("customer_id"),
    decides("customer_id: one tier each", "customer_id", "tier"),
    known("tier", TIERS),
    form("ordered_at", r"202[345]-\d\d-\d\d \d\d:\d\d:\d\d", also=datetime.fromisoformat),
    form("order_date", r"\d\d\.\d\d\.202[345]", also=lambda cell: day_of(cell, "%d.%m.%Y")),
    form("order_time", r"(09|1\d):[0-5]\d"),
    known("order_month", MONTHS),
    known("weekday", DAYS[:6]),
    form("ship_date", r"\d\d/\d\d/202[345]", also=lambda cell: day_of(cell, "%m/%d/%Y")),
    form("delivered_on", r"\d{4}-\d\d-\d\d", missing="", also=_is_year_between(2023, 2025)),
    form("days_to_ship", "[01235]"),
    form("valid_until", rf"{NEVER}|202[3456]-\d\d-\d\d", also=day_of),
    known("status", STATES),
    known("is_paid", "YN"),
    form("paid_on", r"\d{4}-\d\d-\d\d", missing="NULL", also=_is_year_between(2023, 2025)),
    form("quantity", r"1|2|3|4|6|12"),
    form("unit_price", r"\d+\.(99|95|50|00)"),
    known("discount", DISCOUNTS),
    form("total", r"\d+\.\d\d"),
    form("insured_value", r"\$\d{1,3}(,\d{3})*\.\d\d"),
    form("margin", r"\d{1,2}\.\d %", also=lambda cell: 1 <= float(cell[:-2]) <= 60),
    form("invoice_file", r"invoice_\d{4}-\d\d-\d\d_0[0-3]\d\d\.pdf"),
    form("export_path", r"C:\\Data\\Exports\\202[345]\\(0[1-9]|1[0-2])\\batch_0\d\d\.csv"),
    rule("order_id: year of the order", "order_id ordered_at", lambda one, at: one[4:8] == at[:4]),
    rule("ordered_at: open then", "ordered_at", _is_open),
    rule("order_date: day of the moment", "order_date ordered_at",
         lambda one, at: day_of(one, "%d.%m.%Y") == _ordered(at)),
    rule("order_time: time of the moment", "order_time ordered_at", lambda one, at: one == at[11:16]),
    rule("order_month: month of the moment", "order_month ordered_at",
         lambda one, at: one == MONTHS[_ordered(at).month - 1]),
    rule("weekday: of the moment", "weekday ordered_at", lambda one, at: one == DAYS[_ordered(at).weekday()]),
    rule("ship_date: not before the order", "ship_date ordered_at",
         lambda one, at: day_of(one, "%m/%d/%Y") >= _ordered(at)),
    rule("delivered_on: after it is shipped", "delivered_on ship_date",
         lambda one, other: day_of(one) > day_of(other, "%m/%d/%Y")),
    rule("days_to_ship: between order and shipping", "days_to_ship ship_date ordered_at",
         lambda n, one, at: int(n) == (day_of(one, "%m/%d/%Y") - _ordered(at)).days),
    rule("valid_until: after the order", "valid_until ordered_at", lambda one, at: one > at[:10]),
    rule("paid_on: there if paid", "is_paid paid_on", lambda paid, _: paid == "Y"),
    rule("paid_on: not before the order", "paid_on ordered_at", lambda one, at: one >= at[:10]),
    rule("total: quantity x price x (1 - discount)", "total quantity unit_price discount", _is_total),
    rule("invoice_file: date of the order", "invoice_file ordered_at", lambda one, at: one[8:18] == at[:10]),
    rule("export_path: month of the order", "export_path ordered_at",
         lambda one, at: one[16:23].replace("\\", "-") == at[:7]),
    shares("order_id: years", "order_id", lambda cell: cell[4:8]),
    shares("ordered_at: hours", "ordered_at", lambda cell: cell[11:13]),
    shares("ordered_at: months", "ordered_at", lambda cell: cell[:7]),
    shares("valid_until: never", "valid_until", lambda cell: cell == NEVER),
    shares("status: shares", "status", str),
    shares("discount: shares", "discount", str),
    shares("quantity: shares", "quantity", str),
    shares("unit_price: cents", "unit_price", lambda cell: cell[-2:]),
    shares("insured_value: digits", "insured_value", len),
    gaps("delivered_on"),
    gaps("paid_on"),
)  # fmt: skip
