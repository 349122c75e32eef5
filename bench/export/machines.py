"""What machines write: identifiers, addresses, serial numbers, hashes, tickets of several patterns."""

from __future__ import annotations

import re
from random import Random
from typing import Final
from uuid import UUID

from bench.export.checks import Row, form, known, never, no_copy, rule, shares, unique, unordered
from bench.export.drawn import chosen, digits, letters
from bench.export.goods import N_PLANTED

HEX: Final = "0123456789abcdef"
VENDORS: Final = {"Acme": "fd:af:e5", "Borg": "00:1b:44", "Cyan": "a4:5e:60", "Delta": "3c:22:fb"}
TICKETS: Final = {"number": 55.0, "PC": 20.0, "A/5": 15.0, "STON/O2.": 10.0}
FORMS: Final = {
    "number": r"[1-3]\d{5}",
    "PC": r"PC 17\d{3}",
    "A/5": r"A/5 \d{5}",
    "STON/O2.": r"STON/O2\. 31\d{5}",
}
RARE: Final = "SOTON/O.Q. 3101"
SOURCE: Final = "ERP-7"


def record(rng: Random, k: int, _: Row) -> Row:
    vendor = rng.choices(list(VENDORS), (40, 30, 20, 10))[0]
    return {
        "event_id": f"{UUID(int=rng.getrandbits(128), version=4)}",
        "vendor": vendor,
        "mac": f"{VENDORS[vendor]}:{':'.join(letters(rng, HEX, 2) for _ in range(3))}",
        "ip": _address(rng),
        "serial": f"SN{rng.randrange(40, 60)}{chosen(rng, {'A': 50, 'B': 30, 'C': 20})}{digits(rng, 4)}",
        "firmware": f"{rng.choice((1, 2, 2, 2))}.{rng.randrange(15)}.{rng.randrange(10)}",
        "sha256": letters(rng, HEX, 64),
        "ticket": RARE if k < N_PLANTED else _ticket(rng),
        "source": SOURCE,
    }


def _address(rng: Random) -> str:
    net = "10.0" if rng.random() < 0.7 else "192.168"
    return f"{net}.{rng.randrange(8)}.{rng.randrange(1, 255)}"


def _ticket(rng: Random) -> str:
    kind = chosen(rng, TICKETS)
    if kind == "number":
        return f"{rng.randrange(100_000, 400_000)}"
    return {"PC": "PC 17", "A/5": "A/5 ", "STON/O2.": "STON/O2. 31"}[kind] + digits(
        rng, 3 if kind == "PC" else 5
    )


def _ticket_kind(cell: str) -> str:
    return next(kind for kind, pattern in {**FORMS, "rare": RARE}.items() if re.fullmatch(pattern, cell))


CHECKS = (
    form("event_id", r"[0-9a-f-]{36}", also=lambda cell: UUID(cell).version == 4 and str(UUID(cell)) == cell),
    unique("event_id"),
    known("vendor", VENDORS),
    form("mac", "[0-9a-f]{2}(:[0-9a-f]{2}){5}"),
    form("ip", r"(10\.0|192\.168)\.[0-7]\.\d{1,3}", also=lambda cell: 1 <= int(cell.split(".")[3]) <= 254),
    form("serial", r"SN[45]\d[ABC]\d{4}"),
    form("firmware", r"[12]\.(\d|1[0-4])\.\d"),
    form("sha256", "[0-9a-f]{64}"),
    unique("sha256"),
    form("ticket", "|".join((*FORMS.values(), re.escape(RARE)))),
    known("source", (SOURCE,)),
    rule("mac: of the vendor", "vendor mac", lambda vendor, mac: mac.startswith(f"{VENDORS[vendor]}:")),
    shares("vendor: shares", "vendor", str),
    shares("mac: fourth byte", "mac", lambda cell: cell[9]),
    shares("mac: last digit", "mac", lambda cell: cell[-1]),
    shares("event_id: first digit", "event_id", lambda cell: cell[0]),
    shares("event_id: last digit", "event_id", lambda cell: cell[-1]),
    shares("sha256: first digit", "sha256", lambda cell: cell[0]),
    shares("sha256: last digit", "sha256", lambda cell: cell[-1]),
    shares("ip: nets", "ip", lambda cell: cell.rpartition(".")[0]),
    shares("serial: letters", "serial", lambda cell: cell[4]),
    shares("serial: last digit", "serial", lambda cell: cell[-1]),
    shares("firmware: major and minor", "firmware", lambda cell: cell.rpartition(".")[0]),
    shares("ticket: patterns", "ticket", _ticket_kind),
    unordered("event_id"),
    unordered("mac"),
    unordered("sha256"),
    unordered("serial"),
    unordered("ip"),
    never("ticket: no rare prefix", "ticket", "SOTON"),
    no_copy("event_id"),
    no_copy("mac"),
    no_copy("sha256"),
)  # fmt: skip
