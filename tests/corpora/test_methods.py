"""Which fakes are used when methods are chosen, for all splits or apart for training and test."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deepfake.checkpoints.data_card import data_card
from deepfake.corpora import Listing
from deepfake.corpora.methods import choose_methods, count_methods
from deepfake.corpora.splits import fingerprint
from deepfake.errors import ConfigError
from deepfake.schema import Label, Split, Video
from deepfake.scoring import ScoringRule

LISTING = Listing(
    tuple(
        Video(f"{split}/{method}", Path(f"{method}.mp4"), label, split, method)
        for split in (*Split, None)
        for method, label in (("real", Label.REAL), ("roop", Label.FAKE), ("wav", Label.FAKE), ("sbi", Label.FAKE))
    )
)


def fakes(listing: Listing) -> dict[str, list[str]]:
    return {split: [*methods] for split, methods in count_methods(listing.videos).items()}


def test_without_a_choice_nothing_changes() -> None:
    assert choose_methods(LISTING, {"methods": None}) is LISTING
    assert choose_methods(LISTING, {}) is LISTING


def test_methods_apply_to_every_split_and_reals_stay() -> None:
    chosen = choose_methods(LISTING, {"methods": ["wav", "roop"]})
    assert fakes(chosen) == {split: ["roop", "wav"] for split in ("train", "val", "test")}
    assert sum(video.label is Label.REAL for video in chosen.videos) == 4
    assert not any(video.method == "sbi" for video in chosen.videos)
    assert chosen.notes == ("methods: roop, wav in all splits; 4 fakes by other methods are left out",)
    assert fingerprint(chosen.videos) != fingerprint(LISTING.videos)


@pytest.mark.parametrize(
    ("data", "train", "test"),
    [
        ({"train_methods": ["roop"]}, ["roop"], ["roop", "sbi", "wav"]),
        ({"test_methods": ["sbi"]}, ["roop", "sbi", "wav"], ["sbi"]),
        ({"methods": ["roop"], "test_methods": ["sbi"]}, ["roop"], ["sbi"]),
        ({"methods": ["roop"], "train_methods": ["wav"], "test_methods": ["sbi"]}, ["wav"], ["sbi"]),
    ],
)
def test_training_and_test_may_have_other_methods_and_val_follows_training(
    data: dict[str, Any], train: list[str], test: list[str]
) -> None:
    assert fakes(choose_methods(LISTING, data)) == {"train": train, "val": train, "test": test}


@pytest.mark.parametrize("option", ["methods", "train_methods", "test_methods"])
def test_an_unknown_method_is_named_beside_the_known_ones(option: str) -> None:
    with pytest.raises(
        ConfigError, match=f"^data.{option} names swap, but the methods of this corpus are roop, sbi, wav$"
    ):
        choose_methods(LISTING, {option: ["roop", "swap"]})


def test_a_corpus_that_takes_its_methods_itself_may_lack_some() -> None:
    corpus = {"_target_": "deepfake.corpora.ffpp.FaceForensics", "methods": ["roop", "wav", "sbi", "f2f"]}
    data: dict[str, Any] = {"methods": corpus["methods"], "corpus": corpus}
    assert choose_methods(LISTING, data) is LISTING
    assert fakes(choose_methods(LISTING, {**data, "test_methods": ["f2f", "sbi"]}))["test"] == ["sbi"]
    with pytest.raises(ConfigError, match=r"names swap, but the methods of this corpus are f2f, roop, sbi, wav$"):
        choose_methods(LISTING, {**data, "test_methods": ["swap"]})


def test_reals_alone_have_no_methods() -> None:
    reals = Listing(tuple(video for video in LISTING.videos if video.label is Label.REAL))
    with pytest.raises(ConfigError, match="^data.methods names roop, but this corpus has no fakes$"):
        choose_methods(reals, {"methods": ["roop"]})


def test_what_a_listing_has_said_is_not_said_again() -> None:
    lost = Video("fake/a", Path("a.mp4"), Label.FAKE, Split.TRAIN, "roop", real_id="gone")
    listing = Listing((*LISTING.videos, lost))
    assert len(choose_methods(listing, {"methods": ["roop"]}).notes) == len(listing.notes) + 1 == 2


def test_the_card_says_which_fakes_were_used() -> None:
    class Store:
        rows: Callable[..., Any] = staticmethod(lambda ids: {"digest": _Digests(ids)})

    class _Digests:
        def __init__(self, ids: list[str]) -> None:
            self.ids = ids

        def to_dict(self) -> dict[str, str]:
            return dict.fromkeys(self.ids, "0")

    chosen = choose_methods(LISTING, {"train_methods": ["roop"], "test_methods": ["sbi"]})
    card = data_card("mine", chosen, {split: {} for split in Split}, Store(), ScoringRule())  # type: ignore[arg-type]
    assert card["methods"] == {"train": {"roop": 1}, "val": {"roop": 1}, "test": {"sbi": 1}}
