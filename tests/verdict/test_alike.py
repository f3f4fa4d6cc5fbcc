"""People who leave and come back elsewhere, after a cut: whose pieces are listed together, by whom was drawn.

Faces are found as in production, by MTCNN; the detector is untrained, since scores are not to change anything here.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deepfake.store import FaceStore, Stored
from deepfake.texture import grey
from deepfake.verdict import FileResult
from deepfake.verdict import predictor as module
from deepfake.verdict.alike import ALIKE, described, grouped, listed
from tests.faces.drawn import Scene, drawn
from tests.fakes import write_video
from tests.verdict.marked import predictor, untrained

ANNA, BELA = 7, 0
HERE, THERE, ELSEWHERE = Scene({ANNA: 0.3}), Scene({ANNA: 0.65}, yaw=0.2, room=1), Scene({ANNA: 0.75}, yaw=-0.1, room=2)
BELA_THERE = Scene({BELA: 0.65}, room=1)


def frames(*scenes: Scene) -> np.ndarray:
    """Draw scenes one after the other, 4 frames each: (T, 240, 320, 3) uint8."""
    return np.concatenate([drawn(scene, number)[0] for number, scene in enumerate(scenes)])


def nearer(frames_: np.ndarray) -> np.ndarray:
    """Return frames in which the middle is a third larger, in both directions."""
    return np.stack([np.asarray(Image.fromarray(each).crop((40, 15, 280, 195)).resize((320, 240))) for each in frames_])


def clips() -> dict[str, np.ndarray]:
    returns, alone = frames(HERE, THERE), frames(Scene({ANNA: 0.5}))
    return {
        "returns": returns,
        "returns nearer": np.concatenate([returns[:4], nearer(returns[4:])]),
        "another comes": frames(HERE, BELA_THERE),
        "another between": frames(HERE, BELA_THERE, ELSEWHERE),
        "twice in a frame": np.concatenate([alone, alone], axis=2),
        "grey": np.repeat(grey(returns).round().astype(np.uint8)[..., None], 3, axis=-1),
    }


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, FileResult]:
    """Of each clip, and of a picture; no score is another than it was before persons were listed together."""
    folder = tmp_path_factory.mktemp("clips")
    for name, shown in clips().items():
        write_video(folder / f"{name}.mp4", shown)
    Image.fromarray(clips()["twice in a frame"][0]).save(folder / "picture.png")

    def only_listed(result: FileResult, stored: Stored, store: FaceStore) -> FileResult:
        after = listed(result, stored, store)
        assert replace(after, persons=tuple(replace(each, looks_like=None) for each in after.persons)) == result
        return after

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "listed", only_listed)
        found = predictor(untrained(), num_segments=3, segment_length=4).predict_many([folder])
        return {Path(result.path).stem: result for result in found}


@pytest.mark.parametrize(
    ("clip", "looks_like"),
    [
        ("returns", [None, 1]),
        ("returns nearer", [None, 1]),
        ("another comes", [None, None]),
        ("twice in a frame", [None, None]),  # not even if the two are one picture
        ("grey", [None, None]),  # without colours too many people are alike
        ("picture", [None, None]),
    ],
)
def test_pieces_of_one_person_are_listed_together(
    clip: str, looks_like: list[int | None], results: Mapping[str, FileResult]
) -> None:
    assert [each.looks_like for each in results[clip].persons] == looks_like


def test_who_returns_after_another_is_listed_with_herself_alone(results: Mapping[str, FileResult]) -> None:
    """The other is seen in the second third of the clip."""
    persons = results["another between"].persons
    bela = next(each for each in persons if each.start_s == pytest.approx(4 / 25))
    first, second = (each for each in persons if each is not bela)
    assert bela.looks_like is None and second.looks_like == first.person and first.looks_like is None


def test_a_group_is_alike_in_every_pair_and_the_most_alike_come_first() -> None:
    above, far = ALIKE + 0.02, 0.1
    chain = np.array([[1, above, far], [above, 1, above + 0.05], [far, above + 0.05, 1]])
    assert grouped(chain) == [0, 1, 1]  # the second is like both, who are not like each other
    assert grouped(np.full((3, 3), ALIKE + 0.001)) == [0, 0, 0]
    assert grouped(np.full((2, 2), -1.0)) == [0, 1]
    assert grouped(np.full((2, 2), np.nextafter(1, 2))) == [0, 0]  # of equal pictures


def test_crops_that_show_too_little_are_left_out() -> None:
    """Drawn pictures, as crops by another margin or beyond the border of a frame."""
    picture = frames(Scene({ANNA: 0.5}))[0][40:200, 80:240]
    face, size = np.array([[160.0, 120.0, 100.0, 100.0]]), (240, 320)

    def seen(half: int, frame: tuple[int, int] = size) -> bool:
        crop = picture[80 - half : 80 + half, 80 - half : 80 + half]
        square = np.array([[160.0 - half, 120.0 - half, 2.0 * half]])
        return described([crop], square, face, frame) is not None

    assert seen(65) and seen(80)
    assert not seen(50)  # margin 1.0 shows too little of the hair
    assert not described([picture], np.array([[80.0, -30.0, 160.0]]), face - [0, 70, 0, 0], size)  # so does the border
    assert not seen(65, (110, 320))  # nor is the half of a face a face
