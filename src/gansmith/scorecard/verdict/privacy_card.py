"""The privacy card: what was attacked and what came of it, for a data-protection officer.

It is organised by the three risks that the Article 29 Working Party names in Opinion 05/2014 on anonymisation
techniques (WP 216): singling out, linkability, inference. No record of the real data stands on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from gansmith.scorecard.chance import CERTAIN, DOUBT
from gansmith.scorecard.private.copies import ALL, RARE
from gansmith.scorecard.score import Entry
from gansmith.scorecard.verdict.leaks import (
    ATTACKS,
    NEARER,
    SHARES,
    Level,
    counted,
    is_wide,
    levels,
    lines_of,
)


@final
@dataclass(frozen=True)
class Question:
    """What an attack asks, in an officer's words."""

    risk: str
    asked: str
    how: str = ""
    """How it is tried; empty: as the score's own meaning says."""
    part: str = ""
    """What its parts are, of which the worst is named."""
    tried: str = "records"
    """What is counted."""


RISKS: Final = {
    "singling_out": Question(
        "Singling out",
        "Does a description taken from the synthetic data fit exactly one record of the training data?",
        "Descriptions by several columns that fit one synthetic record alone. They succeed where exactly one "
        "training record fits, too.",
        "descriptions by",
        "descriptions",
    ),
    "linkability": Question(
        "Linkability",
        "Does the synthetic data tell which two halves of a record belong together?",
        "Somebody has some columns of each record from one source and the others from another. A link is "
        "found where one synthetic record is among the few nearest to both halves.",
        "columns",
    ),
    "inference": Question(
        "Inference",
        "Does the synthetic data tell one column of a record to somebody who knows all its others?",
        "The guess is the cell of the synthetic record that is nearest by all other columns; each column is "
        "the secret in turn.",
        "secret column",
    ),
}
"""The risks that the opinion names."""
FURTHER: Final = {
    "singling_out_one": Question(
        "Singling out by one column",
        "Does a value, or an extreme, fit exactly one training record?",
        tried="values",
    ),
    "membership_auc": Question(
        "Membership", "Can training records be told from records that were never learnt from?"
    ),
    "membership_tpr": Question(
        "Membership, nearly certain",
        "Of what share of the training records can that be told, where one in a hundred others is accused?",
    ),
    "membership_auc_unusual": Question(
        "Membership of unusual records",
        "The same of unusual records: the most unusual hundredth, and 20 at least.",
    ),
    "membership_tpr_unusual": Question(
        "Membership of unusual records, nearly certain",
        "Of what share of the unusual training records, where one in a hundred others is accused?",
    ),
    "near_unusual": Question(
        "Near copies of unusual records", "Do synthetic records lie right beside unusual training records?"
    ),
    "copies": Question(
        "Copies", "How many synthetic records are equal to a training record in all that is compared?"
    ),
    "near_copies": Question("Near copies", "How many are nearly equal to a training record?"),
    NEARER: Question(
        "Nearness",
        "How many lie nearer to a training record than to any held-out one? It shows gross copying only.",
    ),
    "copied_texts": Question(
        "Copied texts",
        "Do texts and identifiers of training records stand in the synthetic data, more often than in fresh "
        "records?",
        part="column",
        tried="cells",
    ),
    "rare_values": Question(
        "Rare values",
        f"Do values that fewer than {RARE} training records have come through, more often than in fresh "
        "records?",
        part="column",
        tried="rare values",
    ),
}
"""What is asked besides."""
MARKS: Final = (
    f"Amber: more than chance gives, beyond the amber line, with a doubt of less than 1 in {1 / DOUBT:,.0f}. "
    f"Red: with a doubt of less than 1 in {1 / CERTAIN:,.0f}, and the lower end of the interval is beyond "
    "the red line. All attacks share these doubts (Holm's procedure), so that data without a leak is seldom "
    "accused, however many attacks there are. Grey: not measured, or so few tries that a leak could be there "
    "unseen. Intervals are of 95%."
)
"""How marks are given."""
LIMITS: Final = (
    "The attacks were carried out with the data at hand. Attackers may know more, try more, or have other "
    "means; that these attacks found nothing does not prove that nobody can be recognised.",
    "Risks are averages over the records attacked. A single unusual record can be at a higher risk. Where "
    "several records are of one person, nothing here is said of persons.",
    "Only training with differential privacy bounds what any attacker can learn; nothing here replaces it.",
    "The figures were computed with the real records. They are meant for those who may see them, not for "
    "publication beside the synthetic data.",
    "Whether synthetic data is personal data is a legal question, answered case by case. This card is "
    "evidence for it, not the answer.",
)
UNKNOWN: Final = (
    "Model",
    "Not known: neither a model (--model) nor its run (--run) was given. Any tool may have made the data.",
)


