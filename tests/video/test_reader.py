"""The door to video: the same frames as a sequential decoder, and a reason for every file that has none."""

import pickle
from pathlib import Path

import av
import numpy as np
import pytest

from deepfake.errors import UnreadableVideoError
from deepfake.video.reader import probe, read
from tests.fakes import frames_with, one_face, write_video


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("video") / "a.mp4", frames_with(one_face, 40))


def test_probe_tells_what_the_file_is(video: Path) -> None:
    info = probe(video)
    assert (info.num_frames, info.height, info.width) == (40, 120, 160)
    assert info.fps == pytest.approx(25)


def test_frames_equal_a_sequential_decoder_in_the_order_asked(video: Path) -> None:
    with av.open(str(video)) as container:
        expected = np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])
    indices = [39, 3, 17, 18, 3]
    frames = read(video, indices)
    assert frames.shape == (5, 120, 160, 3) and frames.dtype == np.uint8
    # Two ffmpeg builds may round the colour conversion differently.
    assert np.abs(frames.astype(int) - expected[indices].astype(int)).max() <= 2


@pytest.mark.parametrize("name", ["missing", "empty", "text", "truncated", "audio_only"])
def test_a_file_without_frames_is_named_with_a_reason(name: str, video: Path, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.mp4"
    if name == "empty":
        path.touch()
    elif name == "text":
        path.write_text("not a video\n" * 50)
    elif name == "truncated":
        path.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    elif name == "audio_only":
        with av.open(str(path), "w") as container:
            stream = container.add_stream("aac", rate=8000)
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.rate = 8000
            container.mux(stream.encode(frame))
            container.mux(stream.encode())
    with pytest.raises(UnreadableVideoError) as error:
        probe(path)
    assert error.value.path == path and error.value.reason
    assert str(path) in str(error.value)


@pytest.mark.parametrize("indices", [[], [40], [-1]])
def test_frames_outside_the_video_are_refused(indices: list[int], video: Path) -> None:
    with pytest.raises(UnreadableVideoError, match="of a video of 40 frames"):
        read(video, indices)


def test_the_error_crosses_a_process_boundary() -> None:
    error = pickle.loads(pickle.dumps(UnreadableVideoError(Path("a.mp4"), "torn")))
    assert (error.path, error.reason) == (Path("a.mp4"), "torn")
