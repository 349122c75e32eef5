"""Odd records of some data by a model or a detector, in one call."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from gansmith import __version__
from gansmith.errors import UsageError
from gansmith.tasks.detect.detection import (
    Detection,
    Progress,
    learnt_detection,
    made_records,
    read_for,
    set_apart,
    with_classics,
)
from gansmith.tasks.detect.drift import drift
from gansmith.tasks.detect.labels import has_label, labels_of, read_with
from gansmith.tasks.detect.saved import load_detection, save_detection
from gansmith.tasks.detect.searching import Findings, best_threshold, search
from gansmith.tasks.model import load_model

OWN_RECORDS: Final = (
    "the detector learnt from records that the model makes, whose faults count as usual, so more records are "
    "called odd than asked for; give usual records with --train where you have them"
)
FEW_BEYOND: Final = 5
"""Usual records beyond a threshold below which it is hardly known where it lies."""


def detect(
    model: str | Path,
    data: object,
    *,
    train: object = None,
    contamination: float = 0.01,
    validation: object = None,
    label: str = "",
    compare: object = None,
    save: str | Path | None = None,
    detector_samples: int = 0,
    seed: int = 0,
    progress: Progress | None = None,
) -> Findings:
    """Score records by how odd they are, say which are odd, and why.

    Args:
        model: The file of a model, or of a detector that was saved.
        data: Records to be searched.
        train: Usual records to learn from, best such as the model has not learnt from; None: a saved detector
            has learnt, and a model is taught by records of its own. With them classic detectors answer, too.
        contamination: Share of usual records that may be called odd, above 0 and up to .5.
        validation: Records whose labels are known; the threshold is where F1 is highest on them.
        label: COLUMN=VALUE of records that are odd indeed, in `validation`, and in `data` where it is there.
        compare: Other records: whether they differ from `data`, and in which parts.
        save: Where to write the detector, to be used again at once.
        detector_samples: Records that each network learns from; 0 takes what is usual.
        seed: The same seed, the same answer.
        progress: Told what is being learnt, and how far it is.

    Raises:
        UsageError: When an option is none, or the kind of data cannot be searched.
        DataError: When a file cannot be read, or records are not such as the model's.
    """
    if not 0 < contamination <= 1 / 2:
        raise UsageError(f"contamination is a share above 0 and up to .5, not {contamination}.")
    if validation is not None and not label:
        raise UsageError("validation data needs a label, COLUMN=VALUE: which of its records are odd.")
    saved = load_detection(Path(model)) if train is None else None
    learnt = load_model(model) if saved is None else saved[0].model
    # Whatever cannot be read is to be heard of before anything is learnt.
    records, other, known, usual = (
        None if source is None else read_for(learnt, source) for source in (data, compare, validation, train)
    )
    kind, options, labels = learnt.modality, read_with(learnt), None
    told = None if validation is None else labels_of(validation, label, kind, options)
    if label and (told is None or has_label(data, label, learnt)):
        labels = labels_of(data, label, kind, options)
    usual = made_records(learnt, seed) if usual is None else usual
    if saved is not None:
        detection = saved[0]
    else:
        seen, apart = set_apart(usual, seed)
        dirty = 0.0 if train is None else contamination
        detection = learnt_detection(
            learnt, seen, apart, seed, detector_samples, progress, contamination=dirty
        )
    threshold, notes = detection.calibration.threshold(contamination), _doubts(detection, contamination)
    if told is not None and known is not None:
        threshold = best_threshold(detection.scores(known), told)
        contamination = float(detection.calibration.chances(np.array([threshold]))[0])
        notes = [f"the threshold is where F1 is highest on {known.name}"]
    if train is None and saved is None:
        notes.append(OWN_RECORDS)
    beside = None if train is None else with_classics(detection, *set_apart(usual, seed), seed)
    found = search(detection, records, threshold, contamination, usual=usual, beside=beside, labels=labels)
    if other is not None:
        found = replace(found, drift=drift(detection, records, other, seed))
    if save is not None:
        save_detection(Path(save), detection, {"contamination": contamination, "threshold": threshold})
    made = [
        ("Model", f"{Path(model).name}, {detection.model.known_digest()[:16]}"),
        ("Learnt from", _source_in_words(train, usual)),
        ("Scores of usual records from", f"{detection.calibration.n:,} records"),
        ("Seed", str(seed)),
        ("Gansmith", __version__),
    ]
    return replace(found, notes=(*found.notes, *notes), made=made)


def _doubts(detection: Detection, contamination: float) -> list[str]:
    n = detection.calibration.n
    if contamination * n >= FEW_BEYOND:
        return []
    return [
        f"where the oddest {100 * contamination:.4g} % of usual records begin is hardly known from {n:,} of "
        f"them: chances below 1 in {n + 1:,} cannot be measured"
    ]


def _source_in_words(train: object, usual: Any) -> str:
    if train is None:
        return f"{len(usual):,} records that the model has made"
    return f"{len(usual):,} records of {usual.name}"
