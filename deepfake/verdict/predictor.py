"""Detectors, ready for any file: extraction, crops and scores as in training, and a verdict on each file."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from deepfake.calibration import Calibration
from deepfake.content import digest_of_bytes
from deepfake.corpora.input_files import LIST, InputFile, input_files
from deepfake.errors import ConfigError
from deepfake.extraction import ExtractOptions, extracted_rows, face_store
from deepfake.faces.extract import Watch
from deepfake.faces.recipe import ALL
from deepfake.faces.settled_recipe import stored_recipe
from deepfake.models.detector import Detector
from deepfake.models.network import Network
from deepfake.names import as_id, fitted
from deepfake.schema import IMAGE_SUFFIXES, Status, VideoRow
from deepfake.scoring import ScoringRule
from deepfake.store import LOSSLESS, FaceStore, Stored, facts
from deepfake.verdict.about import About
from deepfake.verdict.alike import listed
from deepfake.verdict.combine import combine
from deepfake.verdict.explaining import explained
from deepfake.verdict.judge import judge
from deepfake.verdict.quality import Seen
from deepfake.verdict.result import FileResult
from deepfake.verdict.tracks import Track, score_tracks

_ONE_FRAME = {"num_segments": 1, "segment_length": 1, "detect_every": 1}  # of the recipe, where the file is an image
_LONGEST = 240  # bytes of an id
WatchFile = Callable[[InputFile, float], None]  # is told a file and how much of it has been searched, from 0 to 1


@dataclass(frozen=True, slots=True)
class Scorer:
    """One detector of a predictor.

    Attributes:
        name: what it is called beside others.
        detector: the network, in eval mode.
        rule: how clips become the scores of persons and files.
        digest: of the checkpoint's weights.
        weight: its share in the mean of the detectors' logits; 1 of one alone.
        seen: the blur and compression of what it was trained on; None if that is not known.
    """

    name: str
    detector: Network
    rule: ScoringRule
    digest: str
    weight: float = 1.0
    seen: Seen | None = None


@dataclass(frozen=True)
class Predictor:
    """Gives verdicts on files. `load_predictor` makes one.

    Attributes:
        scorers: the detectors, in the order of their names.
        faces: the settled recipe of the faces.
        options: how faces are extracted.
        device: what the detectors run on.
        batch_size: clips that are scored at a time.
        num_workers: processes that load clips beside those that extract.
        about: the detectors in words.
        calibration: of the detector's scores by its rule, or of the combined ones; None if there is none.
        explain: whether results have heat maps.
        window_hop: distance between the starts of windows, which overlap; None is clips that share no frame. Detectors
            of single frames have none.
    """

    scorers: tuple[Scorer, ...]
    faces: Mapping[str, Any]
    options: ExtractOptions
    device: str
    batch_size: int
    num_workers: int | None
    about: About
    calibration: Calibration | None = None
    explain: bool = False
    window_hop: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of several detectors, as results have them; empty if there is one alone."""
        return tuple(each.name for each in self.scorers) if len(self.scorers) > 1 else ()

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

    def stream(
        self, files: Sequence[InputFile], folder: Path, watch: WatchFile | None = None
    ) -> Iterator[tuple[InputFile, FileResult]]:
        """Yield each file with its verdict as soon as there is one.

        Crops are deleted when they are scored, so that no more of them lie on the disk than workers are ahead, and the
        crops that a worker has found of a long video so far.

        Args:
            files: what to score.
            folder: for the crops; faces that a run before this one left here are not extracted again.
            watch: is told now and then, while no file is done, of the one whose extraction is furthest.
        """
        kinds: dict[bool, dict[str, InputFile]] = {False: {}, True: {}}
        for file in files:
            if file.problem:
                row = VideoRow("", Status.UNREADABLE, file.problem, **facts(file.path))
                yield file, self._judged(file, row, [[]] * len(self.scorers))
            else:
                kinds[file.path.suffix.lower() in IMAGE_SUFFIXES][_id(file.path)] = file
        for is_image, of_kind in kinds.items():
            if of_kind:
                yield from self._stream(of_kind, _of_image(self.faces) if is_image else self.faces, folder, watch)

    def identity(self) -> dict[str, Any]:
        """Return what decides the results: predictions of equal identity are the same for the same file."""
        calibration = None if self.calibration is None else asdict(self.calibration)
        hop = {} if self.window_hop is None else {"window_hop": self.window_hop}  # what has none goes on as it began
        settled = {"faces": stored_recipe(self.faces), "calibration": calibration, "explain": self.explain, **hop}
        seen = {each.name: each.seen and each.seen._asdict() for each in self.scorers}
        if not self.names:
            (alone,) = self.scorers
            return {"checkpoint": alone.digest, "rule": asdict(alone.rule), "seen": seen[alone.name], **settled}
        return {
            "checkpoint": {each.name: each.digest for each in self.scorers},
            "rule": {each.name: asdict(each.rule) for each in self.scorers},
            "weights": {each.name: each.weight for each in self.scorers},
            "seen": seen,
            **settled,
        }

    def _stream(
        self, files: Mapping[str, InputFile], faces: Mapping[str, Any], folder: Path, watch: WatchFile | None
    ) -> Iterator[tuple[InputFile, FileResult]]:
        faces = passing_recipe(faces)
        store = face_store(faces, folder)
        paths = {file_id: Path(os.path.abspath(file.path)) for file_id, file in files.items()}
        todo = store.todo(paths)
        waiting: list[Stored] = []
        tell = None if watch is None else lambda file_id, share: watch(files[file_id], share)
        for file_id in self._extracted([*(paths.keys() - todo.keys())], todo, store, faces, tell):
            stored = store.stored(file_id)
            assert stored is not None
            waiting.append(stored)
            if self._fill_a_batch(waiting):
                yield from self._scored(waiting, files, store)
                waiting = []
        yield from self._scored(waiting, files, store)

    def _extracted(
        self,
        there: Sequence[str],
        todo: Mapping[str, Path],
        store: FaceStore,
        faces: Mapping[str, Any],
        tell: Watch | None,
    ) -> Iterator[str]:
        """Yield the id of each file whose faces are stored."""
        yield from sorted(there)
        if todo:
            yield from (row.video_id for row in extracted_rows(todo, {}, store, faces, self.options, tell))

    def _fill_a_batch(self, waiting: Sequence[Stored]) -> bool:
        """Whether files are to be scored now; on a CPU clips go through the network one by one, so at once."""
        num_crops = sum(len(file.crops) for file in waiting)
        full = self.batch_size * max(each.detector.spec.clip_length for each in self.scorers)
        return self.device == "cpu" or num_crops >= full or len(waiting) >= self.batch_size

    def _scored(
        self, waiting: Sequence[Stored], files: Mapping[str, InputFile], store: FaceStore
    ) -> Iterator[tuple[InputFile, FileResult]]:
        found = [
            score_tracks(
                waiting,
                store,
                each.detector,
                each.rule,
                batch_size=self.batch_size,
                num_workers=self.num_workers,
                device=self.device,
                measured=each.seen is not None,
                hop=self.window_hop if each.detector.spec.clip_length > 1 else None,
            )
            for each in self.scorers
        ]
        for place, stored in enumerate(waiting):
            file, tracks = files[stored.row.video_id], [of_one[place] for of_one in found]
            result = listed(self._judged(file, stored.row, tracks), stored, store)
            yield file, self._explained(result, tracks[0], stored.row.fps)
            if stored.row.status != Status.FAILED:  # what failed is noted there, so that it stops no later run
                with suppress(FileNotFoundError):
                    store.discard(stored.row.video_id)

    def _judged(self, file: InputFile, row: VideoRow, tracks: Sequence[Sequence[Track]]) -> FileResult:
        path, several = str(file.path), bool(self.names)
        of_scores, known = (replace(row, reason=""), None) if several else (row, self.calibration)
        results = [
            judge(path, of_scores, found, each.rule, each.detector.spec, known, each.seen)
            for each, found in zip(self.scorers, tracks, strict=True)
        ]
        if not several:
            return results[0]
        weights = [each.weight for each in self.scorers]
        return combine(results, self.names, weights, row.reason, row.status, self.calibration)

    def _explained(self, result: FileResult, tracks: Sequence[Track], fps: float) -> FileResult:
        detector = self.scorers[0].detector
        if not self.explain or result.person is None or not isinstance(detector, Detector):
            return result
        return replace(result, explanations=explained(detector, result, tracks, fps, self.device))


def _of_image(faces: Mapping[str, Any]) -> dict[str, Any]:
    """Return the recipe for an image, which is a video of one frame."""
    return {**faces, **_ONE_FRAME, "min_track_length": min(1, faces["min_track_length"])}


def passing_recipe(faces: Mapping[str, Any]) -> dict[str, Any]:
    """Return the recipe of crops that are read once and deleted: the same pixels, in the format that is quickest.

    Whole videos keep theirs, since an hour of one face would take 25 GB of the disk instead of 10.
    """
    uncompressed = faces["image_format"] in LOSSLESS and faces["num_segments"] != ALL
    return {**faces, "image_format": "bmp"} if uncompressed else dict(faces)


def _id(path: Path) -> str:
    """Return an id that tells files apart, is the same in every run, and can be stored whatever the name."""
    place = digest_of_bytes(os.fsencode(os.path.abspath(path)), 8)
    return fitted(f"{place}-{as_id(path.name)}", _LONGEST)
