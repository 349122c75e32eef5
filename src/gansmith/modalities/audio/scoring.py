"""The scorecards of generated sounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.modalities.audio.embedding import broken_rules, embedded, keys_of, targets_of
from gansmith.modalities.audio.galleries import class_rows, pairs_gallery, plain_gallery
from gansmith.modalities.audio.measures import SOUND_MEASURES
from gansmith.modalities.audio.sounds import Sounds
from gansmith.modalities.grid_observer import GridObserver
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

MAX_SOUNDS: Final = 5_000
"""Of each set that a score looks at, at most; exact copies are looked for among all."""
N_SEEN: Final = 20_000
"""Sounds that each network hears while it learns, ..."""
N_QUICKLY_SEEN: Final = 4_000
"""... and for a quick card."""
N_QUICK: Final = 1_000
"""The most that a quick card looks at."""
_ATTACKS: Final = ("membership_auc",)
"""Without which nothing can be said of the privacy of sounds."""
_LIMITS: Final = {
    "Are the numbers right?": "Spectra, levels, pitch, attack, loudness and the shares of classes are "
    "compared. What only whole sounds show is heard by the network above.",
    "Is it valid?": "Silence, clipping, constants, lengths, rates and repeated sounds are looked for. "
    "Whether a sound says what it should is not a rule.",
}


def score_sounds(
    fakes: Sequence[Sounds],
    train: Sounds,
    holdout: Sounds,
    target: str | None,
    seed: int,
    effort: Effort,
    progress: Progress = unheard,
) -> Iterator[Scorecard]:
    """Score generated sounds against held-out ones, each score beside its anchors.

    Of large sets some are looked at, drawn by the seed; exact copies are looked for among all.

    Args:
        fakes: Generated sounds, each set of the form of the real ones.
        train: What the generator learnt from.
        holdout: Sounds of the same source that it never heard.
        target: The attribute that a network learns from generated sounds; None: all that are classes.
        seed: Of everything drawn.
        effort: How many sounds and repetitions.
        progress: Told what is being measured.

    Yields:
        The card of each set.

    Raises:
        DataError: Sounds of different forms, or too few of them.
        UsageError: There is no such target.
    """
    targets = targets_of(train, holdout)
    for fake in fakes:
        _check(fake, train, holdout)
    targets = _chosen(targets, train, target)
    n = MAX_SOUNDS if effort.is_full else N_QUICK
    train_keys, holdout_keys = keys_of(train), keys_of(holdout)
    some, held = _some(len(train), n, seed), _some(len(holdout), n, seed)
    progress("learning an encoder from the real sounds", 0.0)
    judge = EmbeddedJudge(
        embedded(train.take(some), train_keys[some], targets),
        embedded(holdout.take(held), holdout_keys[held], targets),
        targets,
        GridObserver(N_SEEN if effort.is_full else N_QUICKLY_SEEN),
        seed,
        effort,
        known_keys=train_keys,
        more=SOUND_MEASURES,
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
            title=f"Scores of {len(fake):,} generated sounds",
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


def _chosen(targets: tuple[Target, ...], train: Sounds, target: str | None) -> tuple[Target, ...]:
    if target is None:
        return targets
    found = {one.name: one for one in targets}
    if target in found:
        return (found[target],)
    if target in train.attributes.columns:
        raise UsageError(
            f"{train.name}: {target!r} has not two to a hundred classes that training and held-out sounds "
            "know. Leave --target out, or give an attribute that has."
        )
    beside = did_you_mean(target, found) if found else "They have none: give them with --labels."
    raise UsageError(f"{train.name}: sounds have no attribute {target!r} to predict. {beside}")


def _some(n_all: int, n_most: int, seed: int) -> np.ndarray:
    """Which sounds are looked at, in random order; the same for the same seed."""
    return draws(seed).permutation(n_all)[:n_most]


def _rules(
    broken: Mapping[str, np.ndarray], fake: Sounds, train: Sounds, holdout: Sounds, seed: int
) -> list[Rule]:
    """Rules with those who break them, beside as many held-out sounds."""
    n = min(len(fake), len(holdout))
    some = [part.take(_some(len(part), n, seed)) for part in (fake, holdout)]
    ours, real = (broken_rules(part, train, keys_of(part)) for part in some)
    rules: list[Rule] = []
    for words, mask in broken.items():
        tried, control = (Tally(int(side[words].sum()), n) for side in (ours, real))
        rules.append(Rule(words, (), mask, control, tried))
    return rules


def _searched(n_looked_at: int, n: int) -> str:
    if n_looked_at >= n:
        return ""
    return f" Only {n_looked_at:,} of the {n:,} sounds were searched: a leak looks smaller than it is."


def _notes(fake: Sounds, train: Sounds, judge: EmbeddedJudge, n: tuple[int, int, int]) -> tuple[str, ...]:
    encoder = judge.encoder
    made = f"encoder {encoder.digest}, learnt from training sounds: {encoder.words}"
    looked = (
        f"listened to: {n[0]:,} generated, {n[1]:,} training and {n[2]:,} held-out sounds of {train.form}"
    )
    return (*fake.notes, looked, made)


def _plots(
    fake: Sounds, holdout: Sounds, targets: Sequence[Target], founds: Mapping[str, Found]
) -> dict[str, Any]:
    """What there is to see and hear without real sounds."""
    galleries = [
        plain_gallery("synthetic", "Generated sounds", fake),
        *class_rows(fake, holdout, targets)[1:],
    ]
    curves = {}
    if "spectrum" in founds:
        ours, real = founds["spectrum"].matter
        curves["spectrum"] = {"synthetic": ours.tolist(), "real": real.tolist()}
    return {"galleries": galleries, **curves}


def _real_records(
    fake: Sounds,
    train: Sounds,
    holdout: Sounds,
    targets: Sequence[Target],
    founds: Mapping[str, Found],
) -> dict[str, Any]:
    """Real sounds, and those that generated ones are most like."""
    galleries = [
        plain_gallery("real", "Real sounds, held out", holdout),
        *class_rows(fake, holdout, targets)[:1],
    ]
    if "near_copies" in founds:
        galleries.append(pairs_gallery(fake, train, *founds["near_copies"].matter))
    return {"galleries": galleries}


def _check(fake: Sounds, train: Sounds, holdout: Sounds) -> None:
    forms = {str(part.form) for part in (fake, train, holdout)}
    if len(forms) > 1:
        raise DataError(f"Sounds of different forms cannot be compared: {', '.join(sorted(forms))}.")
    if min(len(fake), len(train)) < 2 or len(holdout) < 4:
        raise DataError(
            f"{len(fake)} generated, {len(train)} training and {len(holdout)} held-out sounds. "
            "Wanted: 2, 2 and 4 at the least."
        )
