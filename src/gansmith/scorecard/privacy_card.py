"""The privacy card: what was attacked and what came of it, for a data-protection officer.

Organised by the three risks that the Article 29 Working Party names in Opinion 05/2014 on anonymisation
techniques (WP 216): singling out, linkability, inference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gansmith.scorecard.score import CEILING, Entry

_RISKS: Final = (
    (
        "singling_out",
        "Singling out",
        "Can a description taken from the synthetic data point to exactly one person in the real data?",
    ),
    (
        "linkability",
        "Linkability",
        "Can two pieces of a person's record, held by different people, be put together with the help of the "
        "synthetic data?",
    ),
    (
        "inference",
        "Inference",
        "Can somebody who knows all but one fact of a person learn that fact from the synthetic data?",
    ),
)
_FURTHER: Final = (
    ("membership_auc", "Membership", "Can one tell whether a person was in the real data?", 0.5),
    (
        "membership_auc_unusual",
        "Membership of unusual records",
        "The same for the most unusual one in a hundred.",
        0.5,
    ),
    (
        "membership_tpr",
        "Membership, nearly certain",
        "Of how many persons can it be said, with one error in a hundred?",
        0.01,
    ),
    ("copies", "Copies", "How many synthetic records stand letter for letter in the real data?", None),
    ("near_copies", "Near copies", "How many differ from a real record in no more than one column?", None),
    ("rare_values", "Rare values", "Are values that only a few persons have repeated?", 0.0),
)
LIMITS: Final = (
    "The attacks were carried out with the data at hand. Attackers may know more, try more, or have other "
    "means; that these attacks found nothing does not prove that nobody can be recognised.",
    "Risks are averages over the records attacked. A single unusual person can be at a higher risk.",
    "Only training with differential privacy bounds what any attacker can learn; nothing here replaces it.",
    "The figures were computed with the real records. They are meant for those who may see these, not for "
    "publication beside the synthetic data.",
    "Whether synthetic data is personal data is a legal question of the single case. This card is evidence "
    "for it, not the answer.",
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
    risks = [
        _item(entries[name], risk, question, 0.0, rates.get(name, {}))
        for name, risk, question in _RISKS
        if name in entries
    ]
    further = [
        _item(entries[name], risk, question, chance, rates.get(name, {}))
        for name, risk, question, chance in _FURTHER
        if name in entries
    ]
    return {
        "title": "Privacy card",
        "data": [list(pair) for pair in data],
        "risks": risks,
        "further": further,
        "limits": [*LIMITS, *notes],
        "made": [list(pair) for pair in made],
    }


def _item(
    entry: Entry, risk: str, question: str, chance: float | None, rates: Mapping[str, Any]
) -> dict[str, Any]:
    """One risk; without a chance of its own it is held against fresh real records."""
    plain = entry.to_dict()
    own = entry.anchors.get(CEILING) if chance is None else None
    limit = own.value + 3 * own.error if own else chance or 0.0
    low, high = entry.score.interval
    level = "red" if low > limit + 0.05 else "amber" if low > limit else "green"
    beside = f"fresh real records reach {own.value:.3f}" if own else f"chance gives {chance or 0.0:g}"
    said = "More than" if low > limit else "No more than"
    return {
        "risk": risk,
        "question": question,
        "level": "grey" if entry.score.caveat else level,
        **{key: plain[key] for key in ("value", "low", "high", "caveat")},
        **{name: rates.get(name) for name in ("main", "control", "baseline")},
        "text": f"{said} what can be had without the data: {entry.score.value:.3f} "
        f"(interval {low:.3f} to {high:.3f}; {beside}).",
    }
