"""Learns on val how much each of several detectors tells, and what their combined scores are worth."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from omegaconf import DictConfig

from deepfake.atomic import write_atomic
from deepfake.calibration import CalibrationFile, Learnt, write_calibration
from deepfake.calibration.calibration_file import SCHEMA_VERSION
from deepfake.checkpoints import beside_several, faces_of, read_several, require_persons, same_faces
from deepfake.checkpoints.data_card import compare_content, data_card
from deepfake.checkpoints.scoring_rule import rule_card
from deepfake.corpora import Listing
from deepfake.corpora.fitness import data_caption
from deepfake.evaluation import (
    LearntEnsemble,
    learn_ensemble,
    show_calibration,
    show_ensemble,
    with_people,
    with_unscored,
)
from deepfake.faces.settled_recipe import stored_recipe
from deepfake.names import shown
from deepfake.report.plots import Subject
from deepfake.report.results import covered, draw_reliability, video_counts
from deepfake.report.tables import show_paths
from deepfake.robustness import Scored
from deepfake.run.calibrate_table import require_file
from deepfake.run.prepared_test import PreparedTest, prepare_test
from deepfake.schema import Split

log = logging.getLogger(__name__)
Tests = dict[str, PreparedTest]
SAME_BY_ALL_FACES = "tracks=all, all faces of a video, gives the same: no video of val has a second one"


def calibrate_several(cfg: DictConfig, paths: Sequence[str], require: Callable[[Listing], None], folder: Path) -> None:
    """Score val with each detector, learn weights and a calibration, and write both into one file.

    Each detector's own test may score the main face of a video, and predictions score all faces, so both are learnt.

    Args:
        cfg: the composed config of the command.
        paths: of the checkpoints.
        require: stops, before hours of extraction, if the corpus does not serve.
        folder: where the scores and the pictures go.
    """
    found, weights_dir = read_several(paths), Path(cfg.paths.weights_dir)
    output = beside_several(found) if cfg.output is None else Path(cfg.output)
    require_file(output)
    faces = same_faces({name: faces_of(each, cfg.get("faces"), weights_dir)[0] for name, each in found.items()})
    tests = {}
    for name, each in found.items():
        log.info("detector %s: %s", shown(name), shown(each.path))
        tests[name] = prepare_test(cfg, str(each.path), require)
    require_persons({name: test.rule for name, test in tests.items()})
    first = next(iter(tests.values()))
    results: dict[str, Path] = {"run": folder, "calibration": output}
    learnt: list[Learnt] = []
    for by_rule, scored in own_and_all_faces(tests):
        ensemble = _learn(by_rule, scored)
        counts = video_counts(ensemble.videos)
        rules = {found[name].digest: rule_card(test.rule) for name, test in by_rule.items()}
        weights = {found[name].digest: weight for name, weight in ensemble.weights.items()}
        learnt.append(Learnt(rules, counts, ensemble.calibration, weights))
        if learnt[1:] and ensemble.calibration == learnt[0].calibration:
            log.info(SAME_BY_ALL_FACES)
            continue
        data = data_card(cfg.data.name, first.listing, {Split.VAL: counts}, first.store, first.rule)
        _show(by_rule, ensemble, covered(data["coverage"]), data_caption(data, first.checkpoint.card["data"]))
        results |= _write(folder, "all" if learnt[1:] else "", scored, ensemble, cfg)
    for test in tests.values():
        compare_content(test.checkpoint.card["data"], data)
    of_data = {name: data[name] for name in ("corpus", "protocol", "fingerprint", "content")}
    file = CalibrationFile(SCHEMA_VERSION, None, stored_recipe(faces), of_data, ensemble.grouped_by, tuple(learnt))
    write_calibration(file, output)
    show_paths(results)


def own_and_all_faces(tests: Tests) -> Iterator[tuple[Tests, dict[str, Scored]]]:
    """Yield the tests by their own rules and, if these are not of all faces, by those of all, with the scores of val.

    Args:
        tests: detector -> its test, all of the same videos.
    """
    scored = {name: test.score() for name, test in tests.items()}
    yield tests, scored
    if any(test.rule.tracks != "all" for test in tests.values()):
        every = {name: replace(test, rule=replace(test.rule, tracks="all")) for name, test in tests.items()}
        first = next(iter(tests.values()))
        has_several = (first.store.rows([video.video_id for video in first.videos])["num_faces"] > 1).any()
        yield every, {name: test.score() if has_several else scored[name] for name, test in every.items()}


def _learn(tests: Tests, scored: Mapping[str, Scored]) -> LearntEnsemble:
    first, clips = next(iter(tests.values())), {}
    for name, each in scored.items():
        clips[name], people = with_people(with_unscored(each.clips, first.videos), first.videos)
    aggregates = {name: test.rule.aggregate for name, test in tests.items()}
    cfg = first.cfg
    return learn_ensemble(clips, aggregates, cfg.method, cfg.prior, f"val of {cfg.data.name}", people, cfg.weights)


def _show(tests: Tests, ensemble: LearntEnsemble, *captions: str) -> None:
    show_ensemble(ensemble)
    rules = sorted({f"tracks={test.rule.tracks}, aggregate={test.rule.aggregate}" for test in tests.values()})
    what = f"{len(tests)} detectors combined, {' or '.join(rules)}"
    show_calibration(ensemble.calibration, ensemble.grouped_by, what, *captions)


def _write(
    run: Path, faces: str, scored: Mapping[str, Scored], ensemble: LearntEnsemble, cfg: DictConfig
) -> dict[str, Path]:
    """Write the scores and draw what they are worth, and return the files by name.

    Args:
        run: the run's folder.
        faces: `all` for the second rule, whose files have a folder of this name; otherwise empty.
        scored: detector -> its scores.
        ensemble: what was learnt of them.
        cfg: the composed config of the command.
    """
    folder, suffix = run / faces, faces and f" ({faces})"
    for name, each in scored.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        write_atomic(folder / name / "predictions.csv", each.clips.to_csv(index=False).encode())
    write_atomic(folder / "videos.csv", ensemble.videos.to_csv(index=False).encode())
    numbers = {"before": asdict(ensemble.calibration.before), "after": asdict(ensemble.calibration.after)}
    subject = Subject(cfg.data.name, Split.VAL, f"{' + '.join(map(shown, scored))}, combined")
    drawn = draw_reliability(folder, subject, ensemble.videos, cfg.prior, numbers)
    return {f"{name}{suffix}": path for name, path in {"videos": folder / "videos.csv", **drawn}.items()}
