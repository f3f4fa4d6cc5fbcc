"""Finds and stores the faces of a corpus, or of one shard of it."""

import logging
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig

from deepfake.checkpoints.scoring_rule import chosen_rule
from deepfake.command.entry import entry_point
from deepfake.config.plain import plain
from deepfake.corpora.listing import list_corpus
from deepfake.errors import StoreError
from deepfake.extraction.completion import complete_store, extract_faces, face_store, merge, paths_and_pairs
from deepfake.extraction.options import ExtractOptions
from deepfake.extraction.shards import chosen_shard
from deepfake.extraction.summary import NOTHING_DONE, require_not_all_failed, summarise
from deepfake.faces.settled_recipe import settled, with_weights
from deepfake.names import first_few
from deepfake.report.tables import show_paths

log = logging.getLogger(__name__)


@entry_point
def extract(cfg: DictConfig) -> None:
    """Complete the face store of `cfg.data` by the recipe `cfg.faces`.

    Raises:
        StoreError: `extract.only_merge` is set, and videos are missing.
        ExtractionError: every video failed.
    """
    chosen_rule(cfg)  # only checks the options, since extraction stores all faces
    listing = list_corpus(instantiate(cfg.data.corpus), cfg.data)
    options = ExtractOptions(device=cfg.device, **cfg.extract)
    faces = with_weights(settled(plain(cfg.faces), Path(cfg.paths.weights_dir)))
    store = face_store(faces, Path(cfg.paths.faces_dir) / cfg.data.name)
    paths, pairs = paths_and_pairs(listing.videos)
    part = chosen_shard(paths, pairs, options)

    if options.shard_index is not None:
        done = extract_faces(part, pairs, store, faces, options)
        summarise(store, store.archive_rows(part), done)
        require_not_all_failed(store.archive_rows(part), store)
        shown = options.shard_index, options.num_shards
        log.info(
            "shard %d of %d is done; after the last one, run without these two options to build the tables", *shown
        )
        return
    if options.only_merge:
        there = [video for video in listing.videos if store.has(video.video_id)]
        merge(there, store)
        summarise(store, store.rows([video.video_id for video in there]), NOTHING_DONE)
        if missing := sorted(paths.keys() - {video.video_id for video in there}):
            raise StoreError(
                f"{len(missing)} of {len(paths)} videos are not in {store.root}: {first_few(missing)}; the tables hold "
                "the others. Run the missing shards again, or run this command without extract.only_merge=true"
            )
    else:
        done = complete_store(listing.videos, store, faces, options)
        if not done.num_videos:  # shards extracted all, and no summary covered all of them yet
            summarise(store, store.rows(list(paths)), done)
    sheet = store.root / "contact_sheet.jpg"
    show_paths({"videos": store.root / "videos.csv", "faces": store.root / "crops", "contact sheet": sheet})
