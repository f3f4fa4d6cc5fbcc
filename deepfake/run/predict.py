"""Scores unseen files with the extraction, crops and network of training, and gives each file a verdict."""

import logging
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from deepfake.checkpoints.scoring_rule import CARRIED
from deepfake.command.entry import entry_point
from deepfake.command.stopping import stoppable
from deepfake.command.writable import require_writable
from deepfake.config.plain import plain_list
from deepfake.content import digest_of_bytes
from deepfake.corpora.input_files import InputFile, input_files
from deepfake.errors import ConfigError, ExtractionError, UnreadableVideoError
from deepfake.extraction import ExtractOptions, chosen_shard
from deepfake.names import as_path, as_text, first_few, shown
from deepfake.progress import Progress
from deepfake.report.tables import show_paths
from deepfake.scoring import ScoringRule
from deepfake.store import facts
from deepfake.verdict import FileResult, Journal, Predictor, Summary, load_predictor, write_results
from deepfake.verdict.annotate import FOLDER as ANNOTATED
from deepfake.verdict.annotate import annotate, annotated_path, is_copy
from deepfake.verdict.journal import NAME, Other, others_below
from deepfake.verdict.page import write_report
from deepfake.verdict.page.report import FILE as REPORT
from deepfake.verdict.tables import FACES, FRAMES, JSON, PREDICTIONS, TIMELINE

UNREAD = 3  # exit code if some files could not be read
WORK = ".faces"  # folder of crops that are not scored yet
log = logging.getLogger(__name__)


@entry_point
def predict(cfg: DictConfig) -> None:
    """Score the files of `cfg.input` with the detector of `cfg.checkpoint`, or with several."""
    output, options = Path(cfg.output), ExtractOptions(**cfg.extract)
    with stoppable(lambda: stopped(output, anew=cfg.overwrite)):
        predictor = _predictor(cfg, replace(options, num_shards=1, shard_index=None, only_merge=False))
        others = _others_to_merge(cfg, options, predictor, output)
        require_writable(output)
        files = _shard(_without_copies(input_files(plain_list(cfg.input))), options)
        output.mkdir(parents=True, exist_ok=True)
        if cfg.overwrite:
            _delete_results(output)
        journal = Journal(output, predictor.identity(), overwrite=cfg.overwrite)
        if others:
            _take(others, journal)
        missing = _missing(files, journal) if options.only_merge else []
        if options.only_merge:
            files = [file for file in files if journal.has(file.path)]
        else:
            _score(files, predictor, journal, output / WORK)
        summary = _write(files, journal, output, predictor.names, dense=cfg.dense)
        if cfg.annotate:
            _annotate(files, journal, output, [each.weight for each in predictor.scorers])
        named = chain(_named(files, journal), _others(files, journal))
        report = write_report(named, output, predictor.about, explain=cfg.explain)
    summary.show()
    names = (PREDICTIONS, FACES, TIMELINE, *((FRAMES,) if cfg.dense else ()), JSON)
    tables = {Path(name).stem if name != JSON else "json": output / name for name in names}
    show_paths({**tables, "report": report})
    if missing:
        raise ExtractionError(
            f"{len(missing)} files have no result of what they are now: {first_few(missing)}; the tables hold all "
            "results that there are. The same command without extract.only_merge=true scores these files"
        )
    if summary.num_unread:
        _leave(f"{summary.num_unread} of {len(files)} files could not be read")


def _predictor(cfg: DictConfig, options: ExtractOptions) -> Predictor:
    predictor = load_predictor(
        plain_list(cfg.checkpoint),
        device=cfg.device,
        tracks=cfg.tracks,
        aggregate=cfg.aggregate,
        clips_per_track=cfg.sampling.eval_clips_per_track,
        calibration=cfg.calibration,
        faces=cfg.get("faces"),
        backbone_weights=cfg.backbone_weights,
        weights_dir=cfg.paths.weights_dir,
        extract=options,
        batch_size=cfg.loader.batch_size,
        num_workers=cfg.loader.num_workers,
        dense=_dense(cfg),
        window_hop=cfg.window_hop,
        explain=cfg.explain,
    )
    for each in predictor.scorers:
        warn_unlike_test(each.rule, predictor.faces)
    return predictor


