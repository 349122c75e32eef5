"""The scorecards of generated records on a grid: what all such kinds of data are asked, in one order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar, runtime_checkable

import numpy as np

from gansmith.disclosure import usual_min_count
from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.grid_observer import GridObserver
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.embedded.alike import Likeness
from gansmith.scorecard.embedded.judge import EmbeddedJudge, codes_of
from gansmith.scorecard.embedded.measures import Case
from gansmith.scorecard.embedded.records import Codes, Embedded, Target
from gansmith.scorecard.features import draws
from gansmith.scorecard.measuring import Found, Measure, Progress
from gansmith.scorecard.private.risk import Tally
from gansmith.scorecard.score import CEILING, COPY, Effort, Entry
from gansmith.scorecard.validity import Rule, defects, valid_share
from gansmith.scorecard.verdict.evidence import Evidence
from gansmith.scorecard.verdict.questions import verdict

MAX_CLASSES: Final = 100
"""Of an attribute that is a target."""
_ATTACKS: Final = ("membership_auc",)
"""Without which nothing can be said of privacy."""


@runtime_checkable
class Judged(Protocol):
    """Records that are judged."""

    def __len__(self) -> int: ...

    def take(self, indices: np.ndarray) -> Any:
        """Those with these numbers, in this order."""
        ...

    @property
    def attributes(self) -> Attributes:
        """What is known of each."""
        ...

    @property
    def name(self) -> str:
        """Where they came from, for messages."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know about how they were read."""
        ...


RecordsT = TypeVar("RecordsT", bound=Judged)


