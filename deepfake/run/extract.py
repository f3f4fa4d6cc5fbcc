"""Find and store the faces of a corpus."""

from pathlib import Path

from omegaconf import DictConfig

from deepfake.report.tables import show_paths
from deepfake.run.entry import entry_point
from deepfake.run.faces import extract_faces, face_store, list_corpus, plain, sources, summarise


@entry_point
def extract(cfg: DictConfig) -> None:
    """Complete the face store of `cfg.data` by the recipe `cfg.faces`."""
    listing = list_corpus(cfg.data)
    faces = plain(cfg.faces)
    store = face_store(faces, Path(cfg.paths.faces_dir) / cfg.data.name)
    paths, pairs = sources(listing.videos)
    summarise(store, paths, extract_faces(paths, pairs, store, faces, cfg.extract))
    show_paths({"videos": store.root / "videos.csv", "faces": store.root / "crops"})
