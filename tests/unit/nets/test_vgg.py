"""Features of weights that a user brings: which layers they are of, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

import gansmith
from gansmith.errors import DataError
from gansmith.nets.vgg import vgg_features


def weights(*layers: tuple[int, int, int]) -> dict[str, Tensor]:
    """By number: channels before and behind."""
    chance = torch.Generator().manual_seed(0)
    found: dict[str, Tensor] = {}
    for number, before, behind in layers:
        found[f"features.{number}.weight"] = torch.randn(behind, before, 3, 3, generator=chance)
        found[f"features.{number}.bias"] = torch.randn(behind, generator=chance)
    return found


SMALL = weights((0, 3, 4), (2, 4, 4), (5, 4, 6), (7, 6, 6))


def test_features_are_those_before_each_pooling(tmp_path):
    save_file(SMALL, tmp_path / "vgg.safetensors")
    pictures = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    one, other = vgg_features(tmp_path / "vgg.safetensors")(pictures)
    assert (tuple(one.shape), tuple(other.shape)) == ((2, 4, 8, 8), (2, 6, 4, 4))
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    x = (pictures - mean.view(3, 1, 1)) / deviation.view(3, 1, 1)
    for number in (0, 2):
        x = x.relu() if number else x
        weight, bias = SMALL[f"features.{number}.weight"], SMALL[f"features.{number}.bias"]
        x = torch.nn.functional.conv2d(x, weight, bias, padding=1)
    assert torch.allclose(one, x, atol=1e-4)


def test_grey_is_seen_as_colour(tmp_path):
    save_file(SMALL, tmp_path / "vgg.safetensors")
    grey = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    network = vgg_features(tmp_path / "vgg.safetensors")
    assert torch.equal(network(grey)[1], network(grey.repeat(1, 3, 1, 1))[1])


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ({"classifier.0.weight": torch.zeros(2, 2)}, "no first convolution"),
        (weights((0, 3, 4), (2, 5, 4)), "features.2.weight, .4, 5, 3, 3., does not follow"),
        (weights((0, 3, 4), (4, 4, 4)), "does not follow"),
        ({"features.0.weight": torch.zeros(4, 3, 3, 3)}, "does not follow"),
    ],
)
def test_other_networks_are_refused(tensors, said, tmp_path):
    save_file(tensors, tmp_path / "other.safetensors")
    with pytest.raises(DataError, match=said) as refused:
        vgg_features(tmp_path / "other.safetensors")
    assert "as torchvision names them" in str(refused.value)


def test_a_pickle_is_not_read(tmp_path):
    torch.save(SMALL, tmp_path / "vgg.pth")
    with pytest.raises(DataError, match="can run code and is not read"):
        vgg_features(tmp_path / "vgg.pth")


@pytest.mark.slow
def test_a_run_compares_by_them(tmp_path):
    save_file(SMALL, tmp_path / "vgg.safetensors")
    pictures = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    made = []
    for perceptual in ("", str(tmp_path / "vgg.safetensors")):
        translator = gansmith.Translator(upscale=2, perceptual=perceptual, samples_seen=64, threads=1)
        made.append(translator.fit(pictures).transform(pictures))
    assert not np.array_equal(*made)
