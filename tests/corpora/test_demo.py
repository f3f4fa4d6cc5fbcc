"""The demo corpus as the rest of the framework sees it."""

from pathlib import Path

import pytest

from deepfake.corpora.demo import DemoCorpus
from deepfake.errors import ConfigError, CorpusError
from deepfake.schema import Label, Split


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> DemoCorpus:
    root = tmp_path_factory.mktemp("data") / "demo"
    return DemoCorpus(
        root, num_people=6, width=160, height=120, min_seconds=0.1, max_seconds=0.2, fps=25, num_workers=1
    )


def test_it_is_generated_on_first_use_and_lists_every_video(corpus: DemoCorpus) -> None:
    listing = corpus.listing()
    assert len(listing.videos) == 39
    assert all(video.path.is_file() for video in listing.videos)
    assert listing == corpus.listing()
    assert (listing.missing, listing.num_extra, listing.num_dropped) == ((), 0, 0)


def test_labels_splits_and_pairs_come_from_the_table(corpus: DemoCorpus) -> None:
    videos = {video.video_id: video for video in corpus.listing().videos}
    fake = videos["faceswap/p04_p05"]
    assert (fake.label, fake.split, fake.method) == (Label.FAKE, Split.TEST, "faceswap")
    assert (fake.target_id, fake.source_id, fake.real_id) == ("p04", "p05", "real/p04_a")
    real = videos[fake.real_id]
    assert (real.label, real.split, real.method, real.source_id) == (Label.REAL, Split.TEST, "real", "")
    for split in Split:
        kept = [v for v in videos.values() if v.split is split and not v.video_id.startswith("extra/")]
        assert sum(v.label is Label.REAL for v in kept) == 4
        assert sum(v.label is Label.FAKE for v in kept) == 8


def test_too_few_people_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="num_people is 4: give a whole number from 6"):
        DemoCorpus(tmp_path, num_people=4)


def test_someone_elses_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    with pytest.raises(CorpusError, match=r"a\.mp4"):
        DemoCorpus(tmp_path, num_workers=1).listing()
