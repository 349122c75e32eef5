"""The privacy card: what was attacked and what came of it, for a data-protection officer.

Organised by the three risks that the Article 29 Working Party names in Opinion 05/2014 on anonymisation
techniques (WP 216): singling out, linkability, inference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gansmith.scorecard.leaks import ATTACKS, SHARES, counted, is_wide, level_of_attack, level_of_share
from gansmith.scorecard.score import Entry

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
    (
        "singling_out_one",
        "Singling out by one column",
        "Can a single rare value point to exactly one person?",
    ),
    ("membership_auc", "Membership", "Can one tell whether a person was in the real data?"),
    (
        "membership_auc_unusual",
        "Membership of unusual records",
        "The same for the most unusual one in a hundred.",
    ),
    (
        "membership_tpr",
        "Membership, nearly certain",
        "Of how many persons can it be said, with one error in a hundred?",
    ),
    (
        "membership_tpr_unusual",
        "Membership of unusual records, nearly certain",
        "The same for the most unusual one in a hundred.",
    ),
    ("copies", "Copies", "How many synthetic records stand letter for letter in the real data?"),
    ("near_copies", "Near copies", "How many differ from a real record in no more than one column?"),
    ("copied_texts", "Copied texts", "Are names, identifiers or other texts of real persons repeated?"),
    ("rare_values", "Rare values", "Are values that only a few persons have repeated?"),
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
    risks, further = (
        [
            _item(entries[name], risk, question, rates.get(name, {}))
            for name, risk, question in listed
            if name in entries
        ]
        for listed in (_RISKS, _FURTHER)
    )
    return {
        "title": "Privacy card",
        "data": [list(pair) for pair in data],
        "risks": risks,
        "further": further,
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
        level, beside = level_of_attack(attack, entry), f"chance gives {attack.chance:g}"
        if level == "green" and is_wide(attack, entry):
            level = "grey"  # no leak was found, and none is ruled out
    said = {
        "grey": "Too little is known to rule a leak out",
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
