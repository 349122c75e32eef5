"""How music is learnt: sizes, the game, its length, what can be asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast, final

import numpy as np
import torch
from torch import nn

from gansmith.engine.adversarial_rules import AdversarialRules
from gansmith.engine.batches import Batch, Dataset, Samples
from gansmith.engine.games import AbstractRules
from gansmith.engine.games.base import Networks
from gansmith.engine.games.likelihood import LikelihoodRules
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import PlayerConfig
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.music import MusicOptions
from gansmith.modalities.music.codec import PieceCodec
from gansmith.modalities.music.completing import PiecePartial, partial_of
from gansmith.modalities.music.dataset import LONGEST, WARM_UP, Stretches
from gansmith.modalities.music.networks import networks_for
from gansmith.modalities.music.phrase_features import phrase_score
from gansmith.modalities.music.phrases import Phrases, as_samples
from gansmith.modalities.music.records import BARS, FIRST, KEY, METRE, Pieces
from gansmith.modalities.music.request import PieceRequest, request_for
from gansmith.modalities.music.settings import MusicNetworks
from gansmith.modalities.recipe import AbstractCodec, AbstractRecipe, Plan
from gansmith.tabular.where import Where

if TYPE_CHECKING:
    from gansmith.modalities.music.networks import PieceGenerator

USUAL: Final = 10
"""Pieces that are made where nobody says how many."""
BATCH_SIZE: Final = 16
"""Stretches."""
USUAL_EPOCHS: Final = 24
"""Times that each stretch is seen; few pieces are memorised from then on (LOG.md)."""
FEWEST_SEEN: Final = 4_000
MOST_SEEN: Final = 60_000
FEWEST_TO_HOLD_OUT: Final = 10
MAX_HELDOUT: Final = 100
N_EVALUATIONS: Final = 20
N_JUDGED: Final = 64
RATE: Final = 3e-3
PHRASE_BATCH: Final = 64
PHRASES_SEEN: Final = 400_000
N_LATENTS: Final = 64
GAMMA: Final = 3.0
PHRASE_EPOCHS: Final = 200


@final
class MusicRecipe(AbstractRecipe[PieceCodec]):
    """Pieces of any length, and what is known of each as conditions."""

    codec: ClassVar[type[AbstractCodec[Any, Any]]] = PieceCodec
    networks: ClassVar[type[Any]] = MusicNetworks
    presets: ClassVar[Mapping[str, str]] = {
        "default": "step after step, voice after voice, by likelihood; with --phrases a game of two",
        "small": "the same with half the width",
    }

    def n_heldout(self, n_records: int, preset: str) -> int:
        return 0 if n_records < FEWEST_TO_HOLD_OUT else min(max(n_records // 10, 1), MAX_HELDOUT)

    def plan(self, codec: PieceCodec, n_records: int, preset: str, seconds: float = 0.0) -> Plan:
        scale = 2 if preset == "small" else 1
        networks = MusicNetworks(
            (128 // scale, 96 // scale, 64 // scale), (64 // scale, 96 // scale, 128 // scale)
        )
        networks = MusicNetworks(
            networks.generator_widths, networks.discriminator_widths, width=MusicNetworks.width // scale
        )
        if codec.phrase_bars:
            return _phrase_plan(codec, n_records, networks)
        n_stretches = n_records * max(
            1, codec.n_bars * codec.form.bar_steps(codec.metre) // (LONGEST - WARM_UP)
        )
        usual = int(np.clip(USUAL_EPOCHS * n_stretches, min(FEWEST_SEEN, 200 * n_stretches), MOST_SEEN))
        rules = LikelihoodRules(
            batch_size=min(BATCH_SIZE, n_records),
            generator=PlayerConfig(RATE, 0.0, beta1=0.9, beta2=0.99, average_half_life_samples=1_000),
        )
        return Plan(
            networks, rules, usual, usual + usual // 3, n_evaluations=N_EVALUATIONS, n_judged=N_JUDGED
        )

    def build(self, codec: PieceCodec, networks: MusicNetworks, rules: AbstractRules) -> dict[str, nn.Module]:
        return networks_for(codec, networks, rules)

    def dataset(self, codec: PieceCodec, records: Pieces, seed: int) -> Dataset:
        return Phrases(codec, records) if codec.phrase_bars else Stretches(codec, records)

    def samples(
        self, codec: PieceCodec, networks: MusicNetworks, batch: Batch, generator: torch.Generator | None
    ) -> Batch:
        return batch.with_part("real", as_samples(codec, batch["real"])) if codec.phrase_bars else batch

    def request(self, codec: PieceCodec, where: Where, balance: str) -> PieceRequest | None:
        """See `Conditional`; where nothing is asked for, keys, metres and lengths are drawn as they occur."""
        return request_for(codec, where, balance)

    def asked(self, options: MusicOptions) -> tuple[str, ...]:
        """See `AskingByOption`: how many bars."""
        return (f"{BARS}={options.bars}",) if options.bars else ()

    def n_records(self, codec: PieceCodec, options: MusicOptions, n: int | None) -> int:
        """See `Sizing`: pieces are long, so few are usual."""
        return USUAL if n is None else n

    def counted(self, codec: PieceCodec, options: MusicOptions, n: int) -> str:
        """See `Sizing`."""
        return f"{n:,} pieces" if n != 1 else "1 piece"

    def partial(
        self, codec: PieceCodec, source: object, options: MusicOptions, *, keep_missing: bool
    ) -> PiecePartial:
        """See `Imputing`: given tracks are kept and others made, or pieces go on by so many `bars`."""
        return partial_of(codec, source, options)

    def held_out_score(
        self, codec: PieceCodec, n_heldout: int, seed: int
    ) -> Callable[[Samples, Samples], float] | str:
        """How likely held-out steps are; of phrases what trees cannot tell."""
        return phrase_score(codec, seed) if codec.phrase_bars else "likelihood"

    def finish(
        self,
        codec: PieceCodec,
        rules: AbstractRules,
        ensemble: Sequence[Networks],
        seen: Dataset,
        samples_seen: int,
        seed: int,
    ) -> None:
        """See `Finishing`: networks get the temperature at which they draw; see `warmth.py`."""
        if isinstance(seen, Stretches):
            from gansmith.modalities.music.warmth import warmed  # it needs what judges

            for member in ensemble:
                warmed(codec, cast("PieceGenerator", member["generator"]), seen.pieces, seed)

    def describe(self, codec: PieceCodec) -> list[dict[str, str]]:
        """One row for each track, and for each attribute."""
        rows = [
            {
                "part": track.name,
                "learnt": _range(codec, place),
                "as": f"{track.n_voices} voices" if track.n_voices > 1 else "1 voice",
            }
            for place, track in enumerate(codec.form.tracks)
        ]
        known = [
            {"part": one["attribute"], "learnt": one["learnt"], "as": "what can be asked for"}
            for one in codec.attributes.describe()
        ]
        return [*rows, *known]

    def remarks(self, codec: PieceCodec, records: Pieces, target: str) -> tuple[str, ...]:
        telling = {
            name: column for name, column in records.attributes.columns.items() if name in (KEY, METRE)
        }
        return codec.attributes.remarks(Attributes(telling))

    def unknown(self, codec: PieceCodec, records: Pieces) -> tuple[str, ...]:
        codec.check(records)
        return codec.attributes.unknown(records.attributes)


def _range(codec: PieceCodec, place: int) -> str:
    voices = range(codec.form.n_voices)[codec.form.voices(place)]
    low, high = min(codec.lowest[one] for one in voices), max(codec.highest[one] for one in voices)
    n = sum(codec.sizes[one] - FIRST for one in voices)
    return f"{n} notes, MIDI pitches {low} to {high} in C major or A minor"


def _phrase_plan(codec: PieceCodec, n_records: int, networks: MusicNetworks) -> Plan:
    n_phrases = n_records * max(codec.n_bars, 1)
    batch = min(PHRASE_BATCH, n_records)
    rules = AdversarialRules(
        batch_size=batch,
        n_latents=N_LATENTS,
        turns="one_pass",
        penalties=tuple(PenaltyConfig(name, GAMMA, GAMMA / 3, interval=4) for name in ("r1", "r2")),
        generator=PlayerConfig(1e-3, 1e-4, beta2=0.9, final_beta2=0.99, average_half_life_samples=50 * batch),
        discriminator=PlayerConfig(1e-3, 1e-4, beta2=0.9, final_beta2=0.99),
    )
    most = max(PHRASE_EPOCHS * n_phrases, batch)
    return Plan(networks, rules, min(PHRASES_SEEN, most), most, tolerance=0.03, n_judged=1_000)
