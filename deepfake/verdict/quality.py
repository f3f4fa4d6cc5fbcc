"""Blur and compression of a face, beside those of the clips that the detector was trained on."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from deepfake.texture import BLOCK
from deepfake.verdict.verdict import Because

# So many times beyond 99 % of the training clips is outside, since 1 % of what is like them is beyond.
FACTOR = 1.25
_OF_CROPS = {"faces.margin", "faces.max_crop_size", "faces.image_format"}
_FLAT = 1 / BLOCK  # of the grid where no position stands out


class Texture(NamedTuple):
    """Numbers of a face, each the mean of a few frames; NaN if the pictures are too small or flat for it.

    Attributes:
        sharpness: of what the detector is shown, as `deepfake.texture.sharpness` has it.
        block_grid: of the crops as they are stored, in pixels of the frame, as `deepfake.texture.block_grid` has it.
    """

    sharpness: float
    block_grid: float


class Seen(NamedTuple):
    """What the detector was trained on: as it saw it, augmentation included, and as it is stored.

    Attributes:
        clips: how many clips were measured.
        sharpness: 99 % of them have as much or more.
        block_grid: 99 % of them have as much or less; None if that is not known, or was measured on other crops.
    """

    clips: int
    sharpness: float
    block_grid: float | None


def seen_of(card: Mapping[str, Any], differing: Collection[str] = ()) -> Seen | None:
    """Return what a checkpoint's card says of its training clips; None if it says nothing, as older ones.

    Args:
        card: the card.
        differing: the options of the recipe of faces that are not the card's; some decide what blocks a crop has.
    """
    quality = card.get("quality")
    if quality is None:
        return None
    seen = Seen(**{name: quality[name] for name in Seen._fields})
    return seen._replace(block_grid=None) if _OF_CROPS & {*differing} else seen


def outside(texture: Texture, seen: Seen) -> tuple[Because, str] | None:
    """Return why a face is outside of what the detector was trained on, and a clause with the numbers; else None."""
    if texture.sharpness < seen.sharpness / FACTOR:
        theirs = f"99 % of {seen.clips} training clips have {seen.sharpness:.2g} or more"
        return Because.BLURRED, f"its sharpness is {texture.sharpness:.2g}, and {theirs}"
    if seen.block_grid is not None and texture.block_grid - _FLAT > FACTOR * (seen.block_grid - _FLAT):
        theirs = f"99 % of {seen.clips} training clips have {seen.block_grid:.3f} or less"
        share = f"{texture.block_grid:.3f} of its steps between pixels lie on a grid of {BLOCK}x{BLOCK} blocks"
        return Because.COMPRESSED, f"{share}, and {theirs} (without blocks: {_FLAT:.3f})"
    return None