class AbstractGridScoring(ABC, Generic[RecordsT]):
    """What a kind of data says of its records; `cards` asks the same of all of them."""

    nouns: ClassVar[str]
    """Of the records, such as "pictures"."""
    looked: ClassVar[str] = "looked at"
    limits: ClassVar[Mapping[str, str]]
    """By question what its answer does not cover."""
    strict_rules: ClassVar[tuple[str, ...]] = ()
    """Beginnings of rules that nobody may break, however many real records do."""
    measures: ClassVar[tuple[Measure[Case], ...]] = ()
    """Of this kind of data, beside those of all."""

    moved: ClassVar[tuple[int, ...] | None] = None
    """Axes of the grid along which a copy may be shifted; None: all, and it may be mirrored."""

    @abstractmethod
    def most(self, train: RecordsT, effort: Effort) -> int:
        """Of each set that a score looks at, at most; exact copies are looked for among all."""

    @abstractmethod
    def observer(self, effort: Effort, n_least: int) -> GridObserver:
        """Who looks at the records, of which there are at least so many on each side."""

    @abstractmethod
    def check(self, fake: RecordsT, train: RecordsT, holdout: RecordsT) -> None:
        """Raise DataError where records of these forms cannot be compared."""

    @abstractmethod
    def keys(self, records: RecordsT) -> np.ndarray:
        """Of each record bytes that are equal for equal records."""

    @abstractmethod
    def embedded(self, records: RecordsT, keys: np.ndarray, targets: Sequence[Target]) -> Embedded:
        """Records as the networks see them, in their order."""

    @abstractmethod
    def broken_rules(self, records: RecordsT, real: RecordsT, keys: np.ndarray) -> dict[str, np.ndarray]:
        """By rule, in words, which records break it, shape `(n,)`; `real` are as they should be."""

    @abstractmethod
    def plain_gallery(self, name: str, title: str, records: RecordsT) -> dict[str, Any]:
        """Some records in rows."""

    @abstractmethod
    def class_rows(
        self, fake: RecordsT, holdout: RecordsT, targets: Sequence[Target]
    ) -> list[dict[str, Any]]:
        """Real and generated records of each class: two galleries, or none."""

    @abstractmethod
    def pairs_gallery(
        self, fake: RecordsT, train: RecordsT, likeness: Likeness, border: float
    ) -> dict[str, Any]:
        """The most suspicious generated records beside those that they are like."""

    def notes(self, fake: RecordsT, train: RecordsT) -> tuple[str, ...]:
        """What else a person should know."""
        return fake.notes

    def cards(
        self,
        fakes: Sequence[RecordsT],
        train: RecordsT,
        holdout: RecordsT,
        target: str | None,
        seed: int,
        effort: Effort,
        progress: Progress,
    ) -> Iterator[Scorecard]:
        """Score generated records against held-out ones, each score beside its anchors.

        Of large sets some are looked at, drawn by the seed, see `most`; exact copies are looked for among
        all.

        Args:
            fakes: Generated records, each set of the form of the real ones.
            train: What the generator learnt from.
            holdout: Records of the same source that it never met.
            target: The attribute that a network learns from generated records; None: all that are classes.
            seed: Of everything drawn.
            effort: How many records and repetitions.
            progress: Told what is being measured.

        Yields:
            The card of each set.

        Raises:
            DataError: Records of different forms, or too few of them.
            UsageError: There is no such target, or it has not two classes.
        """
        for fake in fakes:
            self.check(fake, train, holdout)
            self._check_numbers(fake, train, holdout)
        targets = self._chosen(targets_of(train.attributes, holdout.attributes), train, target)
        n = self.most(train, effort)
        train_keys, holdout_keys = self.keys(train), self.keys(holdout)
        some, held = _some(len(train), n, seed), _some(len(holdout), n, seed)
        progress(f"learning an encoder from the real {self.nouns}", 0.0)
        judge = EmbeddedJudge(
            self._seen(train, train_keys, some, targets),
            self._seen(holdout, holdout_keys, held, targets),
            targets,
            self.observer(effort, min(map(len, (*fakes, holdout)))),
            seed,
            effort,
            known_keys=train_keys,
            more=self.measures,
            moved=self.moved,
        )
        anchors = {
            CEILING: valid_share(len(holdout), self.broken_rules(holdout, train, holdout_keys))[0],
            COPY: valid_share(len(train), self.broken_rules(train, train, train_keys))[0],
        }
        shown = train.take(some[judge.order]), holdout.take(held)
        for fake in fakes:
            keys = self.keys(fake)
            ours = _some(len(fake), n, seed)
            seen = self._seen(fake, keys, ours, targets)
            entries, founds, skipped = judge.entries(seen, keys, progress)
            broken = self.broken_rules(fake, train, keys)
            share, details = valid_share(len(fake), broken)
            entries.append(Entry("valid", share, anchors, details, "valid"))
            known = {entry.name: entry for entry in entries}
            evidence = Evidence(
                entries=known,
                slack=(1 / len(fake) + 1 / len(holdout)) ** 0.5,
                missing=judge.missing(seen),
                defects=defects(self.rules(broken, fake, train, holdout, seed)),
                target=", ".join(one.name for one in targets),
                lacks_target=target is not None and "tstr" not in known,
                searched=self._searched(len(ours), len(fake)),
                needed=_ATTACKS,
            )
            yield Scorecard(
                title=f"Scores of {len(fake):,} generated {self.nouns}",
                entries=tuple(entries),
                verdict=verdict(evidence, self.limits),
                skipped=skipped,
                plots=self._plots(fake.take(ours), shown[1], targets, founds),
                real_records=self._real_records(fake.take(ours), *shown, targets, founds),
                name=fake.name,
                n_records=len(fake),
                notes=(*self.notes(fake, train), *self._looked(judge, (len(ours), len(some), len(held)))),
            )

    def _seen(
        self, records: RecordsT, keys: np.ndarray, places: np.ndarray, targets: Sequence[Target]
    ) -> Embedded:
        return self.embedded(records.take(places), keys[places], targets)

    def _check_numbers(self, fake: RecordsT, train: RecordsT, holdout: RecordsT) -> None:
        if min(len(fake), len(train)) < 2 or len(holdout) < 4:
            raise DataError(
                f"{len(fake)} generated, {len(train)} training and {len(holdout)} held-out {self.nouns}. "
                "Wanted: 2, 2 and 4 at the least."
            )

    def _chosen(self, targets: tuple[Target, ...], train: RecordsT, target: str | None) -> tuple[Target, ...]:
        if target is None:
            return targets
        found = {one.name: one for one in targets}
        if target in found:
            return (found[target],)
        if target in train.attributes.columns:
            raise UsageError(
                f"{train.name}: {target!r} has not two to a hundred classes that training and held-out "
                f"{self.nouns} know. Leave --target out, or give an attribute that has."
            )
        beside = did_you_mean(target, found) if found else "They have none: give them with --labels."
        raise UsageError(f"{train.name}: {self.nouns} have no attribute {target!r} to predict. {beside}")

    def rules(
        self, broken: Mapping[str, np.ndarray], fake: RecordsT, train: RecordsT, holdout: RecordsT, seed: int
    ) -> list[Rule]:
        """Rules with those who break them, beside as many held-out records."""
        n = min(len(fake), len(holdout))
        some = [part.take(_some(len(part), n, seed)) for part in (fake, holdout)]
        ours, real = (self.broken_rules(part, train, self.keys(part)) for part in some)
        rules: list[Rule] = []
        for words, mask in broken.items():
            tried, control = (Tally(int(side[words].sum()), n) for side in (ours, real))
            is_strict = words.startswith(self.strict_rules) if self.strict_rules else False
            rules.append(Rule(words, (), mask, None if is_strict else control, tried))
        return rules

    def _searched(self, n_looked_at: int, n: int) -> str:
        if n_looked_at >= n:
            return ""
        return (
            f" Only {n_looked_at:,} of the {n:,} {self.nouns} were searched: a leak looks smaller than it is."
        )

    def _looked(self, judge: EmbeddedJudge, n: tuple[int, int, int]) -> tuple[str, str]:
        encoder = judge.encoder
        made = f"encoder {encoder.digest}, learnt from training {self.nouns}: {encoder.words}"
        return (
            f"{self.looked}: {n[0]:,} generated, {n[1]:,} training and {n[2]:,} held-out {self.nouns}",
            made,
        )

    def _plots(
        self, fake: RecordsT, holdout: RecordsT, targets: Sequence[Target], founds: Mapping[str, Found]
    ) -> dict[str, Any]:
        """What there is to see without real records: galleries, and curves as numbers."""
        galleries = [
            self.plain_gallery("synthetic", f"Generated {self.nouns}", fake),
            *self.class_rows(fake, holdout, targets)[1:],
        ]
        curves = {}
        if "spectrum" in founds:
            ours, real = founds["spectrum"].matter
            curves["spectrum"] = {"synthetic": ours.tolist(), "real": real.tolist()}
        return {"galleries": galleries, **curves}

    def _real_records(
        self,
        fake: RecordsT,
        train: RecordsT,
        holdout: RecordsT,
        targets: Sequence[Target],
        founds: Mapping[str, Found],
    ) -> dict[str, Any]:
        """Real records, and those that generated ones are most like."""
        galleries = [
            self.plain_gallery("real", f"Real {self.nouns}, held out", holdout),
            *self.class_rows(fake, holdout, targets)[:1],
        ]
        if "near_copies" in founds:
            galleries.append(self.pairs_gallery(fake, train, *founds["near_copies"].matter))
        return {"galleries": galleries}


