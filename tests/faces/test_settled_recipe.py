"""One store for every combination of recipe, extractor and weights, and no store for two of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
import yaml
from hydra import compose, initialize_config_dir

from deepfake.config.plain import plain
from deepfake.errors import ConfigError, WeightsError
from deepfake.extraction.completion import face_store, warn_of_old_stores
from deepfake.faces import settled_recipe
from deepfake.faces.finders.mtcnn import Mtcnn
from deepfake.faces.finders.retinaface_mobilenet import RetinaFaceMobileNet
from deepfake.faces.finders.retinaface_network import mobilenet_network
from deepfake.faces.finders.weights import digest_of
from deepfake.faces.settled_recipe import carried_recipe, make_finder, settled, stored_recipe, with_weights
from deepfake.store import ENCODING
from tests.conftest import SMALL_DEMO, Run

CONF = Path(__file__).parents[2] / "conf"
PUBLISHED = RetinaFaceMobileNet.weights_source.name


def faces(*options: str) -> dict[str, Any]:
    """A config of the group `faces`."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return plain(compose("train", overrides=list(options)).faces)


def save(path: Path, seed: int) -> Path:
    """Save valid weights of the MobileNet that find no face."""
    path.parent.mkdir(exist_ok=True)
    torch.manual_seed(seed)
    torch.save(mobilenet_network().state_dict(), path)
    return path


def test_two_files_of_weights_are_two_stores_and_one_file_is_one_wherever_it_lies(tmp_path: Path) -> None:
    first, second = (save(tmp_path / "weights" / f"{seed}.pth", seed) for seed in (0, 1))
    (tmp_path / "weights" / PUBLISHED).write_bytes(first.read_bytes())

    def root(*options: str) -> Path:
        recipe = with_weights(settled(faces("faces=retinaface_mobilenet", *options), tmp_path / "weights"))
        return face_store(recipe, tmp_path / "faces").root

    one, other, home = root(f"faces.finder.weights={first}"), root(f"faces.finder.weights={second}"), root()
    assert one == home != other
    recipe = yaml.safe_load((one / "recipe.yaml").read_text())
    assert recipe["finder"]["weights_digest"] == digest_of([first])
    assert not {"weights", "batch_size", "weights_file"} & set(recipe["finder"])
    assert root("+faces.finder.batch_size=3") == one


def test_what_is_stored_beside_the_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stored() -> dict[str, Any]:
        return stored_recipe(settled(faces("faces=mtcnn"), tmp_path))

    def root() -> Path:
        return face_store(settled(faces("faces=mtcnn"), tmp_path), tmp_path).root

    before = root()
    assert stored()["finder"]["weights_digest"] == digest_of(Mtcnn.weights_source.files)
    assert stored()["image_options"] == ENCODING["webp"]
    monkeypatch.setattr(settled_recipe, "EXTRACTOR_VERSION", 99)
    newer = root()
    monkeypatch.setattr(settled_recipe, "ENCODING", {**ENCODING, "webp": {"quality": 80}})
    assert len({before, newer, root()}) == 3


