"""A detector, ready for any file: extraction, crops and scores as in its training, and a verdict on each file."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from deepfake.calibration import Calibration
from deepfake.checkpoints import build_network, faces_of, read_checkpoint, settled_rule
from deepfake.checkpoints.scoring_rule import AGGREGATE, CARRIED, CLIPS, MAIN_FACE, TRACKS
from deepfake.content import digest_of_bytes
from deepfake.corpora.input_files import InputFile, input_files
from deepfake.device import pick_device
from deepfake.errors import ConfigError
from deepfake.extraction import ExtractOptions, extracted_rows, face_store
from deepfake.faces.settled_recipe import stored_recipe
from deepfake.models.network import Network
from deepfake.names import as_id, fitted
from deepfake.schema import IMAGE_SUFFIXES, Status, VideoRow
from deepfake.scoring import ScoringRule
from deepfake.store import FaceStore, Stored, facts
from deepfake.verdict.judge import judge
from deepfake.verdict.result import FileResult
from deepfake.verdict.tracks import Track, score_tracks

_ONE_FRAME = {"num_segments": 1, "segment_length": 1, "detect_every": 1}  # of the recipe, where the file is an image
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
        calibration: of the detector's scores by this rule; None if there is none.
    """

    detector: Network
    rule: ScoringRule
    faces: Mapping[str, Any]
    options: ExtractOptions
    device: str
    batch_size: int
    num_workers: int | None
    digest: str
    calibration: Calibration | None = None

    def predict(self, path: str | Path) -> FileResult:
        """Return the verdict on one video or image.

        Raises:
            ConfigError: the path is a folder or does not exist.
        """
        if not os.path.lexists(path) or os.path.isdir(path):
            raise ConfigError(f"{path} is no file: give a video or an image, or a folder to predict_many")
        return next(self.predict_many([path]))

    def predict_many(self, paths: Iterable[str | Path]) -> Iterator[FileResult]:
        """Yield the verdict on each file as soon as there is one, which is not always the order of the paths.

        Faces are found by worker processes, which import the program that calls this: like all of Python's, they need
        `if __name__ == "__main__":` around what a script does.

        Args:
            paths: videos, images, folders, patterns or lists, as `deepfake.corpora.input_files` describes them.

        Raises:
            ConfigError: one of them does not exist, or there is nothing to score.
            ExtractionError: faces cannot be extracted, for a reason other than the files.
        """
        files = input_files(list(paths))
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
        for i, file in enumerate(files):
            if file.problem:
                row = VideoRow("", Status.UNREADABLE, file.problem, **facts(file.path))
                yield file, self._judged(file, row, [])
            else:
                kinds[file.path.suffix.lower() in IMAGE_SUFFIXES][_id(i, file.path)] = file
        for is_image, of_kind in kinds.items():
            if of_kind:
                yield from self._stream(of_kind, _of_image(self.faces) if is_image else self.faces, folder)

    def identity(self) -> dict[str, Any]:
        """Return what decides the results: predictions of equal identity are the same for the same file."""
        calibration = None if self.calibration is None else asdict(self.calibration)
        of_faces = {"rule": asdict(self.rule), "faces": stored_recipe(self.faces)}
        return {"checkpoint": self.digest, **of_faces, "calibration": calibration}

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
            yield file, self._judged(file, stored.row, tracks)
            if stored.row.status != Status.FAILED:  # what failed is noted there, so that it stops no later run
                with suppress(FileNotFoundError):
                    store.discard(stored.row.video_id)

    def _judged(self, file: InputFile, row: VideoRow, tracks: Sequence[Track]) -> FileResult:
        return judge(str(file.path), row, tracks, self.rule, self.detector.spec, self.calibration)


def load_predictor(
    checkpoint: str | Path,
    *,
    device: str = "auto",
    tracks: str = "all",
    aggregate: str = CARRIED,
    clips_per_track: int | str | None = CARRIED,
    calibration: Calibration | None = None,
    faces: Any = None,
    backbone_weights: str | Path | None = None,
    weights_dir: str | Path | None = None,
    extract: ExtractOptions | None = None,
    batch_size: int = 32,
    num_workers: int | None = 0,
) -> Predictor:
    """Load a checkpoint's detector with all that turns a file into a verdict.

    Args:
        checkpoint: the checkpoint.
        device: what finds and scores faces: `auto`, `cpu`, `cuda`, `cuda:1` or `mps`.
        tracks: faces of a file to score: `all`, `main` (the largest), or `checkpoint` for those of its own test.
        aggregate: a face's score, as `deepfake.scoring` has it; `checkpoint` for that of its own test.
        clips_per_track: the most clips of a face; None for all, `checkpoint` for those of its own test.
        calibration: of this detector's scores by this rule, as `deepfake.calibration.fit_calibration` learns it on val;
            None gives the score alone.
        faces: options that replace those of the checkpoint's recipe, as the config group `faces`; None replaces none.
        backbone_weights: file of frozen weights that a small checkpoint leaves out.
        weights_dir: folder of the finders' weights; None takes the environment's DEEPFAKE_WEIGHTS, or data/weights.
        extract: how faces are extracted; None takes the defaults.
        batch_size: clips that are scored at a time.
        num_workers: processes that load clips; 0 loads in this one.

    Raises:
        CheckpointError: the checkpoint does not exist, cannot be read, or was not made by this project.
        ConfigError: an option is wrong.
        WeightsError: the finder's weights are not here.
    """
    found = read_checkpoint(checkpoint)
    detector = build_network(found, backbone_weights)
    given = {CLIPS: clips_per_track, TRACKS: tracks, MAIN_FACE: CARRIED, AGGREGATE: aggregate}
    rule, _ = settled_rule(found.card, given, found.path)
    recipe, _ = faces_of(found, faces, Path(weights_dir or os.environ.get(_WEIGHTS, "data/weights")))
    chosen = pick_device(device)
    return Predictor(
        detector=detector.to(chosen),
        rule=rule,
        faces=recipe,
        options=replace(extract or ExtractOptions(), device=device),
        device=chosen,
        batch_size=batch_size,
        num_workers=num_workers,
        digest=found.digest,
        calibration=calibration,
    )


def _of_image(faces: Mapping[str, Any]) -> dict[str, Any]:
    """Return the recipe for an image, which is a video of one frame."""
    return {**faces, **_ONE_FRAME, "min_track_length": min(1, faces["min_track_length"])}


def _id(index: int, path: Path) -> str:
    """Return an id that tells files apart, keeps their order, and can be stored whatever the name."""
    place = digest_of_bytes(os.fsencode(os.path.abspath(path)), 4)
    return fitted(f"{index:07}-{place}-{as_id(path.name)}", _LONGEST)
