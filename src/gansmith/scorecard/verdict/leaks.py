"""Which privacy scores show a leak: one rule for the verdict and for the privacy card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, final

from gansmith.scorecard.chance import CERTAIN, DOUBT, Tally, adjusted, chance_beyond, chance_of_more
from gansmith.scorecard.private.copies import NEAR_OTHERS
from gansmith.scorecard.private.risk import measured_risk
from gansmith.scorecard.private.unusual import FEWEST
from gansmith.scorecard.score import CEILING, CONFIDENT, FLOOR, Entry, Score

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
    fewest: int = 50
    """Tries, or targets, of which it can be judged."""


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
    Attack(
        "near_unusual",
        "near copies of unusual records",
        "Unusual training records have a synthetic one right beside them",
        0.0,
        0.2,
        FEWEST,
    ),
)
NEEDED: Final = ("singling_out", "linkability", "inference", "membership_auc")
"""The attacks without which nothing can be said of the privacy of a table."""
SHARES: Final = {
    "copies": "are copies of training records{where}",
    "near_copies": "are near copies of training records",
}
"""Scores of how many records are like real ones, which fresh real records are by chance, too."""
_N_TESTS: Final = len(ATTACKS) + len(SHARES) + 1
NEARER: Final = "nearer"
_LEARNT_BY_NONE: Final = ("linkability", "inference", "membership_auc", "membership_tpr")
"""Attacks that independent columns give no way in: what they reach there is no leak."""
_TELLING: Final = 0.25
"""An interval that reaches so far beyond chance rules nothing out."""
_LIMITS: Final = {"copies": (0.0, 0.02), "near_copies": (0.0, 0.2), NEARER: (0.05, 0.2)}
"""How many more than of fresh real records: amber, red."""


def levels(entries: Mapping[str, Entry]) -> dict[str, Level]:
    """Of each score that can show a leak: all together accuse honest data as seldom as one should.

    Amber is what is beyond chance by less than `DOUBT`, red by less than `CERTAIN` and much, too.
    """
    judged = {one.name: one for one in ATTACKS if one.name in entries}
    chances = {name: chance_of_attack(one, entries[name]) for name, one in judged.items()}
    shares = [name for name in (*SHARES, NEARER) if name in entries]
    chances = adjusted(chances | {name: chance_of_share(entries[name]) for name in shares})
    return {
        name: level_of_attack(judged[name], entries[name], chance)
        if name in judged
        else level_of_share(entries[name], chance)
        for name, chance in chances.items()
    }


def chance_of_attack(attack: Attack, entry: Entry) -> float:
    """How likely it does so well where nothing leaks; 1 where it cannot be told."""
    score = entry.score
    if not _is_telling(attack, score):
        return 1.0
    error = (score.value - score.interval[0]) / CONFIDENT
    by_chance = chance_beyond(score.value - attack.chance, error) if score.chance is None else score.chance
    floor = entry.anchors.get(FLOOR)
    if floor and attack.name in _LEARNT_BY_NONE and floor.interval[0] > attack.chance:
        beyond = chance_beyond(score.value - floor.value, (error**2 + floor.error**2) ** 0.5)
        return max(by_chance, beyond)
    return by_chance


def level_of_attack(attack: Attack, entry: Entry, chance: float | None = None) -> Level:
    """Grey where it cannot be trusted, green at chance, red where even the lower end is much.

    Args:
        attack: The attack.
        entry: What it reached.
        chance: By all attacks together, see `levels`; None: as one of them all.
    """
    score = entry.score
    if not _is_telling(attack, score):
        return "grey"
    if chance is None:
        chance = _N_TESTS * chance_of_attack(attack, entry)
    if chance >= DOUBT or score.value <= attack.chance:
        return "green"
    return "red" if chance < CERTAIN and score.interval[0] > attack.much else "amber"


def chance_of_share(entry: Entry) -> float:
    """How likely so many records are like training records where no more are than of fresh ones."""
    own, real = entry.score, entry.anchors.get(CEILING)
    if own.caveat or real is None:
        return 1.0
    if entry.name == NEARER:
        return chance_beyond(own.value - _usual(entry, real), own.error)
    return chance_of_more(_tally(own), _tally_of_usual(entry, real))


def level_of_share(entry: Entry, chance: float | None = None) -> Level:
    """Of `SHARES` and `NEARER`: whether more records are like training records than fresh real ones are.

    Args:
        entry: The share.
        chance: By all attacks together, see `levels`; None: as one of them all.
    """
    own, real = entry.score, entry.anchors.get(CEILING)
    if own.caveat or real is None:
        return "grey"
    if chance is None:
        chance = _N_TESTS * chance_of_share(entry)
    if chance >= DOUBT:
        return "green"
    amber, red = entry.limits or _LIMITS[entry.name]
    if entry.name == NEARER:
        low = own.interval[0] - _usual(entry, real)
    else:
        low = measured_risk(_tally(own), _tally_of_usual(entry, real), None).low
    return "red" if chance < CERTAIN and low > red else "amber" if low > amber else "green"


def _is_telling(attack: Attack, score: Score) -> bool:
    return not score.caveat and score.n >= attack.fewest and score.value == score.value  # no NaN


def _usual(entry: Entry, real: Score) -> float:
    """Of fresh real records; data that keeps to what is frequent is near to records it never saw, too."""
    return max(real.value, 0.5 if entry.name == NEARER else entry.details.get(NEAR_OTHERS, 0.0))


def _tally_of_usual(entry: Entry, real: Score) -> Tally:
    return Tally(round(_usual(entry, real) * real.n), real.n)


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


def lines_of(entry: Entry) -> tuple[float, float]:
    """From which value on a score of leaks is amber, and red, where it is surely beyond; see `levels`."""
    attack = next((one for one in ATTACKS if one.name == entry.name), None)
    if attack:
        return attack.chance, attack.much
    real = entry.anchors.get(CEILING)
    usual = _usual(entry, real) if real else 0.0
    rest = 1.0 if entry.name == NEARER else 1 - usual  # a risk is of the records that chance leaves
    amber, red = entry.limits or _LIMITS[entry.name]
    return usual + amber * rest, usual + red * rest
