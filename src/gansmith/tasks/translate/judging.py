"""Translations on trial, where the truth is known: beside faithful weights, and what needs no learning."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from gansmith.errors import DataError, UsageError
from gansmith.modalities.grids import Grids, Made, Values
from gansmith.modalities.pairs.records import in_step, matched
from gansmith.nets.resizing import resized
from gansmith.scorecard.translation.asked import seen_as_asked
from gansmith.scorecard.translation.card import TranslationCard
from gansmith.scorecard.translation.fidelity import psnr
from gansmith.scorecard.translation.measuring import Method, Trial, translation_card
from gansmith.scorecard.translation.targets import together
from gansmith.tasks.translate.translation import Translation

MOST_AGAIN: Final = 20
"""Records that are turned again with another seed, where many answers are right."""
MOST_POINTS: Final = 1 << 25
"""Of all results of a method together: five photographs of 6 megapixels."""
KERNEL: Final = "bicubic, a = -1/2, antialiased"


def judged(
    translation: Translation,
    source: object,
    truth: object = None,
    masks: object = None,
    *,
    real: object = None,
    by_order: bool = False,
) -> TranslationCard:
    """The card of a translation: what it makes of records beside what they should become.

    Anchors are the same network without the game, and the input as it is, brought to the size of the output.
    Where results can be turned back, a note says how near to the input that leads.

    Args:
        translation: Whose.
        source: Records to be turned.
        truth: What they should become: of the same names, or in the same order; None: nobody knows.
        masks: What of each counts as missing: one for all, or of the same names; None: nobody says.
        real: Any records that results should look like; None: the truths.
        by_order: Whether they belong together by their order, not by their names.

    Raises:
        DataError: Records are missing or malformed, of other sizes than their truths, or no pairs.
    """
    return _judged(translation, source, truth, masks, real, by_order=by_order)[0]


def _judged(
    translation: Translation,
    source: object,
    truth: object = None,
    masks: object = None,
    real: object = None,
    *,
    by_order: bool = False,
) -> tuple[TranslationCard, Sequence[Values], Sequence[Values]]:
    """See `judged`: the card, what was made, and real records."""
    way, wish = translation.way, translation.wish
    if truth is None:
        inputs, names, notes = _some(translation, source, way.n_given)
        truths = list[np.ndarray]()
    else:
        inputs, truths, names, notes = _read(translation, source, truth, by_order=by_order)
    wanted = [] if real is None else _some(translation, real, way.n_made)[0]
    seen = inputs if masks is None else _masked(translation, inputs, names, masks)
    made = [translation.turn(one) for one in seen]
    methods = {"made": Method(made, f"strength {wish.strength:g}")}
    if way.is_various:
        others = Translation(translation.model, replace(wish, seed=wish.seed + 1))
        several = [*zip(made, (others.turn(one) for one in seen[:MOST_AGAIN]), strict=False)]
        methods["made"] = replace(methods["made"], several=several)
    if wish.strength and way.weaker:
        name, meaning = way.weaker
        without = Translation(translation.model, replace(wish, strength=0.0))
        methods[name] = Method([without.turn(one) for one in seen], meaning, is_anchor=True)
    if len(inputs[0]) == way.n_made:
        name = "bicubic" if way.factor > 1 else "input"
        plain = [_enlarged(one, way.factor) for one in inputs]
        methods[name] = Method(plain, "the input as it is", is_anchor=True)
    if way.returning:
        notes = (*notes, _returned(Translation(translation.model, way.returning), inputs, made))
    is_larger = way.factor > 1
    shave, kernel = (way.factor, KERNEL) if is_larger else (0, "")
    trial = Trial(inputs, truths, wanted, names=names, shave=shave, kernel=kernel)
    model = ("Model", translation.model.known_digest()[:16])
    address = translation.translatable.address
    card = translation_card(methods, trial, address=address, notes=notes, made=(model,))
    return card, made, trial.wanted


def judged_by_target(
    translations: Mapping[str, Translation], source: str, truth: str = "", *, real: str = ""
) -> TranslationCard:
    """One card with a row for each target.

    Args:
        translations: By the name of the target.
        source: Records to be turned.
        truth: A folder with a folder of true results for each target; empty: nobody knows.
        real: Real records, of each target in a folder of its name, or all of them; empty: the truths.

    Raises:
        UsageError: There are no truths of a target.
        DataError: See `judged`.
    """
    cards, made, of_target = (
        dict[str, TranslationCard](),
        dict[str, Sequence[Values]](),
        dict[str, Sequence[Values]](),
    )
    for target, translation in translations.items():
        if truth and not (Path(truth) / target).is_dir():
            raise UsageError(f"{truth}: there is no folder {target!r}. Give a folder for each target.")
        has_own = bool(real) and (Path(real) / target).is_dir()
        own = str(Path(real) / target) if has_own else real or None
        found = str(Path(truth) / target) if truth else None
        cards[target], made[target], wanted = _judged(translation, source, found, real=own)
        if has_own or not real:
            of_target[target] = wanted
    is_told = len(of_target) == len(cards)
    seen = seen_as_asked(made, of_target, 0) if is_told else ({}, {})
    return together(cards, *seen)


def _returned(back: Translation, inputs: Sequence[Values], made: Sequence[Made]) -> str:
    """How near to the inputs results come that are turned back."""
    found = [psnr(back.turn(one), given) for one, given in zip(made, inputs, strict=True)]
    return (
        f"Turned back again, results come as near to their inputs as {float(np.mean(found)):.1f} dB (PSNR)."
    )


def _some(
    translation: Translation, source: object, n_channels: int
) -> tuple[list[np.ndarray], list[str], tuple[str, ...]]:
    """Records and their names, as many as fit into memory, and notes on what was left out."""
    grids = translation.translatable.read_grids(source, _options(translation), n_channels)
    sizes = np.array([math.prod(sides) for sides in grids.sizes])
    n = max(1, int((sizes.cumsum() * translation.way.factor ** len(grids.sizes[0]) <= MOST_POINTS).sum()))
    notes = () if n >= len(grids) else (_left_out(n, len(grids)),)
    return [_values(grids, one) for one in range(n)], [*map(str, grids.names[:n])], notes


def _left_out(n: int, n_all: int) -> str:
    return f"{n:,} of {n_all:,} records are judged: the others need more memory"


def _read(
    translation: Translation, source: object, truth: object, *, by_order: bool
) -> tuple[list[np.ndarray], list[np.ndarray], list[str], tuple[str, ...]]:
    """Inputs, truths and their names, as many as fit into memory, and notes on what was left out."""
    way, options = translation.way, _options(translation)
    form = way.translatable
    given = form.read_grids(source, options, way.n_given)
    wanted = form.read_grids(truth, options, way.n_made)
    of_given, of_wanted, notes = matched(given, wanted, by_order=by_order)
    given, wanted = in_step(form, given, wanted, of_given, of_wanted)
    pairs, n_points = list[tuple[int, int]](), 0
    for one, other in zip(of_given.tolist(), of_wanted.tolist(), strict=True):
        sides = [side * way.factor for side in given.sizes[one]]
        if sides != [*wanted.sizes[other]]:
            said = [" x ".join(map(str, reversed(found))) for found in (sides, wanted.sizes[other])]
            raise DataError(
                f"{given.names[one]}: becomes {said[0]}, its truth is {said[1]}. Give truths of that size."
            )
        n_points += math.prod(sides)
        if not pairs or n_points <= MOST_POINTS:
            pairs.append((one, other))
    if len(pairs) < len(of_given):
        notes = (*notes, _left_out(len(pairs), len(of_given)))
    inputs = [_values(given, one) for one, _ in pairs]
    truths = [_values(wanted, other) for _, other in pairs]
    return inputs, truths, [str(given.names[one]) for one, _ in pairs], notes


def _masked(
    translation: Translation, inputs: Sequence[Values], names: Sequence[str], masks: object
) -> list[np.ndarray]:
    """Inputs with one channel more: what of each is missing."""
    translation.turning(Path())  # refuses where nothing is mended
    found = translation.translatable.read_grids(masks, _options(translation), 1)
    places = {str(name): number for number, name in enumerate(found.names)}
    seen: list[np.ndarray] = []
    for name, values in zip(names, inputs, strict=True):
        number = 0 if len(found) == 1 else places.get(name)
        if number is None:
            raise DataError(f"{found.name}: there is no mask {name!r}. Give one for each, or one for all.")
        seen.append(np.concatenate([values, (_values(found, number) > 0.5).astype(np.float32)]))
    return seen


def _options(translation: Translation) -> Any:
    from gansmith.modalities.registry import find_modality

    return find_modality(translation.way.kind).options()


def _values(grids: Grids, number: int) -> Values:
    return grids.grid(number).astype(np.float32) / np.float32(grids.highest)


def _enlarged(values: Values, factor: int) -> Made:
    if factor == 1:
        return values
    sides = [side * factor for side in values.shape[1:]]
    return resized(torch.from_numpy(values)[None], sides)[0].clamp(0, 1).numpy()
