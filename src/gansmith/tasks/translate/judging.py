"""Translations on trial, where the truth is known: beside faithful weights, and what needs no learning."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import torch

from gansmith.errors import DataError
from gansmith.modalities.grids import Grids, Made, Values
from gansmith.modalities.pairs.records import matched
from gansmith.nets.resizing import resized
from gansmith.scorecard.translation.card import TranslationCard
from gansmith.scorecard.translation.measuring import Method, Trial, translation_card
from gansmith.tasks.translate.translation import Translation

MOST_AGAIN: Final = 20
"""Records that are turned again with another seed, where many answers are right."""
MOST_JUDGED: Final = 100
"""Records that are turned for a card."""
KERNEL: Final = "bicubic, a = -1/2, antialiased"


def judged(
    translation: Translation, source: object, truth: object, options: Any = None, *, by_order: bool = False
) -> TranslationCard:
    """The card of a translation: what it makes of records beside what they should become.

    Anchors are the same network without the game, and the input as it is, brought to the size of the output.

    Args:
        translation: Whose.
        source: Records to be turned.
        truth: What they should become: of the same names, or in the same order.
        options: Of the kind of the records.
        by_order: Whether they belong together by their order, not by their names.

    Raises:
        DataError: Records are missing or malformed, of other sizes than their truths, or no pairs.
    """
    form, state = translation.translatable, translation.state
    options = options or _options(translation)
    given = form.read_grids(source, options, translation.turning().n_channels)
    wanted = form.read_grids(truth, options, state.n_target)
    of_given, of_wanted, notes = matched(given, wanted, by_order=by_order)
    if len(of_given) > MOST_JUDGED:
        notes = (*notes, f"the first {MOST_JUDGED} of {len(of_given):,} records are judged")
    pairs = [*zip(of_given[:MOST_JUDGED].tolist(), of_wanted[:MOST_JUDGED].tolist(), strict=True)]
    inputs = [_values(given, one) for one, _ in pairs]
    truths = [_values(wanted, other) for _, other in pairs]
    names = [str(given.names[one]) for one, _ in pairs]
    for name, one, other in zip(names, inputs, truths, strict=True):
        sides = tuple(side * state.factor for side in one.shape[1:])
        if sides != other.shape[1:]:
            said = [" x ".join(map(str, reversed(found))) for found in (sides, other.shape[1:])]
            raise DataError(f"{name}: becomes {said[0]}, its truth is {said[1]}. Give truths of that size.")
    made = [translation.turn(one) for one in inputs]
    methods = {"made": Method(made, f"strength {translation.strength:g}")}
    if translation.state.is_various:
        others = Translation(translation.model, translation.strength, translation.seed + 1)
        several = [*zip(made, (others.turn(one) for one in inputs[:MOST_AGAIN]), strict=False)]
        methods["made"] = replace(methods["made"], several=several)
    if translation.strength:
        faithful = Translation(translation.model, 0.0, translation.seed)
        without = [faithful.turn(one) for one in inputs]
        methods["faithful"] = Method(without, "the network as it was before the game", is_anchor=True)
    if state.n_source - (state.task == "restore") == state.n_target:
        name = "bicubic" if state.factor > 1 else "input"
        plain = [_enlarged(one, state.factor) for one in inputs]
        methods[name] = Method(plain, "the input as it is", is_anchor=True)
    trial = Trial(inputs, truths, names=names, shave=state.factor if state.factor > 1 else 0, kernel=KERNEL)
    model = ("Model", translation.model.known_digest()[:16])
    return translation_card(methods, trial, address=form.address, notes=notes, made=(model,))


def _options(translation: Translation) -> Any:
    from gansmith.modalities.registry import find_modality

    return find_modality(translation.state.kind).options()


def _values(grids: Grids, number: int) -> Values:
    return grids.grid(number).astype(np.float32) / np.float32(grids.highest)


def _enlarged(values: Values, factor: int) -> Made:
    if factor == 1:
        return values
    sides = [side * factor for side in values.shape[1:]]
    return resized(torch.from_numpy(values)[None], sides)[0].clamp(0, 1).numpy()
