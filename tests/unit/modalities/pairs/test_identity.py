"""Identity translation: by terms that are accepted, with marks that nobody can leave out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

import gansmith
from gansmith.errors import UsageError
from gansmith.faces.cli import run
from gansmith.modalities.image.watermark import read_mark
from gansmith.modalities.pairs.domains import DomainOptions
from gansmith.modalities.registry import find_modality
from gansmith.nets.identity_translators import IdentityDecoder, IdentityTranslator
from gansmith.tasks.model import load_model
from gansmith.tasks.opening import open_data
from gansmith.tasks.runs.fit import FitConfig, start
from gansmith.tasks.translate.translation import Translation

SMALL = FitConfig(
    samples_seen=16, batch_size=4, threads=1, generator_widths=(8, 8), discriminator_widths=(8, 8)
)


def people(shade, n=12, side=64):
    rng = np.random.default_rng(shade)
    pictures = rng.integers(0, 80, (n, side, side, 3)).astype(np.uint8)
    pictures[:, 10:50, 16:48] += np.uint8(shade)
    return pictures


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("identity")
    options = {"identity": True, "accept_terms": True}
    learning = start(open_data((people(60), people(120)), options=options), SMALL, folder=folder / "run")
    for _ in learning.training:
        pass
    learning.model().save(folder / "one.gan")
    return folder / "one.gan"


def test_nothing_is_learnt_before_the_terms_are_accepted():
    format_ = find_modality("domains").format
    with pytest.raises(UsageError, match="Everybody who is seen"):
        format_.read((people(60), people(120)), DomainOptions(identity=True))
    with pytest.raises(UsageError, match=r"accept_terms=True"):
        gansmith.Translator(identity=True).fit(people(60), people(120))
    records = format_.read((people(60), people(120)), DomainOptions(identity=True, accept_terms=True))
    assert any("Terms of use" in note for note in records.notes)


@pytest.mark.parametrize("more", [{"unpaired": True}, {"to_attribute": ("hair",)}])
def test_it_is_a_task_of_its_own(more):
    with pytest.raises(UsageError, match="task of its own"):
        DomainOptions(identity=True, **more)


def test_acceptance_is_kept_and_results_are_always_marked(model):
    loaded = load_model(model)
    assert loaded.manifest["options"]["accept_terms"] is True
    with pytest.raises(UsageError, match="always marked"):
        Translation(loaded, is_marked=False)
    translator = gansmith.Translator.load(model)
    assert translator.identity
    assert translator.accept_terms
    made = translator.transform(people(60, 2))
    assert all(read_mark(one).is_marked for one in made)


def test_a_word_is_written_for_everybody(model, tmp_path, capsys):
    Image.fromarray(people(60, 1)[0]).save(tmp_path / "in.png")
    for name, more in (("out.png", []), ("seen.png", ["--visible-mark"])):
        assert run(["apply", str(model), str(tmp_path / "in.png"), "-o", str(tmp_path / name), *more]) == 0
    plain, seen = (np.asarray(Image.open(tmp_path / name)).astype(int) for name in ("out.png", "seen.png"))
    assert (abs(plain - seen)[-12:].max(), abs(plain - seen)[:40].max() < 40) == (
        pytest.approx(200, abs=60),
        True,
    )
    assert (
        run(["apply", str(model), str(tmp_path / "in.png"), "-o", str(tmp_path / "x.png"), "--no-mark"]) == 2
    )
    assert "always marked" in capsys.readouterr().err


def test_each_person_has_a_decoder_and_all_share_the_encoder():
    torch.manual_seed(0)
    network = IdentityTranslator((3, 16, 16), 2, (8, 8), 1, "leaky_relu")
    source = torch.rand(4, 4, 16, 16)
    wanted = torch.eye(2)[[0, 1, 0, 1]]
    assert torch.equal(network(source, wanted), source[:, :3])  # it starts as a network that changes nothing
    for number, decoder in enumerate(network.decoders):
        assert isinstance(decoder, IdentityDecoder)
        torch.nn.init.constant_(decoder.last.get_parameter("bias"), 0.1 * (number + 1))
    made = network(source, wanted)
    alone = [network(source[one : one + 1], wanted[one : one + 1]) for one in range(4)]
    assert torch.allclose(made, torch.cat(alone), atol=1e-6)
    assert not torch.allclose(made[0] - source[0, :3], made[1] - source[1, :3])
    assert all(
        torch.equal(*pair)
        for pair in zip(
            network.features(source, source, wanted),
            network.features(source, source, wanted.flip(1)),
            strict=True,
        )
    )
