"""The contract of every shipped corpus, tested through its yaml."""

import os
import random
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

from deepfake.corpora.audit import audit
from deepfake.corpora.corpus import Corpus
from deepfake.corpora.splits import fingerprint
from deepfake.schema import Label, Split
from tests.corpora import builders

CONF = Path(__file__).parents[2] / "conf" / "data"


def _dfo(root: Path) -> dict[str, Path]:
    dfo, ffpp = builders.dfo(root)
    return {"root": dfo, "ffpp_root": ffpp}


BUILDERS: dict[str, Callable[[Path], dict[str, Path]]] = {
    "celebdf": lambda root: {"root": builders.celebdf(root)},
    "celebdf_v1": lambda root: {"root": builders.celebdf(root)},
    "ffpp": lambda root: {"root": builders.ffpp(root)},
    "dfo": _dfo,
    "dfdc": lambda root: {"root": builders.dfdc(root)},
    "folder": lambda root: {"root": builders.folder(root)},
}
# The demo renders its clips, which takes long; tests/corpora/test_demo.py tests its contract.
SHIPPED = sorted({path.stem for path in CONF.glob("*.yaml")} - {"demo"})


def _corpus(name: str, options: dict[str, Path], protocol: str = "official") -> Corpus:
    values = {key: str(value) for key, value in options.items()} | {"protocol": protocol}
    cfg = OmegaConf.create({"data": OmegaConf.merge(OmegaConf.load(CONF / f"{name}.yaml"), values)})
    corpus: Corpus = instantiate(cfg.data.corpus)
    return corpus


@pytest.mark.parametrize("name", SHIPPED)
def test_every_corpus_keeps_the_contract(name: str, tmp_path: Path) -> None:
    listing = _corpus(name, BUILDERS[name](tmp_path)).listing()
    ids = [video.video_id for video in listing.videos]
    assert ids == sorted(set(ids))
    assert not any(b.startswith(f"{a}/") for a, b in combinations(ids, 2))  # face stores nest folders by id
    assert all(not Path(id_).is_absolute() and ".." not in Path(id_).parts for id_ in ids)
    assert all(video.path.is_file() and video.corpus == name for video in listing.videos)
    assert {(v.split, v.label) for v in listing.videos} >= {(s, la) for s in (Split.TRAIN, Split.TEST) for la in Label}
    for video in listing.videos:
        assert (video.method == "real") == (video.label == Label.REAL)
        assert not (video.label == Label.REAL and (video.real_id or video.source_id))
    assert audit(listing.videos).fatal(listing.protocol) == ()
    assert listing.protocol == ("source_disjoint" if name.startswith("celebdf") else "official")


@pytest.mark.parametrize("name", SHIPPED)
def test_the_order_of_files_changes_nothing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = _corpus(name, BUILDERS[name](tmp_path))
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


@pytest.mark.parametrize("protocol", ["official", "identity", "published"])
@pytest.mark.parametrize("name", SHIPPED)
def test_a_missing_file_moves_no_other_video(name: str, protocol: str, tmp_path: Path) -> None:
    if protocol == "identity" and name in ("dfdc", "folder"):
        pytest.skip("says nothing of people")
    if protocol == "published" and not name.startswith("celebdf"):
        pytest.skip("its published split shares nothing")
    corpus = _corpus(name, BUILDERS[name](tmp_path), protocol)
    everything = {video.video_id: video for video in corpus.listing().videos}
    for removed in everything.values():
        removed.path.unlink()
        listing = corpus.listing()
        assert {v.video_id: v for v in listing.videos} == {k: v for k, v in everything.items() if v is not removed}
        assert audit(listing.videos).fatal(protocol) == ()
        removed.path.touch()
    assert fingerprint(corpus.listing().videos) == fingerprint(everything.values())


def test_the_example_of_the_documentation_works(tmp_path: Path) -> None:
    text = (CONF.parents[1] / "docs" / "corpora.md").read_text()
    namespace: dict[str, type[Corpus]] = {}
    exec(text.split("```python\n")[1].split("```")[0], namespace)
    builders.touch(
        tmp_path, [f"{label}/{person}_{i}.mp4" for label in ("real", "fake") for person in "abc" for i in "12"]
    )
    listing = namespace["Mine"](str(tmp_path)).listing()  # type: ignore[call-arg]
    assert len(listing.videos) == 12
    assert audit(listing.videos).overlaps == ()
