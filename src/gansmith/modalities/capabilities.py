"""What only some recipes can do: records that were asked for, gaps, damage, rules, a last touch, a last word.

See `gansmith.modalities.registry.needed` and `offered`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol, final, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gansmith.engine.batches import Conditions, Dataset, Samples, Weights
from gansmith.engine.games import AbstractRules, Networks, Readings
from gansmith.modalities.format import Writer
from gansmith.modalities.recipe import Compact
from gansmith.modalities.sight import AbstractSight
from gansmith.scorecard.contest.arena import Arena
from gansmith.tabular.where import Where


@final
class Origins(NamedTuple):
    """What records are made from: of the same origins, under the same condition, come the same records."""

    noise: Float[Tensor, "n n_noise"]
    """Independent values."""
    turns: Int[Tensor, " n"]
    """Which of the generators that take turns makes each record."""


@final
class Question(NamedTuple):
    """Some records that are to be made."""

    origins: Origins
    condition: Conditions | None = None
    """What they are to fulfil, shape `(n, n_conditions)`; None leaves the generator free."""


@runtime_checkable
class ConditionalBlock(Protocol):
    """A block of records that is being sampled: what to make next, and what of it is kept.

    However little of it the generator makes by itself, it is done after a bounded number of answers.
    """

    @property
    def is_done(self) -> bool:
        """Whether nothing more need be asked."""
        ...

    def ask(self, fresh: Origins) -> Question:
        """What to make next, of `fresh` origins, as many as the block has records, or of others.

        Raises:
            UsageError: When nothing was found that fulfils the request, however often it was tried.
        """
        ...

    def take(self, compact: Compact) -> None:
        """The answer to what was asked last, shape `(n, *compact)`."""
        ...

    @property
    def compact(self) -> Compact:
        """The block, once it is done."""
        ...

    def settled(self, records: Any) -> Any:
        """The first records of the block, decoded, with everything letter for letter as it was asked for."""
        ...


@runtime_checkable
class Request(Protocol):
    """What a user wants of the records to be made."""

    @property
    def texts(self) -> tuple[str, ...]:
        """It in words, for the provenance."""
        ...

    def doubts(self, n_learnt: int, free: Callable[[], Compact]) -> tuple[str, ...]:
        """What a person should know about it: that too few records were learnt that are like it.

        Args:
            n_learnt: Records that were learnt from.
            free: Makes some compact records that nothing is asked of.
        """
        ...

    def block(self, size: int, first_index: int, n_wanted: int, seed: int) -> ConditionalBlock:
        """A block in the making.

        Record k of it must not depend on `n_wanted`.

        Args:
            size: Records of a block.
            first_index: Number of its first record among all that are made.
            n_wanted: How many of them are needed, from the first on.
            seed: Of everything that is drawn.
        """
        ...


@runtime_checkable
class Partial(Request, Protocol):
    """Records with gaps that are to be filled."""

    @property
    def name(self) -> str:
        """Where they came from, for messages."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know about them: values that the model does not know, ..."""
        ...

    @property
    def n_gaps(self) -> int:
        """How many cells are missing."""
        ...

    def __len__(self) -> int: ...

    def returned(self, blocks: Sequence[Any]) -> Any:
        """The whole records in the type of the caller's own data."""
        ...

    def writer(self, path: Path, metadata: Mapping[str, str]) -> Writer:
        """A file of the whole records, in the format of its name."""
        ...


@runtime_checkable
class Conditional(Protocol):
    """Records with particular properties can be asked for."""

    def request(self, codec: Any, where: Where, balance: str) -> Request | None:
        """What `--where` and `--balance`, "" for none, ask for.

        It is asked when they say nothing too; None: records are made freely then. Where a generator must be
        told something of each record, the request says what, and has no `texts`.

        Raises:
            UsageError: With the nearest known name, when a column or value is unknown or cannot be asked for.
        """
        ...


@runtime_checkable
class AskingByOption(Protocol):
    """Some options say what records shall be, as conditions do."""

    def asked(self, options: Any) -> tuple[str, ...]:
        """What these options ask for, as texts of `--where`."""
        ...


@runtime_checkable
class Dividing(Protocol):
    """Long records are learnt from in pieces, and held out in pieces."""

    def divided(self, records: Any) -> Any:
        """The same in pieces, none of which overlap."""
        ...

    def pieces(self, codec: Any, records: Any) -> Any:
        """Other records in pieces about as long as those that a codec has learnt."""
        ...


@runtime_checkable
class Imputing(Protocol):
    """Records may have gaps, which can be filled."""

    def partial(self, codec: Any, source: object, options: Any, *, keep_missing: bool) -> Partial:
        """The user's data with gaps to be filled; with `keep_missing` the generator may leave one.

        Raises:
            DataError: When it is missing, malformed, or of other columns or shapes.
        """
        ...


@runtime_checkable
class Damaging(Protocol):
    """Good records can be damaged as age and bad copies damage them, so that restoring them can be learnt."""

    damages: ClassVar[tuple[str, ...]]
    """The names of what it can do to records; the first where nobody says."""

    def damaged(
        self, real: Samples, damage: str, generator: torch.Generator
    ) -> tuple[Samples, Float[Tensor, "batch 1 *grid"]]:
        """What has become of records, each in a way of its own.

        Args:
            real: Good records, shape `(batch, n_channels, *grid)`.
            damage: One of the names that the kind has for it.
            generator: On the CPU: of all that is drawn.

        Returns:
            The damaged records, of the same shape, and masks: 1 where nothing is left of a record, else 0.

        Raises:
            UsageError: The kind knows no such damage, or cannot do it to records of this form.
        """
        ...


