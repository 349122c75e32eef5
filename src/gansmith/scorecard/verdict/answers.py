"""The answers to the five questions: what was found, in sentences.

The limits of the colours are ours. They compare with what real records reach, and say "green" only where the
difference is small or within the error, and "grey" where it could be anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from gansmith.scorecard.chance import CERTAIN, DOUBT, KINDS, adjusted, chance_beyond
from gansmith.scorecard.score import CEILING, FLOOR, Entry
from gansmith.scorecard.verdict.by_group import groups_off, groups_useless
from gansmith.scorecard.verdict.evidence import Evidence, Finding
from gansmith.scorecard.verdict.given import (
    besides,
    duplicates,
    known_holdout,
    strange_holdout,
    unlike_holdout,
)
from gansmith.scorecard.verdict.leaks import (
    ATTACKS,
    NEARER,
    SHARES,
    Level,
    counted,
    is_open,
    levels,
    untried,
)
from gansmith.scorecard.verdict.spelling import spelt_otherwise, warned

MAX_NAMED: Final = 5
SIMILAR: Final = 0.03
"""A column, pair or triple of which more records than this are where they should not be is named, ..."""
BAD: Final = 0.2
"""... and of which more than this, is red."""
FEWEST: Final = 20
"""Records that neighbours can be looked for among."""
UNSURE: Final = 0.1
"""A standard error of an AUC that leaves everything open."""
DISTANCES: Final = {
    "class_kl": ("Classes do not occur as often as in real data", " nats off", 0.02, 0.2),
    "spectrum": ("Coarse and fine patterns are not as strong as in real data", " dB off", 0.5, 2.0),
    "loudness": ("Sounds are not as loud as real ones", " % of the range off", 1.0, 4.0),
    "colour": ("Colours and brightness are not as in real data", " % of the range off", 1.0, 4.0),
}
"""How far off something is: words, unit, and how much more than of real records is amber, and red."""
_MEASURED: Final = {
    "class_kl": "how often classes occur",
    "spectrum": "coarse and fine patterns",
    "colour": "colours",
    "loudness": "loudness",
}
_OFF: Final = {
    1: "Columns not distributed as in real data",
    2: "Pairs of columns not related as in real data",
    3: "Triples of columns not related as in real data",
}
"""What is said of columns, pairs and triples that are off."""


def _not_there(evidence: Evidence) -> list[Finding]:
    if not evidence.lacking:
        return []
    names = tuple(evidence.lacking[:MAX_NAMED])
    return [Finding("amber", f"Columns that the synthetic data lacks: {_listed(evidence.lacking)}.", names)]


def looks_real(evidence: Evidence) -> list[Finding]:
    """Does it look real?"""
    if strange := strange_holdout(evidence):
        return warned(evidence, strange)
    seen = besides(duplicates(evidence), _seen(evidence))
    return warned(evidence, [*seen, *spelt_otherwise(evidence)])


def _seen(evidence: Evidence) -> list[Finding]:
    """What a classifier and neighbours say: beyond chance, and enough to matter."""
    findings = _not_there(evidence)
    chances = adjusted(
        {
            name: _chance_beyond_real(evidence.entries[name], perfect, sign)
            for name, perfect, sign in (("c2st", 0.5, 1), ("coverage", 1.0, -1))
            if name in evidence.entries
        }
    )
    entry = evidence.entries.get("c2st")
    if entry and entry.score.error > UNSURE:
        findings.append(Finding("grey", f"{entry.score.n:,} records are too few to tell."))
    elif entry:
        findings.append(_told_apart(entry, chances["c2st"], evidence.columns))
    entry = evidence.entries.get("coverage")
    if entry and entry.score.n < FEWEST:
        findings.append(Finding("grey", f"{entry.score.n:,} records are too few to tell."))
    elif entry:
        share = entry.score.value / max(entry.anchor(CEILING, 1.0), 1e-9)
        level = _sure(_level(1 - share - 2 * entry.score.error, 0.2, 0.5), chances["coverage"])
        if level != "green":
            findings.append(
                Finding(level, f"{1 - share:.0%} of the real records have no synthetic one near them.")
            )
        elif not findings:
            findings.append(Finding("green", "Nearly all real records have a synthetic one near them."))
    return findings


def _told_apart(entry: Entry, chance: float, columns: Sequence[str]) -> Finding:
    excess = entry.score.value - max(0.5, entry.anchor(CEILING, 0.5))
    level = _sure(_level(excess - entry.score.error, 0.1, 0.3), chance)
    told = {
        "green": "can hardly tell the records" if excess < 0.07 else "tells few of the records",
        "amber": "often tells the records",
        "red": "nearly always tells the records" if entry.score.value > 0.9 else "tells most records",
    }[level]
    telling = tuple(name for name in entry.details if name in columns)[:MAX_NAMED]
    named = "" if level == "green" or not telling else f", most of all by {_listed(telling)}"
    text = f"A classifier {told} from real ones{named} (AUC {entry.score.value:.2f}; 0.5 is perfect)."
    return Finding(level, text, () if level == "green" else telling)


def _chance_beyond_real(entry: Entry, perfect: float, sign: int) -> float:
    """The chance that fresh real records lie so far above (sign 1) or below (-1) what real ones reach."""
    real = entry.anchors.get(CEILING)
    best = perfect if real is None else max(sign * perfect, sign * real.value) * sign
    error = (entry.score.error**2 + (real.error if real else 0.0) ** 2) ** 0.5
    return chance_beyond(sign * (entry.score.value - best), error)


def _sure(level: Level, chance: float) -> Level:
    """The level, as far as it is beyond chance."""
    if level == "red" and chance >= CERTAIN:
        level = "amber"
    return "green" if level == "amber" and chance >= DOUBT else level


def numbers(evidence: Evidence) -> list[Finding]:
    """Are the numbers right?"""
    if strange := strange_holdout(evidence):
        return strange
    if evidence.slack > 3 * UNSURE:
        return [Finding("grey", "There are too few records to tell.")]
    return besides(duplicates(evidence), _counted(evidence))


def _counted(evidence: Evidence) -> list[Finding]:
    """What columns and pairs of columns say."""
    found = (one for size in _OFF for one in _off(evidence, size))
    findings = [*_not_there(evidence), *found, *groups_off(evidence)]
    findings += [one for name in DISTANCES if (one := _far(evidence.entries.get(name), name)) is not None]
    lacking = [pair for pair, chance in evidence.missing.items() if KINDS * chance < DOUBT]
    if lacking:
        said = [f"{column} = {category}" for column, category in lacking]
        text = f"Categories that never occur, though they should: {_listed(said)}."
        columns = tuple(dict.fromkeys(column for column, _ in lacking))
        findings.append(Finding("amber", text, columns[:MAX_NAMED]))
    if findings:
        return findings
    if any(name in evidence.entries for name in ("shape", "trend")):
        return [Finding("green", evidence.as_real)]
    measured = [_MEASURED[name] for name in DISTANCES if name in evidence.entries]
    return [Finding("green", f"As in real data: {_listed(measured)}.")] if measured else []


def _far(entry: Entry | None, name: str) -> Finding | None:
    """Of a distance that is larger than that of real records."""
    if entry is None or entry.score.value != entry.score.value:
        return None
    real = entry.anchors.get(CEILING)
    beyond = entry.score.value - (real.value if real else 0.0)
    error = (entry.score.error**2 + (real.error**2 if real else 0.0)) ** 0.5
    words, unit, amber, red = DISTANCES[name]
    level = _level(beyond - 2 * error, amber, red)
    if level == "green":
        return None
    told = "{:+.1%}".format if name == "class_kl" else "{:+.2g}".format
    worst = [f"{what} {told(part)}" for what, part in list(entry.details.items())[:3]]
    named = f": {_listed(worst)}" if worst else ""
    beside = f"; real {real.value:.2g}" if real else ""
    return Finding(level, f"{words}{named} ({entry.score.value:.2g}{unit}{beside}).")


def _off(evidence: Evidence, size: int) -> list[Finding]:
    """Columns, pairs or triples that are surely unlike, and unlike enough to matter."""
    far = [
        one
        for one in evidence.unlike
        if len(one.columns) == size and KINDS * one.chance < DOUBT and one.effect > SIMILAR
    ]
    if not far:
        return []
    sure = [one.effect for one in far if KINDS * one.chance < CERTAIN]
    is_bad = max(sure, default=0.0) > BAD or (size == 1 and sum(sure) > 0.1 * len(evidence.columns))
    said = _listed([f"{one.words} ({one.effect:.0%} off)" for one in far], "; " if size > 2 else ", ")
    columns = tuple(dict.fromkeys(name for one in far for name in one.columns))
    return [Finding("red" if is_bad else "amber", f"{_OFF[size]}: {said}.", columns[: 2 * MAX_NAMED])]


def useful(evidence: Evidence) -> list[Finding]:
    """Is it useful?"""
    entry, target = evidence.entries.get("tstr"), evidence.target
    if evidence.lacks_target:
        text = f"The target {target!r} is missing from the synthetic data, or empty."
        return [Finding("red", text, (target,))]
    if strange := strange_holdout(evidence):
        return strange
    if entry is None:
        return []
    what = repr(target) if target else "its columns"
    best, guess = entry.anchor(CEILING, float("nan")), 0.5 if "AUC" in entry.score.label else 0.0
    if "accuracy" in entry.score.label:
        guess = entry.anchor(FLOOR, 0.0)
    reach = best - guess
    if not reach > 0.02:
        return [
            Finding(
                "grey", f"Even models trained on real records hardly predict {what}: nothing can be said."
            )
        ]
    lost = best - entry.score.value
    error = (entry.score.error**2 + entry.anchors[CEILING].error ** 2) ** 0.5
    chance = KINDS * chance_beyond(lost, error)
    level = _level(lost / reach, 0.1 if chance < DOUBT else 1e9, 0.5 if chance < CERTAIN else 1e9)
    beside = groups_useless(evidence)
    if level == "green" and (lost / reach > 0.25 or 2 * error > reach):
        text = f"Models trained on it seem to predict {what} worse ({entry.score.value:.2f}; real {best:.2f})"
        if lost / reach <= 0.25:
            text = f"Models trained on it predict {what} ({entry.score.value:.2f}; real {best:.2f})"
        return [*beside, Finding("grey", f"{text}, but there are too few records to tell.")]
    told = {
        "green": "about as well as models trained on real records",
        "amber": "clearly worse than models trained on real records",
        "red": "hardly better than guessing"
        if entry.score.value > guess + 0.02
        else "no better than guessing",
    }[level]
    text = f"Models trained on it predict {what} {told} ({entry.score.value:.2f}; real {best:.2f})."
    if not target and evidence.lost:
        text = f"{text} Much worse than with real records: {_listed(evidence.lost)}."
        return [Finding("amber" if level == "green" else level, text, tuple(evidence.lost[:MAX_NAMED]))]
    return [Finding(level, text, () if level == "green" or not target else (target,)), *beside]


def private(evidence: Evidence) -> list[Finding]:
    """Does it give anybody away?"""
    entries, findings = evidence.entries, list[Finding]()
    if strange := unlike_holdout(evidence):
        return strange
    found = levels(entries)
    leaks = [name for name in found if found[name] in ("amber", "red")]
    where = f" in all {evidence.n_compared} columns compared" if evidence.n_compared else ""
    for name, words in SHARES.items():
        if name in leaks:
            entry, said = entries[name], words.format(where=where)
            text = f"{entry.score.value:.1%} of the records {said} ({counted(entry)})."
            findings.append(Finding(found[name], text))
    for attack in (one for one in ATTACKS if one.name in leaks):
        entry = entries[attack.name]
        columns = _worst_of(attack.name, entry, evidence.columns)
        which = f" ({columns[0]})" if columns else ""
        text = f"{attack.words}{which}: {entry.score.value:.2f}, by chance {attack.chance:g}."
        findings.append(Finding(found[attack.name], text, columns))
    if NEARER in leaks:
        share = f"{entries[NEARER].score.value:.0%} of the records"
        text = f"{share} lie nearer to training records than to held-out ones."
        findings.append(Finding(found[NEARER], text))
    if findings or "copies" not in entries:
        return findings  # a hold-out that was learnt from hides leaks, and makes none
    if known := known_holdout(evidence):
        return known
    said = ""
    if entries["copies"].score.value > 0:
        said = f" No more than by chance equal a training record{where}: {counted(entries['copies'])}."
    if lacking := untried(entries, evidence.needed):
        text = "No leak was found, but these attacks could not be tried or did no better than a blind guess"
        return [Finding("grey", f"{text}, which shows nothing: {_listed(lacking)}.{said}")]
    if is_open(entries, evidence.needed):
        return [Finding("grey", f"No leak was found, but there are too few records to rule one out.{said}")]
    text = "No leak was found: no attack did better on training records than on held-out ones, beyond chance."
    return [Finding("green", f"{text}{said}{evidence.searched}")]


def valid(evidence: Evidence) -> list[Finding]:
    """Is it valid?"""
    entry = evidence.entries.get("valid")
    if entry is None:
        return []
    if not evidence.defects:
        share = 1 - entry.score.value
        text = "Every record keeps all rules that real records keep."
        if share > 0:
            text = f"{share:.2%} of the records break rules that held-out real records may break, too."
        return [Finding("green", text)]
    broken = [f"{defect.words} ({defect.share:.1%} do not)" for defect in evidence.defects]
    named = dict.fromkeys(name for defect in evidence.defects for name in defect.columns)
    level: Level = "red" if any(defect.level == "red" for defect in evidence.defects) else "amber"
    text = f"Records break rules that real ones keep: {_listed(broken, '; ')}."
    return [Finding(level, text, tuple(named)[:MAX_NAMED])]


def _worst_of(name: str, entry: Entry, columns: Sequence[str]) -> tuple[str, ...]:
    """The column that an attack works by best, where it works by one."""
    if name == "copied_texts":
        return tuple(entry.details)[:1]
    return _named(entry.details, columns)[:1] if name in ("inference", "rare_values") else ()


def _named(details: Iterable[str], columns: Sequence[str]) -> tuple[str, ...]:
    """The columns that details are about: "age", "age × pay", "city = Rome"."""
    found = [
        name
        for one in details
        for name in columns
        if one == name or one.startswith((f"{name} × ", f"{name} = ")) or one.endswith(f" × {name}")
    ]
    return tuple(dict.fromkeys(found))[:MAX_NAMED]


def _level(distance: float, amber: float, red: float) -> Level:
    return "red" if distance > red else "amber" if distance > amber else "green"


def _listed(names: Sequence[str], between: str = ", ") -> str:
    shown = between.join(names[:MAX_NAMED])
    return shown + (f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else "")
