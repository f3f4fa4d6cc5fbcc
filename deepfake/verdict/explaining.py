"""Heat maps of the clips of each person that speak most and least for a fake, each with its check."""

from collections.abc import Sequence

import torch

from deepfake.data.augment import as_float
from deepfake.explain import check_map, heat_maps, overlay, suspicious_frames
from deepfake.models.detector import Detector
from deepfake.verdict.judge import second
from deepfake.verdict.pictures import encoded
from deepfake.verdict.result import Explanation, FileResult
from deepfake.verdict.tracks import Track

MOST_PERSONS = 5  # of a file that are explained, those with the highest scores; each takes as long as some 50 clips
_SIDE = 224  # of the pictures, in pixels


def explained(
    detector: Detector, result: FileResult, tracks: Sequence[Track], fps: float, device: str
) -> tuple[Explanation, ...]:
    """Explain the most suspicious clip of each person with a score, and the least suspicious one if there are two.

    Args:
        detector: in eval mode.
        result: of the file.
        tracks: its faces; their crops are still stored.
        fps: average frames per second of the file.
        device: what the detector runs on.

    Returns:
        Those of the person with the highest score first, and at most `MOST_PERSONS` persons'.
    """
    scored = {person.person: person.score for person in result.persons if person.score is not None}
    chosen = sorted(scored, key=lambda person: (-scored[person], person))[:MOST_PERSONS]
    of_person = {track.number + 1: track for track in tracks}
    found = []
    for person in chosen:
        track = of_person[person]
        most, least = suspicious_frames(track.scores, 1)
        for place, number in enumerate([*most.tolist(), *least.tolist()]):
            found.append(_of_clip(detector, track, number, fps, device, most=place == 0))
    return tuple(found)


def _of_clip(detector: Detector, track: Track, number: int, fps: float, device: str, *, most: bool) -> Explanation:
    assert track.clip is not None
    pixels = track.clip(number)
    clip = as_float(pixels.to(device))
    maps = heat_maps(detector, clip[None])[0]
    check = check_map(detector, clip, maps)
    strongest = int(maps.sum((1, 2)).argmax())
    frame = int(track.frames[number, strongest])
    crop = pixels[strongest].permute(1, 2, 0).numpy()
    with torch.inference_mode():
        heat = maps[strongest].cpu().numpy()
    return Explanation(
        most=most,
        frame=frame,
        second=second(frame, fps),
        score=float(track.scores[number]),
        hidden_score=check.hidden_score,
        surpassed=check.surpassed,
        passes=check.passes,
        crop=encoded(crop, _SIDE),
        overlay=encoded(overlay(crop, heat), _SIDE),
        person=track.number + 1,
    )