def targets_of(train: Attributes, holdout: Attributes) -> tuple[Target, ...]:
    """Attributes whose values are classes: two or more of them, known of training and held-out records."""
    found: list[Target] = []
    for name, column in train.columns.items():
        theirs = holdout.columns.get(name)
        if column.dtype != object or theirs is None:
            continue
        classes = sorted({value for value in column.tolist() if value is not None})
        unseen = {value for value in theirs.tolist() if value in classes}
        if 2 <= len(unseen) <= len(classes) <= min(MAX_CLASSES, len(column) // 2):
            counts = Counter([*column.tolist(), *theirs.tolist()])
            n_enough = usual_min_count(len(column) + len(theirs))
            rare = frozenset(value for value in classes if counts[value] < n_enough)
            found.append(Target(name, tuple(classes), rare))
    return tuple(found)


def first_ones(keys: np.ndarray) -> np.ndarray:
    """Which records are the first of their key, shape `(n,)`."""
    is_first = np.zeros(len(keys), bool)
    is_first[np.unique(keys.astype("S16"), return_index=True)[1]] = True
    return is_first


def codes_for(attributes: Attributes, targets: Sequence[Target], n: int) -> Codes:
    """The classes of `n` records by number, -1 where they are not known."""
    columns = [attributes.columns.get(target.name, np.zeros(0, object)) for target in targets]
    return codes_of([column.tolist() for column in columns], targets, n)


def _some(n_all: int, n_most: int, seed: int) -> np.ndarray:
    """Which records are looked at, in random order; the same for the same seed."""
    return draws(seed).permutation(n_all)[:n_most]
