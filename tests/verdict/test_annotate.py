"""Annotated copies: where boxes are, that all else is as it was, the sound to the byte, and the file itself."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from deepfake.errors import UnreadableVideoError
from deepfake.report.palette import FAKE
from deepfake.verdict import ClipScore, DetectorScore, FileResult, write_results
from deepfake.verdict.annotate import _Marker, annotate, annotated_path
from deepfake.video import probe, read
from tests.fakes import turn
from tests.verdict.made import PERSON, SCORED

BOX = (70.0, 60.0, 110.0, 100.0)
COLOUR = np.array([int(FAKE[i : i + 2], 16) for i in (1, 3, 5)])


def made(path: Path, num_frames: int = 50, sound: str | None = "aac", size: tuple[int, int] = (120, 160)) -> Path:
    """Write a video of a grey slope, 25 frames a second, with a tone beside it."""
    height, width = size
    slope = np.linspace(40, 160, width).astype(np.uint8)[None, :, None].repeat(height, 0).repeat(3, 2)
    with av.open(str(path), "w") as file:
        video = file.add_stream("libx264", rate=25, options={"crf": "5"})
        video.height, video.width, video.pix_fmt = height, width, "yuv444p" if height % 2 else "yuv420p"
        heard: Any = file.add_stream(sound, rate=44100, layout="mono") if sound else None
        for _ in range(num_frames):
            file.mux(video.encode(av.VideoFrame.from_ndarray(slope, format="rgb24")))
        file.mux(video.encode(None))
        if heard is not None:
            tone = np.sin(np.arange(num_frames * 1764) / 20)[None]
            samples = tone.astype(np.float32) if sound == "aac" else (tone * 30_000).astype(np.int16)
            for start in range(0, samples.shape[1] - 1024, 1024):
                piece = np.ascontiguousarray(samples[:, start : start + 1024])
                frame = av.AudioFrame.from_ndarray(piece, format="fltp" if sound == "aac" else "s16", layout="mono")
                frame.sample_rate, frame.pts = 44100, start
                file.mux(heard.encode(frame))
            file.mux(heard.encode(None))
    return path


def result_of(path: Path, **person: Any) -> FileResult:
    """A person whose clip is frames 5 to 9."""
    info = probe(path)
    seen = replace(PERSON, clips=(ClipScore(5, 9, 0.2, 0.4, 0.9, BOX),), **person)
    return replace(SCORED, num_frames=info.num_frames, duration_s=info.duration_s, persons=(seen,))


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as file:
        return [bytes(packet) for packet in file.demux(audio=0) if packet.size]


def on_the_line(frame: np.ndarray) -> float:
    """How far the left side of the box is from the colour of a fake, 0 to 255."""
    return float(np.abs(frame[70:90, 68:71].astype(int) - COLOUR).mean())


def test_boxes_fade_and_all_else_stays(tmp_path: Path) -> None:
    source = made(tmp_path / "a.mp4")
    before = source.read_bytes()
    target = annotated_path(source, tmp_path / "out")
    assert annotate(source, target, result_of(source)) == "its sound (aac) is copied"
    assert source.read_bytes() == before and [each.name for each in target.parent.iterdir()] == [target.name]
    assert packets(target) == packets(source) != []
    info = probe(target)
    assert (info.num_frames, info.codec, info.width, info.height) == (50, "h264", 160, 120)
    assert info.times_s == pytest.approx(probe(source).times_s, abs=1e-4)
    with av.open(str(target)) as file:
        assert file.streams.video[0].format.name == "yuv420p"
    content = target.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")  # a browser can begin before it has all
    shown, real = (read(path, [2, 5, 9, 24, 45]) for path in (target, source))
    distances = [on_the_line(frame) for frame in shown]
    assert max(distances[1:3]) < 25 < distances[3] < min(distances[0], distances[4])  # 15 frames later it is faint
    assert distances[4] == pytest.approx(on_the_line(real[4]), abs=5)
    inside, outside = np.s_[1, 68:92, 78:102], np.s_[:, 108:, :]
    for place in (inside, outside):
        assert np.abs(shown[place].astype(int) - real[place]).mean() < 4


def test_a_turned_video_of_odd_sides_is_upright_and_even(tmp_path: Path) -> None:
    source = turn(made(tmp_path / "a.mp4", 10, size=(121, 161)), 90)
    target = annotated_path(source, tmp_path)
    annotate(source, target, result_of(source))
    assert (probe(source).width, probe(target).width, probe(target).height) == (121, 122, 162)
    shown, real = (read(path, [0])[0] for path in (target, source))
    assert np.abs(shown[:161, :121].astype(int) - real).mean() < 4


@pytest.mark.parametrize(
    ("name", "sound", "words"),
    [("a.mov", "pcm_s16le", "pcm_s16le) is encoded anew as AAC"), ("a.mp4", None, "it has no sound")],
)
def test_other_sound(name: str, sound: str | None, words: str, tmp_path: Path) -> None:
    source = made(tmp_path / name, 25, sound)
    target = annotated_path(source, tmp_path)
    assert words in annotate(source, target, result_of(source))
    with av.open(str(target)) as file:
        codecs = [stream.codec_context.name for stream in file.streams]
        assert codecs == ["h264", "aac"][: 1 + bool(sound)]
        if sound:
            heard = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
            assert len(heard) >= 41_000 and np.abs(heard).max() > 0.5


def test_sound_that_begins_before_the_pictures_is_whole_and_in_time(tmp_path: Path) -> None:
    plain, source = made(tmp_path / "a.mp4", 25), tmp_path / "late.mkv"
    with av.open(str(plain)) as given, av.open(str(source), "w") as file:
        streams = {stream.index: file.add_stream_from_template(stream) for stream in given.streams}
        for packet in given.demux():
            if packet.dts is not None:
                if packet.stream.type == "video":
                    packet.pts, packet.dts = (int(t + 0.5 / packet.time_base) for t in (packet.pts, packet.dts))
                packet.stream = streams[packet.stream.index]
                file.mux(packet)
    target = annotated_path(source, tmp_path)
    annotate(source, target, result_of(source))
    starts = []
    for path in (source, target):
        with av.open(str(path)) as file:
            starts.append([next(file.decode(stream)).time for stream in (file.streams.video[0],)])
            file.seek(0)
            starts[-1].append(next(file.decode(audio=0)).time)
    assert starts[1][0] - starts[1][1] == pytest.approx(starts[0][0] - starts[0][1], abs=0.03) != 0
    assert packets(target) == packets(source)


def test_a_box_ends_at_a_cut(tmp_path: Path) -> None:
    source = made(tmp_path / "a.mp4", 12, sound=None)
    frames = read(source, range(12)).copy()
    noise = np.random.default_rng(0).integers(0, 255, (12, 16, 3)).repeat(10, 0).repeat(10, 1)
    frames[11] = noise.astype(np.uint8)
    marker = _Marker(result_of(source))
    drawn = [marker.draw(i, frame) for i, frame in enumerate(frames)]
    assert (drawn[10] != frames[10]).any() and (drawn[11] == frames[11]).all()


def test_an_image_and_an_odd_name(tmp_path: Path) -> None:
    source = tmp_path / "-<img src=x>\n.png"
    Image.fromarray(read(made(tmp_path / "a.mp4", 1, sound=None), [0])[0]).save(source)
    person = replace(PERSON, clips=(ClipScore(0, 0, 0.0, 0.0, 0.9, BOX),))
    target = annotated_path(source, tmp_path)
    annotate(source, target, replace(SCORED, num_frames=1, duration_s=0.0, persons=(person,)))
    assert on_the_line(np.asarray(Image.open(target))) < 1
    assert "\n" not in target.name and annotated_path(tmp_path / "b" / source.name, tmp_path) != target


def test_what_is_no_video_leaves_nothing(tmp_path: Path) -> None:
    source = tmp_path / "a.mp4"
    source.write_text("no video")
    with pytest.raises(UnreadableVideoError, match="not a video"):
        annotate(source, annotated_path(source, tmp_path), SCORED)
    assert not list((tmp_path / "annotated").iterdir())


def drawn_by(marker: _Marker, source: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[float], float]]:
    """Return the box and the score that are drawn, frame by frame."""
    found = []

    def noted(self: _Marker, picture: np.ndarray, person: Any, box: Any, score: float, labels: Any) -> np.ndarray:
        found.append((list(box), score))
        return picture

    monkeypatch.setattr(_Marker, "_marked", noted)
    for i, frame in enumerate(read(source, range(12))):
        marker.draw(i, frame)
    return found


def test_of_several_detectors_a_frame_is_as_in_the_table_of_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, other = made(tmp_path / "a.mp4", 12, sound=None), (71.0, 60.0, 111.0, 100.0)
    frames = [ClipScore(i, i, 0, 0, None, BOX if i < 6 else other, (0.1 * i, None)) for i in range(2, 12)]
    windows = [ClipScore(i, i + 3, 0, 0, None, BOX if i + 2 < 6 else other, (None, 0.1 * i)) for i in range(2, 9)]
    clips = sorted([*frames, *windows], key=lambda clip: (clip.start_frame, -clip.end_frame))
    two = tuple(DetectorScore(name, 0.5, None, 1, 9, 0.5) for name in ("frames", "windows"))
    person = replace(PERSON, clips=tuple(clips), detectors=two)
    result = replace(result_of(source), persons=(person,), detectors=two)
    identity = {"weights": {"frames": 0.25, "windows": 0.75}}
    write_results([result], tmp_path, identity, ["frames", "windows"], dense=True)
    table = pd.read_parquet(tmp_path / "frames.parquet").query("frame >= 2")
    marked = drawn_by(_Marker(result, [0.25, 0.75]), source, monkeypatch)
    assert [score for _, score in marked] == table["score"].tolist() and table["score"].notna().all()
    assert [box for box, _ in marked] == table[["x0", "y0", "x1", "y1"]].to_numpy().tolist()
    assert [box[0] for box, _ in marked] == [BOX[0]] * 4 + [other[0]] * 6


def test_where_windows_overlap_a_frame_has_the_mean_of_its_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = made(tmp_path / "a.mp4", 12, sound=None)
    windows = tuple(ClipScore(i, i + 3, i / 25, (i + 4) / 25, s, BOX) for i, s in ((2, 0.25), (3, 0.75), (4, 0.5)))
    person = replace(PERSON, clips=windows)
    marked = drawn_by(_Marker(replace(result_of(source), persons=(person,))), source, monkeypatch)
    shown = {frame + 2: score for frame, (_, score) in enumerate(marked)}
    assert shown == {2: 0.25, 3: 0.5, **dict.fromkeys((4, 5), 0.5), 6: 0.625, **dict.fromkeys(range(7, 12), 0.5)}