def privacy_card(
    entries: Mapping[str, Entry],
    skipped: Mapping[str, str],
    conclusion: Mapping[str, Any] | None,
    data: Sequence[tuple[str, str]],
    model: Sequence[tuple[str, str]],
    made: Sequence[tuple[str, str]],
    notes: Sequence[str],
    rates: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """The card as JSON can hold it.

    Args:
        entries: All entries of the scorecard, by name.
        skipped: Scores that could not be computed, and why.
        conclusion: The verdict's answer to "Does it give anybody away?", None where there is none.
        data: What was measured, as pairs of a label and a value.
        model: What is known of the model that made it, likewise.
        made: How it was measured, likewise.
        notes: What a person should know about the comparison.
        rates: By the name of a score, how often its attack, its control group and a naive guess succeeded:
            "main", "control", "baseline".
    """
    marks = levels(entries)

    def items(asked: Mapping[str, Question]) -> list[dict[str, Any]]:
        return [
            _item(entries[name], question, marks[name], rates.get(name, {}))
            if name in entries
            else _untried(question, skipped.get(name, "this kind of data has no such attack"))
            for name, question in asked.items()
            if name in entries or name in skipped or asked is RISKS
        ]

    found = dict(conclusion or {})
    return {
        "title": "Privacy card",
        "holds_real_records": False,
        "conclusion": {key: found[key] for key in ("question", "level", "text") if key in found},
        "data": [list(pair) for pair in data],
        "model": [list(pair) for pair in (model or (UNKNOWN,))],
        "risks": items(RISKS),
        "further": items(FURTHER),
        "marks": MARKS,
        "limits": list(LIMITS),
        "notes": list(notes),
        "made": [list(pair) for pair in made],
    }


def _item(entry: Entry, question: Question, level: Level, rates: Mapping[str, Any]) -> dict[str, Any]:
    """One risk in words; the level is that of the verdict, less what rules nothing out."""
    plain, score, (low, high) = entry.to_dict(), entry.score, entry.score.interval
    attack = next((one for one in ATTACKS if one.name == entry.name), None)
    said = {
        "grey": "Not to be judged" if score.caveat else "Too few to be judged",
        "green": "No more than chance gives",
        "amber": "More than chance gives",
        "red": "Much more than chance gives",
    }[level]
    if attack and level == "green" and is_wide(attack, entry):
        level, said = "grey", "No leak was found, but so few tries cannot rule one out"
    n = counted(entry) if entry.name in SHARES else f"{score.n:,} {question.tried} tried"
    amber, red = lines_of(entry)
    worst = _worst_part(entry, question)
    return {
        "score": entry.name,
        "risk": question.risk,
        "question": question.asked,
        "how": question.how or score.meaning,
        "level": level,
        "unit": "AUC" if "(AUC)" in score.label else "share",
        "value": plain["value"],
        "low": max(low, 0.0),
        "high": min(high, 1.0),
        "amber": amber,
        "red": red,
        "caveat": plain["caveat"],
        **{name: rates.get(name) for name in ("main", "control", "baseline")},
        "worst": worst,
        "text": f"{said} ({n})."
        + (f" Worst ({entry.details[worst]:.1%}): {question.part} {worst}." if worst else ""),
    }


def _untried(question: Question, reason: str) -> dict[str, Any]:
    """An attack that was not carried out."""
    return {
        "risk": question.risk,
        "question": question.asked,
        "how": question.how,
        "level": "grey",
        "value": None,
        "text": f"Not carried out: {reason}.",
    }


def _worst_part(entry: Entry, question: Question) -> str:
    """The secret, split or column that the attack works by best."""
    return next((name for name in entry.details if question.part and name != ALL), "")
