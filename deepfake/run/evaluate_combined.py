"""Measures what several tested checkpoints say together, person by person, as a verdict of several does."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from omegaconf import DictConfig

from deepfake.atomic import write_atomic
from deepfake.calibration import equal_weights
from deepfake.checkpoints import (
    calibration_of_several,
    faces_of,
    named_apart,
    read_several,
    require_persons,
    same_faces,
)
from deepfake.errors import ConfigError, CorpusError
from deepfake.evaluation import Outcome, combined_persons, evaluate_scores, show_numbers, with_people, with_unscored
from deepfake.names import shown
from deepfake.report.plots import Subject
from deepfake.report.results import covered, draw_reliability, draw_videos
from deepfake.report.tables import show_paths
from deepfake.run.evaluate_checkpoint import Tested
from deepfake.run.prepared_test import rule_here

log = logging.getLogger(__name__)


def require_combinable(cfg: DictConfig, checkpoints: Sequence[str]) -> None:
    """Stop, before hours of testing, if these detectors cannot be combined.

    Raises:
        ConfigError: there is one alone, two have the same weights, other faces, or a rule that gives no person a score.
    """
    if len(checkpoints) < 2:
        raise ConfigError("combine=true is of several detectors: give checkpoint=[a.ckpt,b.ckpt], or leave it out")
    found = read_several(checkpoints)
    require_persons({name: rule_here(cfg, each)[0] for name, each in found.items()})
    weights_dir = Path(cfg.paths.weights_dir)
    same_faces({name: faces_of(each, cfg.get("faces"), weights_dir)[0] for name, each in found.items()})
    if cfg.distort is not None:
        log.info("combine=true is of the frames as they are: distorted ones are measured for each detector alone")


def evaluate_combined(cfg: DictConfig, tested: Sequence[Tested], folder: Path) -> Outcome:
    """Measure the combined scores, and write them, the numbers and the pictures.

    A person of whom one detector has no score has no combined one, and a video without such a person has none.

    Args:
        cfg: the composed config of the command.
        tested: the checkpoints, all on the same videos and faces.
        folder: where the results go.

    Raises:
        CorpusError: there is no person of whom all detectors have a score.
    """
    found = named_apart([each.test.checkpoint for each in tested])
    by_path = {each.test.checkpoint.path: each for each in tested}
    of = {name: by_path[checkpoint.path] for name, checkpoint in found.items()}
    first = next(iter(of.values())).test
    rules = {name: each.test.rule for name, each in of.items()}
    learnt = calibration_of_several(cfg.calibration, found, rules, first.faces, first.under_test)
    weights = (learnt.weights if learnt else ()) or equal_weights(len(found))
    persons = combined_persons(
        {name: each.clips for name, each in of.items()}, {name: rule.aggregate for name, rule in rules.items()}, weights
    )
    if persons.empty:
        raise CorpusError(
            f"no {first.split} video of {cfg.data.name} has a person of whom {', '.join(map(shown, found))} all have a "
            "score, so nothing can be combined: see the detectors' own results, or leave out combine"
        )
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / "predictions.csv", persons.to_csv(index=False).encode())
    clips, people = with_people(with_unscored(persons, first.videos), first.videos)
    measured = evaluate_scores(clips, cfg.missing, cfg.seed, people, calibration=learnt.calibration if learnt else None)
    # A row is a person, and no clip of which it could be told how well clips are judged.
    outcome = replace(measured, numbers=measured.numbers[measured.numbers["level"] == "video"])
    captions = covered({first.split: outcome.counts()}), _weighed(found, weights)
    show_numbers(outcome.numbers, *captions, outcome.caption(), learnt.caption() if learnt else "")
    subject = Subject(cfg.data.name, first.split, f"{' + '.join(map(shown, found))}, combined")
    paths = {"predictions": folder / "predictions.csv", **outcome.write(folder)}
    paths |= draw_videos(folder, subject, outcome.drawn, outcome.sure)
    if learnt:
        paths |= draw_reliability(folder, subject, outcome.drawn, learnt.calibration.prior, outcome.believed)
    show_paths({"combined": folder, **paths})
    return outcome


def _weighed(names: Mapping[str, object], weights: Sequence[float]) -> str:
    told = ", ".join(f"{shown(name)} {weight:.3f}" for name, weight in zip(names, weights, strict=True))
    return f"sigmoid of the weighted mean of the detectors' logits: {told}"