@runtime_checkable
class Racing(Protocol):
    """Which of several rules are best is found out by a short race on the data."""

    def rivals(self, codec: Any, preset: str, rules: AbstractRules) -> Mapping[str, AbstractRules]:
        """Rules that are tried, by name; none where there is nothing to choose."""
        ...

    def rating(self, score: float, readings: Readings) -> float:
        """What rivals are compared by: a function of the held-out score and of what the game reads."""
        ...


@final
@dataclass(frozen=True)
class Verdict:
    """What is to be said of some records before they are handed out."""

    is_valid: Bool[np.ndarray, " n"]
    """Whether each has all that must hold."""
    keys: tuple[tuple[int, ...], ...]
    """For each key that no two records may share: a number per record, the same for the same key."""
    has_key: Bool[np.ndarray, "n_keys n"]
    """Whether a record has that key; one that has none shares it with nobody."""
    rules: tuple[str, ...]
    """All that must hold, in words."""


@runtime_checkable
class Validating(Protocol):
    """There are rules that records must keep."""

    def verdict(self, codec: Any, records: Any) -> Verdict | None:
        """Which records may be handed out; None: all that this codec makes."""
        ...


@runtime_checkable
class Weighting(Protocol):
    """Rare records are learnt from oftener than others; of those that are made some are left out again.

    So what is rare is learnt sooner, and comes out no oftener than it is. The judge sees both sides alike.
    """

    def weights(self, codec: Any, compact: Compact) -> Weights | None:
        """How much oftener each of these records, learnt or made, is learnt from; None: none is."""
        ...


@runtime_checkable
class Inventing(Protocol):
    """Some values are made anew, such as keys: no two of a sample are alike, whatever its blocks."""

    def of_sample(self, codec: Any, seed: int) -> Any:
        """The codec that makes them for the sample of this seed; another sample gets others."""
        ...


@runtime_checkable
class Finishing(Protocol):
    """Networks get a last touch when their game is over."""

    def finish(
        self,
        codec: Any,
        rules: AbstractRules,
        ensemble: Sequence[Networks],
        seen: Dataset,
        samples_seen: int,
        seed: int,
    ) -> None:
        """Change the networks that are kept, in place; they generate records in turn, on the CPU.

        Training records are `seen` as `dataset` gave them; the game has learnt from `samples_seen` of them.
        See `Plan.finishing_share` for how long it may take.
        """
        ...


@runtime_checkable
class HasFinalScore(Protocol):
    """There is a score too expensive to be taken often, which has the last word."""

    def final_score(
        self, codec: Any, n_heldout: int, seed: int
    ) -> Callable[[Samples, Samples], tuple[float, float]] | None:
        """As `held_out_score`, and its standard error; None where there are too few records for it."""
        ...


@runtime_checkable
class NamingRules(Protocol):
    """There are rules that usual records keep, and each has words."""

    def broken(self, codec: Any, records: Any) -> Mapping[str, Bool[np.ndarray, " n"]]:
        """By rule, in words, which records break it."""
        ...


@runtime_checkable
class Detecting(Protocol):
    """Odd records can be told from usual ones."""

    sight: ClassVar[type[AbstractSight[Any]]]
    """How records are seen."""


@final
@dataclass(frozen=True)
class Stretch:
    """A part of a record that lies in a row: some steps of a series, ..."""

    first: int
    """The number of its first step, from 0, ..."""
    last: int
    """... and of its last one."""
    begins: str
    """When the first one was, as the data spells it; empty: nothing says when."""
    ends: str
    words: str
    """Where it is, and what is odd about it."""


@runtime_checkable
class Surprising(Protocol):
    """The generator says what is likely next, so it can be surprised by a record, in some place."""

    def surprise(self, codec: Any, networks: Networks, records: Any) -> Float[np.ndarray, " n"] | None:
        """How unlikely the least likely stretch of each record is, in nats; of each by itself.

        None: this codec's generator does not say. Nothing else of this is asked for then.
        """
        ...

    def stretches(self, codec: Any, networks: Networks, records: Any) -> Sequence[Stretch]:
        """That stretch of each record."""
        ...

    def along(self, codec: Any, records: Any) -> Sequence[Mapping[str, Sequence[float | None]]]:
        """What each record is along its steps: numbers by name, the first ones if there are many."""
        ...


@runtime_checkable
class HasClasses(Protocol):
    """Something that is known of each record may be one of several classes."""

    def classes(self, records: Any, target: str) -> np.ndarray:
        """The class of each record as a text that can be asked for, None where it is not known; shape `(n,)`.

        Raises:
            UsageError: When there is no such target; the nearest is named.
        """
        ...


@runtime_checkable
class Contesting(HasClasses, Protocol):
    """Methods against imbalance can be compared on records, by classifiers of these."""

    def arena(self, parts: Sequence[Any], target: str) -> Arena:
        """Some sets of records as arrays by one code book, that of the first, without the target.

        Raises:
            DataError: When there is nothing beside the target.
        """
        ...

    def sparing(self, options: Any, n_records: int, times: int) -> Any:
        """Options by which no value comes out that too few of the records have which come so many times.

        Args:
            options: The kind's own.
            n_records: How many there are, each counted once.
            times: How often the rare ones of them come.
        """
        ...

    def marked(self, parts: Sequence[Any], marks: Sequence[bool], name: str) -> Any:
        """Sets of records as one, with an attribute or column of that name that says the mark of each set."""
        ...
