"""The best model that a run has found so far, taken from its folder, whether it still goes on or was stopped.

It lacks the last touch, which needs the records that were learnt from: `FitRun.model` gives it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gansmith.engine.checkpoint import Checkpoints, below
from gansmith.errors import DataError
from gansmith.modalities.charging import Paid
from gansmith.store.run_folder import RunFolder
from gansmith.tasks.model import Model, load_model
from gansmith.tasks.runs.preparing import Prepared


def model_at(path: str | Path) -> Model:
    """The model of a file; of a run folder the best so far.

    Raises:
        ModelFileError: When the file is missing, damaged or hostile.
        DataError: See `best_so_far`.
    """
    return best_so_far(Path(path)) if Path(path).is_dir() else load_model(path)


def begun(prepared: Prepared) -> Model:
    """The model of a run that has not learnt yet: what is known of the data, and networks as they came."""
    game, training = prepared.game, _summary(0, 0, {})
    manifest = {**prepared.manifest, "training": training}
    return Model(prepared.modality, prepared.codec, game.rules, game.networks, manifest)


def bought(run: RunFolder, config: Mapping[str, Any]) -> Paid | None:
    """What the privacy budget of a run has bought, which cannot be bought again; None: it has none."""
    if "ledger" not in config:
        return None
    return Paid(load_model(run.begun).codec, config["data"]["n_records"], config["ledger"])


def best_so_far(folder: Path) -> Model:
    """The best model that a run has found by now.

    Raises:
        DataError: No run is there, or none of this version, or it has not come far enough to say.
    """
    run = RunFolder(folder)
    run.config()  # says when there is none
    if not run.begun.exists():
        raise DataError(
            f"{folder}: this run was started by an older version; its model is there only when it ends."
        )
    model, newest = load_model(run.begun), Checkpoints(run.checkpoints).newest()
    if newest is None or not newest.values["kept"]:
        raise DataError(
            f"{folder}: there is no model yet: the first held-out score comes after a tenth of the run. "
            "Wait, or continue the run."
        )
    weights = below(f"kept/{len(newest.values['kept']) - 1}/", newest.tensors)
    for name, network in model.networks.items():
        network.load_state_dict(below(f"{name}/", weights), assign=True)
        network.requires_grad_(False).eval()
    training = _summary(newest.step, newest.step * model.rules.samples_per_step, newest.values)
    return replace(model, manifest={**model.manifest, "training": training}, digest="")


def _summary(step: int, samples_seen: int, values: Mapping[str, Any]) -> dict[str, Any]:
    """How far a run is, as a model file says it; `values` are those of a checkpoint."""
    return {
        "steps": step,
        "samples_seen": samples_seen,
        "shortened": "",
        "n_rollbacks": values.get("n_rollbacks", 0),
        "ensemble_size": 1,
        "held_out_score": values.get("kept_score"),
        "readings": values.get("kept_readings", {}),
        "is_finished": False,
    }