def test_options_that_were_left_out_are_those_of_the_defaults(tmp_path: Path) -> None:
    whole = settled(faces("faces=mtcnn", "faces.detect_every=1"), tmp_path)
    less = {name: value for name, value in faces("faces=mtcnn").items() if name not in ("detect_every", "reuse_boxes")}
    assert settled(less, tmp_path) == whole
    assert settled({**less, "margin": 2}, tmp_path) == settled({**less, "margin": 2.0}, tmp_path)
    assert settled(whole, tmp_path) == whole


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["faces.num_segments=2.5"], "faces.num_segments is 2.5: give a whole number"),
        (["faces.margin=-1"], "faces.margin is -1: give a number above 0"),
        (["+faces.colour=red"], "faces has no option faces.colour; its options are faces.detect_every, "),
        (
            ["+faces.finder.colour=red"],
            "Mtcnn has no option faces.finder.colour; its options are faces.finder.batch_size,",
        ),
        (["+faces.finder.weights=a.pth"], "Mtcnn has no option faces.finder.weights;"),
        (["faces.finder._target_=deepfake.faces.finders.finder.Faces"], "which is not a finder"),
        (["faces.finder._target_=deepfake.faces.nothing.Nothing"], "which cannot be imported"),
        (["+faces.finder.weights_digest=abc"], "weights_digest is 'abc': give 32 digits"),
        (["faces=checkpoint"], "no finder is chosen"),
    ],
)
def test_an_invalid_option_is_named(options: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        settled(faces("faces=mtcnn", *options), tmp_path)


def test_a_file_that_was_given_is_not_looked_for_elsewhere(tmp_path: Path) -> None:
    save(tmp_path / PUBLISHED, 0)
    given = faces("faces=retinaface_mobilenet", f"faces.finder.weights={tmp_path}/none/{PUBLISHED}")
    with pytest.raises(WeightsError, match=f"faces.finder.weights={tmp_path}/none/{PUBLISHED} does not exist: get"):
        settled(given, tmp_path)


def test_another_release_of_the_wheel_is_another_finder(tmp_path: Path) -> None:
    given = faces("faces=mtcnn", f"+faces.finder.weights_digest='{'0' * 32}'")
    with pytest.raises(WeightsError, match="those of facenet-pytorch here have .*: install the release"):
        settled(given, tmp_path)


def test_a_finder_is_made_of_the_file_that_was_found(tmp_path: Path) -> None:
    save(tmp_path / PUBLISHED, 0)
    recipe = with_weights(settled(faces("faces=retinaface_mobilenet", "faces.finder.max_size=64"), tmp_path))
    finder = make_finder(recipe["finder"], "cpu")()
    assert isinstance(finder, RetinaFaceMobileNet) and finder.max_size == 64


def test_a_card_keeps_which_weights_and_not_where(tmp_path: Path) -> None:
    path = save(tmp_path / "mine.pth", 0)
    given = faces("faces=retinaface_mobilenet", f"faces.finder.weights={path}")
    finder = carried_recipe(settled(given, tmp_path))["finder"]
    assert (finder["weights_file"], finder["weights_digest"]) == ("mine.pth", digest_of([path]))
    unknown = carried_recipe(settled(faces("faces=retinaface_mobilenet"), tmp_path))["finder"]
    assert str(tmp_path) not in str([finder, unknown]) and "weights_digest" not in unknown


@pytest.fixture
def extracted(demo_root: Path, script: Run, tmp_path: Path) -> Callable[..., int]:
    """Extracts the demo corpus with one segment per video."""

    def run(*options: str) -> int:
        return script("extract", *SMALL_DEMO, "faces.num_segments=1", "extract.num_workers=1", *options)

    return run


def test_wrong_weights_and_then_the_right_ones(
    extracted: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Everything is extracted again, even if the file has the same name; a third run finds everything done."""
    monkeypatch.setenv("DEEPFAKE_WEIGHTS", str(tmp_path / "weights"))
    options = ["faces=retinaface_mobilenet", f"paths.faces_dir={tmp_path / 'faces'}", "faces.finder.max_size=64"]
    for seed in (0, 1):
        save(tmp_path / "weights" / PUBLISHED, seed)
        assert extracted(*options) == 0
    tables = [pd.read_csv(path) for path in (tmp_path / "faces" / "demo").glob("*/videos.csv")]
    assert len(tables) == 2 and len(tables[0]) == len(tables[1]) > 0
    capfd.readouterr()
    assert extracted(*options) == 0
    assert len(list((tmp_path / "faces" / "demo").iterdir())) == 2


def test_without_its_weights_nothing_is_begun(
    extracted: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DEEPFAKE_WEIGHTS", str(tmp_path / "weights"))
    assert extracted("faces=retinaface_mobilenet", f"paths.faces_dir={tmp_path / 'faces'}") == 1
    error = capfd.readouterr().err
    assert f"error: RetinaFaceMobileNet needs its weights, a file {PUBLISHED}, and {tmp_path / 'weights'} does" in error
    assert "Traceback" not in error and not (tmp_path / "faces").exists()


def test_stores_that_are_no_longer_read_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("old", "new"):
        (tmp_path / name / "crops").mkdir(parents=True)
    (tmp_path / "old" / "crops.parquet").touch()
    warn_of_old_stores(tmp_path)
    (message,) = caplog.messages
    assert message.startswith(f"{tmp_path / 'old'} is a face store from before 2026-11-25, which is not read")
