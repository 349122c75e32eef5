"""What a guarantee says, in words: for a model's page, its report and `gansmith show`.

Everything is read from the ledger's plain form, which a model file keeps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

NOT_COVERED: Final = (
    "run folder, logs and the run's own time and memory; the data itself; reports that compare with real "
    "records; what is true of people whether or not they are in the data"
)
"""What no guarantee of ours is about."""
MAX_NAMED: Final = 6
"""Public domains that are named."""


def title(ledger: Mapping[str, Any] | None) -> str:
    """In a few words; of a model without a ledger, that there is no guarantee.

    Example:
        >>> title(None)
        'none'
    """
    if not ledger:
        return "none"
    if ledger["voids"]:
        return f"none: {'; '.join(ledger['voids'])}"
    spent = ledger["spent"]
    return (
        f"epsilon {rounded_up(spent['epsilon'])}, delta {spent['delta']:.2g}, for {ledger['protects']} "
        f"({ledger['neighbours']})"
    )


def facts(ledger: Mapping[str, Any] | None) -> Iterator[tuple[str, str]]:
    """Pairs of a label and a text; the first is the title."""
    yield "Differential privacy", title(ledger)
    if not ledger:
        return
    guarantee, spent = ledger["guarantee"], ledger["spent"]
    yield (
        "Promised",
        (
            f"epsilon {guarantee['epsilon']:g}, delta {guarantee['delta']:g}; spent rho {spent['rho']:.4g} "
            f"of {ledger['rho_budget']:.4g}"
        ),
    )
    yield "A guess who was there", guess(spent["epsilon"], spent["delta"])
    yield "Spent on", shares(ledger["charges"])
    yield "Domains", domains(ledger)
    said = [f"{found['accountant']}: {found['epsilon']:.4g}" for found in ledger["accountants"]]
    yield "Accountants", "; ".join(said)
    yield "Noise", noise(ledger)
    yield "Not covered", NOT_COVERED


def rounded_up(epsilon: float) -> str:
    """Epsilon to three digits, never less than it is.

    Example:
        >>> rounded_up(0.99991), rounded_up(2.5)
        ('1', '2.5')
    """
    step = 10.0 ** (math.floor(math.log10(epsilon)) - 2) if epsilon > 0 else 1.0
    return f"{math.ceil(epsilon / step - 1e-9) * step:.4g}"


def guess(epsilon: float, delta: float) -> str:
    """How often a guess whether a unit was in the data can be right at most, the odds being even before.

    Example:
        >>> guess(1.0, 1e-6)
        'right at most 73.2 times in 100, the chances being even'
    """
    chance = min(1 / (1 + math.exp(-epsilon)) + delta, 1.0)
    return f"right at most {math.ceil(1000 * chance - 1e-6) / 10:g} times in 100, the chances being even"


def shares(charges: Sequence[Mapping[str, Any]]) -> str:
    """What each mechanism took of what was spent."""
    total = math.fsum(charge["rho"] for charge in charges)
    if not total:
        return "nothing"
    names = dict.fromkeys(charge["mechanism"] for charge in charges)
    found: list[str] = []
    for name in names:
        own = [charge for charge in charges if charge["mechanism"] == name]
        share = math.fsum(charge["rho"] for charge in own) / total
        found.append(f"{name}, {len(own)} times ({share:.0%})")
    return "; ".join(found)


def domains(ledger: Mapping[str, Any]) -> str:
    """Where ranges and categories come from."""
    public = [f"{on} ({what})" for on, what in ledger["public"]]
    more = [f"and {len(public) - MAX_NAMED} more"] if len(public) > MAX_NAMED else []
    known = ", ".join([*public[:MAX_NAMED], *more])
    thresholds = sum(charge["delta"] > 0 for charge in ledger["charges"])
    paid = f"{thresholds} found by a noisy threshold" if thresholds else ""
    return "; ".join(part for part in (known and f"public: {known}", paid) if part) or "none was needed"


def noise(ledger: Mapping[str, Any]) -> str:
    """Where the noise comes from."""
    if ledger["voids"]:
        return "drawn from a seed"
    return "whole numbers of exact laws, by the operating system's generator; no seed, kept nowhere"
