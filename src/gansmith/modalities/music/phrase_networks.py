"""The game of phrases, of a generator with shared and private latents and a discriminator with several views.

The generator makes decisions, not shades; the discriminator hears what sounds, what begins, and chroma.
Nobody ever shows the discriminator a soft note: voices choose, and gradients go straight through the choice.

Sources:
    Dong et al. 2018, "MuseGAN" (arXiv:1709.06298): the hybrid of shared and private latents, bars given
    earlier ones. Dong and Yang 2018, "Convolutional generative adversarial networks with binary neurons for
    polyphonic music generation" (arXiv:1804.09399): straight-through neurons, streams of onsets and chroma.
    Bengio et al. 2013 (arXiv:1308.3432): the straight-through estimator.
"""

from __future__ import annotations

from typing import Final, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import one_hot

from gansmith.engine.batches import Conditions, Latents, Logits
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.errors import UsageError
from gansmith.modalities.music.codec import PieceCodec
from gansmith.modalities.music.phrases import (
    N_PLACE,
    as_samples,
    n_channels,
    n_phrase_conditions,
    phrase_steps,
)
from gansmith.modalities.music.records import FIRST
from gansmith.modalities.music.settings import MusicNetworks
from gansmith.nets.convolution import GridDecoder, GridEncoder
from gansmith.nets.discriminators import AbstractFeaturedDiscriminator
from gansmith.nets.grid_players import ProjectionHead

SHARED: Final = 0.5
"""Share of the latents that all tracks share."""
N_EARLIER: Final = 64
"""Numbers by which the phrase before is told."""
_N_CHROMA: Final = 12


@final
class Asked(nn.Module):
    """Takes a condition apart: what the piece is, where the phrase begins, and the phrase before, one-hot."""

    def __init__(self, codec: PieceCodec) -> None:
        super().__init__()
        self.codec, self.steps = codec, phrase_steps(codec)
        self.n_told = codec.attributes.n_conditions + N_PLACE
        self.n_all = n_phrase_conditions(codec)

    def forward(self, conditions: Tensor | None, n: int) -> tuple[Float[Tensor, "n n_told"], Tensor]:
        """What is told, and the phrase before, shape `(n, channels, steps)`."""
        if conditions is None:
            told = torch.zeros(n, self.n_told)
            return told, torch.zeros(n, n_channels(self.codec), self.steps)
        told, earlier = conditions[:, 1 : 1 + self.n_told], conditions[:, 1 + self.n_told :]
        seen = earlier.reshape(len(earlier), 2, self.steps, self.codec.form.n_voices).long()
        return told, as_samples(self.codec, seen)


