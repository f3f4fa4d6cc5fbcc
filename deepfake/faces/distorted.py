"""One video -> its faces in distorted frames, at the places of a store of the clean video. No finder runs."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from deepfake.distort.distortion import Distortion
from deepfake.errors import StoreError, UnreadableVideoError
from deepfake.faces.crop import Region, crop
from deepfake.faces.phase import count_frames, decoding
from deepfake.faces.recipe import Recipe
from deepfake.faces.segments import segment_frames
from deepfake.faces.video_faces import Found, without_faces
from deepfake.faces.workers import Job, Work
from deepfake.schema import Status, VideoRow
from deepfake.store import CROP_COLUMNS, FaceStore, Pile, Stored, facts
from deepfake.video.door import READERS, open_video
from deepfake.video.reader import VideoReader


class DistortFaces(Work):
    """Distorts the segments of a video that is in a clean store, and cuts the same squares.

    Args:
        distortion: what happens to the frames.
        clean: the store that says where the faces are; nothing is written to it.
        store: the store of distorted faces.
        recipe: that of both stores.
        readers: video readers, in the order in which they are tried.
    """

    def __init__(
        self,
        distortion: Distortion,
        clean: FaceStore,
        store: FaceStore,
        recipe: Recipe,
        readers: Sequence[str] = READERS,
    ) -> None:
        self.distortion = distortion
        self.clean = clean
        self.store = store
        self.recipe = recipe
        self.readers = readers

    def found(self, job: Job) -> Found:
        """Return the distorted faces of a video, with the clean store's row and places.

        Raises:
            StoreError: the clean store lacks the video.
        """
        known = self.clean.stored(job.video_id)
        if known is None:
            raise StoreError(f"face store {self.clean.root} lacks {job.video_id}: give the same command again")
        torch.set_num_threads(1)
        pile = Pile(job.pile)
        try:
            with decoding(open_video, job.path, self.readers[job.first_reader]) as video:
                images = pile.chosen(self._places(job.video_id, video, known, pile))
        except UnreadableVideoError as error:
            return without_faces(VideoRow(job.video_id, Status.UNREADABLE, error.reason, **facts(job.path)))
        return Found(replace(known.row, **facts(job.path)), known.crops[CROP_COLUMNS], images)

    def _places(self, video_id: str, video: VideoReader, known: Stored, pile: Pile) -> list[int]:
        """Encode the crops, and return their places in the pile in the order of the rows that are known."""
        spans = segment_frames(known.row.num_frames, self.recipe.num_segments, self.recipe.segment_length)
        places: dict[int, int] = {}
        for number, rows in known.crops.groupby("segment", sort=True):
            span = spans[int(str(number))]
            count_frames(len(span))
            frames = self.distortion.apply(decoding(video.read, span), video_id, span.start)
            for row in rows.itertuples():
                where = Region(int(row.x), int(row.y), int(row.size))
                pixels = crop(frames[row.frame - span.start], where, self.recipe.max_crop_size)
                places[row.Index] = pile.add(self.store.encode(pixels))
        return [places[index] for index in known.crops.index]
