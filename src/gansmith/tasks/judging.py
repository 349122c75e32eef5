"""How good synthetic data is, whoever made it."""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gansmith import __version__
from gansmith.errors import DataError, UsageError
from gansmith.modalities.format import HasScores, HoldsOut, Pictured
from gansmith.modalities.registry import kinds, needed, offered
from gansmith.scorecard.card import Comparison, Scorecard
from gansmith.scorecard.features import draws, small_seed
from gansmith.scorecard.score import FULL, QUICK, Effort
from gansmith.store import of_json_file
from gansmith.store.run_folder import RunFolder
from gansmith.tasks.illustrating import between, checked_model, film_of
from gansmith.tasks.opening import Opened, open_data
from gansmith.tasks.origin import origin_of
from gansmith.tasks.runs.telling import Teller

if TYPE_CHECKING:  # it imports what learns
    from gansmith.tasks.model import Model

SHOWN_READINGS: Final = ("real_accuracy", "fake_accuracy", "spread", "coverage", "memory_gap")
"""Of what a game reads off itself, what a report draws."""
HOLDOUT_SHARE: Final = 0.2
"""Of the real records, where the user gives no hold-out of their own."""
SPLIT_OFF: Final = (
    "No hold-out was given: a fifth of the real records was set aside. If the synthetic data was learnt from "
    "these, too, privacy risks look smaller than they are: better give records that were not learnt from."
)


def score(
    synthetic: object,
    real: object,
    holdout: object = None,
    *,
    target: str | None = None,
    kind: str = "",
    quick: bool = False,
    run: str | Path | None = None,
    model: str | Path | Model | None = None,
    seed: int = 0,
    verbose: bool = True,
    **options: Any,
) -> Scorecard:
    """The scorecard of synthetic data, whoever made it.

    Args:
        synthetic: Synthetic records.
        real: The records they were learnt from.
        holdout: Real records that were not learnt from. None splits a fifth off `real`: then nothing shows
            whether the synthetic records copy that fifth.
        target: A column to be predicted from the others, of pictures a label; None: all in turn.
        kind: Kind of data; empty: as the file beside the synthetic data says, or found.
        quick: Fewer records and only the cheap scores: seconds instead of a minute.
        run: The folder of the run that the data comes from: its training is shown in the report, its settings
            on the privacy card.
        model: The model that made the data, or its file: its settings and what it suppressed stand on the
            privacy card, and the report shows what lies between its records, where these can be seen. Of
            several data sets it is taken for the maker of the first.
        seed: Of everything drawn.
        verbose: Whether a terminal or a notebook shows what is being measured.
        **options: Of the kind of data, for reading `real`: of tables `schema`, with the constraints that must
            hold, `columns`, `encoding`, `entity` and `time` (which fifth is split off), ...; see
            `gansmith score --help`.

    Raises:
        DataError: When one of them cannot be read or they do not fit together.
        UsageError: When the target or an option is unknown, or the model makes another kind of data.
    """
    return _judged([synthetic], real, holdout, target, kind, quick, run, model, seed, verbose, options).cards[
        0
    ]


def compare(
    synthetic: Sequence[object] | Mapping[str, object],
    real: object,
    holdout: object = None,
    *,
    target: str | None = None,
    kind: str = "",
    quick: bool = False,
    run: str | Path | None = None,
    model: str | Path | Model | None = None,
    seed: int = 0,
    verbose: bool = True,
    **options: Any,
) -> Comparison:
    """The scorecards of several synthetic data sets, or such by name, each judged by the same real records.

    Everything else is given as to `score`.

    Raises:
        DataError: When one of them cannot be read or they do not fit together.
        UsageError: As for `score`, or there is nothing to judge.
    """
    return _judged(synthetic, real, holdout, target, kind, quick, run, model, seed, verbose, options)


def _judged(
    synthetic: Sequence[object] | Mapping[str, object],
    real: object,
    holdout: object,
    target: str | None,
    kind: str,
    quick: bool,
    run: str | Path | None,
    model: str | Path | Model | None,
    seed: int,
    verbose: bool,
    options: Mapping[str, Any],
) -> Comparison:
    teller = Teller(verbose)
    teller.passes("reading")
    started, effort = time.monotonic(), QUICK if quick else FULL
    sources = list(synthetic.values()) if isinstance(synthetic, Mapping) else list(synthetic)
    if not sources:
        raise UsageError("there is no synthetic data to score. Give one data set at least.")
    training = None if run is None else training_of(Path(run))
    if holdout is not None and _is_same(real, holdout):
        raise DataError(
            "the hold-out is the real data itself. Give records that nothing was learnt from, or no "
            "hold-out: then a fifth is split off."
        )
    kind = kind or _kind_beside(sources)
    opened = open_data(real, kind=kind, target=target or "", options=options, command="score")
    form, records = opened.modality.format, opened.hand_over()
    maker = None if model is None else checked_model(model, opened.modality)
    galleries = [between(maker, seed)] if maker and offered(form, Pictured) else []
    scoring = needed(form, HasScores, opened.modality.kind)
    train, held, chosen = _split(opened, records, holdout, seed)
    fakes = [scoring.read_to_judge(source, records) for source in sources]
    told = teller.about("measuring")
    cards = list(scoring.score(fakes, train, held, target, small_seed(seed), effort, told))
    teller.clear()
    origin = origin_of(sources[0], None if run is None else Path(run), maker)
    cards[:1] = [replace(_illustrated(cards[0], galleries, _drawn(maker)), origin=origin)]
    names = _names(synthetic if isinstance(synthetic, Mapping) else (), [card.name for card in cards])
    notes = (*(() if holdout is not None else (SPLIT_OFF,)), *chosen)
    made = _made(real, holdout, (len(train), len(held)), seed, time.monotonic() - started, effort)
    hashes = [
        (what, _described(given, "in memory"))
        for what, given in (("Real file", real), ("Hold-out file", holdout))
        if _is_file(given)
    ]
    return Comparison(
        tuple(
            replace(
                card,
                name=name,
                notes=(*notes, *card.notes),
                made=(("Synthetic data", _described(source, name)), *made),
                real_records={**card.real_records, "made": hashes},
                training=training,
            )
            for card, name, source in zip(cards, names, sources, strict=True)
        )
    )


