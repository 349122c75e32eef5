"""What a classifier of photographs sees, from weights that a user brings; none are shipped or fetched.

Source:
    Simonyan and Zisserman 2014, "Very deep convolutional networks for large-scale image recognition"
    (arXiv:1409.1556); Johnson et al. 2016, "Perceptual losses for real-time style transfer and
    super-resolution" (arXiv:1603.08155), for features as a distance; Wang et al. 2018, "ESRGAN", section 3.3
    (arXiv:1809.00219), for features before the activation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, final

from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, relu

from gansmith.errors import DataError

MEAN: Final = (0.485, 0.456, 0.406)
"""Of red, green and blue, from 0 to 1, in what the usual weights were learnt from."""
DEVIATION: Final = (0.229, 0.224, 0.225)
_WEIGHT: Final = re.compile(r"(?:features\.)?(\d+)\.weight")
_WANTED: Final = (
    "Wanted is a safetensors file with the tensors features.0.weight, features.0.bias, features.2.weight, "
    "... of a VGG without batch normalisation, as torchvision names them"
)


@final
class VggFeatures(nn.Module):
    """Pictures to what the last layer of each block sees, before its activation; it does not learn.

    Args:
        tensors: Weights and biases of the convolutions, `features.N.weight` and `features.N.bias`; where
            their numbers skip one more than usual, there was a pooling.

    Raises:
        DataError: They are none of a VGG.
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        found = {int(match[1]): name for name in tensors if (match := _WEIGHT.fullmatch(name))}
        numbers = sorted(found)
        if not numbers or numbers[0] != 0:
            raise DataError(f"no first convolution among {len(tensors)} tensors. {_WANTED}.")
        self.layers = nn.ModuleList()
        self.pooled: list[bool] = []
        n_before = 3
        for place, number in enumerate(numbers):
            name = found[number]
            weight, bias = tensors[name], tensors.get(f"{name.removesuffix('weight')}bias")
            gap = number - numbers[place - 1] if place else 2
            if weight.ndim != 4 or weight.shape[1:] != (n_before, 3, 3) or bias is None or gap not in (2, 3):
                raise DataError(f"{name}, {tuple(weight.shape)}, does not follow. {_WANTED}.")
            layer = nn.Conv2d(n_before, len(weight), 3, padding=1)
            layer.load_state_dict({"weight": weight.float(), "bias": bias.float()})
            self.layers.append(layer)
            self.pooled.append(gap == 3)
            n_before = len(weight)
        self.requires_grad_(False).eval()

    def forward(self, pictures: Float[Tensor, "batch n_channels height width"]) -> tuple[Tensor, ...]:
        """Features of each block, shape `(batch, ...)`; values are from 0 to 1, grey ones are repeated."""
        x = pictures if pictures.shape[1] == 3 else pictures[:, :1].expand(-1, 3, -1, -1)
        mean, deviation = (x.new_tensor(one).view(3, 1, 1) for one in (MEAN, DEVIATION))
        x = (x - mean) / deviation
        features: list[Tensor] = []
        for place, (layer, is_pooled) in enumerate(zip(self.layers, self.pooled, strict=True)):
            if is_pooled:
                x = max_pool2d(x, 2)
            x = layer(x)
            if place + 1 == len(self.layers) or self.pooled[place + 1]:
                features.append(x)
            x = relu(x)
        return tuple(features)


def vgg_features(path: str | Path) -> VggFeatures:
    """The network of a safetensors file.

    Raises:
        DataError: It cannot be read, or holds no such network.
    """
    try:
        return VggFeatures(load_file(path))
    except (OSError, SafetensorError, ValueError) as error:
        raise DataError(
            f"{path}: no safetensors file that can be read ({error}). {_WANTED}; a .pth file can run code "
            "and is not read: convert it with safetensors.torch.save_file."
        ) from error
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
