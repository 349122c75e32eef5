"""What is known of the model that made synthetic data: its settings, and what it suppressed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from gansmith.privacy import statement
from gansmith.store import of_json_file
from gansmith.store.run_folder import RunFolder

if TYPE_CHECKING:  # it imports what learns
    from gansmith.tasks.model import Model

MAX_NAMED: Final = 5
"""Columns of which is said what was suppressed; `gansmith show` says it of all."""
Facts = tuple[tuple[str, str], ...]


def origin_of(source: object, run: Path | None, model: Model | None) -> Facts:
    """Settings of the model that made a data set, pairs of a label and a text; empty where nothing is known.

    Args:
        source: The synthetic data: beside its file may stand where it comes from.
        run: The folder of the training, where it is known.
        model: The model, where it is known; it knows more than its run.

    Raises:
        DataError: When there is no run in the folder.
    """
    beside = of_json_file(Path(f"{source}.meta.json")) if isinstance(source, str | Path) else {}
    facts: list[tuple[str, str]] = []
    if model is not None:
        facts += _of_model(model)
    elif run is not None:
        config = RunFolder(run).config()
        facts += [("Run", run.name), *_of_fit(config, {"samples_seen": config.get("samples_seen")})]
        facts.append(("Suppressed", "not known: give the model, too (--model)"))
    said = str(beside.get("model", ""))
    if said and model is not None and said != model.known_digest():
        facts.append(("Doubt", f"the file beside the data names another model, sha256 {said[:16]}"))
    elif said and model is None:
        facts.append(("Model", f"sha256 {said[:16]}, as the file beside the data says"))
    if said:
        facts.append(("Sampled", f"{beside.get('records')} records with seed {beside.get('seed')}"))
    return tuple(facts)


def _of_model(model: Model) -> Iterator[tuple[str, str]]:
    """What a model says of itself."""
    yield "Model", f"{model.modality.kind}, sha256 {model.known_digest()[:16]}"
    if not model.is_finished:
        yield "Doubt", "its run was stopped before the end"
    yield from _of_fit(model.manifest, model.manifest["training"])
    state, _ = model.codec.state()
    if (shared := state.get("min_count")) is not None:
        yield "Minimum count", f"{shared} records must share a value before it may come out"
        held = [row for row in model.modality.recipe.describe(model.codec) if row.get("suppressed")]
        said = [f"{row['column']} ({row['suppressed']})" for row in held[:MAX_NAMED]]
        more = [f"and of {len(held) - MAX_NAMED} more"] if len(held) > MAX_NAMED else []
        yield "Suppressed", ", ".join([*said, *more]) or "nothing"


def _of_fit(settled: Mapping[str, Any], training: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a run was told, and how long it learnt; the same words in its folder and in the model."""
    data, fit = settled["data"], settled["fit"]
    n_records, n_heldout = data["n_records"], data["n_heldout"]
    yield "Learnt from", f"{data['name']}, {n_records:,} records, of which {n_heldout:,} were held out"
    asked = [f"{name.replace('_', ' ')} {fit[name]}" for name in ("budget", "epochs") if fit.get(name)]
    seen = training.get("samples_seen")
    length = [*asked, *([f"{seen:,} samples seen"] if seen else [])]
    yield "Training", ", ".join([f"preset {fit['preset']}", f"seed {fit['seed']}", *length])
    yield from statement.facts(settled.get("ledger"))
    versions = cast("Mapping[str, str]", settled.get("versions") or {})
    yield "Learnt with", ", ".join(f"{name} {version}" for name, version in versions.items())