def _without_copies(files: Sequence[InputFile]) -> list[InputFile]:
    """Leave out the annotated copies of earlier predictions, which may lie among the files.

    Raises:
        ConfigError: nothing is left.
    """
    kept = [file for file in files if not (is_copy(file.path) and (file.path.parent.parent / NAME).exists())]
    if len(kept) < len(files):
        log.info("%d annotated copies of earlier predictions are not scored", len(files) - len(kept))
    if not kept:
        raise ConfigError("input holds annotated copies of earlier predictions alone: give another input=")
    return kept


def _others_to_merge(cfg: DictConfig, options: ExtractOptions, predictor: Predictor, output: Path) -> list[Other]:
    """Return the journals of other predictions, such as shards, whose results are to be taken over.

    Raises:
        ConfigError: one of them cannot be, or the options do not fit together.
    """
    if cfg.merge is None:
        if options.only_merge:
            raise ConfigError("extract.only_merge=true takes results over and scores nothing: say with merge= whose")
        return []
    if options.num_shards != 1 or options.shard_index is not None:
        raise ConfigError("merge= joins the results of all shards: leave out extract.num_shards and shard_index")
    return others_below([Path(folder) for folder in plain_list(cfg.merge)], output, predictor.identity())


def _take(others: Sequence[Other], journal: Journal) -> None:
    """Take over the results of other journals, and say how many."""
    taken = journal.take(others)
    log.info("%d results are new here, of %d journals that merge= names", taken.new, len(others))
    if taken.replaced:
        log.info("%d results here were of earlier files or had failed, and are replaced", len(taken.replaced))
    for name in taken.replaced:
        annotated_path(Path(as_path(name)), journal.path.parent).unlink(missing_ok=True)  # it shows the older result
    if taken.several:
        log.info("%d files have results in several of them; the first of the file as it is counts", taken.several)


def _missing(files: Sequence[InputFile], journal: Journal) -> list[str]:
    """Return the names of the files that this run would score."""
    return [file.name for file in files if not (journal.has(file.path) if file.problem else journal.is_done(file.path))]


def _shard(files: Sequence[InputFile], options: ExtractOptions) -> list[InputFile]:
    """Return the part of the files that this run scores: all of them, or its shard, whatever other files there are.

    Raises:
        ConfigError: the options do not fit together.
    """
    chosen_shard({}, {}, options)  # checks the options
    chosen = [file for file in files if _number(file) % options.num_shards == (options.shard_index or 0)]
    if len(chosen) < len(files):
        log.info("this shard scores %d of %d files", len(chosen), len(files))
    return chosen


def _number(file: InputFile) -> int:
    """Return a number that is the same on every machine and however many other files there are."""
    return int(digest_of_bytes(os.fsencode(file.name), 8), 16)


def _delete_results(output: Path) -> None:
    """Delete what an earlier run found out, so that nothing of it is taken for what this run finds.

    Where no journal is, no prediction has run, and files of the same names are somebody's own.
    """
    if not (output / NAME).exists():
        return
    for name in (PREDICTIONS, FACES, JSON, TIMELINE, FRAMES, REPORT):
        (output / name).unlink(missing_ok=True)
    for path in (output / ANNOTATED).glob("*"):
        if is_copy(path):
            path.unlink()


def _score(files: Sequence[InputFile], predictor: Predictor, journal: Journal, work: Path) -> None:
    """Score the files that have no result yet, and note each result as soon as there is one."""
    todo = [file for file in files if file.problem or not journal.is_done(file.path)]
    if len(todo) < len(files):
        log.info("%d of %d files have their results in %s", len(files) - len(todo), len(files), journal.path)
    sources = {str(file.path): facts(file.path) for file in todo}
    failed = False
    with Progress("scoring", "files", len(todo), keep=False) as bar:
        for file, result in predictor.stream(todo, work, partial(_tell, bar)):
            annotated_path(file.path, journal.path.parent).unlink(missing_ok=True)  # it shows an older result
            source = sources[str(file.path)]
            journal.append(result, source, again=bool(file.problem) or facts(file.path) != source)
            failed |= not result.readable
            bar.update()
    if not failed:  # otherwise it tells which files failed before, so that they stop no later run
        shutil.rmtree(work, ignore_errors=True)


