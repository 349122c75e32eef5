"""A real, messy table: learnt, made anew, and scored against people the model has never seen.

The passenger list of the Titanic, 1309 people: numbers, categories, missing cells, names. It ships inside
scikit-learn, so nothing is downloaded.
"""

from __future__ import annotations

import csv
import gzip
import io
import warnings
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from gansmith.engine.randomness import Randomness
from gansmith.errors import DataError, GansmithWarning
from gansmith.faces.demos.pictures import make_folder
from gansmith.scorecard.score import CEILING, FLOOR
from gansmith.store import write_whole
from gansmith.tasks.judging import score
from gansmith.tasks.synthesize import Synthesizer

HOME: Final = "sklearn.datasets.tests.data.openml.id_40945"
MEMBER: Final = "data-v1-dl-16826755.arff.gz"
DROPPED: Final = ("boat", "body")
"""Known only after the fact: the number of the lifeboat says who survived."""
HOLDOUT_SHARE: Final = 0.25
SHOWN: Final = ("c2st", "shape", "trend", "coverage", "tstr", "copies", "membership_auc", "valid")
"""The scores that are printed."""
SAMPLES_SEEN: Final = 300_000
TARGET: Final = "survived"


def run_table(
    folder: Path, seed: int = 0, show: Callable[[str], None] = print, samples_seen: int = SAMPLES_SEEN
) -> dict[str, Any]:
    """Learn the passenger list, write a synthetic one, score it.

    Args:
        folder: Made when missing; the records, the model and where the synthetic ones came from go there.
        seed: Of everything.
        show: Called with each line of text.
        samples_seen: Length of the training.

    Returns:
        The scorecard as plain values, and the paths.

    Raises:
        DataError: When scikit-learn no longer ships the table, or the folder cannot be written.
    """
    make_folder(folder)
    show("\nThe passenger list of the Titanic: a table with numbers, categories, names and missing cells.\n")
    header, rows = passengers()
    order = Randomness(seed).permutation(len(rows), "holdout", 0).tolist()
    n_holdout = int(len(rows) * HOLDOUT_SHARE)
    paths = {name: folder / f"titanic_{name}.csv" for name in ("train", "holdout", "synthetic")}
    _write(paths["holdout"], header, [rows[index] for index in order[:n_holdout]])
    _write(paths["train"], header, [rows[index] for index in order[n_holdout:]])

    synthesizer = Synthesizer(samples_seen=samples_seen, seed=seed, device="cpu", verbose=False)
    with warnings.catch_warnings():  # what is learnt of each column is shown below
        warnings.simplefilter("ignore", GansmithWarning)
        synthesizer.fit(paths["train"], TARGET, show=lambda record: _report(record, show))
    model = synthesizer.model_
    for row in model.modality.recipe.describe(model.codec):
        show(f"  {row['column']:10} {row['kind']:11} {row['missing']:6} {row['learnt as']}")
    model_path = folder / "titanic.gan"
    synthesizer.save(model_path)
    synthesizer.write(paths["synthetic"], len(rows) - n_holdout, seed=seed)
    show(f"\nFive of the synthetic passengers in {paths['synthetic']}:\n")
    show(model.modality.format.preview(model.sample(5, seed)).as_text())

    card = score(paths["synthetic"], paths["train"], paths["holdout"], target=TARGET, quick=True, seed=seed)
    card.to_html(report := folder / "titanic_report.html", with_real_records=True)  # they are public
    show("")
    for line in card.verdict:
        show(f"{line.question:27} {line.level:6} {line.text}")
    show(f"\n{'':14}{'synthetic':>20}{'real hold-out':>20}{'independent':>14}")
    for name in SHOWN:
        entry = card[name]
        floor = f"{entry.anchors[FLOOR].value:.4g}" if FLOOR in entry.anchors else ""
        show(f"{name:14}{entry.score!s:>20}{entry.anchors[CEILING]!s:>20}{floor:>14}  {entry.score.meaning}")
    show(f"\nThe whole card, with pictures: {report}")
    return {
        "model": str(model_path),
        "synthetic": str(paths["synthetic"]),
        "report": str(report),
        **card.to_dict(),
    }


def passengers() -> tuple[list[str], list[list[str]]]:
    """Header and rows of the passenger list, missing cells empty.

    Raises:
        DataError: When the installed scikit-learn does not ship it.
    """
    try:
        packed = files(HOME).joinpath(MEMBER).read_bytes()
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise DataError(
            f"the installed scikit-learn does not ship {MEMBER}. Install scikit-learn 1.9 to see this."
        ) from error
    lines = gzip.decompress(packed).decode("utf-8").splitlines()
    names = [line.split()[1].strip("'") for line in lines if line.lower().startswith("@attribute")]
    first = next(number for number, line in enumerate(lines) if line.lower().startswith("@data")) + 1
    parsed = csv.reader(io.StringIO("\n".join(lines[first:])), escapechar="\\", doublequote=False)
    kept = [index for index, name in enumerate(names) if name not in DROPPED]
    rows = [["" if row[index] == "?" else row[index] for index in kept] for row in parsed if row]
    return [names[index] for index in kept], rows


def _write(path: Path, header: list[str], rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *rows])
    write_whole(path, text.getvalue().encode())


def _report(record: Any, show: Callable[[str], None]) -> None:
    if record.score is not None:
        show(f"{record.step / record.n_steps:4.0%}  held-out score {record.score:.3f} (1 is perfect)")
