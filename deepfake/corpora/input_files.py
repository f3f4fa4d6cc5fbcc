"""Finds the videos in a file or folder that a user wants to score, and what else lies there."""

import logging
import os
from collections import Counter
from pathlib import Path

from deepfake.corpora.files import is_video
from deepfake.corpora.notes import left_out
from deepfake.corpora.walk import LeftOut, tree
from deepfake.errors import ConfigError
from deepfake.schema import VIDEO_SUFFIXES

log = logging.getLogger(__name__)


def input_files(source: Path) -> dict[str, Path]:
    """Return the videos to score: the file, or every video in and below the folder; log why the rest is left out.

    Returns:
        Name inside the folder (with its suffix, so that no two files share one) -> path.

    Raises:
        ConfigError: there is nothing to score.
    """
    if source.is_file():
        return {source.name: source}
    if not source.is_dir():
        raise ConfigError(f"input={source} does not exist: give a video file or a folder of them")
    videos, notes = look_into(source)
    if not videos:
        raise ConfigError("; ".join([f"input={source} holds no video ({', '.join(VIDEO_SUFFIXES)})", *notes]))
    for note in notes:
        log.warning(note)
    return {path.relative_to(source).as_posix(): path for path in videos}


def look_into(source: Path) -> tuple[list[Path], list[str]]:
    """Return the videos in a folder, and notes on everything else that lies there."""
    found = tree(source)
    named = [path for path in found.files if is_video(path.name)]
    videos = [path for path in named if os.access(path, os.R_OK)]
    closed = [LeftOut(path, "this user may not read it") for path in sorted({*named}.difference(videos))]
    others = Counter(path.suffix.lower() or "no suffix" for path in found.files if not is_video(path.name))
    notes = left_out([*found.left_out, *closed], source)
    if others:
        kinds = ", ".join(f"{number} {suffix}" for suffix, number in others.most_common(5))
        notes.append(f"not looked at: {others.total()} files without a video's suffix ({kinds})")
    return videos, notes
