"""Which privacy scores show a leak: one rule for the verdict and for the privacy card.

The card is for a data-protection officer: what was attacked and what came of it. It is organised by the
three risks that the Article 29 Working Party names in Opinion 05/2014 on anonymisation techniques (WP 216):
singling out, linkability, inference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final, Literal, final

from gansmith.scorecard.chance import chance_of_more
from gansmith.scorecard.private.copies import NEAR_OTHERS
from gansmith.scorecard.private.risk import Tally, measured_risk
from gansmith.scorecard.score import CEILING, CONFIDENT, Entry, Score

Level = Literal["green", "amber", "red", "grey"]


@final
@dataclass(frozen=True)
class Attack:
    """An attack, as the card judges it."""

    name: str
    """Of its score."""
    called: str
    words: str
    """What it means when it succeeds."""
    chance: float
    """What it reaches without a leak."""
    much: float
    """From here on a leak is a bad one."""


ATTACKS: Final = (
    Attack("singling_out", "singling out", "People can be singled out", 0.0, 0.05),
    Attack(
        "singling_out_one",
        "singling out by one column",
        "People can be singled out by one column",
        0.0,
        0.05,
    ),
    Attack("linkability", "linkability", "Parts of a person's record can be linked", 0.0, 0.05),
    Attack("inference", "inference", "Secret values of people can be inferred", 0.0, 0.05),
    Attack("copied_texts", "copied texts", "Texts or identifiers of the real data are repeated", 0.0, 0.02),
    Attack("rare_values", "rare values", "Rare values of the real data are repeated", 0.0, 0.1),
    Attack("membership_auc", "membership", "Training records can be recognised", 0.5, 0.55),
    Attack(
        "membership_auc_unusual",
        "membership of unusual records",
        "Unusual training records can be recognised",
        0.5,
        0.6,
    ),
    Attack(
        "membership_tpr",
        "confident membership",
        "Some training records can be recognised for sure",
        0.01,
        0.03,
    ),
    Attack(
        "membership_tpr_unusual",
        "confident membership of unusual records",
        "Unusual training records can be recognised for sure",
        0.01,
        0.05,
    ),
)
NEEDED: Final = ("singling_out", "linkability", "inference", "membership_auc")
"""The attacks without which nothing can be said of the privacy of a table."""
SHARES: Final = {
    "copies": "are copies of training records",
    "near_copies": "are near copies of training records",
}
"""Scores of how many records are like real ones, which fresh real records are by chance, too."""
_FEWEST: Final = 50
"""Tries, or targets, of which an attack can be judged."""
_TELLING: Final = 0.25
"""An interval that reaches so far beyond chance rules nothing out."""
_LIMITS: Final = {"copies": (0.0, 0.02), "near_copies": (0.0, 0.2)}
"""How many more than of fresh real records: amber, red."""
_DOUBT: Final = 0.01
"""Chance of more near copies than that by which honest data may be accused."""
_WIDER: Final = NormalDist().inv_cdf(1 - 0.025 / len(ATTACKS)) / CONFIDENT
"""How much wider intervals are when all attacks together shall accuse honest data once in twenty times."""


def level_of_attack(attack: Attack, entry: Entry) -> Level:
    """Grey where it cannot be trusted, green at chance, red where even the lower end is much."""
    score = entry.score
    if score.caveat or score.n < _FEWEST or score.value != score.value:  # NaN: not measured
        return "grey"
    low = score.value - _WIDER * (score.value - score.interval[0])  # it is one of many
    if attack.chance == 0.5:  # an AUC: of few records its own error is too small, that of chance is exact
        by_chance = ((2 * score.n + 1) / (12 * score.n**2)) ** 0.5
        low = min(low, score.value - _WIDER * CONFIDENT * by_chance)
    return "red" if low > attack.much else "amber" if low > attack.chance else "green"


def level_of_share(entry: Entry) -> Level:
    """Of `SHARES`: whether more records are like training records than fresh real ones are."""
    own, real = entry.score, entry.anchors.get(CEILING)
    if own.caveat or real is None:
        return "grey"
    # Data that keeps to what is frequent is near to records that it never saw, too.
    usual = max(real.value, entry.details.get(NEAR_OTHERS, 0.0))
    by_chance = Tally(round(usual * real.n), real.n)
    amber, red = entry.limits or _LIMITS[entry.name]
    low = measured_risk(_tally(own), by_chance, None).low
    is_more = low > amber
    if NEAR_OTHERS in entry.details:
        is_more = chance_of_more(_tally(own), by_chance) < _DOUBT
    return "red" if low > red else "amber" if is_more else "green"


def counted(entry: Entry) -> str:
    """How many records a share is of, beside those of fresh real records."""
    own, real = entry.score, entry.anchors.get(CEILING)
    beside = f"; of held-out real ones {_tally(real).n_hits:,.0f} of {real.n:,}" if real else ""
    return f"{_tally(own).n_hits:,.0f} of {own.n:,} records{beside}"


def untried(entries: Mapping[str, Entry], needed: Sequence[str]) -> list[str]:
    """The attacks that are needed and were not carried out, or cannot be trusted."""
    return [
        attack.called
        for attack in ATTACKS
        if attack.name in needed
        and (attack.name not in entries or level_of_attack(attack, entries[attack.name]) == "grey")
    ]


def is_wide(attack: Attack, entry: Entry) -> bool:
    """Whether so few records were attacked that a large leak could not be told from none."""
    return entry.score.interval[1] > attack.chance + _TELLING


def is_open(entries: Mapping[str, Entry], needed: Sequence[str]) -> bool:
    """Whether an attack that is needed rules nothing out."""
    return any(
        attack.name in needed and is_wide(attack, entries[attack.name])
        for attack in ATTACKS
        if attack.name in entries
    )


def _tally(score: Score) -> Tally:
    return Tally(round(score.value * score.n), score.n)


# --- The privacy card ---------------------------------------------------------------------------------------

_UNUSUAL: Final = "The same for the most unusual hundredth of the records."
_RISKS: Final = ("singling_out", "linkability", "inference")
"""What the opinion names; the others are asked further."""
_QUESTIONS: Final = {
    "singling_out": (
        "Singling out",
        "Can a description taken from the synthetic data point to exactly one person in the real data?",
    ),
    "linkability": (
        "Linkability",
        "Can two pieces of a person's record, held by different people, be put together with the help of the "
        "synthetic data?",
    ),
    "inference": (
        "Inference",
        "Can somebody who knows all but one fact of a person learn that fact from the synthetic data?",
    ),
    "singling_out_one": (
        "Singling out by one column",
        "Can a single rare value point to exactly one person?",
    ),
    "membership_auc": ("Membership", "Can one tell whether a person was in the real data?"),
    "membership_auc_unusual": ("Membership of unusual records", _UNUSUAL),
    "membership_tpr": (
        "Membership, nearly certain",
        "Of what share of people can that be told, at one false alarm in a hundred?",
    ),
    "membership_tpr_unusual": ("Membership of unusual records, nearly certain", _UNUSUAL),
    "copies": ("Copies", "How many synthetic records are equal to a real record?"),
    "near_copies": (
        "Near copies",
        "How many are nearly equal to a real record: all but one column, or shifted, or brighter or darker?",
    ),
    "copied_texts": ("Copied texts", "Are names, identifiers or other texts of real persons repeated?"),
    "rare_values": ("Rare values", "Are values that only a few persons have repeated?"),
}
LIMITS: Final = (
    "The attacks were carried out with the data at hand. Attackers may know more, try more, or have other "
    "means; that these attacks found nothing does not prove that nobody can be recognised.",
    "Risks are averages over the records attacked. A single unusual person can be at a higher risk.",
    "Only training with differential privacy bounds what any attacker can learn; nothing here replaces it.",
    "The figures were computed with the real records. They are meant for those who may see them, not for "
    "publication beside the synthetic data.",
    "Whether synthetic data is personal data is a legal question, answered case by case. This card is "
    "evidence for it, not the answer.",
)


def privacy_card(
    entries: Mapping[str, Entry],
    data: Sequence[tuple[str, str]],
    made: Sequence[tuple[str, str]],
    notes: Sequence[str],
    rates: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """The card as JSON can hold it.

    Args:
        entries: All entries of the scorecard, by name.
        data: What was measured, as pairs of a label and a value.
        made: How, likewise.
        notes: What a person should know about the comparison.
        rates: By the name of a score, how often its attack, its control group and a naive guess succeeded:
            "main", "control", "baseline".
    """
    items = {
        name: _item(entries[name], risk, question, rates.get(name, {}))
        for name, (risk, question) in _QUESTIONS.items()
        if name in entries
    }
    return {
        "title": "Privacy card",
        "data": [list(pair) for pair in data],
        "risks": [item for name, item in items.items() if name in _RISKS],
        "further": [item for name, item in items.items() if name not in _RISKS],
        "limits": [*LIMITS, *notes],
        "made": [list(pair) for pair in made],
    }


def _item(entry: Entry, risk: str, question: str, rates: Mapping[str, Any]) -> dict[str, Any]:
    """One risk in words; the level is that of the verdict."""
    plain = entry.to_dict()
    low, high = entry.score.interval
    if entry.name in SHARES:
        level, beside = level_of_share(entry), counted(entry)
    else:
        attack = next(one for one in ATTACKS if one.name == entry.name)
        level, beside = level_of_attack(attack, entry), f"by chance {attack.chance:g}"
        if level == "green" and is_wide(attack, entry):
            level = "grey"  # no leak was found, and none is ruled out
    said = {
        "grey": "Too little is known to rule out a leak",
        "green": "No more than chance would give",
        "amber": "More than chance would give",
        "red": "Much more than chance would give",
    }[level]
    measured = f"{entry.score.value:.3f} (interval {max(low, 0.0):.3f} to {min(high, 1.0):.3f}; {beside})"
    return {
        "risk": risk,
        "question": question,
        "level": level,
        "value": plain["value"],
        "low": max(low, 0.0),
        "high": min(high, 1.0),
        "caveat": plain["caveat"],
        **{name: rates.get(name) for name in ("main", "control", "baseline")},
        "text": f"{said}: {measured}.",
    }
