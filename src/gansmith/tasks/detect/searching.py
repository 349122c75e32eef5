"""A search for odd records: which they are, why, how the answer compares with others, as plain values."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, final

import numpy as np
from jaxtyping import Bool, Float
from sklearn.metrics import average_precision_score, precision_recall_curve

from gansmith.errors import UsageError
from gansmith.modalities.capabilities import Stretch
from gansmith.modalities.format import ShowsOddities
from gansmith.modalities.registry import offered
from gansmith.modalities.sight import Parts
from gansmith.scorecard.learners import auc_and_error
from gansmith.store import write_whole
from gansmith.tasks.detect.detection import SURPRISE, Detection, along, broken_rules, stretches
from gansmith.tasks.detect.drift import Drift

N_ODDEST: Final = 20
"""Records that a report shows."""
MAX_EXPLAINED: Final = 1_000
"""Odd records of which it is said what is odd about them, the oddest first."""
SURPRISING: Final = 3.0
"""Nats of surprise from which on the stretch is said that surprises: 5 % of usual records have as many."""
MAX_BESIDE: Final = 200
"""Steps that are drawn before and after an odd stretch."""
N_NEIGHBOURS: Final = 50
N_BARS: Final = 40
FORMATS: Final = (".csv", ".jsonl")

Scores = Float[np.ndarray, " n"]


@final
@dataclass(frozen=True)
class Compared:
    """How well one method orders records whose labels are known."""

    name: str
    auroc: float
    error: float
    average_precision: float

    def to_dict(self) -> dict[str, Any]:
        """All fields."""
        return vars(self).copy()


@final
@dataclass(frozen=True, eq=False)
class Findings:
    """What a search has found."""

    name: str
    """Of the data that was searched."""
    scores: Scores
    """Of each record, in nats, higher is odder."""
    chances: Scores
    """That a usual record scores as high."""
    threshold: float
    contamination: float
    """Share of usual records beyond the threshold, as it was asked for."""
    evidence: Mapping[str, Scores]
    """By kind, in nats."""
    others: Mapping[str, Scores]
    """Scores of other methods, and of all together, where they were asked."""
    reasons: Mapping[int, str]
    """What is odd about a record, by its number from 0; of the oddest ones."""
    oddest: Sequence[Mapping[str, Any]]
    """The oddest records, as a report shows them."""
    usual: Float[np.ndarray, " n_quantiles"]
    """Scores of usual records, ascending, equally likely."""
    names: Sequence[str] = ()
    """What each record is called, where they have names."""
    stretches: Mapping[int, Stretch] | None = None
    """Of the oddest records, by number, the stretch that is odd; None: such records have none."""
    is_odd_indeed: Bool[np.ndarray, " n"] | None = None
    """Labels, where they are known."""
    compared: Sequence[Compared] = ()
    drift: Drift | None = None
    galleries: Sequence[Mapping[str, Any]] = ()
    notes: Sequence[str] = ()
    made: Sequence[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @property
    def is_odd(self) -> Bool[np.ndarray, " n"]:
        """Which records are called odd."""
        return self.scores > self.threshold

    @property
    def sentence(self) -> str:
        """What was found, in words."""
        n, are = int(self.is_odd.sum()), "is" if self.is_odd.sum() == 1 else "are"
        share = f"{100 * self.contamination:.3g} %"
        return f"{n:,} of {len(self.scores):,} records {are} odder than all but {share} of usual ones."

    def to_dict(self) -> dict[str, Any]:
        """As plain values, without what is drawn."""
        return {
            "name": self.name,
            "records": len(self.scores),
            "n_anomalies": int(self.is_odd.sum()),
            "threshold": self.threshold,
            "contamination": self.contamination,
            "oddest": [
                {key: one[key] for key in ("record", "score", "chance", "is_odd", "reason")}
                for one in self.oddest
            ],
            "methods": [one.to_dict() for one in self.compared],
            "drift": None if self.drift is None else _plain_drift(self.drift),
            "notes": list(self.notes),
        }

    def report(self) -> dict[str, Any]:
        """What a page shows, as plain values."""
        top = max(float(self.scores.max()), float(self.usual[-1]), 1e-6)
        edges = np.linspace(0.0, top, N_BARS + 1)
        usual = np.histogram(self.usual, edges)[0]
        labels = self.is_odd_indeed
        return {
            "holds_real_records": True,
            **self.to_dict(),
            "title": f"Odd records of {self.name}",
            "n_records": len(self.scores),
            "n_odd": int(self.is_odd.sum()),
            "sentence": self.sentence,
            "histogram": {
                "edges": edges.tolist(),
                "searched": np.histogram(self.scores, edges)[0].tolist(),
                "usual": (usual / usual.sum()).tolist(),
            },
            "oddest": [dict(one) for one in self.oddest],
            "prevalence": None if labels is None else float(labels.mean()),
            "galleries": [dict(one) for one in self.galleries],
            "made": [list(pair) for pair in self.made],
        }

    def to_html(self, path: str | Path) -> None:
        """Write the page, which needs no network, and the same as JSON beside it; both their owner's alone.

        Raises:
            DataError: When they cannot be written.
        """
        from gansmith.report.oddities import write_oddities

        write_oddities(self.report(), Path(path))

    def write(self, path: Path) -> None:
        """A line for each record, in their order: .csv or .jsonl; its owner's alone, as reasons name cells.

        Raises:
            UsageError: When the name ends otherwise.
            DataError: When it cannot be written.
        """
        check_scores_name(path)
        is_odd = self.is_odd
        rows = [
            {
                "record": number + 1,
                **({"name": self.names[number]} if self.names else {}),
                "anomaly_score": round(float(self.scores[number]), 6),
                "is_anomaly": int(is_odd[number]),
                "p_value": round(float(self.chances[number]), 8),
                **self._stretch(number),
                "reason": self.reasons.get(number, ""),
                **{name: round(float(values[number]), 6) for name, values in self.others.items()},
            }
            for number in range(len(self.scores))
        ]
        if path.suffix.lower() == ".jsonl":
            content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
        else:
            text = io.StringIO(newline="")
            table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
            content = text.getvalue().encode()
        write_whole(path, content, is_private=True)

    def _stretch(self, number: int) -> dict[str, Any]:
        """Where a record is odd, for its line of a file."""
        if self.stretches is None:
            return {}
        one = self.stretches.get(number)
        places = ("", "", "", "") if one is None else (one.first + 1, one.last + 1, one.begins, one.ends)
        return dict(zip(("first_step", "last_step", "begins", "ends"), places, strict=True))


def check_scores_name(path: Path) -> None:
    """Raise UsageError unless scores can be written under that name."""
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"{path}: scores are written as .csv or .jsonl. Give a name that ends so.")


def search(
    detection: Detection,
    records: Any,
    threshold: float,
    contamination: float,
    *,
    usual: Any,
    beside: Detection | None = None,
    labels: Bool[np.ndarray, " n"] | None = None,
) -> Findings:
    """Score records, and say what is odd about the oddest.

    Args:
        detection: What has been learnt.
        records: To be searched, as the model knows them.
        threshold: From where on a record is called odd.
        contamination: What that stands for.
        usual: Usual records, to show what is usual.
        beside: The same with classic detectors, to compare with.
        labels: Which records are odd indeed, to measure by; None: not known.
    """
    raw = (beside or detection).evidence(records)
    own = {name: values for name, values in raw.items() if name in detection.calibration.quantiles}
    scores = detection.calibration.scores(own)
    others: dict[str, Scores] = {}
    if beside is not None:
        others = {name: values for name, values in raw.items() if name not in own}
        others["ensemble"] = beside.calibration.scores(raw)
    nats = detection.calibration.nats(own)
    order = np.argsort(-scores, kind="stable")
    explained = [number for number in order[:MAX_EXPLAINED] if scores[number] > threshold]
    explained = np.array(explained if len(explained) >= N_ODDEST else order[:N_ODDEST])
    marked = _marked(detection, records, explained, nats)
    reasons, near, oddness = _explained(detection, records, explained, usual, marked or {})
    chances = detection.calibration.chances(scores)
    shown = records.take(explained[:N_ODDEST])
    names = detection.sight.names(records)
    oddest = _shown(detection, shown, oddness[:N_ODDEST], usual.take(near[:N_ODDEST, 0]))
    for number, one in zip(explained[:N_ODDEST], oddest, strict=True):
        one |= {
            "record": int(number) + 1,
            "name": names[int(number)] if names else "",
            "score": float(scores[number]),
            "chance": float(chances[number]),
            "is_odd": bool(scores[number] > threshold),
            "label": "" if labels is None else str(int(labels[number])),
            "reason": reasons[int(number)],
            "evidence": {name: float(values[number]) for name, values in nats.items()},
        }
    if marked:
        for number, one, curves in zip(explained, oddest, along(detection.model, shown), strict=False):
            one |= _drawn(curves, marked.get(int(number)))
    return Findings(
        name=records.name,
        scores=scores,
        chances=chances,
        threshold=threshold,
        contamination=contamination,
        evidence=nats,
        others=others,
        reasons=reasons,
        names=names,
        stretches=marked,
        oddest=oddest,
        usual=detection.calibration.total,
        is_odd_indeed=labels,
        compared=[] if labels is None else compared({"gansmith": scores, **others}, labels),
        galleries=_galleries(detection, shown, usual.take(near[:N_ODDEST, 0])),
        notes=tuple(records.notes),
    )


def compared(scores: Mapping[str, Scores], labels: Bool[np.ndarray, " n"]) -> list[Compared]:
    """How well each method puts odd records before usual ones."""
    return [
        Compared(
            name,
            *auc_and_error(values[labels], values[~labels]),
            float(average_precision_score(labels, values)),
        )
        for name, values in scores.items()
    ]


def best_threshold(scores: Scores, labels: Bool[np.ndarray, " n"]) -> float:
    """The threshold with the highest F1 on records whose labels are known."""
    precision, recall, thresholds = precision_recall_curve(labels, scores)
    with np.errstate(invalid="ignore"):
        quality = np.nan_to_num(2 * precision * recall / (precision + recall))[:-1]
    best = int(np.argmax(quality))
    below = scores[scores < thresholds[best]]
    return float((thresholds[best] + below.max()) / 2) if len(below) else float(thresholds[best]) - 1e-9


# --- The oddest ---------------------------------------------------------------------------------------------


def _marked(
    detection: Detection, records: Any, numbers: np.ndarray, nats: Mapping[str, Scores]
) -> dict[int, Stretch] | None:
    """Of these records the stretches that are odd, by number; None where records have no stretches."""
    if SURPRISE not in nats:
        return None
    chosen = numbers[nats[SURPRISE][numbers] > SURPRISING]
    found = zip(chosen, stretches(detection.model, records.take(chosen)), strict=True)
    return {int(number): one for number, one in found}


def _drawn(curves: Mapping[str, Sequence[float | None]], odd: Stretch | None) -> dict[str, Any]:
    """What a report draws of a record: an odd stretch, and what stands before and after it."""
    if odd is None:
        return {}
    first, last = max(0, odd.first - MAX_BESIDE), odd.last + MAX_BESIDE
    found = {name: list(values[first : last + 1]) for name, values in curves.items()}
    return {"curves": found, "begin": first + 1, "stretch": [odd.first + 1, odd.last + 1]}


def _explained(
    detection: Detection, records: Any, numbers: np.ndarray, usual: Any, marked: Mapping[int, Stretch]
) -> tuple[dict[int, str], np.ndarray, Parts]:
    """Of each of these records what is odd, the nearest usual ones, and how odd its parts are."""
    some, sight = records.take(numbers), detection.sight
    oddness = detection.oddness(some)
    near = sight.neighbours(sight.seen(some), oddness, sight.seen(usual), N_NEIGHBOURS)
    words = sight.reasons(some, oddness, usual, near)
    said = [[text] for text in words]
    for place, number in enumerate(numbers):
        if int(number) in marked:
            said[place].insert(0, marked[int(number)].words)
    for rule, is_broken in broken_rules(detection.model, some).items():
        for place in np.flatnonzero(is_broken):
            said[place].insert(0, f"breaks the rule {rule}")
    return {int(number): "; ".join(texts) for number, texts in zip(numbers, said, strict=True)}, near, oddness


def _shown(detection: Detection, some: Any, oddness: Parts, nearest: Any) -> list[dict[str, Any]]:
    """The parts of odd records and of their nearest usual ones as texts, and which parts are odd."""
    sight = detection.sight
    ours, theirs = (sight.texts(part) for part in (some, nearest))
    odd = sight.odd_parts(oddness)
    return [
        {"cells": mine, "odd_cells": list(names), "neighbour": other}
        for mine, names, other in zip(ours, odd, theirs, strict=True)
    ]


def _galleries(detection: Detection, some: Any, nearest: Any) -> list[Mapping[str, Any]]:
    showing = offered(detection.model.modality.format, ShowsOddities)
    return [] if showing is None else [showing.oddities(some, detection.again(some), nearest)]


def _plain_drift(drift: Drift) -> dict[str, Any]:
    return {
        "other": drift.other,
        "auc": drift.auc,
        "error": drift.error,
        "is_moved": drift.is_moved,
        "sentence": drift.sentence,
        "parts": [part._asdict() for part in drift.parts],
    }
