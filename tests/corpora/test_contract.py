"""What must hold of every corpus that ships and of the documentation's example: one yaml, one contract."""

import os
import random
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import get_args, get_type_hints

import pytest
from hydra.utils import get_object, instantiate
from omegaconf import OmegaConf

from deepfake.corpora import Corpus
from deepfake.corpora.audit import audit
from deepfake.corpora.splits import fingerprint
from deepfake.schema import Label, Split
from tests.conftest import Run
from tests.corpora.builders import BUILDERS, touch

CONF = Path(__file__).parents[2] / "conf" / "data"
EXAMPLE = "mine"  # docs/corpora.md: its corpus, its yaml and its builder
CLASS, YAML, BUILDER = (
    block.partition("\n")[2]
    for block in (CONF.parents[1] / "docs" / "corpora.md").read_text().split("## A new corpus")[1].split("```")[1::2]
)
SHIPPED = sorted({path.stem for path in CONF.glob("*.yaml")} - {"demo"})
YAMLS = {name: OmegaConf.load(CONF / f"{name}.yaml") for name in SHIPPED}


@pytest.fixture(scope="module", autouse=True)
def example() -> Iterator[None]:
    """Puts the documentation's example in its places."""
    module = ModuleType(f"deepfake.corpora.{EXAMPLE}")
    exec(CLASS, module.__dict__)
    YAMLS[EXAMPLE] = OmegaConf.create(YAML)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, module.__name__, module)
        exec(BUILDER, {"Path": Path, "touch": touch, "BUILDERS": BUILDERS})
        yield
    del BUILDERS[EXAMPLE]


def _corpus(name: str, root: Path, protocol: str | None = None) -> Corpus:
    assert name in BUILDERS, f"conf/data/{name}.yaml has no builder in tests/corpora/builders.py"
    values = {key: str(value) for key, value in BUILDERS[name](root).items()}
    values |= {} if protocol is None else {"protocol": protocol}
    corpus: Corpus = instantiate(OmegaConf.create({"data": OmegaConf.merge(YAMLS[name], values)}).data.corpus)
    return corpus


def _protocols(name: str) -> list[str | None]:
    """Those that a shipped corpus has."""
    found = get_args(get_type_hints(get_object(YAMLS[name].corpus._target_).__init__).get("protocol"))
    return [each for each in found if (name, each) != ("folder", "identity")] or [None]  # its builder names nobody


@pytest.mark.parametrize("name", [*SHIPPED, EXAMPLE])
def test_every_corpus_keeps_the_contract(name: str, tmp_path: Path) -> None:
    listing = _corpus(name, tmp_path).listing()
    ids = [video.video_id for video in listing.videos]
    assert ids == sorted(set(ids))
    assert not any(b.startswith(f"{a}/") for a, b in combinations(ids, 2))  # face stores nest folders by id
    assert all(not Path(id_).is_absolute() and ".." not in Path(id_).parts for id_ in ids)
    assert all(video.path.is_file() for video in listing.videos)
    assert {(v.split, v.label) for v in listing.videos} >= {(s, la) for s in (Split.TRAIN, Split.TEST) for la in Label}
    for video in listing.videos:
        assert (video.method == "real") == (video.label == Label.REAL)
        assert not (video.label == Label.REAL and (video.real_id or video.source_id))
    assert audit(listing.videos).fatal(listing.protocol) == ()
    assert listing.protocol == YAMLS[name].get("protocol", listing.protocol)


@pytest.mark.parametrize("name", [*SHIPPED, EXAMPLE])
def test_the_order_of_files_changes_nothing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = _corpus(name, tmp_path)
    first = corpus.listing()
    scandir = os.scandir

    class Shuffled:
        def __init__(self, path: str) -> None:
            self._entries = list(scandir(path))
            random.Random(0).shuffle(self._entries)

        def __enter__(self) -> "Shuffled":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def __iter__(self) -> "Shuffled":
            return self

        def __next__(self) -> "os.DirEntry[str]":
            if not self._entries:
                raise StopIteration
            return self._entries.pop()

        def close(self) -> None:
            pass

    monkeypatch.setattr(os, "scandir", Shuffled)
    assert corpus.listing() == first


@pytest.mark.parametrize(
    ("name", "protocol"), [*((name, each) for name in SHIPPED for each in _protocols(name)), (EXAMPLE, None)]
)
def test_a_missing_file_moves_no_other_video(name: str, protocol: str | None, tmp_path: Path) -> None:
    corpus = _corpus(name, tmp_path, protocol)
    everything = {video.video_id: video for video in corpus.listing().videos}
    for removed in everything.values():
        removed.path.unlink()
        listing = corpus.listing()
        assert {v.video_id: v for v in listing.videos} == {k: v for k, v in everything.items() if v is not removed}
        assert audit(listing.videos).fatal(listing.protocol) == ()
        removed.path.touch()
    assert fingerprint(corpus.listing().videos) == fingerprint(everything.values())


def test_the_inventory_shows_the_example(script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    BUILDERS[EXAMPLE](tmp_path / "files")
    (tmp_path / "conf" / "data").mkdir(parents=True)
    (tmp_path / "conf" / "data" / f"{EXAMPLE}.yaml").write_text(YAML)
    options = [f"data={EXAMPLE}", f"data.root={tmp_path / 'files'}", f"hydra.searchpath=[file://{tmp_path / 'conf'}]"]
    assert script("inventory", *options) == 0
    output = capfd.readouterr().out
    assert f"corpus       {EXAMPLE}, protocol identity" in output and "on disk      32 videos" in output
