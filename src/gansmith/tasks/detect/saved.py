"""A detector in a model file: the model as it is, and beside it what tells odd records from its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gansmith.errors import GansmithError, ModelFileError
from gansmith.modalities.capabilities import Detecting
from gansmith.modalities.registry import needed
from gansmith.settings import from_plain
from gansmith.store.model_file import DETECTOR, ModelFile, as_tensor, read_model_file, write_model_file
from gansmith.tasks.detect.detection import Detection
from gansmith.tasks.detect.evidence import Calibration
from gansmith.tasks.detect.features import FeatureDistance
from gansmith.tasks.model import Model, load_model


def save_detection(path: Path, detection: Detection, settings: Mapping[str, Any]) -> str:
    """Write the model file, whole or not at all; `settings` are plain values to be kept with it.

    Returns:
        Its sha256.

    Raises:
        DataError: When it cannot be written.
    """
    seen, tensors = detection.sight.state()
    tensors = {f"sight/{name}": value for name, value in tensors.items()}
    tensors |= _weights("discriminator", detection.discriminator)
    if detection.encoder is not None:
        tensors |= _weights("encoder", detection.encoder)
    if detection.features is not None:
        tensors["features/mean"] = torch.from_numpy(detection.features.mean)
        tensors["features/precision"] = torch.from_numpy(detection.features.precision)
    quantiles = detection.calibration.quantiles
    tensors |= {f"quantiles/{name}": torch.from_numpy(value) for name, value in quantiles.items()}
    tensors["total/all"] = torch.from_numpy(detection.calibration.total)
    plain = {"sight": seen, "n": detection.calibration.n, "settings": dict(settings)}
    below = {f"{DETECTOR}/{name}": value.contiguous() for name, value in tensors.items()}
    manifest, state, of_model = detection.model.content()
    return write_model_file(path, manifest, state, {**of_model, DETECTOR: as_tensor(plain), **below})


def load_detection(path: Path) -> tuple[Detection, Mapping[str, Any]] | None:
    """The detector of a model file and the settings kept with it; None where the file holds only a model.

    Raises:
        ModelFileError: When the file is missing, damaged or hostile.
    """
    file = read_model_file(path)
    plain = file.detector()
    if plain is None:
        return None
    model = load_model(path)
    try:
        return _rebuilt(file, plain, model), plain["settings"]
    except ModelFileError:
        raise
    except (GansmithError, LookupError, ValueError, TypeError, RuntimeError, AttributeError) as error:
        raise ModelFileError(
            f"{path}: the parts of its detector do not fit together ({error}). It is damaged or made by hand."
        ) from error


def _rebuilt(file: ModelFile, plain: Mapping[str, Any], model: Model) -> Detection:
    prefix, recipe = f"{DETECTOR}/", model.modality.recipe
    names = file.names(prefix)
    seeing = needed(recipe, Detecting, model.modality.kind)
    sight = seeing.sight.from_state(plain["sight"], file.tensors(f"{prefix}sight/"))
    with torch.device("meta"):  # shapes without memory
        discriminator = sight.players()[1]
    encoder, rules = None, model.rules.inverse()
    if "encoder" in names and rules is not None:
        sizes = from_plain(recipe.networks, model.manifest["networks"])
        with torch.device("meta"):
            encoder = recipe.build(model.codec, sizes, rules)["encoder"]
        _take(file, f"{prefix}encoder/", encoder)
    _take(file, f"{prefix}discriminator/", discriminator)
    features = None
    if "features" in names:
        known = {name: value.double().numpy() for name, value in file.tensors(f"{prefix}features/").items()}
        features = FeatureDistance(known["mean"], known["precision"])
    by_kind = {name: one.double().numpy() for name, one in file.tensors(f"{prefix}quantiles/").items()}
    calibration = Calibration(
        int(plain["n"]), by_kind, file.tensors(f"{prefix}total/")["all"].double().numpy()
    )
    return Detection(model, sight, discriminator, encoder, features, calibration)


def _take(file: ModelFile, prefix: str, network: nn.Module) -> None:
    network.load_state_dict(file.tensors(prefix, network.state_dict()), assign=True)
    network.requires_grad_(False).eval()


def _weights(name: str, network: nn.Module) -> dict[str, Tensor]:
    return {f"{name}/{key}": value.detach().cpu() for key, value in network.state_dict().items()}
