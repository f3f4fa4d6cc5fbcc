"""Learns on val what a detector's scores are worth: a calibration, thresholds, and bands with their error rates."""

import logging
from dataclasses import asdict
from pathlib import Path

from omegaconf import DictConfig

from deepfake.atomic import write_atomic
from deepfake.calibration import CalibrationFile, Learnt, write_calibration
from deepfake.calibration.calibration_file import SCHEMA_VERSION
from deepfake.calibration.fit import require_enough
from deepfake.checkpoints import beside, carry_calibration
from deepfake.checkpoints.data_card import compare_content, data_card
from deepfake.checkpoints.scoring_rule import rule_card
from deepfake.command.entry import entry_point
from deepfake.command.idle import refuse_idle
from deepfake.config.plain import plain_list
from deepfake.corpora import Listing
from deepfake.corpora.audit import audit, duplicates
from deepfake.corpora.fitness import data_caption
from deepfake.errors import ConfigError
from deepfake.evaluation import learn_calibration, require_val, show_calibration, with_people, with_unscored
from deepfake.faces.settled_recipe import stored_recipe
from deepfake.report.results import covered, draw_reliability
from deepfake.report.tables import show_paths
from deepfake.run.calibrate_several import SAME_BY_ALL_FACES, calibrate_several, own_and_all_faces
from deepfake.run.calibrate_table import OF_TABLES, calibrate_table, require_file
from deepfake.run.prepared_test import prepare_test
from deepfake.schema import Split

log = logging.getLogger(__name__)


@entry_point
def calibrate(cfg: DictConfig) -> None:
    """Calibrate the detectors of `cfg.checkpoint` on val of `cfg.data`, or the scores of `cfg.predictions`."""
    if (cfg.checkpoint is None) == (cfg.predictions is None):
        raise ConfigError("give either checkpoint=, to calibrate a detector, or predictions=, a table of its scores")
    require_val(Split(cfg.split))
    if cfg.predictions is not None:
        calibrate_table(cfg)
        return
    refuse_idle(beside="checkpoint", idle=OF_TABLES)
    paths, folder = [str(each) for each in plain_list(cfg.checkpoint)], Path(cfg.paths.output_dir)
    if len(paths) > 1:
        calibrate_several(cfg, paths, lambda listing: require_val_of(cfg, listing), folder)
        return
    if cfg.weights != "learnt":
        raise ConfigError(f"weights={cfg.weights} is of several detectors, and checkpoint= has one: leave it out")
    output = beside(Path(paths[0])) if cfg.output is None else Path(cfg.output)
    require_file(output)
    calibrate_checkpoint(cfg, paths[0], output, folder)


def require_val_of(cfg: DictConfig, listing: Listing) -> None:
    """Stop unless a corpus has a val to learn on that shares nothing with test."""
    of_val = listing.of(Split.VAL)
    both = [*of_val, *listing.of(Split.TEST)]
    audit(both, duplicates(both)).require_disjoint(listing.protocol)
    require_enough([int(video.label) for video in of_val], cfg.method, f"val of {cfg.data.name}")


def calibrate_checkpoint(cfg: DictConfig, checkpoint: str, output: Path, folder: Path) -> None:
    """Score val, learn from the scores, and write what was learnt.

    The checkpoint's own test may score the main face of a video, and predictions score all faces, so both scores are
    calibrated.

    Args:
        cfg: the composed config of the command.
        checkpoint: the file.
        output: file of the calibration.
        folder: where the scores and the pictures go.
    """
    source = f"val of {cfg.data.name}"
    first = prepare_test(cfg, checkpoint, lambda listing: require_val_of(cfg, listing))
    paths, learnt = {"run": folder, "calibration": output}, []
    for by_name, scores in own_and_all_faces({"": first}):
        test, scored = by_name[""], scores[""]
        data = data_card(cfg.data.name, test.listing, {Split.VAL: scored.coverage}, test.store, test.rule)
        clips, people = with_people(with_unscored(scored.clips, test.videos), test.videos)
        found, videos, by = learn_calibration(clips, test.rule.aggregate, cfg.method, cfg.prior, source, people)
        learnt.append(Learnt(rule_card(test.rule), dict(scored.coverage), found))
        if learnt[1:] and found == learnt[0].calibration:
            log.info(SAME_BY_ALL_FACES)
            continue
        captions = covered(data["coverage"]), data_caption(data, test.checkpoint.card["data"])
        show_calibration(found, by, f"tracks={test.rule.tracks}, aggregate={test.rule.aggregate}", *captions)
        place = folder / test.rule.tracks if learnt[1:] else folder
        place.mkdir(parents=True, exist_ok=True)
        write_atomic(place / "predictions.csv", scored.clips.to_csv(index=False).encode())
        numbers = {"before": asdict(found.before), "after": asdict(found.after)}
        drawn = draw_reliability(place, test.subject, videos, cfg.prior, numbers)
        of = f" ({test.rule.tracks})" if learnt[1:] else ""
        paths |= {f"{name}{of}": path for name, path in {"predictions": place / "predictions.csv", **drawn}.items()}
    compare_content(first.checkpoint.card["data"], data)
    of_data = {name: data[name] for name in ("corpus", "protocol", "fingerprint", "content")}
    weights, faces = first.checkpoint.digest, stored_recipe(first.faces)
    file = CalibrationFile(SCHEMA_VERSION, weights, faces, of_data, by, tuple(learnt))
    plain = write_calibration(file, output)
    if cfg.output is None and not first.checkpoint.content:
        log.info("%s is an exported file, whose card stays as it is: the calibration lies beside it", checkpoint)
    elif cfg.output is None:
        carry_calibration(first.checkpoint.path, weights, plain)
    show_paths(paths)
