"""A detector, ready for any file: extraction, crops and scores as in its training, and a verdict on each file."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from deepfake.calibration import Calibration
from deepfake.checkpoints import build_network, calibration_of, faces_of, read_checkpoint, settled_rule
from deepfake.checkpoints.calibration import AUTO
from deepfake.checkpoints.scoring_rule import AGGREGATE, CARRIED, CLIPS, MAIN_FACE, TRACKS
from deepfake.content import digest_of_bytes
from deepfake.corpora.input_files import LIST, InputFile, input_files
from deepfake.device import pick_device
from deepfake.errors import ConfigError
from deepfake.extraction import ExtractOptions, extracted_rows, face_store
from deepfake.extraction.shards import require_whole
from deepfake.faces.settled_recipe import stored_recipe
from deepfake.models.detector import Detector
from deepfake.models.network import Network
from deepfake.names import as_id, fitted
from deepfake.schema import IMAGE_SUFFIXES, ClipSpec, Status, VideoRow
from deepfake.scoring import ScoringRule
from deepfake.store import FaceStore, Stored, facts
from deepfake.verdict.about import About, about
from deepfake.verdict.explaining import explained
from deepfake.verdict.judge import judge
from deepfake.verdict.quality import Seen, seen_of
from deepfake.verdict.result import FileResult
from deepfake.verdict.tracks import Track, score_tracks

_ONE_FRAME = {"num_segments": 1, "segment_length": 1, "detect_every": 1}  # of the recipe, where the file is an image
ALL_SEGMENTS = 10_000  # the most of a recipe; of 8 frames they cover 53 minutes at 25 frames a second
_LONGEST = 240  # bytes of an id
_WEIGHTS = "DEEPFAKE_WEIGHTS"


@dataclass(frozen=True)
class Predictor:
    """Gives verdicts on files. `load_predictor` makes one.

    Attributes:
        detector: the network, in eval mode.
        rule: how clips become a file's score.
        faces: the settled recipe of the faces.
        options: how faces are extracted.
        device: what the detector runs on.
        batch_size: clips that are scored at a time.
        num_workers: processes that load clips beside those that extract.
        digest: of the checkpoint's weights.
        about: the detector in words.
        calibration: of the detector's scores by this rule; None if there is none.
        explain: whether results have heat maps.
        seen: the blur and compression of what it was trained on; None if that is not known.
    """

    detector: Network
    rule: ScoringRule
    faces: Mapping[str, Any]
    options: ExtractOptions
    device: str
    batch_size: int
    num_workers: int | None
    digest: str
    about: About
    calibration: Calibration | None = None
    explain: bool = False
    seen: Seen | None = None

    def predict(self, path: str | Path) -> FileResult:
        """Return the verdict on one video or image.

        Raises:
            ConfigError: the path is a folder or a list, or does not exist.
        """
        if not os.path.lexists(path) or os.path.isdir(path):
            raise ConfigError(f"{path} is no file: give a video or an image, or a folder to predict_many")
        if Path(path).suffix.lower() == LIST:
            raise ConfigError(f"{path} is a list of files: give it to predict_many")
        return next(self.predict_many([path]))

    def predict_many(self, paths: str | Path | Iterable[str | Path]) -> Iterator[FileResult]:
        """Yield the verdict on each file as soon as there is one, which is not always the order of the paths.

        Faces are found by worker processes, which import the program that calls this: like all of Python's, they need
        `if __name__ == "__main__":` around what a script does.

        Args:
            paths: videos, images, folders, patterns or lists, as `deepfake.corpora.input_files` describes them.

        Raises:
            ConfigError: one of them does not exist, or there is nothing to score.
            ExtractionError: faces cannot be extracted, for a reason other than the files.
        """
        files = input_files(paths if isinstance(paths, str | Path) else list(paths))
        with tempfile.TemporaryDirectory(prefix="deepfake-") as folder:
            yield from (result for _, result in self.stream(files, Path(folder)))

    def stream(self, files: Sequence[InputFile], folder: Path) -> Iterator[tuple[InputFile, FileResult]]:
        """Yield each file with its verdict as soon as there is one.

        Crops are deleted when they are scored, so that no more of them lie on the disk than workers are ahead.

        Args:
            files: what to score.
            folder: for the crops; faces that a run before this one left here are not extracted again.
        """
        kinds: dict[bool, dict[str, InputFile]] = {False: {}, True: {}}
        for file in files:
            if file.problem:
                row = VideoRow("", Status.UNREADABLE, file.problem, **facts(file.path))
                yield file, self._judged(file, row, [])
            else:
                kinds[file.path.suffix.lower() in IMAGE_SUFFIXES][_id(file.path)] = file
        for is_image, of_kind in kinds.items():
            if of_kind:
                yield from self._stream(of_kind, _of_image(self.faces) if is_image else self.faces, folder)

    def identity(self) -> dict[str, Any]:
        """Return what decides the results: predictions of equal identity are the same for the same file."""
        calibration = None if self.calibration is None else asdict(self.calibration)
        of_faces = {"rule": asdict(self.rule), "faces": stored_recipe(self.faces)}
        return {"checkpoint": self.digest, **of_faces, "calibration": calibration, "explain": self.explain}

    def _stream(
        self, files: Mapping[str, InputFile], faces: Mapping[str, Any], folder: Path
    ) -> Iterator[tuple[InputFile, FileResult]]:
        store = face_store(faces, folder)
        paths = {file_id: Path(os.path.abspath(file.path)) for file_id, file in files.items()}
        todo = store.todo(paths)
        waiting: list[Stored] = []
        for file_id in self._extracted([*(paths.keys() - todo.keys())], todo, store, faces):
            stored = store.stored(file_id)
            assert stored is not None
            waiting.append(stored)
            if self._fill_a_batch(waiting):
                yield from self._scored(waiting, files, store)
                waiting = []
        yield from self._scored(waiting, files, store)

    def _extracted(
        self, there: Sequence[str], todo: Mapping[str, Path], store: FaceStore, faces: Mapping[str, Any]
    ) -> Iterator[str]:
        """Yield the id of each file whose faces are stored."""
        yield from sorted(there)
        if todo:
            yield from (row.video_id for row in extracted_rows(todo, {}, store, faces, self.options))

    def _fill_a_batch(self, waiting: Sequence[Stored]) -> bool:
        """Whether files are to be scored now; on a CPU clips go through the network one by one, so at once."""
        num_crops = sum(len(file.crops) for file in waiting)
        full = self.batch_size * self.detector.spec.clip_length
        return self.device == "cpu" or num_crops >= full or len(waiting) >= self.batch_size

    def _scored(
        self, waiting: Sequence[Stored], files: Mapping[str, InputFile], store: FaceStore
    ) -> Iterator[tuple[InputFile, FileResult]]:
        found = score_tracks(
            waiting,
            store,
            self.detector,
            self.rule,
            batch_size=self.batch_size,
            num_workers=self.num_workers,
            device=self.device,
        )
        for stored, tracks in zip(waiting, found, strict=True):
            file = files[stored.row.video_id]
            yield file, self._explained(self._judged(file, stored.row, tracks), tracks, stored.row.fps)
            if stored.row.status != Status.FAILED:  # what failed is noted there, so that it stops no later run
                with suppress(FileNotFoundError):
                    store.discard(stored.row.video_id)

    def _judged(self, file: InputFile, row: VideoRow, tracks: Sequence[Track]) -> FileResult:
        return judge(str(file.path), row, tracks, self.rule, self.detector.spec, self.calibration, self.seen)

    def _explained(self, result: FileResult, tracks: Sequence[Track], fps: float) -> FileResult:
        if not self.explain or result.person is None or not isinstance(self.detector, Detector):
            return result
        track = next(track for track in tracks if track.number == result.person - 1)
        return replace(result, explanations=explained(self.detector, track, fps, self.device))


def load_predictor(
    checkpoint: str | Path,
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
    explain: bool = False,
) -> Predictor:
    """Load a checkpoint's detector with all that turns a file into a verdict.

    Args:
        checkpoint: the checkpoint.
        device: what finds and scores faces: `auto`, `cpu`, `cuda`, `cuda:1` or `mps`.
        tracks: faces of a file to score: `all`, `main` (the largest), or `checkpoint` for those of its own test.
        aggregate: a face's score, as `deepfake.scoring` has it; `checkpoint` for that of its own test.
        clips_per_track: the most clips of a face; None for all, `checkpoint` for those of its own test.
        calibration: of this detector's scores by this rule: `auto` for the file beside the checkpoint, and otherwise
            what its card has, if they are of these scores, which is logged; the path of a file of
            `scripts/calibrate.py`; what `deepfake.calibration.fit_calibration` returned; `none` or None for the score
            alone.
        faces: options that replace those of the checkpoint's recipe, as the config group `faces`; None replaces none.
        backbone_weights: file of frozen weights that a small checkpoint leaves out.
        weights_dir: folder of the finders' weights; None takes the environment's DEEPFAKE_WEIGHTS, or data/weights.
        extract: how faces are extracted, on `device`; None takes the defaults. All files that are given are extracted,
            so it names no shard.
        batch_size: clips that are scored at a time.
        num_workers: processes that load clips; 0 loads in this one.
        dense: whether every frame is looked at and every clip scored, in segments that follow one another. It takes the
            place of `clips_per_track` and of `faces.num_segments`.
        explain: whether results have heat maps of the most and the least suspicious frame of the file's person, which
            takes as long as scoring some 50 clips.

    Raises:
        CheckpointError: the checkpoint does not exist, cannot be read, or was not made by this project.
        CalibrationError: the file of `calibration` cannot be read, or is of other scores.
        ConfigError: an option is wrong.
        WeightsError: the finder's weights are not here.
    """
    options = extract or ExtractOptions()
    require_whole(options)
    found = read_checkpoint(checkpoint)
    detector = build_network(found, backbone_weights)
    if explain and not isinstance(detector, Detector):
        raise ConfigError(
            f"explain needs gradients, which {found.path} has none of: give the checkpoint it was made from"
        )
    given = {CLIPS: clips_per_track, TRACKS: tracks, MAIN_FACE: CARRIED, AGGREGATE: aggregate}
    rule, _ = settled_rule(found.card, given, found.path, called={TRACKS: "tracks"})
    if explain and rule.aggregate == "mean_all":
        raise ConfigError("explain shows the person whose score is the file's, and aggregate=mean_all has none")
    if dense:
        rule = replace(rule, clips_per_track=None)
    recipe, _ = faces_of(found, faces, Path(weights_dir or os.environ.get(_WEIGHTS, "data/weights")))
    if dense:
        recipe = dense_recipe(recipe, detector.spec)
    chosen = pick_device(device)
    learnt_on = "val"
    if not isinstance(calibration, Calibration):
        calibrated = calibration_of(calibration, found, rule, recipe)
        calibration = None if calibrated is None else calibrated.calibration
        learnt_on = learnt_on if calibrated is None else calibrated.file.source
    return Predictor(
        detector=detector.to(chosen),
        rule=rule,
        faces=recipe,
        options=replace(options, device=device),
        device=chosen,
        batch_size=batch_size,
        num_workers=num_workers,
        digest=found.digest,
        about=about(found, calibration, learnt_on),
        calibration=calibration,
        explain=explain,
        seen=seen_of(found.card),
    )


def dense_recipe(faces: Mapping[str, Any], spec: ClipSpec) -> dict[str, Any]:
    """Return the recipe that looks at every frame of a video: as many segments as fit, each of whole clips.

    Fewer frames than a segment has are left, and lie between the segments, of which there are at most `ALL_SEGMENTS`. A
    segment is decoded and searched at a time, so memory does not grow with the video.
    """
    reach = spec.clip_length * spec.frame_stride  # so many frames are filled by clips that interleave
    return {**faces, "num_segments": ALL_SEGMENTS, "segment_length": -(-faces["segment_length"] // reach) * reach}


def _of_image(faces: Mapping[str, Any]) -> dict[str, Any]:
    """Return the recipe for an image, which is a video of one frame."""
    return {**faces, **_ONE_FRAME, "min_track_length": min(1, faces["min_track_length"])}


def _id(path: Path) -> str:
    """Return an id that tells files apart, is the same in every run, and can be stored whatever the name."""
    place = digest_of_bytes(os.fsencode(os.path.abspath(path)), 8)
    return fitted(f"{place}-{as_id(path.name)}", _LONGEST)