def _kind_beside(sources: Sequence[object]) -> str:
    """The kind of data that the files beside all synthetic data name; empty where they do not, or differ."""
    paths = [source for source in sources if isinstance(source, str | Path)]
    named = {str(of_json_file(Path(f"{path}.meta.json")).get("kind", "")) for path in paths}
    return named.pop() if len(paths) == len(sources) and len(named) == 1 and named <= set(kinds()) else ""


def _drawn(maker: Model | None) -> Mapping[str, Any]:
    """What the model that made the data holds for a page."""
    if maker is None:
        return {}
    from gansmith.modalities.recipe import Drawn  # heavy: only for those who give a model

    drawing = offered(maker.modality.recipe, Drawn)
    return drawing.plots(maker.networks) if drawing else {}


def _illustrated(
    card: Scorecard, galleries: Sequence[Mapping[str, Any]], more: Mapping[str, Any]
) -> Scorecard:
    """A card whose page shows these galleries, and this, too."""
    shown = [*card.plots.get("galleries", ()), *map(dict, galleries)]
    return replace(card, plots={**card.plots, **more, **({"galleries": shown} if shown else {})})


def _split(opened: Opened, records: Any, holdout: object, seed: int) -> tuple[Any, Any, tuple[str, ...]]:
    """What was learnt from, real records to judge by (the user's, or a fifth of the former), and notes."""
    form = opened.modality.format
    given = None if holdout is None else form.read_like(holdout, records)
    if choosing := offered(form, HoldsOut):
        return choosing.hold_out(records, given, opened.options, HOLDOUT_SHARE, seed)
    if given is not None:
        return records, given, ()
    order = draws(seed).permutation(len(records))
    n_holdout = max(1, int(len(records) * HOLDOUT_SHARE))
    return records.take(order[n_holdout:]), records.take(order[:n_holdout]), ()


def training_of(folder: Path) -> dict[str, Any]:
    """What a run looked like, for the report.

    Raises:
        DataError: When there is no run in the folder.
    """
    run = RunFolder(folder)
    if not run.exists:
        raise DataError(f"{folder}: no run is here (no config.json). Give the folder that `fit --run` wrote.")
    stats = run.stats()
    looked = [record for record in stats if record.get("score") is not None]
    series: dict[str, list[Any]] = {"held-out score": [record["score"] for record in looked]}
    for record in looked:
        read = record.get("readings") or record.get("health") or {}  # the latter of an older version
        for name in SHOWN_READINGS:
            if name in read:
                series.setdefault(name.replace("_", " "), []).append(read[name])
    return {
        "samples_seen": [record["samples_seen"] for record in looked],
        "series": series,
        "film": film_of(run.frames(), stats),
        "findings": [finding for record in stats for finding in record.get("findings") or ()],
    }


def _is_same(one: object, other: object) -> bool:
    if isinstance(one, str | Path) and isinstance(other, str | Path):
        both = Path(one), Path(other)
        return all(path.is_file() for path in both) and _digest(both[0]) == _digest(both[1])
    return one is other


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _names(given: Iterable[str], found: Sequence[str]) -> list[str]:
    """A name for each data set; equal ones are numbered."""
    names = list(given) or list(found)
    return [
        f"{name} ({names[:place].count(name) + 1})" if names.count(name) > 1 else name
        for place, name in enumerate(names)
    ]


def _made(
    real: object, holdout: object, n: tuple[int, int], seed: int, seconds: float, effort: Effort
) -> list[tuple[str, str]]:
    """How the card was made; no hash of real files, by which a guess at what is in them could be tested."""
    return [
        ("Real data", f"{_called(real)}, {n[0]:,} records used"),
        (
            "Hold-out",
            f"{n[1]:,} records, " + ("split off the real data" if holdout is None else _called(holdout)),
        ),
        ("Date", f"{date.today():%Y-%m-%d}"),
        ("Effort", "quick" if effort is QUICK else "full"),
        ("Seed", str(seed)),
        ("Time", f"{seconds:.1f} s"),
        ("Gansmith", __version__),
        ("Python", platform.python_version()),
        ("Libraries", ", ".join(f"{name} {version(name)}" for name in ("numpy", "scikit-learn", "pyarrow"))),
    ]


def _is_file(source: object) -> bool:
    return isinstance(source, (str, Path)) and Path(source).is_file()


def _called(source: object) -> str:
    return Path(source).name if isinstance(source, (str, Path)) else "in memory"


def _described(source: object, name: str) -> str:
    """A data set's name, its hash where it is a file, and the model that it came from where that is known."""
    if not isinstance(source, (str, Path)) or not _is_file(source):
        return name
    beside = of_json_file(Path(f"{source}.meta.json"))
    model = f", made by the model {str(beside['model'])[:16]}" if "model" in beside else ""
    return f"{Path(source).name}, sha256 {_digest(Path(source))[:16]}{model}"
