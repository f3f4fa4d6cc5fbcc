"""Loads checkpoints with all that turns a file into a verdict."""

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from deepfake.calibration import Calibration, equal_weights
from deepfake.checkpoints import (
    Calibrated,
    Checkpoint,
    build_network,
    calibration_of,
    calibration_of_several,
    faces_of,
    read_checkpoint,
    read_several,
    require_persons,
    same_faces,
    settled_rule,
)
from deepfake.checkpoints.calibration import AUTO
from deepfake.checkpoints.scoring_rule import AGGREGATE, CARRIED, CLIPS, MAIN_FACE, TRACKS
from deepfake.device import pick_device
from deepfake.errors import ConfigError
from deepfake.extraction import ExtractOptions
from deepfake.extraction.shards import require_whole
from deepfake.faces.recipe import ALL
from deepfake.models.detector import Detector
from deepfake.models.network import Network
from deepfake.names import shown
from deepfake.options import fault
from deepfake.ranges import Count
from deepfake.schema import ClipSpec
from deepfake.scoring import ScoringRule
from deepfake.verdict.about import about
from deepfake.verdict.predictor import Predictor, Scorer
from deepfake.verdict.quality import seen_of

_WEIGHTS = "DEEPFAKE_WEIGHTS"
log = logging.getLogger(__name__)


def load_predictor(
    checkpoint: str | Path | Sequence[str | Path],
    *,
    device: str = "auto",
    tracks: str = "all",
    aggregate: str = CARRIED,
    clips_per_track: int | str | None = CARRIED,
    calibration: Calibration | str | Path | None = AUTO,
    faces: Any = None,
    backbone_weights: str | Path | None = None,
    weights_dir: str | Path | None = None,
    extract: ExtractOptions | None = None,
    batch_size: int = 32,
    num_workers: int | None = 0,
    dense: bool = False,
    window_hop: int | None = None,
    explain: bool = False,
) -> Predictor:
    """Load a checkpoint's detector with all that turns a file into a verdict, or several detectors.

    Args:
        checkpoint: the checkpoint, or a list of several, whose detectors score the same faces: a person's score is the
            sigmoid of the weighted mean of their logits, see `deepfake.verdict.combine`. A list of one is this one.
        device: what finds and scores faces: `auto`, `cpu`, `cuda`, `cuda:1` or `mps`.
        tracks: faces of a file to score: `all`, `main` (the largest), or `checkpoint` for those of its own test, as
            here and below each detector's.
        aggregate: a face's score, as `deepfake.scoring` has it; `checkpoint` for that of its own test.
        clips_per_track: the most clips of a face; None for all, `checkpoint` for those of its own test.
        calibration: of this detector's scores by this rule: `auto` for the file beside the checkpoint, and otherwise
            what its card has, if they are of these scores, which is logged; the path of a file of
            `scripts/calibrate.py`; what `deepfake.calibration.fit_calibration` returned; `none` or None for the score
            alone. Of several it is of their combined scores, and a file has their weights; without one they weigh the
            same.
        faces: options that replace those of the checkpoint's recipe, as the config group `faces`; None replaces none.
        backbone_weights: file of frozen weights that a small checkpoint leaves out.
        weights_dir: folder of the finders' weights; None takes the environment's DEEPFAKE_WEIGHTS, or data/weights.
        extract: how faces are extracted, on `device`; None takes the defaults. All files that are given are extracted,
            so it names no shard.
        batch_size: clips that are scored at a time.
        num_workers: processes that load clips; 0 loads in this one.
        dense: whether every frame is looked at, in segments that follow one another, and scored: by detectors of single
            frames each, by detectors of windows in windows that overlap. It takes the place of `clips_per_track` and of
            `faces.num_segments`.
        window_hop: with `dense`, the distance between the starts of two windows in frames, at most a window; None is 1.
        explain: whether results have heat maps of the most and the least suspicious frame of each person, which
            takes as long as scoring some 50 clips a person; of one detector alone.

    Raises:
        CheckpointError: the checkpoint does not exist, cannot be read, or was not made by this project.
        CalibrationError: the file of `calibration` cannot be read, or is of other scores.
        ConfigError: an option is wrong.
        WeightsError: the finder's weights are not here.
    """
    options = extract or ExtractOptions()
    require_whole(options)
    found = _read(checkpoint)
    detectors = {name: build_network(each, backbone_weights) for name, each in found.items()}
    given = {CLIPS: clips_per_track, TRACKS: tracks, MAIN_FACE: CARRIED, AGGREGATE: aggregate}
    rules, recipes, seen = {}, {}, {}
    for name, each in found.items():
        if len(found) > 1:
            log.info("detector %s: %s", name, shown(each.path))
        rule, _ = settled_rule(each.card, given, each.path, called={TRACKS: "tracks"})
        rules[name] = replace(rule, clips_per_track=None) if dense else rule
        recipes[name], differing = faces_of(each, faces, Path(weights_dir or os.environ.get(_WEIGHTS, "data/weights")))
        seen[name] = seen_of(each.card, differing)
        if seen[name] is None:
            log.info("%s does not know how blurred its training clips were: faces that are more so score", shown(name))
    if len(found) > 1:
        require_persons(rules)
    if explain:
        _require_explainable(found, detectors, rules)
    recipe = same_faces(recipes)
    hop = _settled_hop(window_hop, {name: each.spec for name, each in detectors.items()}, dense=dense)
    if dense:
        recipe = dense_recipe(recipe, [each.spec for each in detectors.values()])
    learnt, known = None, calibration if isinstance(calibration, Calibration) else None
    if not isinstance(calibration, Calibration) and (learnt := _learnt(calibration, found, rules, recipe)):
        known = learnt.calibration
    weights = (learnt.weights if learnt else ()) or equal_weights(len(found))
    if len(found) > 1:
        _tell(dict(zip(found, weights, strict=True)))
    chosen = pick_device(device)
    return Predictor(
        scorers=tuple(
            Scorer(name, detectors[name].to(chosen), rules[name], each.digest, weight, seen[name])
            for (name, each), weight in zip(found.items(), weights, strict=True)
        ),
        faces=recipe,
        options=replace(options, device=device),
        device=chosen,
        batch_size=batch_size,
        num_workers=num_workers,
        about=about(found, weights, known, learnt.file.source if learnt else "val"),
        calibration=known,
        explain=explain,
        window_hop=hop,
    )


