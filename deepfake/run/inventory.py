"""Shows what a corpus holds, beside what was published, and whether its splits leak. It decodes no videos."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig

from deepfake.atomic import write_atomic
from deepfake.command.entry import entry_point
from deepfake.corpora import Corpus, Count, Listing
from deepfake.corpora.audit import Audit, audit, blind_spots, duplicates, num_sharing
from deepfake.corpora.fitness import shared_sources
from deepfake.corpora.methods import choose_methods
from deepfake.corpora.splits import fingerprint
from deepfake.report.tables import print_line, show
from deepfake.schema import Label, Split, Video
from deepfake.screen import from_here

_NUM_SHOWN = 10


@entry_point
def inventory(cfg: DictConfig) -> None:
    """Print the tables, and write `missing.csv` into the run's folder.

    Raises:
        CorpusError: the corpus cannot be used; the message says what to do.
    """
    corpus: Corpus = instantiate(cfg.data.corpus)
    listing = choose_methods(corpus.listing(), cfg.data)
    findings = audit(listing.videos, duplicates(listing.videos) if cfg.content else None)
    sizes = {video.video_id: _size(video.path) for video in listing.videos}
    _show_against_publication("folder", listing.folders or _folders(listing.videos))
    if listing.lists:
        _show_against_publication("list", listing.lists)
    _show_by_split(listing, sizes)
    _print_facts(cfg.data.name, listing, sum(sizes.values()))
    _print_missing(listing.missing, _write_missing(listing.missing, Path(cfg.paths.output_dir)), cfg.verbose)
    _print_audit(findings, listing, cfg.content)
    findings.require_disjoint(listing.protocol)


def _size(path: Path) -> int:
    """Return the size of a file in bytes; 0 if it is gone or cannot be read, so that the others still count."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _show_against_publication(what: str, counts: Iterable[Count]) -> None:
    rows = [
        (name, found, published, None if published is None else f"{found - published:+d}" if found != published else 0)
        for name, found, published in counts
    ]
    compared = any(published is not None for _, _, published, _ in rows)
    title = f"videos by {what}" + (", against the publication" if compared else "")
    show(title, (what, "found", "published", "difference"), rows)


def _folders(videos: tuple[Video, ...]) -> list[Count]:
    """Count the videos of each folder, for a corpus that lists no folders itself."""
    numbers = Counter(video.video_id.rpartition("/")[0] or "." for video in videos)
    return [Count(folder, number, None) for folder, number in sorted(numbers.items())]


def _show_by_split(listing: Listing, sizes: Mapping[str, int]) -> None:
    groups: dict[tuple[str, int, str], list[Video]] = defaultdict(list)
    for video in listing.videos:
        groups[video.split or "none", int(video.label), video.method].append(video)
    order, (unit, scale) = [*Split, "none"], _unit(sum(sizes.values()))
    rows = []
    for split, label, method in sorted(groups, key=lambda key: (order.index(key[0]), *key[1:])):
        members = groups[split, label, method]
        people = {person for video in members for person in video.identities}
        size = sum(sizes[video.video_id] for video in members) / scale
        rows.append((split, "fake" if label else "real", method, len(members), len(people) or None, f"{size:.2f}"))
    caption = shared_sources({str(split): number for split, number in num_sharing(listing.videos).items()})
    show("videos by split, label and method", ("split", "label", "method", "videos", "people", unit), rows, caption)


def _unit(size: float) -> tuple[str, float]:
    """Return a unit in which a size is easy to read, and its number of bytes."""
    return ("GB", 1e9) if size >= 1e9 else ("MB", 1e6)


def _print_fact(name: str, sentence: str) -> None:
    print_line(f"{name:<13}{sentence}", indent=13)


def _print_facts(name: str, listing: Listing, size: float) -> None:
    _print_fact("corpus", f"{name}, protocol {listing.protocol}, fingerprint {fingerprint(listing.videos)}")
    unit, scale = _unit(size)
    others = f"{listing.num_extra} other files ignored"
    _print_fact("on disk", f"{len(listing.videos)} videos, {size / scale:.2f} {unit}; {others}")
    _print_fact("in no split", f"{listing.num_dropped} videos")
    for note in listing.notes:
        _print_fact("note", str(note))


def _write_missing(missing: tuple[str, ...], output: Path) -> Path:
    output.mkdir(parents=True, exist_ok=True)
    path = output / "missing.csv"
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("missing",), *((video,) for video in missing)])
    write_atomic(path, text.getvalue().encode())
    return path


def _print_missing(missing: tuple[str, ...], path: Path, verbose: bool) -> None:
    if not missing:
        _print_fact("missing", "every listed video exists")
        return
    first = missing if verbose else missing[:_NUM_SHOWN]
    _print_fact("missing", f"{len(missing)} videos, all in {from_here(path)}")
    for video in first:
        print_line(f"             {video}")
    if len(first) < len(missing):
        print_line(f"             and {len(missing) - len(first)} more (verbose=true shows all)")


def _print_audit(findings: Audit, listing: Listing, content: bool) -> None:
    fatal = findings.fatal(listing.protocol)
    for overlap in findings.overlaps:
        _print_fact("audit", f"{'STOPS TRAINING: ' if overlap in fatal else ''}{overlap}")
    if not findings.overlaps:
        _print_fact("audit", f"the splits share no {_either(_compared(listing.videos))}")
    for sentence in blind_spots(listing.videos):
        _print_fact("audit", sentence)
    if not content:
        _print_fact("audit", "file contents were not compared (content=true does)")


def _compared(videos: tuple[Video, ...]) -> list[str]:
    """Return what an audit can compare, given what the file names tell."""
    compared = ["video"]
    if any(video.real_id for video in videos) or all(video.label == Label.REAL for video in videos):
        compared.append("source video")
    if any(video.identities for video in videos):
        compared.append("person")
    return compared


def _either(words: list[str]) -> str:
    """
    Example:
        >>> _either(["video"]), _either(["video", "source video", "person"])
        ('video', 'video, source video or person')
    """
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
