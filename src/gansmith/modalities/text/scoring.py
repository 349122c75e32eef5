"""The scorecards of generated texts: scores, rules, the answers, and what there is to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.modalities.text.graphemes import characters
from gansmith.modalities.text.judging import TRIGRAM, TextJudge
from gansmith.modalities.text.measures import MEASURES
from gansmith.modalities.text.records import Texts
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.measuring import Progress, unheard
from gansmith.scorecard.private.risk import Tally
from gansmith.scorecard.score import CEILING, COPY, FLOOR, Effort, Entry
from gansmith.scorecard.validity import Rule, defects, valid_share
from gansmith.scorecard.verdict.evidence import Evidence
from gansmith.scorecard.verdict.questions import verdict

N_SHOWN: Final = 12
N_SHOWN_LETTERS: Final = 400
_AS_REAL: Final = "Lengths, words, signs and repetition are as in real texts."
_LIMITS: Final = {
    "Does it look real?": "That these judges cannot tell texts from real ones does not prove that a reader "
    "could not, and a copy of the real texts would look real, too.",
    "Are the numbers right?": "Numbers that say what each text is like are compared one by one. Whether a "
    "text makes sense is for you to read.",
    "Is it useful?": "It is useful for telling labels by the words of a text. Another question needs another "
    "test.",
    "Does it give anybody away?": "Whole texts, near copies and passages are looked for. Names and facts "
    "that are said in other words are not found; other attacks may find more.",
    "Is it valid?": "Characters and lengths are checked. Whether what is said is true is no rule.",
}


def score_texts(
    fakes: Sequence[Texts],
    train: Texts,
    holdout: Texts,
    target: str | None,
    seed: int,
    effort: Effort,
    progress: Progress = unheard,
) -> Iterator[Scorecard]:
    """Score generated texts against held-out ones, each score beside its anchors.

    Args:
        fakes: Generated texts.
        train: What the generator learnt from.
        holdout: Texts of the same source that it never saw.
        target: A label to be told by the text; None: the first that has classes.
        seed: Of everything drawn.
        effort: How many texts and repetitions.
        progress: Told what is being measured.

    Yields:
        The card of each set.

    Raises:
        DataError: Too few texts.
        UsageError: There is no such label.
    """
    classes = [name for name, column in train.attributes.columns.items() if column.dtype == object]
    if target and target not in classes:
        raise UsageError(
            f"target {target!r}: these texts have no such label. {did_you_mean(target, classes)}"
        )
    judge = TextJudge(MEASURES, train, holdout, target or (classes[0] if classes else ""), seed, effort)
    for fake in fakes:
        if len(fake) < 2:
            raise DataError(f"{fake.name}: {len(fake)} texts to score. Wanted: 2 or more.")
        yield _card(judge, fake, progress)


def _card(judge: TextJudge, fake: Texts, progress: Progress) -> Scorecard:
    entries, _, skipped = judge.measured(judge.case(fake), len(fake), progress)
    rules = _rules(fake, judge.train, judge.holdout)
    entries.append(_validity(judge, fake, rules))
    known = {entry.name: entry for entry in entries}
    evidence = Evidence(
        entries={**known, "shape": known["characters"]} if "characters" in known else known,
        columns=judge.profile(fake).names,
        unlike=judge.unlike(fake),
        slack=(1 / len(fake) + 1 / len(judge.holdout)) ** 0.5,
        as_real=_AS_REAL,
        defects=defects(rules),
        target=judge.target,
        lacks_target=bool(judge.target) and judge.target not in fake.attributes.names,
        needed=("membership_auc",),
    )
    if not judge.target:
        skipped.pop("tstr", None)
    n = f"{len(fake):,} synthetic, {len(judge.train):,} training and {len(judge.holdout):,} held-out texts"
    return Scorecard(
        title=f"Scores of {len(fake):,} generated texts",
        entries=tuple(entries),
        verdict=verdict(evidence, _LIMITS),
        skipped=skipped,
        plots={"texts": [shown("synthetic", "Generated texts", fake)]},
        real_records={"real_texts": [shown("real", "Real texts, held out", judge.holdout)]},
        name=fake.name,
        n_records=len(fake),
        notes=(
            *fake.notes,
            f"compared: {n}; the floor is shuffled words, beside it stands what a trigram model writes",
        ),
    )


def shown(name: str, title: str, texts: Texts) -> dict[str, Any]:
    """Some texts for a page."""
    few = texts.take(np.arange(min(N_SHOWN, len(texts))))
    labels = {
        one: [str(value) for value in column.tolist()] for one, column in few.attributes.columns.items()
    }
    rows = [
        {"text": text[:N_SHOWN_LETTERS], "label": ", ".join(column[place] for column in labels.values())}
        for place, text in enumerate(few.texts)
    ]
    return {"name": name, "title": title, "caption": f"{len(few):,} of {len(texts):,}", "rows": rows}


# --- Is it valid? -------------------------------------------------------------------------------------------


def _rules(of: Texts, train: Texts, holdout: Texts) -> list[Rule]:
    """What real texts keep to, and which others break it."""
    theirs = broken(holdout, train)
    return [
        Rule(words, (), mask, Tally(int(theirs[words].sum()), len(holdout)))
        for words, mask in broken(of, train).items()
    ]


def broken(of: Texts, train: Texts) -> Mapping[str, np.ndarray]:
    """Which texts break which rule of the training texts."""
    known = {letter for one in train.texts for letter in characters(one)}
    longest = max(map(len, train.texts), default=0)
    has_lines = any("\n" in one for one in train.texts)
    found = {
        "its characters are known": [not known.issuperset(characters(one)) for one in of.texts],
        "it is no longer than real texts": [len(one) > longest for one in of.texts],
        "it says something": [not one.strip() for one in of.texts],
    }
    if not has_lines:
        found["it is one line"] = ["\n" in one for one in of.texts]
    return {words: np.array(each, bool) for words, each in found.items()}


def _validity(judge: TextJudge, fake: Texts, rules: Sequence[Rule]) -> Entry:
    score, details = valid_share(len(fake), {rule.words: rule.is_broken for rule in rules})
    score = replace(score, label="valid texts", meaning="Share of the texts that break no rule of real ones.")
    train, holdout = judge.train, judge.holdout
    sides = ((CEILING, holdout), (FLOOR, judge.shuffled), (COPY, train), (TRIGRAM, judge.trigrams))
    anchors = {name: valid_share(len(side), broken(side, train))[0] for name, side in sides}
    return Entry("valid", score, anchors, details, "valid")