def _tell(bar: Progress, file: InputFile, share: float) -> None:
    bar.tell(f"{100 * share:.0f} % of {shown(file.name)} searched for faces")


def _write(
    files: Sequence[InputFile], journal: Journal, output: Path, detectors: Sequence[str], *, dense: bool
) -> Summary:
    summary = Summary(detectors)
    named = chain(_named(files, journal), _others(files, journal))
    write_results((result for _, result in named), output, journal.identity, detectors, dense=dense)
    for name, result in _named(files, journal):
        summary.add(name, result)
    if others := len(journal.others(file.path for file in files)):
        log.info("tables and page also hold %d files that input= does not name, as of earlier commands", others)
    return summary


def _named(files: Sequence[InputFile], journal: Journal) -> Iterator[tuple[str, FileResult]]:
    """Yield how people are told of each file, and its result, whose path is the one that this command was given."""
    for file, result in zip(files, journal.results([file.path for file in files]), strict=True):
        yield file.name, replace(result, path=as_text(str(file.path)))


def _others(files: Sequence[InputFile], journal: Journal) -> Iterator[tuple[str, FileResult]]:
    """Yield the results that earlier commands left in the journal, by their paths."""
    for result in journal.named(journal.others(file.path for file in files)):
        yield result.path, result


def _annotate(files: Sequence[InputFile], journal: Journal, output: Path, weights: Sequence[float]) -> None:
    """Write the annotated copies that are not there yet."""
    results = zip(files, journal.results([file.path for file in files]), strict=True)
    with Progress("annotating", "files", len(files), keep=False) as bar:
        for file, result in results:
            target = annotated_path(file.path, output)
            if result.readable and not target.exists():
                try:
                    if remark := annotate(file.path, target, result, weights):
                        log.info("%s: %s", target, remark)
                except UnreadableVideoError as error:
                    log.warning("%s has no annotated copy: %s", file.name, error.reason)
            bar.update()


def _dense(cfg: DictConfig) -> bool:
    """Return whether all frames are scored.

    Raises:
        ConfigError: another option says how many.
    """
    if not cfg.dense:
        return False
    clips, segments = cfg.sampling.eval_clips_per_track, cfg.faces.num_segments
    given = {} if clips in (CARRIED, None) else {"sampling.eval_clips_per_track": clips}
    if segments is not None and "_target_" not in cfg.faces.finder:  # a whole recipe has a number that nobody gave
        given["faces.num_segments"] = segments
    for name, value in given.items():
        raise ConfigError(f"dense=true looks at every frame, so {name}={value} would do nothing: leave one of them out")
    return True


def _leave(message: str) -> None:
    """End the command with the exit code that tells that files could not be read.

    Raises:
        SystemExit: in a run of its own.
        ExtractionError: in a job of a sweep, whose other jobs go on.
    """
    if HydraConfig.initialized() and HydraConfig.get().mode is not RunMode.RUN:
        raise ExtractionError(message)
    sys.stderr.write(f"{message}; exit code {UNREAD}\n")
    sys.exit(UNREAD)


def stopped(output: Path, *, anew: bool = False) -> str:
    """Return the line with which a command that is stopped ends; one that began anew would delete its results again."""
    but = ", without overwrite=true," if anew else ""
    return f"stopped; every result so far is kept: the same command with output={shown(str(output))}{but} goes on"


def warn_unlike_test(rule: ScoringRule, faces: Mapping[str, Any]) -> None:
    """Warn of what the checkpoint's test does and cannot be done here, since the reals of unseen files are unknown."""
    if rule.tracks == "main" and rule.main_face != "largest":
        log.warning(
            "data.main_face is %s in the checkpoint, whose test scores the face that differs from the real's; the "
            "reals of these files are unknown, so the largest face is scored",
            rule.main_face,
        )
    if faces["reuse_boxes"]:
        log.warning("faces.reuse_boxes has no effect here, since the reals of these files are unknown")
