"""A face finder that was trained on photographs finds the faces of painted people."""

from collections.abc import Iterator

import numpy as np
import pytest
from facenet_pytorch import MTCNN

from deepfake.demo.design import DemoDesign, Take, plan
from deepfake.demo.motion import perform
from deepfake.demo.shoot import frames

DESIGN = DemoDesign(num_people=24, min_seconds=0.12, max_seconds=0.12)


@pytest.fixture(scope="module")
def finder() -> MTCNN:
    return MTCNN(keep_all=True, device="cpu")


def shots(takes: tuple[Take, ...]) -> Iterator[tuple[Take, np.ndarray]]:
    """Yield the first frame of each take as in its last file, which is the forged one if there is one."""
    for take in takes:
        yield take, next(frames(DESIGN, take))[-1]


def test_the_finder_finds_one_face_in_ordinary_clips(finder: MTCNN) -> None:
    takes, pictures = zip(*shots(plan(DemoDesign(extras=False))[::6]), strict=True)
    boxes, scores = finder.detect(list(np.stack(pictures)))
    for take, found, sure in zip(takes, boxes, scores, strict=True):
        assert found is not None and len(found) == 1, take.take_id
        assert sure[0] > 0.95, take.take_id
        x0, y0, x1, y1 = found[0]
        assert 60 < y1 - y0 < 140 and 0 < x0 < x1 < 320, take.take_id


def test_the_extras_show_two_people_and_nobody(finder: MTCNN) -> None:
    extras = {take.take_id: picture for take, picture in shots(plan(DESIGN)[-3:])}
    boxes, _ = finder.detect(extras["two_people"])
    left, right = sorted(boxes.tolist())
    assert left[3] - left[1] > 1.2 * (right[3] - right[1])  # the forged face is larger
    assert abs((left[0] + left[2]) / 2 - 160) < abs((right[0] + right[2]) / 2 - 160)  # and nearer to the middle
    assert finder.detect(extras["no_face"])[0] is None


def test_people_differ_and_stay_themselves() -> None:
    takes = plan(DemoDesign(extras=False))
    pictures = [next(frames(DESIGN, take))[0].astype(int) for take in takes[:8:2]]
    repeated = next(frames(DESIGN, takes[0]))[0].astype(int)
    assert (repeated == pictures[0]).all()
    for i, one in enumerate(pictures):
        assert all(np.abs(one - other).mean() > 5 for other in pictures[i + 1 :])


def test_a_performance_begins_the_same_however_long_it_lasts() -> None:
    short, long = (perform(np.random.default_rng(0), n, 25) for n in (10, 40))
    np.testing.assert_array_equal(short.expression.mouth, long.expression.mouth[:10])
    np.testing.assert_array_equal(short.pose.shift, long.pose.shift[:10])


def test_a_performance_blinks_speaks_and_moves() -> None:
    motion = perform(np.random.default_rng(0), 100, 25)
    assert motion.expression.eyes.min() < 0.2 and motion.expression.eyes.max() > 0.7
    assert motion.expression.mouth.max() - motion.expression.mouth.min() > 0.3
    assert motion.pose.shift.std() > 0 and motion.pose.roll.std() > 0 and motion.light.colour.std() > 0
