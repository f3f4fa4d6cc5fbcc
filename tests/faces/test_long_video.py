"""Memory that a video takes while its faces are found does not grow with the crops, nor with whole pictures."""

import tracemalloc
from functools import partial
from pathlib import Path

import pytest

from deepfake.faces import video_faces
from deepfake.faces.recipe import Recipe
from deepfake.faces.video_faces import extract_video
from deepfake.schema import Status
from deepfake.store import FaceStore, Pile
from deepfake.threads import one_thread
from tests.faces.test_extract import RECIPE
from tests.fakes import BrightSquares, frames_with, one_face, write_video


def test_memory_is_flat_but_for_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a frame 2.5 kB stay: the numbers of the face and some looks. Its crop has 5 kB, and the frame reduced 6."""
    monkeypatch.setattr(video_faces, "Pile", partial(Pile, most=0))
    recipe = Recipe(**{**RECIPE, "num_segments": "all", "segment_length": 16})  # type: ignore[arg-type]
    store = FaceStore(tmp_path / "faces", {"finder": {"_target_": "x.Squares"}, **RECIPE}).open()
    frames = frames_with(lambda t: one_face(t % 40), 320)

    def grown(length: int) -> tuple[int, int]:
        """Return the bytes of memory that the extraction of so many frames takes at most, and those of its crops."""
        path = write_video(tmp_path / f"{length}.mp4", frames[:length])
        with one_thread():
            tracemalloc.start()
            found = extract_video(path.stem, path, BrightSquares(), recipe, store, pile=tmp_path / "pile")
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert found.row.status == Status.OK and len(found.images) == length
        num_bytes = sum(map(len, found.images))
        found.images.discard()
        return peak, num_bytes

    grown(16)  # what is loaded at the first use
    (short, few), (long, many) = grown(64), grown(320)
    assert many - few > 256 * 5000
    assert long - short < 256 * 3000