@final
class PhraseGenerator(nn.Module):
    """Latents, and what is asked for, to phrases."""

    def __init__(self, codec: PieceCodec, config: MusicNetworks, n_latents: int) -> None:
        super().__init__()
        widths, act = config.generator_widths, config.activation
        self.asked, self.codec = Asked(codec), codec
        n_tracks, steps = len(codec.form.tracks), phrase_steps(codec)
        self.n_shared = max(1, int(SHARED * n_latents))
        self.n_own = max(1, (n_latents - self.n_shared) // n_tracks)
        self.hear = GridEncoder((n_channels(codec), steps), (*widths[::-1], N_EARLIER), 1, act)
        n_in, width = N_EARLIER + self.asked.n_told, widths[-1]
        self.together = GridDecoder(self.n_shared + n_in, (width, steps), widths, 1, act)
        halves = tuple(max(8, one // 2) for one in widths)
        self.alone = nn.ModuleList(
            [GridDecoder(self.n_own + n_in, (width, steps), halves, 1, act) for _ in range(n_tracks)]
        )
        self.says = nn.ModuleList(
            [
                nn.Sequential(nn.LeakyReLU(0.2), nn.Conv1d(2 * width, size - FIRST + 2, 3, padding=1))
                for size in codec.sizes
            ]
        )

    def forward(
        self, latents: Latents, conditions: Conditions | None = None
    ) -> Float[Tensor, "batch channels steps"]:
        """One phrase for each row; every voice is silent or sounds one note at each step."""
        told, earlier = self.asked(conditions, len(latents))
        known = torch.cat([self.hear(earlier), told], 1)
        shared = self.together(torch.cat([latents[:, : self.n_shared], known], 1))
        own: list[Tensor] = []
        for track, decode in enumerate(self.alone):
            first = min(self.n_shared + track * self.n_own, latents.shape[1] - self.n_own)
            own.append(decode(torch.cat([latents[:, first : first + self.n_own], known], 1)))
        made, place = list[Tensor](), 0
        for voice, (says, owner) in enumerate(zip(self.says, self.codec.form.owners, strict=True)):
            n = self.codec.sizes[voice] - FIRST + 1
            said = says(torch.cat([shared, own[owner]], 1)).float()
            sounds, flag = chosen(said[:, :n]), switched(said[:, n])
            before = torch.cat([earlier[:, place : place + n, -1:], sounds[:, :, :-1]], 2)
            changes = 1 - (sounds * before).sum(1)
            begins = (1 - sounds[:, 0]) * (flag + changes - flag * changes)
            made += [sounds, begins[:, None]]
            place += n + 1
        return torch.cat(made, 1)


def chosen(logits: Float[Tensor, "batch things steps"]) -> Float[Tensor, "batch things steps"]:
    """One-hot choices; their gradient is that of the shares."""
    shares = logits.softmax(1)
    hard = one_hot(shares.argmax(1), shares.shape[1]).transpose(1, 2).to(shares)
    return hard + shares - shares.detach()


def switched(logits: Float[Tensor, "batch steps"]) -> Float[Tensor, "batch steps"]:
    """Zeros and ones; their gradient is that of the chances."""
    share = logits.sigmoid()
    return (share > 0.5).to(share) + share - share.detach()


@final
class PhraseDiscriminator(AbstractFeaturedDiscriminator):
    """Phrases after those before them, with views of chroma and of onsets, to logits."""

    _chroma: Tensor
    _onsets: Tensor

    def __init__(self, codec: PieceCodec, config: MusicNetworks) -> None:
        super().__init__()
        self.asked = Asked(codec)
        n, steps = n_channels(codec), phrase_steps(codec)
        chroma, onsets, place = np.zeros((_N_CHROMA, n), np.float32), np.zeros((1, n), np.float32), 0
        for low, high, pitched in zip(codec.lowest, codec.highest, codec.form.pitched, strict=True):
            pitches = np.arange(low, high + 1)
            if pitched:
                chroma[pitches % _N_CHROMA, place + 1 + np.arange(len(pitches))] = 1
            place += len(pitches) + 2
            onsets[0, place - 1] = 1
        self.register_buffer("_chroma", torch.from_numpy(chroma), persistent=False)
        self.register_buffer("_onsets", torch.from_numpy(onsets), persistent=False)
        shape = (n + _N_CHROMA + 1, 2 * steps)
        self.encode = GridEncoder(shape, config.discriminator_widths, 1, config.activation)
        self.head = ProjectionHead(config.discriminator_widths[-1], self.asked.n_told)

    def forward(self, samples: Tensor, conditions: Tensor | None = None) -> Logits:
        """One logit for each phrase."""
        return self.with_features(samples, conditions)[0]

    def with_features(self, samples: Tensor, conditions: Tensor | None) -> tuple[Logits, tuple[Tensor, ...]]:
        """See the base class."""
        told, earlier = self.asked(conditions, len(samples))
        both = torch.cat([earlier.to(samples), samples], 2)
        views = [
            both,
            torch.einsum("pc,bct->bpt", self._chroma, both),
            torch.einsum("pc,bct->bpt", self._onsets, both),
        ]
        hidden = self.encode(torch.cat(views, 1))
        return self.head(hidden, told), (hidden,)


def phrase_networks_for(
    codec: PieceCodec, config: MusicNetworks, rules: AdversarialRules
) -> dict[str, nn.Module]:
    """New players.

    Raises:
        UsageError: They would look at several phrases at once.
    """
    if rules.n_packed > 1 or config.minibatch != "none":
        raise UsageError(
            "phrases of music are judged one by one: leave out packing and minibatch statistics."
        )
    return {
        "generator": PhraseGenerator(codec, config, rules.n_latents),
        "discriminator": PhraseDiscriminator(codec, config),
    }
