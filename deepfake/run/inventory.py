"""What a corpus holds, against what was published, and whether its splits leak. Reads names and lists, no videos."""

import csv
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig
from rich.console import Console
from rich.table import Table

from deepfake.corpora.audit import Audit, audit, duplicates
from deepfake.corpora.corpus import Corpus, Count, Listing
from deepfake.corpora.splits import fingerprint
from deepfake.run.entry import entry_point
from deepfake.schema import Split, Video

_NUM_SHOWN = 10


@entry_point
def inventory(cfg: DictConfig) -> None:
    """Prints the tables and writes `missing.csv` into the run's folder.

    Raises:
        CorpusError: the corpus cannot be used; the message says what to do.
    """
    corpus: Corpus = instantiate(cfg.data.corpus)
    listing = corpus.listing()
    findings = audit(listing.videos, duplicates(listing.videos) if cfg.content else None)
    console = Console()
    console.print(_against_publication(listing))
    sizes = {video.video_id: video.path.stat().st_size / 1e9 for video in listing.videos}
    console.print(_by_split(listing.videos, sizes))
    _print_facts(console, corpus.name, listing, sum(sizes.values()))
    _print_missing(console, listing.missing, _write_missing(listing.missing, Path(cfg.paths.output_dir)), cfg.verbose)
    _print_audit(console, findings, listing.protocol, cfg.content)
    findings.require_disjoint(listing.protocol)


def _against_publication(listing: Listing) -> Table:
    table = Table("folder or list", title="found, against the publication", title_justify="left")
    for column in ("found", "published", "difference"):
        table.add_column(column, justify="right")
    for section in (listing.folders or _folders(listing.videos), listing.lists):
        for what, found, published in section:
            difference = "" if published is None else f"{found - published:+d}" if found != published else "0"
            table.add_row(what, str(found), "" if published is None else str(published), difference)
        table.add_section()
    return table


def _folders(videos: tuple[Video, ...]) -> list[Count]:
    """The folders of a corpus that names none itself."""
    numbers = Counter(video.video_id.rpartition("/")[0] or "." for video in videos)
    return [Count(folder, number, None) for folder, number in sorted(numbers.items())]


def _by_split(videos: tuple[Video, ...], sizes: Mapping[str, float]) -> Table:
    table = Table("split", "label", "method", title="by split, label and method", title_justify="left")
    for column in ("videos", "people", "GB"):
        table.add_column(column, justify="right")
    groups: dict[tuple[str, int, str], list[Video]] = defaultdict(list)
    for video in videos:
        groups[video.split or "none", int(video.label), video.method].append(video)
    order = [*Split, "none"]
    for split, label, method in sorted(groups, key=lambda key: (order.index(key[0]), *key[1:])):
        members = groups[split, label, method]
        people = {person for video in members for person in video.identities}
        size = sum(sizes[video.video_id] for video in members)
        cells = str(len(members)), str(len(people) or ""), f"{size:.2f}"
        table.add_row(split, "fake" if label else "real", method, *cells)
    return table


def _print_facts(console: Console, name: str, listing: Listing, size: float) -> None:
    console.print(f"corpus       {name}, protocol {listing.protocol}, fingerprint {fingerprint(listing.videos)}")
    console.print(f"on disk      {len(listing.videos)} videos, {size:.2f} GB; {listing.num_extra} other files ignored")
    console.print(f"in no split  {listing.num_dropped} videos")
    for note in listing.notes:
        console.print(f"note         {note}", highlight=False)


def _write_missing(missing: tuple[str, ...], output: Path) -> Path:
    output.mkdir(parents=True, exist_ok=True)
    path = output / "missing.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("missing",), *((video,) for video in missing)])
    return path


def _print_missing(console: Console, missing: tuple[str, ...], path: Path, verbose: bool) -> None:
    if not missing:
        console.print("missing      nothing that the lists name")
        return
    shown = missing if verbose else missing[:_NUM_SHOWN]
    console.print(f"missing      {len(missing)} videos, all in {path}", soft_wrap=True)
    for video in shown:
        console.print(f"             {video}", highlight=False, soft_wrap=True)
    if len(shown) < len(missing):
        console.print(f"             and {len(missing) - len(shown)} more (-v shows all)")


def _print_audit(console: Console, findings: Audit, protocol: str, content: bool) -> None:
    fatal = findings.fatal(protocol)
    for overlap in findings.overlaps:
        console.print(f"audit        {'STOPS TRAINING: ' if overlap in fatal else ''}{overlap}", highlight=False)
    if not findings.overlaps:
        console.print("audit        the splits share no video, no source video and no person")
    if not content:
        console.print("audit        file contents were not compared (content=true does)")
