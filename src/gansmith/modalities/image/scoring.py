"""The scorecards of generated pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.modalities.grid_observer import N_QUICKLY_SEEN, N_SEEN, GridObserver
from gansmith.modalities.image.embedding import (
    HAS_CHANNELS,
    HAS_SIZE,
    broken_rules,
    embedded,
    keys_of,
    targets_of,
)
from gansmith.modalities.image.galleries import class_rows, pairs_gallery, plain_gallery
from gansmith.modalities.image.pictures import Form, Pictures
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.embedded.judge import EmbeddedJudge
from gansmith.scorecard.embedded.records import Target
from gansmith.scorecard.features import draws
from gansmith.scorecard.measuring import Found, Progress, unheard
from gansmith.scorecard.private.risk import Tally
from gansmith.scorecard.score import CEILING, COPY, Effort, Entry
from gansmith.scorecard.validity import Rule, defects, valid_share
from gansmith.scorecard.verdict.evidence import Evidence
from gansmith.scorecard.verdict.questions import verdict

MAX_PICTURES: Final = 10_000
"""Pictures of each set that a score looks at, at most; exact copies are looked for among all."""
MAX_NUMBERS: Final = 40_000_000
"""Numbers of all these pictures together: of large pictures fewer are looked at."""
MIN_PICTURES: Final = 1_000
"""So many are looked at, however large they are."""
N_QUICK: Final = 2_000
"""The most that a quick card looks at."""
_ATTACKS: Final = ("membership_auc",)
"""Without which nothing can be said of the privacy of pictures."""
_LIMITS: Final = {
    "Are the numbers right?": "Mean patterns, colours and the shares of classes are compared. What only "
    "whole pictures show is seen by the network above.",
    "Is it valid?": "Sizes, channels, blank and repeated pictures are looked for. Whether a picture shows "
    "what it should is not a rule.",
}


def score_pictures(
    fakes: Sequence[Pictures],
    train: Pictures,
    holdout: Pictures,
    target: str | None,
    seed: int,
    effort: Effort,
    progress: Progress = unheard,
) -> Iterator[Scorecard]:
    """Score generated pictures against held-out ones, each score beside its anchors.

    Masks are left out. Of large sets some are looked at, drawn by the seed, see `most_pictures`; exact copies
    are looked for among all.

    Args:
        fakes: Generated pictures, each set of the form of the real ones.
        train: What the generator learnt from.
        holdout: Pictures of the same source that it never saw.
        target: The attribute that a network learns from generated pictures; None: all that are classes.
        seed: Of everything drawn.
        effort: How many pictures and repetitions.
        progress: Told what is being measured.

    Yields:
        The card of each set.

    Raises:
        DataError: Too few pictures, or sets of different sizes of picture.
        UsageError: There is no such attribute, or it has not two classes.
    """
    fakes, train, holdout = [fake.without_masks for fake in fakes], train.without_masks, holdout.without_masks
    for fake in fakes:
        _check_sizes(fake, train, holdout)
    targets = _chosen(targets_of(train, holdout), train, target)
    n = most_pictures(train.form) if effort.is_full else min(N_QUICK, most_pictures(train.form))
    train_keys, holdout_keys = keys_of(train), keys_of(holdout)
    some, held = _some(len(train), n, seed), _some(len(holdout), n, seed)
    progress("learning an encoder from the real pictures", 0.0)
    judge = EmbeddedJudge(
        embedded(train.take(some), train_keys[some], targets),
        embedded(holdout.take(held), holdout_keys[held], targets),
        targets,
        GridObserver(N_SEEN if effort.is_full else N_QUICKLY_SEEN),
        seed,
        effort,
        known_keys=train_keys,
    )
    anchors = {
        CEILING: valid_share(len(holdout), broken_rules(holdout, train, holdout_keys))[0],
        COPY: valid_share(len(train), broken_rules(train, train, train_keys))[0],
    }
    for fake in fakes:
        keys = keys_of(fake)
        ours = _some(len(fake), n, seed)
        seen = embedded(fake.take(ours), keys[ours], targets)
        entries, founds, skipped = judge.entries(seen, keys, progress)
        broken = broken_rules(fake, train, keys)
        share, details = valid_share(len(fake), broken)
        entries.append(Entry("valid", share, anchors, details, "valid"))
        known = {entry.name: entry for entry in entries}
        evidence = Evidence(
            entries=known,
            slack=(1 / len(fake) + 1 / len(holdout)) ** 0.5,
            missing=judge.missing(seen),
            defects=defects(_rules(broken, fake, train, holdout, seed)),
            target=", ".join(one.name for one in targets),
            lacks_target=target is not None and "tstr" not in known,
            searched=_searched(len(ours), len(fake)),
            needed=_ATTACKS,
        )
        yield Scorecard(
            title=f"Scores of {len(fake):,} generated pictures",
            entries=tuple(entries),
            verdict=verdict(evidence, _LIMITS),
            skipped=skipped,
            plots=_plots(fake.take(ours), holdout.take(held), targets, founds),
            real_records=_real_records(
                fake.take(ours), train.take(some[judge.order]), holdout.take(held), targets, founds
            ),
            name=fake.name,
            n_records=len(fake),
            notes=_notes(fake, train, judge, (len(ours), len(some), len(held))),
        )


def most_pictures(form: Form) -> int:
    """Pictures of this form that a score looks at, at most.

    Example:
        >>> most_pictures(Form(28, 28)), most_pictures(Form(64, 64, 3)), most_pictures(Form(512, 512, 3))
        (10000, 3255, 1000)
    """
    return min(MAX_PICTURES, max(MIN_PICTURES, MAX_NUMBERS // form.n_values))


def _chosen(targets: tuple[Target, ...], train: Pictures, target: str | None) -> tuple[Target, ...]:
    if target is None:
        return targets
    found = {one.name: one for one in targets}
    if target in found:
        return (found[target],)
    if target in train.attributes.columns:
        raise UsageError(
            f"{train.name}: {target!r} has not two to a hundred classes that training and held-out pictures "
            "know. Leave --target out, or give an attribute that has."
        )
    beside = did_you_mean(target, found) if found else "They have none: give them with --labels."
    raise UsageError(f"{train.name}: pictures have no attribute {target!r} to predict. {beside}")


def _some(n_all: int, n_most: int, seed: int) -> np.ndarray:
    """Which pictures are looked at, in random order; the same for the same seed."""
    return draws(seed).permutation(n_all)[:n_most]


def _rules(
    broken: Mapping[str, np.ndarray], fake: Pictures, train: Pictures, holdout: Pictures, seed: int
) -> list[Rule]:
    """Rules with those who break them, beside as many held-out pictures; none may be of another size."""
    n = min(len(fake), len(holdout))
    some = [part.take(_some(len(part), n, seed)) for part in (fake, holdout)]
    ours, real = (broken_rules(part, train, keys_of(part)) for part in some)
    rules: list[Rule] = []
    for words, mask in broken.items():
        tried, control = (Tally(int(side[words].sum()), n) for side in (ours, real))
        is_strict = words.startswith((HAS_SIZE, HAS_CHANNELS))
        rules.append(Rule(words, (), mask, None if is_strict else control, tried))
    return rules


def _searched(n_looked_at: int, n: int) -> str:
    if n_looked_at >= n:
        return ""
    return f" Only {n_looked_at:,} of the {n:,} pictures were searched: a leak looks smaller than it is."


def _notes(fake: Pictures, train: Pictures, judge: EmbeddedJudge, n: tuple[int, int, int]) -> tuple[str, ...]:
    encoder = judge.encoder
    made = f"encoder {encoder.digest}, learnt from training pictures: {encoder.words}"
    form = train.form
    sizes = {fake.sizes[number] for number in fake.numbers.tolist() if number in fake.sizes}
    wanted = {(form.height, form.width, form.n_seen), *train.sizes.values()}
    other = sorted(sizes - wanted)
    shown = ", ".join(f"{width} x {height} with {n} channels" for height, width, n in other[:3])
    brought = f"some pictures are {shown}: brought to {form.width} x {form.height} with {form.n_seen}"
    looked = f"looked at: {n[0]:,} generated, {n[1]:,} training and {n[2]:,} held-out pictures"
    return (*fake.notes, *((brought,) if other else ()), looked, made)


def _plots(
    fake: Pictures, holdout: Pictures, targets: Sequence[Target], founds: Mapping[str, Found]
) -> dict[str, Any]:
    """What there is to see without real pictures: generated ones as PNG, curves as numbers."""
    galleries = [
        plain_gallery("synthetic", "Generated pictures", fake),
        *class_rows(fake, holdout, targets)[1:],
    ]
    curves = {}
    if "spectrum" in founds:
        ours, real = founds["spectrum"].matter
        curves["spectrum"] = {"synthetic": ours.tolist(), "real": real.tolist()}
    return {"galleries": galleries, **curves}


def _real_records(
    fake: Pictures,
    train: Pictures,
    holdout: Pictures,
    targets: Sequence[Target],
    founds: Mapping[str, Found],
) -> dict[str, Any]:
    """Real pictures, and those that generated ones are most like."""
    galleries = [
        plain_gallery("real", "Real pictures, held out", holdout),
        *class_rows(fake, holdout, targets)[:1],
    ]
    if "near_copies" in founds:
        galleries.append(pairs_gallery(fake, train, *founds["near_copies"].matter))
    return {"galleries": galleries}


def _check_sizes(fake: Pictures, train: Pictures, holdout: Pictures) -> None:
    forms = [part.form for part in (fake, train, holdout)]
    sizes = [(form.height, form.width, form.n_channels) for form in forms]
    if len(set(sizes)) > 1:
        raise DataError(f"Pictures of different sizes {sizes} cannot be compared. Scale them to one size.")
    types = [form.pixel_type for form in forms]
    if len(set(types)) > 1:
        raise DataError(f"Pixels of different types {types} cannot be compared. Bring them to one.")
    if min(len(fake), len(train)) < 2 or len(holdout) < 4:
        raise DataError(
            f"{len(fake)} generated, {len(train)} training and {len(holdout)} held-out pictures. "
            "Wanted: 2, 2 and 4 at the least."
        )
