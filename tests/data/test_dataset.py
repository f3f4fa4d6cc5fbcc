"""A clip from the store equals its frames read and cut one by one; data for workers is shared, not copied."""

import pickle
import zipfile
from dataclasses import replace
from multiprocessing.reduction import ForkingPickler

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from deepfake.data.augment import BasicAugmentation, NoAugmentation
from deepfake.data.cut import cut
from deepfake.data.datamodule import ClipDataModule
from deepfake.data.dataset import ClipDataset, Draw
from deepfake.schema import Split, Video
from deepfake.store import FaceStore
from tests.data.conftest import SPEC
from tests.data.test_cut import reference


def dataset_of(videos: list[Video], store: FaceStore, length: int, stride: int, **options: object) -> ClipDataset:
    spec = replace(SPEC, clip_length=length, frame_stride=stride, size=24, margin=1.1)
    return ClipDataModule(videos, store, spec, BasicAugmentation(), 0, **options).datasets[Split.TRAIN]  # type: ignore[arg-type]


def one_by_one(dataset: ClipDataset, index: int) -> Tensor:
    """Return a clip computed from files by the scalar formula."""
    spec, store = dataset.spec, dataset.store
    row = dataset.clips.frame().iloc[index]
    crops = store.crops().set_index(["video_id", "track", "frame"])
    images = []
    for frame in row["start"] + np.arange(spec.clip_length) * spec.frame_stride:
        crop = crops.loc[(row["video_id"], row["track"], frame)]
        with zipfile.ZipFile(store.archive_path(row["video_id"])) as archive:
            image = np.array(Image.open(archive.open(f"{row['track']}/{frame:06}.png")))
        square = crop[["x", "y", "size"]].tolist()
        face = crop[["face_x", "face_y", "face_width", "face_height"]].tolist()
        box = reference(square, face, image.shape[0], spec.margin, spec.shape)
        images.append(cut(torch.from_numpy(image).permute(2, 0, 1), *box, spec.size))
    return torch.stack(images)


@pytest.mark.parametrize(("length", "stride"), [(1, 1), (3, 1), (3, 2), (8, 1), (2, 3)])
def test_a_clip_is_what_its_frames_are_one_by_one(
    length: int, stride: int, noise_videos: list[Video], noise_store: FaceStore
) -> None:
    dataset = dataset_of(noise_videos, noise_store, length, stride)
    assert len(dataset) > 6
    for index in range(len(dataset)):
        sample = dataset[index]
        assert torch.equal(sample["clip"], one_by_one(dataset, index))
        assert sample["label"] == float(dataset.clips.frame().at[index, "label"])
        assert sample["index"] == index and sample["draw"].shape == (0,)
        assert dataset.clips.video_ids[int(sample["video"])] == dataset.clips.frame().at[index, "video_id"]
    with pytest.raises(IndexError):
        dataset[len(dataset)]


def test_only_the_crops_of_clips_are_held(noise_videos: list[Video], noise_store: FaceStore) -> None:
    dataset = dataset_of(noise_videos, noise_store, 3, 2)
    assert len(dataset.crops.box) == 3 * len(dataset) < 6 * 16
    per_crop = sum(tensor[:1].numpy().nbytes for tensor in vars(dataset.crops).values())
    assert per_crop <= 34


def test_a_draw_follows_from_its_seed(noise_videos: list[Video], noise_store: FaceStore) -> None:
    dataset = dataset_of(noise_videos, noise_store, 1, 1)
    first, again, other = dataset[Draw(0, 5)], dataset[Draw(0, 5)], dataset[Draw(0, 6)]
    assert first["draw"].shape == (BasicAugmentation.num_draws,) and first["draw"].dtype == torch.float32
    assert torch.equal(first["draw"], again["draw"]) and not torch.equal(first["draw"], other["draw"])
    assert torch.equal(first["draw"], dataset[Draw(3, 5)]["draw"])
    plain = ClipDataset(dataset.clips, dataset.store, dataset.spec, NoAugmentation())
    assert plain[Draw(0, 5)]["draw"].shape == (0,)


def test_a_fresh_worker_maps_the_tables_and_copies_none(noise_videos: list[Video], noise_store: FaceStore) -> None:
    dataset = dataset_of(noise_videos, noise_store, 1, 1)
    repeats = torch.arange(len(dataset.clips)).repeat(100_000 // len(dataset.clips))
    clips = replace(
        dataset.clips, **{name: getattr(dataset.clips, name)[repeats] for name in ("video", "track", "start", "row")}
    )
    large = ClipDataset(clips, noise_store, dataset.spec, NoAugmentation())
    sent = bytes(ForkingPickler.dumps(large))
    assert len(sent) < 20_000 < len(pickle.dumps(large.crops.box.numpy()))
    assert all(tensor.is_shared() for tensor in (*vars(large.crops).values(), large.clips.video, large.clips.labels))
    arrived = ForkingPickler.loads(sent)
    assert torch.equal(arrived[77]["clip"], large[77]["clip"])
    large.crops.offset[99] += 7
    assert arrived.crops.offset[99] == large.crops.offset[99]


def test_the_digest_tells_pixels_apart_and_nothing_else(noise_videos: list[Video], noise_store: FaceStore) -> None:
    dataset = dataset_of(noise_videos, noise_store, 2, 1)
    assert dataset.digest() == dataset_of(noise_videos, noise_store, 2, 1, batch_size=3).digest()
    others = [
        dataset_of(noise_videos, noise_store, 2, 2),
        dataset_of(noise_videos[1:], noise_store, 2, 1),
        ClipDataset(dataset.clips, noise_store, replace(dataset.spec, size=23), NoAugmentation()),
        ClipDataset(dataset.clips, noise_store, replace(dataset.spec, margin=1.2), NoAugmentation()),
    ]
    digests = {dataset.digest(), *(other.digest() for other in others)}
    dataset.crops.crc[3] += 1
    assert len(digests | {dataset.digest()}) == 6
