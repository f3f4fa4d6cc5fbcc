"""Heat maps of the clips that speak most and least for a fake, each with its check."""

import torch

from deepfake.data.augment import as_float
from deepfake.explain import check_map, heat_maps, overlay, suspicious_frames
from deepfake.models.detector import Detector
from deepfake.verdict.judge import second
from deepfake.verdict.pictures import encoded
from deepfake.verdict.result import Explanation
from deepfake.verdict.tracks import Track

_SIDE = 224  # of the pictures, in pixels


def explained(detector: Detector, track: Track, fps: float, device: str) -> tuple[Explanation, ...]:
    """Return the explanation of the most suspicious clip of a face, and of the least suspicious one if there are two.

    Args:
        detector: in eval mode.
        track: the face; its crops are still stored.
        fps: average frames per second of the file.
        device: what the detector runs on.
    """
    assert track.clip is not None
    most, least = suspicious_frames(track.scores, 1)
    return tuple(
        _of_clip(detector, track, number, fps, device, most=place == 0)
        for place, number in enumerate([*most.tolist(), *least.tolist()])
    )


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
    )
