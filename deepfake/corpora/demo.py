"""The generated demo corpus of painted people, made on first use. A table beside the clips holds their labels.

Split: by identity, in either role.
"""

from pathlib import Path

from deepfake.cores import num_cores
from deepfake.corpora import Corpus, Listing
from deepfake.corpora.lists import read_rows
from deepfake.corpora.notes import require_videos
from deepfake.demo.design import Blur, DemoDesign, FrameRate, Noise, NumPeople, Quantiser, Seconds, Side, Warmth
from deepfake.demo.generate import TABLE, ensure_corpus
from deepfake.errors import CorpusError
from deepfake.names import quoted
from deepfake.ranges import PathName, Processes, Seed
from deepfake.schema import Label, Split, Video

_COLUMNS = ("video_id", "label", "split", "method", "target_id", "source_id", "real_id")


class DemoCorpus(Corpus):
    """Painted people and their deepfakes, generated on first use.

    Args:
        root: folder of the clips: empty, new, or filled by an earlier call.
        seed, num_people, width, height, min_seconds, max_seconds, fps, extras, quantiser, noise, blur, warmth: see
            `deepfake.demo.design.DemoDesign`; the clips are generated again when one of them changes.
        num_workers: processes that render; None is one for each core, at most 8. The clips do not depend on it.

    Raises:
        ConfigError: no corpus can be generated with these values.
    """

    def __init__(
        self,
        root: PathName,
        seed: Seed = 0,
        num_people: NumPeople = 24,
        width: Side = 320,
        height: Side = 240,
        min_seconds: Seconds = 3.0,
        max_seconds: Seconds = 4.0,
        fps: FrameRate = 25,
        extras: bool = True,
        num_workers: Processes | None = None,
        quantiser: Quantiser = 24,
        noise: Noise = 1.0,
        blur: Blur = 0.0,
        warmth: Warmth = 0.0,
    ) -> None:
        self._root = Path(root)
        self._design = DemoDesign(
            seed=seed,
            num_people=num_people,
            width=width,
            height=height,
            fps=fps,
            min_seconds=min_seconds,
            max_seconds=max_seconds,
            extras=extras,
            quantiser=quantiser,
            noise=noise,
            blur=blur,
            warmth=warmth,
        )
        self._num_workers = num_workers or min(8, num_cores())  # each loads torch, which takes some 300 MB

    def listing(self) -> Listing:
        """Generate the clips if they do not exist yet, and list them.

        Raises:
            CorpusError: `root` holds something else, or its table is damaged.
        """
        ensure_corpus(self._root, self._design, self._num_workers)
        table, cure = self._root / TABLE, f"remove {self._root}, so that it is generated again"
        rows = [row for _, row in read_rows(table, _COLUMNS, cure)]
        try:
            listing = Listing(tuple(map(self._video, rows)), protocol="identity-disjoint")
        except (ValueError, CorpusError) as error:  # a label or a split that is none, an id that is there twice
            raise CorpusError(f"{table} is malformed ({quoted(str(error))}); {cure}") from None
        require_videos(listing.videos, self._root, f"the clips of {TABLE}: {cure}")
        return listing

    def _video(self, row: dict[str, str]) -> Video:
        return Video(
            video_id=row["video_id"],
            path=self._root / f"{row['video_id']}.mp4",
            label=Label(int(row["label"])),
            split=Split(row["split"]),
            method=row["method"],
            target_id=row["target_id"],
            source_id=row["source_id"],
            real_id=row["real_id"],
        )
