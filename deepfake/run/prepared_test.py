"""A checkpoint, the videos that it is tested on and their faces: all that is settled before anything is scored."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from hydra.utils import instantiate
from omegaconf import DictConfig

from deepfake import null_audit
from deepfake.callbacks.predictions import COLUMNS
from deepfake.checkpoints import Calibrated, UnderTest, build_network, calibration_of, read_checkpoint
from deepfake.checkpoints.calibration import NONE
from deepfake.checkpoints.checkpoint import Checkpoint
from deepfake.checkpoints.data_card import compare_listing, file_digests, require_fingerprint
from deepfake.checkpoints.faces import faces_of
from deepfake.checkpoints.scoring_rule import (
    AGGREGATE,
    CARRIED,
    CLIPS,
    MAIN_FACE,
    TRACKS,
    Differences,
    data_options,
    settled_rule,
)
from deepfake.config.model_name import model_name
from deepfake.corpora import Listing
from deepfake.corpora.audit import audit
from deepfake.corpora.fitness import require_testable
from deepfake.corpora.listing import list_corpus
from deepfake.data.augment import NoAugmentation
from deepfake.data.datamodule import ClipDataModule
from deepfake.device import pick_device
from deepfake.errors import CorpusError
from deepfake.evaluation import (
    BEST,
    best_aggregate,
    compare_aggregates,
    refuse_val,
    require_both_classes,
    require_coverage,
)
from deepfake.extraction.completion import complete_store, face_store
from deepfake.extraction.options import ExtractOptions
from deepfake.models.network import Network
from deepfake.ranges import Aggregate
from deepfake.report.plots import Subject
from deepfake.robustness import Scored
from deepfake.schema import Split, Video
from deepfake.scoring import ScoringRule, score_clips, score_levels
from deepfake.store import FaceStore

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PreparedTest:
    """What is tested, with what.

    Attributes:
        cfg: the composed config of the command.
        checkpoint: the checkpoint.
        detector: its network in eval mode.
        rule: how videos are scored.
        other_rule: where that differs from the checkpoint's own rule.
        listing: the corpus.
        split: which of its splits is tested.
        faces: the recipe of the faces.
        other_faces: where that differs from the checkpoint's recipe.
        store: the faces of all videos that are needed.
        calibration: of the scores by this rule; None if there is none, or none is wanted.
    """

    cfg: DictConfig
    checkpoint: Checkpoint
    detector: Network
    rule: ScoringRule
    other_rule: Differences
    listing: Listing
    split: Split
    faces: dict[str, Any]
    other_faces: Differences
    store: FaceStore
    calibration: Calibrated | None = None

    @property
    def videos(self) -> list[Video]:
        """The videos of the split that is tested."""
        return self.listing.of(self.split)

    @property
    def subject(self) -> Subject:
        """What the titles of pictures name."""
        card = self.checkpoint.card
        model = f"{model_name(card['model'])}, trained on {card['data']['corpus']}"
        return Subject(self.cfg.data.name, self.split, model, self.rule.aggregate)

    @property
    def under_test(self) -> UnderTest:
        """What a calibration may not have been learnt on."""
        return UnderTest(self.cfg.data.name, self.listing.protocol, self.split is Split.VAL)

    @property
    def extracting(self) -> ExtractOptions:
        """How faces are extracted."""
        return ExtractOptions(device=self.cfg.device, **self.cfg.extract)

    def score(self, store: FaceStore | None = None, split: Split | None = None) -> Scored:
        """Score the clips of the videos of one split.

        Args:
            store: the videos' faces, if they are others than the prepared ones, as of distorted frames.
            split: the split, if it is another one than that which is tested.

        Raises:
            CorpusError: there is no clip.
            ConfigError: fewer videos than `min_coverage` have a clip.
        """
        cfg, split = self.cfg, split or self.split
        options = {**cfg.loader, **data_options(self.rule)}
        videos = self.listing.of(split)
        datamodule = ClipDataModule(videos, store or self.store, self.detector.spec, NoAugmentation(), 0, **options)
        dataset, coverage = datamodule.datasets[split], datamodule.coverage(split)
        if not dataset:
            raise CorpusError(f"no {split} video of {cfg.data.name} has a clip, so none can be scored: {coverage}")
        source = f"the {split} split of {cfg.data.name}"
        require_coverage(coverage["scored"], coverage["videos"], cfg.min_coverage, source)
        loading = {"batch_size": cfg.loader.batch_size, "num_workers": cfg.loader.num_workers}
        scores = score_clips(self.detector, dataset, **loading, device=pick_device(cfg.device))
        clips = dataset.clips.frame().assign(score=scores)[COLUMNS]
        return Scored(clips, _metrics_of(clips, self.rule.aggregate), coverage)


def prepare_test(cfg: DictConfig, path: str, require: Callable[[Listing], None] = lambda listing: None) -> PreparedTest:
    """Check all that can be checked of a checkpoint and a corpus, and extract the faces that their test needs.

    Args:
        cfg: the composed config of the command.
        path: the checkpoint.
        require: stops, before hours of extraction, if the corpus does not serve.
    """
    split, choosing, auditing = Split(cfg.split), cfg.aggregate == BEST, cfg.get("audit", "none") != "none"
    if choosing:
        refuse_val(split)
    checkpoint = read_checkpoint(path)
    detector = build_network(checkpoint, cfg.backbone_weights)
    given = {CLIPS: cfg.sampling.eval_clips_per_track, TRACKS: cfg.data.tracks, MAIN_FACE: cfg.data.main_face}
    given[AGGREGATE] = CARRIED if choosing else cfg.aggregate
    rule, other_rule = settled_rule(checkpoint.card, given, checkpoint.path)
    listing = list_corpus(instantiate(cfg.data.corpus), cfg.data)
    require_fingerprint(cfg.expect_fingerprint, cfg.data.name, listing)
    compare_listing(checkpoint.card["data"], cfg.data.name, listing)
    require_testable(listing, split)
    require(listing)
    if auditing:
        null_audit.require_null_audit(listing, split)
    learnt = listing.of(Split.VAL) if choosing else []
    if choosing:
        # This compares names only, before hours of extraction.
        audit([*learnt, *listing.of(split)]).require_disjoint(listing.protocol)
        require_both_classes(video.label for video in learnt)
    faces, other_faces = faces_of(checkpoint, cfg.get("faces"), Path(cfg.paths.weights_dir))
    store = face_store(faces, Path(cfg.paths.faces_dir) / cfg.data.name)
    test = PreparedTest(cfg, checkpoint, detector, rule, other_rule, listing, split, faces, other_faces, store)
    if not choosing:
        test = _with_calibration(test)
    trained = listing.of(Split.TRAIN) if auditing else []
    needed = [*trained, *learnt, *test.videos]
    complete_store([*needed, *_reals_of(needed, listing)], store, faces, test.extracting)
    if choosing:
        judged = [*learnt, *test.videos]
        audit(judged, file_digests(store, judged)).require_disjoint(listing.protocol)
    return test


def with_best_aggregate(test: PreparedTest) -> tuple[PreparedTest, Scored]:
    """Return the test with the rule whose aggregate is best on val, and what the detector says of val."""
    scored = test.score(split=Split.VAL)
    require_both_classes(scored.clips["label"])
    own = test.rule.aggregate
    chosen = best_aggregate(compare_aggregates({Split.VAL: scored.clips}, own))
    if chosen != own:
        log.info("aggregate=best is %s, by the videos of val; in the checkpoint it is %s", chosen, own)
        differences = {**test.other_rule, AGGREGATE: {"here": chosen, "checkpoint": own}}
        test = replace(test, rule=replace(test.rule, aggregate=chosen), other_rule=differences)
    return _with_calibration(test), scored


def _with_calibration(test: PreparedTest) -> PreparedTest:
    """Return the test with the calibration that was asked for, if it is of its scores."""
    given = test.cfg.get("calibration", NONE)
    return replace(test, calibration=calibration_of(given, test.checkpoint, test.rule, test.faces, test.under_test))


def _reals_of(fakes: list[Video], listing: Listing) -> list[Video]:
    """Return the reals of some fakes, which extraction needs so that a fake's faces are the same in every store."""
    wanted = {video.real_id for video in fakes} - {video.video_id for video in fakes}
    return [video for video in listing.videos if video.video_id in wanted]


def _metrics_of(clips: pd.DataFrame, aggregate: Aggregate) -> dict[str, float]:
    """Compute every metric at both levels, `<level>/<name>` -> value.

    Args:
        clips: one row for each clip, as in `predictions.csv`.
        aggregate: how a track's clips become one score.
    """
    video = pd.factorize(clips["video_id"])[0]
    track, label, score = (clips[name].to_numpy() for name in ("track", "label", "score"))
    return score_levels(video, track, label, score, aggregate)
