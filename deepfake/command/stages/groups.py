"""Option groups that stages share and that need no network code."""

from typing import Any

from deepfake.config.check import Built, Group
from deepfake.corpora import Corpus
from deepfake.corpora.methods import Methods
from deepfake.ranges import FolderName, PathName
from deepfake.schema import MainFace, Tracks

PATHS = Group(dict.fromkeys(("data_dir", "faces_dir", "weights_dir", "output_dir"), PathName))


def data(tracks: Any = Tracks, main_face: Any = MainFace) -> Group:
    """Return the group of a corpus, whose constructor takes some values from other options (`root: ${data.root}`)."""
    methods = dict.fromkeys(("methods", "train_methods", "test_methods"), Methods)
    options = {"name": FolderName, "tracks": tracks, "main_face": main_face, **methods, "corpus": Built(Corpus)}
    return Group(options, optional=tuple(methods), links=True)
