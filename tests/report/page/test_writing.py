"""What stands on the page, as text: that it is complete, small, and says what lacks."""

import base64
import io
import json
import re
import shutil
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from deepfake.errors import ConfigError, StoreError
from deepfake.evaluation import evaluate_scores
from deepfake.report.page import page_beside, write_page
from deepfake.report.page.run_files import read_run
from deepfake.report.results import write_metrics
from tests.report.page.runs import IMAGE, METHOD, beside_real, face, write_evaluation


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_evaluation(tmp_path_factory.mktemp("page") / "run")


def text_of(page: Path) -> str:
    """The page's text without scripts and marks."""
    html = re.sub(r"<script.*?</script>|<style.*?</style>", " ", page.read_text(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def test_the_head_says_what_the_numbers_say(run: Path) -> None:
    text = text_of(write_page(run))
    row = pd.read_csv(run / "numbers.csv").query("level == 'video' and by == 'all' and metric == 'auc'").iloc[0]
    pairs = f"in {100 * row['value']:.0f} of 100 pairs ({100 * row['low']:.0f} to {100 * row['high']:.0f}"
    assert pairs in text and f"{row['low']:.2f} to {row['high']:.2f}" in text
    videos = pd.read_csv(run / "videos.csv").dropna(subset=["score"])
    called = videos["score"] > 0.5
    hits, alarms = (called & (videos["label"] == 1)).sum(), (called & (videos["label"] == 0)).sum()
    assert f"it calls {hits} of 19 fakes and {alarms} of 20 reals fake" in text
    assert "python scripts/evaluate.py data=demo" in text and "0000000000000000" in text


@pytest.mark.parametrize("aggregate", ["mean", "top_3"])
def test_every_chart_names_how_clips_became_scores(run: Path, tmp_path: Path, aggregate: str) -> None:
    shutil.copytree(run, tmp_path / "run")
    facts = json.loads((run / "metrics.json").read_text())
    (tmp_path / "run" / "metrics.json").write_text(json.dumps({**facts, "scoring": {"aggregate": aggregate}}))
    html = write_page(tmp_path / "run").read_text()
    about = re.findall(r'<p class="about">(.*?)</p>', html)
    assert len(about) >= 9 and all(text.endswith(f"(aggregate={aggregate})") for text in about)


def test_a_table_of_scores_of_videos_has_no_such_way(tmp_path: Path) -> None:
    table = pd.DataFrame({"video_id": [*"abcd"], "label": [0, 0, 1, 1], "method": "x", "track": 0})
    for name, rows in {"of_videos": table, "of_clips": pd.concat([table, table])}.items():
        folder = tmp_path / name
        folder.mkdir()
        rows.assign(score=np.linspace(0.1, 0.9, len(rows))).to_csv(folder / "predictions.csv", index=False)
        data = {"predictions": "theirs.csv", "digest": "0", "coverage": {}}
        write_metrics(folder, {"test/video/auc": 0.5}, data, {"scoring": {"aggregate": "median"}})
        assert ("aggregate=" in write_page(folder).read_text().split("<script")[0]) == (name == "of_clips")


def test_a_method_called_na_keeps_its_name(run: Path) -> None:
    found = read_run(run)
    assert found.videos is not None and set(found.videos["method"]) == {"real", "NA", METHOD}
    assert found.numbers is not None and {"NA", METHOD} <= set(found.numbers["part"])


def test_a_folder_with_little_says_what_lacks(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"has no metrics\.json, so it is not the folder of a finished"):
        write_page(tmp_path)
    data = {"corpus": "tiny", "protocol": "none", "fingerprint": "0" * 16, "coverage": {}}
    (tmp_path / "metrics.json").write_text(json.dumps({"metrics": {"val/video/auc": 0.75}, "data": data, "model": "m"}))
    (tmp_path / "predictions.csv").write_text("video_id,label,method,track,start,score\nold,1,a,0,0,0.5\n")
    text = text_of(write_page(tmp_path))
    assert "in 75 of 100 pairs." in text and "val split" in text
    assert "old" not in text.split()  # the table is that of an earlier test
    for cure in ("test=true", "distort=deeperforensics", "aggregate=best", "audit=null", "logger=csv"):
        assert cure in text, cure


def test_one_class_alone_has_no_curves(tmp_path: Path) -> None:
    clips = pd.DataFrame(
        {"video_id": ["a", "b"], "label": 1, "method": "x", "track": 0, "start": 0, "score": [0.2, 1.0]}
    )
    outcome = evaluate_scores(clips, "exclude", 0)
    outcome.write(tmp_path)
    data = {"predictions": "their<s>.csv", "digest": "0", "coverage": {"test": outcome.counts()}}
    write_metrics(tmp_path, outcome.metrics("test"), data, outcome.facts())
    text = text_of(write_page(tmp_path))
    assert "no such curve of one class alone" in text and "there is no AUC" in text and "their<s>.csv" in text


def test_a_face_that_the_store_has_lost_is_said(run: Path) -> None:
    def lost(video_id: str, track: int, frame: int) -> np.ndarray:
        raise StoreError(f"{video_id} is gone")

    page = write_page(run, lost)
    assert "data:image" not in page.read_text() and "no face" in text_of(page)


def pictures_of(page: Path) -> list[tuple[tuple[int, ...], str]]:
    """Return the grey of the middle and the alternative text of each picture of a page."""
    found = re.findall(r'<img src="data:image/jpeg;base64,([^"]*)"[^>]*alt="([^"]*)"', page.read_text())
    return [(_middle(content), unescape(alt)) for content, alt in found]


def _middle(content: str) -> tuple[int, ...]:
    picture = Image.open(io.BytesIO(base64.b64decode(content)))
    return tuple(picture.getpixel((picture.width // 2, picture.height // 2)))  # type: ignore[arg-type]


def wrong_videos(run: Path) -> pd.DataFrame:
    videos = pd.read_csv(run / "videos.csv").dropna(subset=["score"])
    return videos[(videos["score"] > 0.5) != (videos["label"] == 1)]


def test_a_fake_stands_beside_its_real_and_what_was_changed(run: Path) -> None:
    page = write_page(run, face, beside_real)
    shown, text = pictures_of(page), text_of(page)
    wrong = wrong_videos(run)
    fakes, pairs = int(wrong["label"].sum()), 2
    assert fakes > pairs and len(wrong) <= 12 and len(shown) == len(wrong) + 2 * pairs
    of_image = [(grey[0], alt) for grey, alt in shown if IMAGE in alt]
    words = ("the fake", "its real", "fake minus real, 8 times enlarged, around grey")
    assert of_image == [(grey, f"A face of {IMAGE}: {name}") for grey, name in zip((128, 255, 64), words, strict=True)]
    assert all(text.count(name) == pairs for name in words[2:])
    alone = f"{fakes - pairs} fakes have no real beside them here: the corpus names no real."
    assert alone in text and "without the corpus" not in text


def test_a_page_of_a_corpus_without_reals_says_so_and_shows_none(run: Path) -> None:
    page = write_page(run, face, lambda video_id, track, frame: "the corpus names no real")
    alone = f"{wrong_videos(run)['label'].sum()} fakes have no real beside them here: the corpus names no real."
    assert alone in text_of(page) and "its real" not in text_of(page)
    assert "fake minus real" not in page.read_text()
    assert "made without the corpus, so no fake has its real beside it" in text_of(write_page(run, face))
    assert "beside it" not in text_of(write_page(run))  # the page has no face at all, and says so


def test_a_real_that_the_store_has_lost_leaves_the_fakes_face(run: Path) -> None:
    def lost(video_id: str, track: int, frame: int) -> str:
        raise StoreError("its real is damaged")

    page = write_page(run, face, lost)
    assert "fakes have no real beside them here: the real's faces are damaged." in text_of(page)
    assert len(pictures_of(page)) == len(wrong_videos(run))


def test_a_page_that_cannot_be_made_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert page_beside(tmp_path) == {}
    assert "report.html could not be made (ConfigError" in caplog.text


def test_many_videos_and_methods_stay_below_five_megabytes(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    count = 20_000
    label = rng.integers(0, 2, count)
    method = np.where(label == 1, np.char.add("method", (np.arange(count) % 60).astype(str)), "real")
    videos = pd.DataFrame({"video_id": np.arange(count).astype(str), "label": label, "method": method})
    videos["score"] = np.clip(rng.normal(0.4 + 0.2 * label, 0.2), 0, 1)
    videos.to_csv(tmp_path / "videos.csv", index=False)
    counts = {"videos": count, "scored": count, "scored_real": int(sum(1 - label)), "scored_fake": int(sum(label))}
    numbers = pd.DataFrame({"part": sorted(set(method) - {"real"}) * 40}).assign(
        level="video", by="method", metric="auc", value=0.7, low=0.6, high=0.8, interval="DeLong", note=""
    )
    numbers.assign(num_real=100, num_fake=100, resampled="videos").to_csv(tmp_path / "numbers.csv", index=False)
    data = {"corpus": "large", "coverage": {"test": counts}}
    write_metrics(
        tmp_path,
        {"test/video/auc": 0.7},
        data,
        {"model": "m", "checkpoint": "c", "trained_on": {**data, "protocol": "p", "fingerprint": "f"}},
    )
    page = write_page(tmp_path)
    assert page.stat().st_size < 2_500_000 and "1500 of 2400 numbers; numbers.csv has all." in text_of(page)


def test_learning_curves_name_the_splits_that_they_are_of(run: Path, tmp_path: Path) -> None:
    counts = {"videos": 9, "scored": 9, "scored_real": 4, "scored_fake": 5}
    data = {
        "corpus": "tiny",
        "protocol": "none",
        "fingerprint": "f",
        "coverage": dict.fromkeys(("train", "val"), counts),
    }
    write_metrics(tmp_path, {"val/video/auc": 0.8}, data, {"model": "m", "checkpoint": "c"})
    shutil.copytree(run / "csv", tmp_path / "csv")
    text = text_of(write_page(tmp_path))
    assert "Loss by epoch tiny, train 9 videos (4 real, 5 fake); val 9 videos (4 real, 5 fake); m" in text
    assert "best epoch: 2" in text  # epoch 3 has the same AUC and a higher loss
