"""What a worker does with a video on a machine that has run out of memory."""

from pathlib import Path
from typing import Any

import av
import pytest

from deepfake.faces.recipe import Recipe
from deepfake.faces.video_faces import Found
from deepfake.faces.workers import Fault, FindFaces, Job
from deepfake.store import FaceStore
from deepfake.video import decoder
from deepfake.video.decoder import Decoder
from deepfake.video.picture import Picture
from tests.faces.test_extract import RECIPE
from tests.fakes import BrightSquares, frames_with, one_face, write_video


class Starved:
    """Wraps a PyAV object, one of whose methods runs out of memory."""

    def __init__(self, of: Any, method: str, arguments: tuple[Any, ...] | None = None) -> None:
        self.__dict__.update(of=of, method=method, arguments=arguments)

    def __getattr__(self, name: str) -> Any:
        def starved(*arguments: Any, **options: Any) -> Any:
            if self.arguments in (None, arguments):
                no_memory()
            return getattr(self.of, name)(*arguments, **options)

        return starved if name == self.method else getattr(self.of, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.of, name, value)

    def __bytes__(self) -> bytes:
        return bytes(self.of)


def no_memory(*_: Any) -> None:
    raise av.error.MemoryError(12, "Cannot allocate memory")


def starve(where: str, patch: pytest.MonkeyPatch) -> None:
    """Make one call of FFmpeg run out of memory."""
    opened, packets = Decoder._open, decoder.packets_of

    def starved(self: Decoder) -> None:
        opened(self)
        if where == "seeks":
            self.container = Starved(self.container, "seek")  # type: ignore[assignment]
        else:
            self._context = Starved(self._context, "decode", (None,))  # type: ignore[assignment]

    match where:
        case "decodes":
            patch.setattr(decoder, "packets_of", lambda *of: (Starved(packet, "decode") for packet in packets(*of)))
        case "deinterlaces":
            patch.setattr("deepfake.video.av_reader.deinterlaced", no_memory)
        case "makes pictures":
            patch.setattr(Picture, "pixels", no_memory)
        case _:
            patch.setattr(Decoder, "_open", starved)


@pytest.mark.parametrize("where", ["decodes", "ends", "seeks", "deinterlaces", "makes pictures"])
def test_a_decoder_without_memory_has_failed(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FaceStore(tmp_path / "faces", {"finder": {"_target_": "x.Squares"}, **RECIPE}).open()
    options = {"x264-params": "bff=1"} if where == "deinterlaces" else {}
    path = write_video(tmp_path / "a.mp4", frames_with(one_face, 16), options=options)
    monkeypatch.setattr(FindFaces, "_finder", BrightSquares())
    work, job = FindFaces(BrightSquares, Recipe(**RECIPE), store, ["av"]), Job("a", path, None, 0)
    assert isinstance(work(job), Found)
    starve(where, monkeypatch)
    failed = work(job)
    assert isinstance(failed, Fault) and "Cannot allocate memory" in failed.reason
