"""The end of a run: which of the kept networks make the model, with their last touch.

While a model is learnt a cheap score says which networks are kept. At the end an expensive one, that of the
scorecard, has the last word: all of them in turn, or the newest alone.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from gansmith.engine.checkpoint import below
from gansmith.engine.games import AbstractGame, Networks
from gansmith.engine.processors import matrix_precision, n_threads, sampling_precision
from gansmith.engine.train import Training
from gansmith.modalities.recipe import Finishing, HasFinalScore
from gansmith.modalities.registry import offered
from gansmith.nets.distributions import Ensemble
from gansmith.tasks.runs.preparing import Prepared


def finished_ensemble(prepared: Prepared, training: Training) -> Sequence[Networks]:
    """Networks that generate in turn, with the last touch."""
    game, recipe = training.game, prepared.modality.recipe
    rules = game.rules
    ensemble: Sequence[Networks] = [
        copies_with(game, weights, rules.generating) for weights in training.ensemble
    ]
    precision = matrix_precision(sampling_precision(rules.precision), torch.device("cpu"))
    with n_threads(1), precision:  # as in sampling
        ensemble = _chosen(ensemble, prepared, game)
        if finishing := offered(recipe, Finishing):
            finishing.finish(prepared.codec, rules, ensemble, prepared.batches.dataset, prepared.config.seed)
    return ensemble


@torch.no_grad()
def _chosen(ensemble: Sequence[Networks], prepared: Prepared, game: AbstractGame) -> Sequence[Networks]:
    """All of them, or the newest alone where the expensive score finds it clearly better.

    That is by more than two standard errors of the difference. Where the kind of data has no such score, or
    too few records were held out for it, all of them.
    """
    evaluation, final = prepared.evaluation, offered(prepared.modality.recipe, HasFinalScore)
    if evaluation is None or final is None or len(ensemble) < 2:
        return ensemble
    score = final.final_score(prepared.codec, len(evaluation.heldout), prepared.config.seed)
    if score is None:
        return ensemble
    heldout, stream = evaluation.heldout.to(torch.device("cpu")), game.randomness.stream("ending")
    (together, error), (newest, its_error) = (
        score(game.rules.generate(networks, heldout, stream, 0), heldout["real"])
        for networks in (taking_turns(ensemble), ensemble[-1])
    )
    is_better = newest - together > 2 * (error**2 + its_error**2) ** 0.5
    return ensemble[-1:] if is_better else ensemble


def taking_turns(ensemble: Sequence[Networks]) -> dict[str, nn.Module]:
    """Networks of several as one set that generates in turn."""
    if len(ensemble) == 1:
        return dict(ensemble[0])
    return {name: Ensemble([member[name] for member in ensemble]) for name in ensemble[0]}


def copies_with(
    game: AbstractGame, weights: Mapping[str, Tensor], names: Sequence[str]
) -> dict[str, nn.Module]:
    """Copies of the networks of these names with these weights, on the CPU, no longer learning."""
    copies: dict[str, nn.Module] = {}
    for name in names:
        copies[name] = copy.deepcopy(game.networks[name]).cpu()
        copies[name].load_state_dict(below(f"{name}/", weights))
        copies[name].requires_grad_(False).eval()
    return copies
