"""Odd records of some data by a model or a detector, in one call."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from gansmith import __version__
from gansmith.errors import UsageError
from gansmith.tasks.detect.detection import (
    Detection,
    Progress,
    learnt_detection,
    made_records,
    set_apart,
    with_classics,
)
from gansmith.tasks.detect.drift import drift
from gansmith.tasks.detect.saved import load_detection, save_detection
from gansmith.tasks.detect.searching import Findings, best_threshold, labels_of, search
from gansmith.tasks.model import load_model

FEW_BEYOND = 5
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
    detection, beside, usual = _ready(Path(model), train, detector_samples, seed, progress)
    threshold, notes = detection.calibration.threshold(contamination), _doubts(detection, contamination)
    form = detection.model.modality.format
    if validation is not None:
        known = form.read_for(validation, detection.model.codec.empty)
        threshold = best_threshold(detection.scores(known), labels_of(validation, label, detection))
        notes = [f"the threshold is where F1 is highest on {known.name}"]
    found = search(
        detection,
        data,
        threshold,
        contamination,
        usual=usual,
        beside=beside,
        label="" if validation is not None and not _has_label(data, label, detection) else label,
    )
    if compare is not None:
        both = [form.read_for(source, detection.model.codec.empty) for source in (data, compare)]
        found = replace(found, drift=drift(detection, both[0], both[1], seed))
    if save is not None:
        save_detection(Path(save), detection, {"contamination": contamination, "threshold": threshold})
    made = [
        ("Model", f"{Path(model).name}, {detection.model.known_digest()[:16]}"),
        ("Learnt from", _source_in_words(train, usual)),
        ("Usual scores known from", f"{detection.calibration.n:,} records"),
        ("Seed", str(seed)),
        ("Gansmith", __version__),
    ]
    return replace(found, notes=(*found.notes, *notes), made=made)


def _ready(
    path: Path, train: object, n_samples: int, seed: int, progress: Progress | None
) -> tuple[Detection, Detection | None, Any]:
    """What has learnt, the same with classics where there are records to teach them, and usual records."""
    if train is None and (found := load_detection(path)) is not None:
        return found[0], None, made_records(found[0].model, seed)
    model = load_model(path)
    if train is None:
        usual = made_records(model, seed)
        seen, apart = set_apart(usual, seed)
        return learnt_detection(model, seen, apart, seed, n_samples, progress), None, usual
    usual = model.modality.format.read_for(train, model.codec.empty)
    seen, apart = set_apart(usual, seed)
    detection = learnt_detection(model, seen, apart, seed, n_samples, progress)
    return detection, with_classics(detection, seen, apart, seed), usual


def _has_label(data: object, label: str, detection: Detection) -> bool:
    try:
        labels_of(data, label, detection)
    except UsageError:
        return False
    return True


def _doubts(detection: Detection, contamination: float) -> list[str]:
    n = detection.calibration.n
    if contamination * n >= FEW_BEYOND:
        return []
    return [
        f"where the oddest {contamination:.4g} of usual records begin is hardly known from {n:,} of them: no "
        f"chance below 1 in {n + 1:,} can be told"
    ]


def _source_in_words(train: object, usual: Any) -> str:
    if train is None:
        return f"{len(usual):,} records that the model has made"
    return f"{len(usual):,} records of {usual.name}"
