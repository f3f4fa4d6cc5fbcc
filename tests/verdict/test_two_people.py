"""Two of the demo's people in a clip, one of them forged: the forged one is named, and no score changes another.

Faces are found as in production; in place of a trained network, one reads a mark in the forged face (`marked`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deepfake.verdict import FileResult, PersonResult, Predictor, Verdict
from deepfake.video.door import read
from tests.verdict.marked import mark_detector, predictor
from tests.verdict.scenes import LENGTH, WIDTH, Part, scenes, shoot

A, B = 0, 5
FAKE = {"a left, b right": A, "b left, a right": B, "crossing": A, "b leaves": B, "b behind a": B}
ASIDE = "a left, b right"
NECK = 125  # row above which the two do not overlap, and below which no crop reaches


def who_is(person: PersonResult, parts: Sequence[Part]) -> int:
    """Return who was drawn where a person was found."""
    middle = (person.box[0] + person.box[2]) / 2 / WIDTH
    return min(parts, key=lambda part: abs(part.x(person.box_frame) - middle)).who


def require_the_fake_is_named(result: FileResult, parts: Sequence[Part], fake: int) -> None:
    assert result.verdict == Verdict.FAKE and result.person is not None
    named = result.persons[result.person - 1]
    assert who_is(named, parts) == fake and named.score == result.score
    others = [person for person in result.persons if person is not named]
    assert {who_is(person, parts) for person in others} == {part.who for part in parts} - {fake}
    assert all(person.verdict == Verdict.REAL and person.score < result.score for person in others)


def answers(folder: Path, clips: Mapping[str, tuple[Sequence[Part], int]], with_: Predictor) -> dict[str, FileResult]:
    """Shoot clips, each given by who is seen and who is forged, and return the result of each."""
    for name, (parts, fake) in clips.items():
        shoot(folder / f"{name}.mp4", parts, fake)
    return {Path(result.path).stem: result for result in with_.predict_many([folder])}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("people")


@pytest.fixture(scope="module")
def results(folder: Path) -> dict[str, FileResult]:
    """Of every scene, and of each person of one of them alone."""
    shown = scenes(A, B)
    clips = {name: (shown[name], fake) for name, fake in FAKE.items()}
    alone = {f"{'ab'[place]} alone": ([part], FAKE[ASIDE]) for place, part in enumerate(shown[ASIDE])}
    return answers(folder, {**clips, **alone}, predictor(mark_detector(), num_segments=2))


@pytest.mark.parametrize("scene", FAKE)
def test_the_forged_one_is_named_and_the_other_is_not(scene: str, results: dict[str, FileResult]) -> None:
    require_the_fake_is_named(results[scene], scenes(A, B)[scene], FAKE[scene])
    assert results[scene].num_faces == 2


def test_who_leaves_is_there_as_long_as_seen(results: dict[str, FileResult]) -> None:
    stays, leaves = results["b leaves"].persons
    assert (stays.start_s, stays.end_s) == (0.0, LENGTH / 25) and leaves.end_s < LENGTH / 25


def test_a_score_does_not_change_when_another_stands_beside(folder: Path, results: dict[str, FileResult]) -> None:
    """Equal to the last bit, and so are place and time, where the pixels are equal."""
    beside, together = results[ASIDE], read(folder / f"{ASIDE}.mp4", range(LENGTH))
    for place, half in enumerate((np.s_[:, :NECK, : WIDTH // 2], np.s_[:, :NECK, WIDTH // 2 :])):
        name = f"{'ab'[place]} alone"
        (alone,) = results[name].persons
        assert np.array_equal(read(folder / f"{name}.mp4", range(LENGTH))[half], together[half])
        (same,) = [person for person in beside.persons if who_is(person, scenes(A, B)[ASIDE]) == (A, B)[place]]
        assert replace(alone, person=same.person) == same


@pytest.mark.slow
def test_other_people_cross_and_cover_each_other(tmp_path: Path) -> None:
    clips = {
        f"{scene} {a} {b} {fake}": (scenes(a, b)[scene], fake)
        for a, b in ((1, 7), (3, 8))
        for scene in ("crossing", "b behind a")
        for fake in (a, b)
    }
    for name, result in answers(tmp_path, clips, predictor(mark_detector(), num_segments=2)).items():
        require_the_fake_is_named(result, *clips[name])


@pytest.mark.slow
def test_one_who_moves_changes_nothing_if_each_frame_is_searched(tmp_path: Path) -> None:
    """Else more frames are searched for the sake of the one who moves, and boxes of the other are less interpolated."""
    beside = scenes(1, 7)["b leaves"]
    clips = {"alone": ([beside[0]], 1), "beside": (beside, 1)}
    for every, most in ((1, 0.0), (8, 0.05)):
        found = answers(tmp_path, clips, predictor(mark_detector(), num_segments=2, detect_every=every))
        alone, other = (each.persons[0].score for each in (found["alone"], found["beside"]))
        assert alone is not None and other is not None and abs(alone - other) <= most