def _tell(weights: Mapping[str, float]) -> None:
    """Say how several detectors are combined."""
    told = ", ".join(f"{name} {weight:.3f}" for name, weight in weights.items())
    log.info("a person's score is the sigmoid of the weighted mean of the detectors' logits: %s", told)
    for name, weight in weights.items():
        if weight == 0:
            log.warning("%s has the weight 0, and whom it cannot judge has no score: leave it out", shown(name))


def _settled_hop(given: int | None, specs: Mapping[str, ClipSpec], *, dense: bool) -> int | None:
    """Return the distance between the starts of windows; None where clips share no frame.

    Raises:
        ConfigError: it was given and would do nothing, or would leave frames unscored.
    """
    spans = {name: spec.span for name, spec in specs.items() if spec.clip_length > 1}
    if given is None:
        return 1 if dense and spans else None
    if not dense:
        raise ConfigError(f"window_hop={given} does nothing without dense=true: leave it out, or add dense=true")
    if not spans:
        raise ConfigError(f"window_hop={given} is of windows, and every frame is scored alone here: leave it out")
    if found := fault("window_hop", given, Count):
        raise ConfigError(found)
    shortest = min(spans, key=lambda name: spans[name])
    if given > spans[shortest]:
        raise ConfigError(
            f"window_hop is {given}, and the windows of {shown(shortest)} have {spans[shortest]} frames: give 1 to "
            f"{spans[shortest]}, so that no frame between two windows is left out"
        )
    return given


def _read(given: str | Path | Sequence[str | Path]) -> dict[str, Checkpoint]:
    """Return the checkpoints by the names of their detectors, in the order of the names."""
    paths = [given] if isinstance(given, str | Path) else list(given)
    if not paths:
        raise ConfigError("checkpoint is an empty list: give a checkpoint, or several")
    if len(paths) > 1:
        return read_several(paths)
    alone = read_checkpoint(paths[0])
    return {alone.path.stem: alone}


def _require_explainable(
    found: Mapping[str, Checkpoint], detectors: Mapping[str, Network], rules: Mapping[str, ScoringRule]
) -> None:
    """Stop if heat maps cannot be made.

    Raises:
        ConfigError: they cannot.
    """
    if len(found) > 1:
        raise ConfigError(
            "explain=true shows where the score of one detector comes from, and the mean of several comes from no one "
            "place: give one checkpoint and another output="
        )
    ((name, checkpoint),) = found.items()
    if not isinstance(detectors[name], Detector):
        raise ConfigError(
            f"explain needs gradients, which {checkpoint.path} has none of: give the checkpoint it was made from"
        )
    if rules[name].aggregate == "mean_all":
        raise ConfigError("explain shows the person whose score is the file's, and aggregate=mean_all has none")


def _learnt(
    given: str | Path | None,
    found: Mapping[str, Checkpoint],
    rules: Mapping[str, ScoringRule],
    faces: Mapping[str, Any],
) -> Calibrated | None:
    """Return the calibration that was asked for, if it is of these scores."""
    if len(found) > 1:
        return calibration_of_several(given, found, rules, faces)
    ((name, alone),) = found.items()
    return calibration_of(given, alone, rules[name], faces)


def dense_recipe(faces: Mapping[str, Any], specs: Sequence[ClipSpec]) -> dict[str, Any]:
    """Return the recipe that looks at every frame of a video, in segments in which windows overlap.

    A window cannot cross a segment, in each of which a face has one square. So a segment has up to twice the frames of
    the longest window, and room for one wherever the video has it: with windows of 8 frames it has 16 as a rule, and 9
    windows begin in it. In longer ones a face that moves would leave its square: of singers who step about, one
    detection in ten is off the middle by more than .4 faces in segments of 8 frames, .8 in 16 and 1.2 in 32; of people
    who sit by .1, .15 and .2 (2026-11-28). A segment is decoded and searched at a time.

    Args:
        faces: the settled recipe.
        specs: the inputs of all detectors.
    """
    length = max(faces["segment_length"], 2 * max((spec.span for spec in specs if spec.clip_length > 1), default=1))
    return {**faces, "num_segments": ALL, "segment_length": length}
