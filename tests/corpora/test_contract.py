"""What must hold of every corpus that ships and of the documentation's examples: one yaml, one contract."""

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

from deepfake.corpora import Corpus, Listing
from deepfake.corpora.audit import audit
from deepfake.corpora.splits import fingerprint
from deepfake.schema import Label, Split, Video
from tests.conftest import Run
from tests.corpora.builders import BUILDERS, touch

CONF = Path(__file__).parents[2] / "conf" / "data"
PAGE = (CONF.parents[1] / "docs" / "corpora.md").read_text()


def _blocks(title: str) -> list[str]:
    """Return the code in a section of docs/corpora.md."""
    section = PAGE.split(f"## {title}\n")[1].split("\n## ")[0]
    return [block.partition("\n")[2] for block in section.split("```")[1::2]]


CLASS, YAML, BUILDER = _blocks("A new corpus")
PAIRS_CLASS, PAIRS_BUILDER = _blocks("A corpus with a list and pairs")
# Name -> its corpus, its yaml and its builder.
EXAMPLES = {
    "mine": (CLASS, YAML, BUILDER),
    "actors": (PAIRS_CLASS, YAML.replace("mine.Mine", "actors.Actors").replace("mine", "actors"), PAIRS_BUILDER),
}
SHIPPED = sorted({path.stem for path in CONF.glob("*.yaml")} - {"demo", "demo_b"})
YAMLS = {name: OmegaConf.load(CONF / f"{name}.yaml") for name in SHIPPED}


@pytest.fixture(scope="module", autouse=True)
def examples() -> Iterator[None]:
    """Puts the documentation's examples in their places."""
    with pytest.MonkeyPatch.context() as patch:
        for name, (code, yaml, builder) in EXAMPLES.items():
            module = ModuleType(f"deepfake.corpora.{name}")
            exec(code, module.__dict__)
            patch.setitem(sys.modules, module.__name__, module)
            patch.setitem(YAMLS, name, OmegaConf.create(yaml))
            exec(builder, {"Path": Path, "touch": touch, "BUILDERS": BUILDERS})
        yield
    for name in EXAMPLES:
        del BUILDERS[name]


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


@pytest.mark.parametrize("name", [*SHIPPED, *EXAMPLES])
def test_every_corpus_keeps_the_contract(name: str, tmp_path: Path) -> None:
    listing = _corpus(name, tmp_path).listing()
    ids = [video.video_id for video in listing.videos]
    assert ids == sorted(set(ids))
    assert not any(b.startswith(f"{a}/") for a, b in combinations(ids, 2))  # face stores nest folders by id
    assert all(not Path(id_).is_absolute() and ".." not in Path(id_).parts for id_ in ids)
    assert all(video.path.is_file() for video in listing.videos)
    assert {(v.split, v.label) for v in listing.videos} >= {(split, label) for split in Split for label in Label}
    reals = {video.real_id for video in listing.videos if video.real_id}
    assert not reals or reals & set(ids), "no fake finds its real"
    assert not [note for note in listing.notes if "real_id" in note], "a method's fakes find no real"
    for video in listing.videos:
        assert (video.method == "real") == (video.label == Label.REAL)
        assert not (video.label == Label.REAL and (video.real_id or video.source_id))
    assert audit(listing.videos).fatal(listing.protocol) == ()
    assert listing.protocol == YAMLS[name].get("protocol", listing.protocol)


@pytest.mark.parametrize("name", [*SHIPPED, *EXAMPLES])
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
    ("name", "protocol"),
    [*((name, each) for name in SHIPPED for each in _protocols(name)), *((name, None) for name in EXAMPLES)],
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


@pytest.mark.parametrize(
    ("name", "protocol", "videos"), [("mine", "identity", 32), ("actors", "official", 31)], ids=list(EXAMPLES)
)
def test_the_inventory_shows_the_examples(
    name: str, protocol: str, videos: int, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    BUILDERS[name](tmp_path / "files")
    (tmp_path / "conf" / "data").mkdir(parents=True)
    (tmp_path / "conf" / "data" / f"{name}.yaml").write_text(EXAMPLES[name][1])
    options = [f"data={name}", f"data.root={tmp_path / 'files'}", f"hydra.searchpath=[file://{tmp_path / 'conf'}]"]
    assert script("inventory", *options) == 0
    shown = capfd.readouterr().out
    assert f"corpus       {name}, protocol {protocol}" in shown and f"on disk      {videos} videos" in shown


def test_a_fake_that_finds_no_real_is_missing_it(tmp_path: Path) -> None:
    """A wrong real_id would blind the audit, and nothing else would show it."""
    paths = [tmp_path / name for name in ("a", "b", "c")]
    real = Video("real/a", paths[0], Label.REAL, Split.TRAIN)
    fakes = [Video(f"fake/{x}", path, Label.FAKE, Split.TRAIN, "x", real_id=f"reals/{x}") for x, path in
             zip("ab", paths[1:], strict=True)]  # fmt: skip
    listing = Listing((real, *fakes), missing=("real/b",), notes=("odd",))
    assert listing.missing == ("real/b", "reals/a", "reals/b")
    assert listing.notes == (
        "odd",
        "no fake by x finds its real among the videos (the first looks for reals/a); is its real_id right?",
    )
    assert Listing((real, Video("fake/a", paths[1], Label.FAKE, real_id="real/a"))).missing == ()
    right = Video("fake/c", paths[1], Label.FAKE, Split.TRAIN, "y", real_id="real/a")
    assert Listing((real, *fakes, right)).notes == listing.notes[1:]  # one method is wrong, another right
