"""Changes within a file become remarks in its row or errors, and never distort frames silently."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.video.reformatter import ColorPrimaries, ColorTrc

from deepfake.errors import UnreadableVideoError
from deepfake.video.door import open_video
from tests.video.clips import encode, picture, remux
from tests.video.test_picture import BT709, HEIGHT, WIDTH, tagged


def says_wide(stream: av.VideoStream) -> None:
    tagged(BT709, ColorTrc.SMPTE2084, ColorPrimaries.BT2020)(stream)


def says_squeezed(stream: av.VideoStream) -> None:
    stream.codec_context.sample_aspect_ratio = Fraction(3, 2)


def as_they_are(stream: av.VideoStream) -> None:
    pass


@pytest.mark.parametrize(
    ("codec", "size", "prepare", "remark"),
    [
        ("good", (HEIGHT, WIDTH), as_they_are, None),
        ("interlaced", (HEIGHT, WIDTH), as_they_are, "some frames are interlaced and deinterlaced"),
        ("good", (HEIGHT // 2, WIDTH // 2), as_they_are, "some frames are 80x48 and are resized to the first"),
        ("good", (HEIGHT, WIDTH), says_wide, "other colours than the first"),
        ("good", (HEIGHT, WIDTH), says_squeezed, "another pixel shape"),
        ("good", (WIDTH, HEIGHT), as_they_are, "frame 14 is 96x160, but the first is 160x96"),
    ],
)
def test_what_changes_within_a_file_is_told_or_an_error(
    codec: str,
    size: tuple[int, int],
    prepare: Callable[[av.VideoStream], None],
    remark: str | None,
    tmp_path: Path,
) -> None:
    first = encode(tmp_path / "a.ts", "good", [picture(i) for i in range(12)])
    then = encode(tmp_path / "b.ts", codec, [picture(i, *size) for i in range(12)], prepare=prepare)
    path = tmp_path / "both.ts"
    path.write_bytes(first.read_bytes() + remux(then, tmp_path / "c.ts", shift_frames=12).read_bytes())
    with open_video(path) as video:
        assert len(video.read(range(2, 5))) == 3 and video.info.remarks == ()
        if remark and remark.startswith("frame 14"):
            with pytest.raises(UnreadableVideoError, match=remark):
                video.read(range(14, 16))
        else:
            assert video.read([14, 20]).shape == (2, HEIGHT, WIDTH, 3)
            assert bool(remark) == any(str(remark) in each for each in video.info.remarks)
            assert len(video.info.remarks) == bool(remark)
