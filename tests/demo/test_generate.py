"""The corpus on disk: the same bytes every time, whole or absent, and no other files at risk."""

import csv
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from deepfake.demo import generate
from deepfake.demo.design import DemoDesign, Take
from deepfake.demo.generate import MARKER, TABLE, ensure_corpus
from deepfake.errors import CorpusError


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def rows(root: Path) -> list[dict[str, str]]:
    with (root / TABLE).open(newline="") as file:
        return [row for row in csv.DictReader(file) if not row["video_id"].startswith("extra/")]


@pytest.fixture
def scribble(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace the slow part by writing ids into the files; return the list of takes that were made."""
    made: list[str] = []

    def shoot(design: DemoDesign, take: Take, folder: Path) -> None:
        made.append(take.take_id)
        for video in take.videos:
            (folder / video.path).parent.mkdir(exist_ok=True)
            (folder / video.path).write_text(f"{design} {video.video_id}")

    monkeypatch.setattr(generate, "shoot", shoot)
    return made


@pytest.mark.slow
def test_two_workers_in_another_place_give_the_same_bytes(tiny: DemoDesign, tiny_root: Path, tmp_path: Path) -> None:
    ensure_corpus(tmp_path / "again", tiny, num_workers=2)
    assert contents(tmp_path / "again") == contents(tiny_root)


def test_every_clip_decodes_to_as_many_frames_as_it_says(tiny_root: Path) -> None:
    counts = {row["video_id"]: num_frames(tiny_root / f"{row['video_id']}.mp4") for row in rows(tiny_root)}
    assert set(counts.values()) == {4, 5, 6}
    for row in rows(tiny_root):
        assert row["label"] == "0" or counts[row["video_id"]] == counts[row["real_id"]]


def num_frames(path: Path) -> int:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.average_rate) == ("h264", 25)
        count = sum(1 for _ in container.decode(stream))
        assert count == stream.frames
    return count


def test_the_truncated_file_cannot_be_opened(tiny_root: Path) -> None:
    with pytest.raises(av.error.FFmpegError):
        av.open(str(tiny_root / "extra/truncated.mp4"))


def test_the_table_has_one_row_a_file_and_pairs_that_exist(tiny_root: Path) -> None:
    table = rows(tiny_root)
    assert len(table) == 36
    assert all((tiny_root / f"{row['video_id']}.mp4").is_file() for row in table)
    ids = {row["video_id"] for row in table}
    assert all(row["real_id"] in ids for row in table if row["label"] == "1")


def test_a_model_that_knows_a_files_facts_alone_guesses(tiny_root: Path) -> None:
    """The control for shortcuts: size, length, rates and sides of the files, one by one and all together."""
    table = rows(tiny_root)
    labels = np.array([int(row["label"]) for row in table])
    facts = np.array([facts_of(tiny_root / f"{row['video_id']}.mp4") for row in table])
    for name, column in zip(FACTS, facts.T, strict=True):
        assert 0.4 <= roc_auc_score(labels, column) <= 0.6, name
    sizes = {row["video_id"]: fact for row, fact in zip(table, facts[:, FACTS.index("size")], strict=True)}
    assert all(sizes[row["video_id"]] == sizes[row["real_id"]] for row in table if row["label"] == "1")
    # One fold a person, so that nobody is trained and tested on; a fold has two reals and four fakes.
    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
    people = [row["target_id"] for row in table]
    scores = cross_val_predict(model, facts, labels, groups=people, cv=LeaveOneGroupOut(), method="predict_proba")[:, 1]
    assert 0.3 <= roc_auc_score(labels, scores) <= 0.7


FACTS = ("size", "frames", "seconds", "bytes per second", "bits per second of the stream", "fps", "width", "height")


def facts_of(path: Path) -> list[float]:
    size = path.stat().st_size
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        seconds = float(stream.duration * stream.time_base)
        rate = float(stream.average_rate)
        sides = stream.width, stream.height
        return [size, stream.frames, seconds, size / seconds, stream.bit_rate, rate, *sides]


def test_it_is_made_once(tiny: DemoDesign, tmp_path: Path, scribble: list[str]) -> None:
    for _ in range(2):
        ensure_corpus(tmp_path / "demo", tiny, num_workers=1)
        assert len(scribble) == 15


def test_another_design_replaces_all_files(tiny: DemoDesign, tmp_path: Path, scribble: list[str]) -> None:
    root = tmp_path / "demo"
    ensure_corpus(root, tiny, num_workers=1)
    before = contents(root)
    ensure_corpus(root, replace(tiny, extras=False, seed=1), num_workers=1)
    after = contents(root)
    assert "extra/no_face.mp4" in before and "extra/no_face.mp4" not in after
    assert all(before[name] != after[name] for name in after)
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_another_generator_version_replaces_all_files(tiny: DemoDesign, tmp_path: Path, scribble: list[str]) -> None:
    ensure_corpus(tmp_path / "demo", tiny, num_workers=1)
    newer = replace(tiny)
    object.__setattr__(newer, "version", tiny.version + 1)
    ensure_corpus(tmp_path / "demo", newer, num_workers=1)
    assert len(scribble) == 30


def test_a_corpus_that_lost_a_file_is_made_again(tiny: DemoDesign, tmp_path: Path, scribble: list[str]) -> None:
    root = tmp_path / "demo"
    ensure_corpus(root, tiny, num_workers=1)
    before = contents(root)
    (root / "real/p00_a.mp4").unlink()
    ensure_corpus(root, tiny, num_workers=1)
    assert contents(root) == before


def test_the_faster_of_two_processes_wins(tiny: DemoDesign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "demo"
    racing: list[str] = []

    def shoot(design: DemoDesign, take: Take, folder: Path) -> None:
        (folder / f"{take.take_id}.mp4").touch()
        racing.append(take.take_id)
        if len(racing) == 1:  # while this one renders its first take, another makes the whole corpus
            ensure_corpus(root, design, num_workers=1)
            (root / "made_by_the_other").touch()

    monkeypatch.setattr(generate, "shoot", shoot)
    ensure_corpus(root, tiny, num_workers=1)
    assert (root / "made_by_the_other").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_an_interruption_leaves_nothing(tiny: DemoDesign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shot: list[str] = []

    def interrupted(design: DemoDesign, take: Take, folder: Path) -> None:
        if len(shot) == 2:
            raise KeyboardInterrupt
        shot.append(take.take_id)
        (folder / f"{take.take_id}.mp4").touch()

    monkeypatch.setattr(generate, "shoot", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ensure_corpus(tmp_path / "demo", tiny, num_workers=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["notes.txt", "real/mine.mp4"])
def test_a_file_that_is_not_ours_is_never_deleted(
    tiny: DemoDesign, tmp_path: Path, scribble: list[str], place: str
) -> None:
    root = tmp_path / "demo"
    ensure_corpus(root, tiny, num_workers=1)
    (root / place).write_text("precious")
    ensure_corpus(root, tiny, num_workers=1)  # the corpus is whole, so the extra file does no harm
    with pytest.raises(CorpusError, match=place):
        ensure_corpus(root, replace(tiny, seed=1), num_workers=1)
    assert (root / place).read_text() == "precious"


def test_a_folder_that_is_not_ours_is_refused(tiny: DemoDesign, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(CorpusError, match=r"thesis\.tex.*data\.root"):
        ensure_corpus(tmp_path, tiny, num_workers=1)
    (tmp_path / MARKER).write_text("not json")
    with pytest.raises(CorpusError, match=r"data\.root"):
        ensure_corpus(tmp_path, tiny, num_workers=1)
    with pytest.raises(CorpusError, match="is a file"):
        ensure_corpus(tmp_path / "thesis.tex", tiny, num_workers=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == [MARKER, "thesis.tex"]
