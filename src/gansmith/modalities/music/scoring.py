"""The scorecards of generated music: scores, rules, the answers, and what there is to see and to hear."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.music.drawing import gallery
from gansmith.modalities.music.judging import BIGRAM, PieceJudge
from gansmith.modalities.music.measures import MEASURES
from gansmith.modalities.music.records import FIRST, Pieces
from gansmith.modalities.music.statistics import beyond, note_lengths, ranges
from gansmith.modalities.music.synthesis import sound_of
from gansmith.modalities.waves import as_pcm, wav_address
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.measuring import Progress, unheard
from gansmith.scorecard.private.risk import Tally
from gansmith.scorecard.score import CEILING, COPY, FLOOR, Effort, Entry
from gansmith.scorecard.validity import Rule, defects, valid_share
from gansmith.scorecard.verdict.evidence import Evidence
from gansmith.scorecard.verdict.questions import verdict

N_SHOWN: Final = 6
N_HEARD: Final = 3
HEARD_SECONDS: Final = 12.0
HEARD_HZ: Final = 11_025
OUT_OF_RANGE: Final = 0.02
"""Share of the steps of a piece beyond the ranges of its voices from which on it breaks them."""
_AS_REAL: Final = (
    "Lengths and heights of notes, intervals, harmony, rhythm and repetition are as in real pieces."
)
_LIMITS: Final = {
    "Are the numbers right?": "Numbers that say what each piece is like are compared one by one. What only "
    "listening tells is for you.",
    "Is it useful?": "It is useful for learning the harmony under a melody, or the next note. Another "
    "question needs another test.",
    "Does it give anybody away?": "Whole pieces are looked for, and passages in any key. Other attacks may "
    "find more.",
    "Is it valid?": "Ranges of voices, lengths of notes, metres and silence are checked. Whether a piece is "
    "good is no rule.",
}


def score_pieces(
    fakes: Sequence[Pieces],
    train: Pieces,
    holdout: Pieces,
    target: str | None,
    seed: int,
    effort: Effort,
    progress: Progress = unheard,
) -> Iterator[Scorecard]:
    """Score generated pieces against held-out ones, each score beside its anchors.

    Args:
        fakes: Generated pieces, of the tracks of the real ones.
        train: What the generator learnt from.
        holdout: Pieces of the same source that it never saw.
        target: Not used: what is learnt from pieces is the harmony under their melody.
        seed: Of everything drawn.
        effort: How many pieces and repetitions.
        progress: Told what is being measured.

    Yields:
        The card of each set.

    Raises:
        DataError: Too few pieces, or sets of other tracks.
    """
    del target
    for one in (*fakes, holdout):
        if one.form.n_voices != train.form.n_voices or one.form.grid != train.form.grid:
            raise DataError(f"{one.name}: music of {one.form} cannot be compared with music of {train.form}.")
    judge = PieceJudge(MEASURES, train, holdout, seed, effort)
    for fake in fakes:
        if len(fake) < 2:
            raise DataError(f"{fake.name}: {len(fake)} pieces to score. Wanted: 2 or more.")
        yield _card(judge, fake, progress)


def _card(judge: PieceJudge, fake: Pieces, progress: Progress) -> Scorecard:
    case = judge.case(fake)
    entries, _, skipped = judge.measured(case, len(fake), progress)
    rules = _rules(fake, judge.train, judge.holdout)
    entries.append(_validity(judge, fake, rules))
    known = {entry.name: entry for entry in entries}
    evidence = Evidence(
        entries={**known, "shape": known["intervals"]} if "intervals" in known else known,
        columns=judge.profile(fake).names,
        unlike=judge.unlike(fake),
        slack=(1 / len(fake) + 1 / len(judge.holdout)) ** 0.5,
        as_real=_AS_REAL,
        defects=defects(rules),
        needed=("membership_auc",),
    )
    n = f"{len(fake):,} synthetic, {len(judge.train):,} training and {len(judge.holdout):,} held-out pieces"
    return Scorecard(
        title=f"Scores of {len(fake):,} generated pieces",
        entries=tuple(entries),
        verdict=verdict(evidence, _LIMITS),
        skipped=skipped,
        plots={"galleries": [_gallery("synthetic", "Generated pieces", fake)]},
        real_records={"galleries": [_gallery("real", "Real pieces, held out", judge.holdout)]},
        name=fake.name,
        n_records=len(fake),
        notes=(
            *fake.notes,
            f"compared: {n}; the floor is bars dealt anew, those of each track by themselves",
        ),
    )


def _gallery(name: str, title: str, pieces: Pieces) -> dict[str, Any]:
    few = pieces.take(np.arange(min(N_SHOWN, len(pieces))))
    names = ", ".join(track.name for track in pieces.form.tracks)
    caption = f"{len(few):,} of {len(pieces):,}, their first bars: {names}"
    return {**gallery(name, title, caption, few), "sounds": _sounds(pieces)}


def _sounds(pieces: Pieces) -> list[dict[str, str]]:
    """The beginnings of some pieces, to be listened to."""
    found = list[dict[str, str]]()
    for place in range(min(N_HEARD, len(pieces))):
        wave = as_pcm(sound_of(pieces.take(np.array([place])), HEARD_HZ, HEARD_SECONDS)[:, None])
        found.append({"title": f"piece {place + 1}", "address": wav_address(wave, HEARD_HZ)})
    return found


# --- Is it valid? -------------------------------------------------------------------------------------------


def _rules(of: Pieces, train: Pieces, holdout: Pieces) -> list[Rule]:
    """What real pieces keep to, and which others break it."""
    theirs = broken(holdout, train)
    return [
        Rule(words, (), mask, Tally(int(theirs[words].sum()), len(holdout)))
        for words, mask in broken(of, train).items()
    ]


def broken(of: Pieces, train: Pieces) -> Mapping[str, np.ndarray]:
    """Which pieces break which rule of the training pieces."""
    lows, highs = ranges(train)
    shortest = min((float(found.min()) for found in _lengths(train) if len(found)), default=0.0)
    metres = set(train.metres)
    out = [beyond(tokens, lows, highs) for tokens in of.tokens]
    bars = zip(of.tokens, of.bar_steps, strict=True)
    return {
        "voices stay within their ranges": _all(bool(one.sum() > OUT_OF_RANGE * len(one)) for one in out),
        "no note is shorter than real ones": _all(_shortest(one, of) < shortest for one in of.tokens),
        "its metre is known": _all(metre not in metres for metre in of.metres),
        "something sounds": _all(not (tokens >= FIRST).any() for tokens in of.tokens),
        "it is whole bars": _all(len(one) % bar != 0 for one, bar in bars),
    }


def _all(found: Iterable[bool]) -> np.ndarray:
    return np.array([*found], bool)


def _lengths(pieces: Pieces) -> list[np.ndarray]:
    return note_lengths(pieces, slice(0, None))


def _shortest(tokens: np.ndarray, of: Pieces) -> float:
    alone = Pieces((tokens,), of.form)
    return min((float(found.min()) for found in _lengths(alone) if len(found)), default=np.inf)


def _validity(judge: PieceJudge, fake: Pieces, rules: Sequence[Rule]) -> Entry:
    score, details = valid_share(len(fake), {rule.words: rule.is_broken for rule in rules})
    train, holdout = judge.train, judge.holdout
    sides = ((CEILING, holdout), (FLOOR, judge.shuffled), (COPY, train), (BIGRAM, judge.bigram))
    anchors = {name: valid_share(len(side), broken(side, train))[0] for name, side in sides}
    return Entry("valid", score, anchors, details, "valid")
