"""All scores of a translation, of ours and of the anchors alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from gansmith.errors import DataError, UsageError
from gansmith.scorecard.features import draws
from gansmith.scorecard.learners import SMALL_TREES, Trees
from gansmith.scorecard.score import Direction, Score
from gansmith.scorecard.translation.card import BY_RANK, Example, Measured, TranslationCard, mean_score
from gansmith.scorecard.translation.content import content_kept, differences
from gansmith.scorecard.translation.fidelity import Values, are_masks, luminance, overlap, psnr, ssim
from gansmith.scorecard.translation.patches import MOST_OF_ONE, Patches, patches_of, side_of
from gansmith.scorecard.translation.realism import fd_patches, patch_auc

MOST_EXAMPLES: Final = 12
_WORST: Final = 4
"""Examples that are shown because they are the worst, at most; a quarter of all."""
_FEWEST_FOR_HALVES: Final = 4
_WHY_NOT: Final = {
    "ssim": "A side is shorter than the window of 11.",
    "ssim_y": "A side is shorter than the window of 11.",
    "content": "The inputs, or the outputs, are flat.",
}
Address = Callable[[Values], str]
"""Makes a `data:` address of a record, for a page."""


@final
@dataclass(frozen=True)
class _Kind:
    """What a score is that is a mean over records."""

    label: str
    direction: Direction
    meaning: str
    source: str = ""
    bounds: tuple[float, float] | None = None


_WANG: Final = "Wang et al. 2004, IEEE Transactions on Image Processing 13."
_KINDS: Final = {
    "psnr_y": _Kind("PSNR (Y), dB", "higher", "Peak signal-to-noise ratio of luminance."),
    "ssim_y": _Kind("SSIM (Y)", "higher", "Structural similarity of luminance, 1 is equal.", _WANG, (-1, 1)),
    "psnr": _Kind("PSNR, dB", "higher", "Peak signal-to-noise ratio of all channels."),
    "ssim": _Kind("SSIM", "higher", "Structural similarity, the mean of all channels.", _WANG, (-1, 1)),
    "dice": _Kind("Dice", "higher", "Overlap with the true mask, 1 is all of it.", "Dice 1945.", (0, 1)),
    "iou": _Kind("IoU", "higher", "Intersection over union with the true mask.", "Jaccard 1912.", (0, 1)),
    "content": _Kind(
        "edges kept",
        "higher",
        "Correlation of how steep brightness is in the input and in the output; 1: the same edges.",
        "",
        (-1, 1),
    ),
    "diversity": _Kind("diversity", "higher", "Mean difference between outputs of one input, of 1."),
    "diversity_inputs": _Kind(
        "between inputs", "higher", "Mean difference in brightness between outputs of two inputs, of 1."
    ),
}


@final
@dataclass(frozen=True, eq=False)
class Method:
    """One way of making records of others, and what it made."""

    outputs: Sequence[Values]
    """One for each input, values of 0 to 1."""
    meaning: str = ""
    """What it is, in a few words."""
    is_anchor: bool = False
    """Whether it is there to be compared with: what anybody can do without learning, or without the game."""
    several: Sequence[Sequence[Values]] = ()
    """Where one input has several outputs: for each of some inputs two or more."""


@final
@dataclass(frozen=True, eq=False)
class Trial:
    """What methods are judged by. Each sequence is empty where that is not known."""

    inputs: Sequence[Values] = ()
    truths: Sequence[Values] = ()
    """What should come out, record by record."""
    real: Sequence[Values] = ()
    """Any real records that outputs should look like; empty: the truths."""
    names: Sequence[str] = ()
    """Of the records, for a page."""
    shave: int = 0
    """Places at each end of each side that PSNR and SSIM leave out."""
    kernel: str = ""
    """How inputs were made of truths, or resized: stated on the card."""
    seed: int = 0
    learner: Trees = SMALL_TREES
    """Tells patches apart."""

    @property
    def wanted(self) -> Sequence[Values]:
        """Real records."""
        return self.real or self.truths


def translation_card(
    methods: Mapping[str, Method],
    trial: Trial,
    *,
    title: str = "Translation",
    address: Address | None = None,
    n_examples: int = MOST_EXAMPLES,
    notes: Sequence[str] = (),
    made: Sequence[tuple[str, str]] = (),
) -> TranslationCard:
    """Take every score that can be taken, of every method.

    Args:
        methods: By name, ours first; anchors are put last.
        trial: What they are judged by.
        title: Of the card.
        address: Shows a record on a page; None: the page shows none.
        n_examples: Records that are shown, at most.
        notes: What a person should know.
        made: How the card was made.

    Raises:
        DataError: Shapes or counts do not go together, or there is nothing at all.
        UsageError: There is no method.
    """
    if not methods:
        raise UsageError("There is no method to judge. Give one at least.")
    _check_counts(methods, trial)
    skipped = dict[str, str]()
    sight = _sight(methods, trial, skipped)
    measured = [_measured(name, one, trial, sight, skipped) for name, one in methods.items()]
    ordered = tuple(sorted(measured, key=lambda one: one.is_anchor))
    return TranslationCard(
        title=title,
        n_records=len(next(iter(methods.values())).outputs),
        methods=ordered,
        ceilings={} if sight is None else sight.ceilings(),
        stated=_stated(ordered, trial),
        skipped=skipped,
        examples=() if address is None else _examples(methods, ordered, trial, address, n_examples),
        notes=tuple(notes),
        made=tuple(made),
    )


def _check_counts(methods: Mapping[str, Method], trial: Trial) -> None:
    """Every input has its output and its truth, and all outputs the channels of real records."""
    counts = {f"outputs of {name!r}": len(one.outputs) for name, one in methods.items()}
    counts |= {"inputs": len(trial.inputs), "truths": len(trial.truths), "names": len(trial.names)}
    known = {name: n for name, n in counts.items() if n or name.startswith("outputs")}
    if len(set(known.values())) > 1 or not min(known.values()):
        said = ", ".join(f"{n} {name}" for name, n in known.items())
        raise DataError(f"{said}. Wanted: one or more, as many of each.")
    channels = {len(record) for one in methods.values() for record in one.outputs}
    channels |= {len(record) for record in trial.wanted}
    if len(channels) > 1:
        said = ", ".join(map(str, sorted(channels)))
        raise DataError(f"Outputs and real records have {said} channels. Wanted: the same number.")


# --- Scores that each record has for itself -----------------------------------------------------------------


def _measured(
    name: str, method: Method, trial: Trial, sight: _Sight | None, skipped: dict[str, str]
) -> Measured:
    """One method by all scores."""
    by_record = _by_record(method.outputs, trial)
    found = dict(by_record)
    if method.several:
        found["diversity"], between = differences(method.several)
        found["diversity_inputs"] = np.array([between])
    scores = {key: _score(key, values) for key, values in found.items() if not np.isnan(values).all()}
    skipped |= {key: _WHY_NOT[key] for key in found if key not in scores and key in _WHY_NOT}
    if sight is not None:
        scores |= sight.of(method.outputs)
    plain = {key: tuple(map(float, values)) for key, values in by_record.items() if key in scores}
    return Measured(name, scores, plain, method.meaning, method.is_anchor)


def _by_record(outputs: Sequence[Values], trial: Trial) -> dict[str, np.ndarray]:
    """By score, one number for each record; NaN where there is none."""
    found = dict[str, list[float]]()
    is_of_masks, has_colour = are_masks(trial.truths), len(outputs[0]) == 3
    for made, truth in zip(outputs, trial.truths, strict=False):
        one = dict[str, float]()
        if is_of_masks:
            one["dice"], one["iou"] = overlap(made, truth)
        whole = {"psnr": psnr(made, truth, shave=trial.shave), "ssim": ssim(made, truth, shave=trial.shave)}
        if has_colour:
            light, true_light = luminance(made), luminance(truth)
            one["psnr_y"] = psnr(light, true_light, shave=trial.shave)
            one["ssim_y"] = ssim(light, true_light, shave=trial.shave)
        for key, value in (one | whole).items():
            found.setdefault(key, []).append(value)
    if trial.inputs and trial.inputs[0].ndim == outputs[0].ndim:
        found["content"] = [content_kept(*pair) for pair in zip(trial.inputs, outputs, strict=True)]
    return {key: np.array(values, np.float64) for key, values in found.items()}


def _score(key: str, values: np.ndarray) -> Score:
    kind = _KINDS[key]
    return mean_score(
        values,
        kind.direction,
        label=kind.label,
        meaning=kind.meaning,
        source=kind.source,
        bounds=kind.bounds,
    )


# --- Scores of all patches together -------------------------------------------------------------------------


@final
@dataclass(frozen=True, eq=False)
class _Sight:
    """Patches of real records, and how others are compared with them."""

    trial: Trial
    side: int
    real: Patches

    def of(self, outputs: Sequence[Values]) -> dict[str, Score]:
        """Scores of realism of some outputs."""
        made = patches_of(outputs, self.side, seed=self.trial.seed)
        return self._between(made, self.real, is_paired=not self.trial.real)

    def ceilings(self) -> dict[str, Score]:
        """The same of one half of the real records against the other; nothing where they are too few."""
        n = len(self.trial.wanted)
        if n < _FEWEST_FOR_HALVES:
            return {}
        order = draws(self.trial.seed).permutation(n)
        halves = [self.real.take(order[part::2]) for part in (0, 1)]
        return self._between(*halves, is_paired=False)

    def _between(self, made: Patches, real: Patches, *, is_paired: bool) -> dict[str, Score]:
        seed, learner = self.trial.seed, self.trial.learner
        return {
            "patch_auc": patch_auc(made, real, is_paired=is_paired, seed=seed, learner=learner),
            "fd_patches": fd_patches(made, real, is_paired=is_paired, seed=seed),
        }


def _sight(methods: Mapping[str, Method], trial: Trial, skipped: dict[str, str]) -> _Sight | None:
    """What outputs are compared with; None, and the reason in `skipped`, where that cannot be."""
    why = ""
    if not trial.wanted:
        why = "There are no real records to look like."
    elif are_masks(trial.wanted):
        why = "Real records are masks: whether they overlap is what counts."
    elif min(len(trial.wanted), *(len(one.outputs) for one in methods.values())) < 2:
        why = "One record: a classifier needs others to learn from."
    try:
        side = side_of([*trial.wanted, *(one for each in methods.values() for one in each.outputs)])
    except DataError as error:
        side, why = 0, why or str(error)
    if why:
        skipped |= dict.fromkeys(("patch_auc", "fd_patches"), why)
        return None
    return _Sight(trial, side, patches_of(trial.wanted, side, seed=trial.seed))


# --- What is said and shown beside --------------------------------------------------------------------------


def _stated(methods: Sequence[Measured], trial: Trial) -> tuple[str, ...]:
    """How was measured, for those scores that were."""
    names, said = {name for one in methods for name in one.scores}, list[str]()
    border = f"a border of {trial.shave} left out" if trial.shave else "no border left out"
    if "psnr_y" in names:
        said.append(
            "PSNR (Y) and SSIM (Y) are of luminance, 16 to 235 as MATLAB's rgb2ycbcr has it; PSNR and SSIM "
            f"of all channels; {border}."
        )
    elif "psnr" in names:
        said.append(f"PSNR and SSIM are of all channels; {border}.")
    if names & {"psnr", "ssim"}:
        said.append("SSIM: windows of 11, Gaussian of 1.5, constants .01 and .03.")
    if trial.kernel:
        said.append(f"Inputs were made, and resized, with: {trial.kernel}.")
    if "patch_auc" in names:
        beside = "any real ones" if trial.real else "those of the truths"
        said.append(
            f"AUC and FD of patches: up to {MOST_OF_ONE} of each record, values in steps of 1/255, against "
            f"{beside}; no record is on both sides of a fold. FD is on features of our own: it is no FID."
        )
        if not trial.real:
            said.append(
                "Two halves of real records show different things, an output shows what its truth shows: so "
                "FD may be below that of the halves."
            )
    return (*said, "± is a standard error, over records.")


def _examples(
    methods: Mapping[str, Method],
    measured: Sequence[Measured],
    trial: Trial,
    address: Address,
    n_most: int,
) -> tuple[Example, ...]:
    """Records as a page shows them."""
    ours = next((one for one in measured if not one.is_anchor), measured[0])
    rank = next((ours.by_record[name] for name in BY_RANK if name in ours.by_record), None)
    n = len(next(iter(methods.values())).outputs)
    marks = dict.fromkeys(range(min(n, n_most)), "") if rank is None else chosen(rank, n_most)
    found = list[Example]()
    for number, mark in marks.items():
        shown = {"input": trial.inputs[number]} if trial.inputs else {}
        shown |= {one.name: methods[one.name].outputs[number] for one in measured}
        shown |= {"truth": trial.truths[number]} if trial.truths else {}
        scores = {
            one.name: {key: values[number] for key, values in one.by_record.items()} for one in measured
        }
        name = trial.names[number] if trial.names else f"example {number + 1}"
        found.append(Example(name, mark, {key: address(one) for key, one in shown.items()}, scores))
    return tuple(found)


def chosen(values: Sequence[float], n_most: int) -> dict[int, str]:
    """Which records are shown, and why: the worst, then those nearest to the median of the others.

    Args:
        values: Of each record, the higher the better.
        n_most: How many are shown at most, 2 or more.

    Returns:
        By number, in the order in which they are shown, "worst" or "typical".

    Example:
        >>> chosen([30.0, 21.0, 29.0, 40.0, 28.0], 3)
        {1: 'worst', 2: 'typical', 0: 'typical'}
    """
    order = [int(place) for place in np.argsort(values, kind="stable")]
    n_worst = max(1, min(_WORST, n_most // 3, len(order) // 4))
    worst, others = order[:n_worst], order[n_worst:]
    middle = float(np.median([values[place] for place in others])) if others else 0.0
    near = sorted(others, key=lambda place: abs(values[place] - middle))[: n_most - n_worst]
    return dict.fromkeys(worst, "worst") | dict.fromkeys(near, "typical")
