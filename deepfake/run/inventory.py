"""What a corpus holds, against what was published, and whether its splits leak. Reads names and lists, no videos."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig
from rich.console import Console
from rich.table import Table

from deepfake.atomic import write_atomic
from deepfake.command.entry import entry_point
from deepfake.corpora.audit import Audit, audit, duplicates, num_sharing, unknown
from deepfake.corpora.corpus import Corpus, Count, Listing
from deepfake.corpora.fitness import shared_sources
from deepfake.corpora.splits import fingerprint
from deepfake.report.tables import add_row, new_table, say
from deepfake.schema import Label, Split, Video

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
    sizes = {video.video_id: _size(video.path) / 1e9 for video in listing.videos}
    Console().print(_against_publication(listing))
    Console().print(_by_split(listing, sizes))
    _print_facts(cfg.data.name, listing, sum(sizes.values()))
    _print_missing(listing.missing, _write_missing(listing.missing, Path(cfg.paths.output_dir)), cfg.verbose)
    _print_audit(findings, listing, cfg.content)
    findings.require_disjoint(listing.protocol)


def _size(path: Path) -> int:
    """In bytes; 0 of a file that is gone or cannot be asked, which is no reason not to count the others."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _against_publication(listing: Listing) -> Table:
    columns = ("folder or list", "found", "published", "difference")
    table = new_table("found, against the publication", columns, right=(1, 2, 3))
    for section in (listing.folders or _folders(listing.videos), listing.lists):
        for what, found, published in section:
            difference = "" if published is None else f"{found - published:+d}" if found != published else "0"
            add_row(table, (what, found, "" if published is None else published, difference))
        table.add_section()
    return table


def _folders(videos: tuple[Video, ...]) -> list[Count]:
    """The folders of a corpus that names none itself."""
    numbers = Counter(video.video_id.rpartition("/")[0] or "." for video in videos)
    return [Count(folder, number, None) for folder, number in sorted(numbers.items())]


def _by_split(listing: Listing, sizes: Mapping[str, float]) -> Table:
    columns = ("split", "label", "method", "videos", "people", "GB")
    caption = shared_sources({str(split): number for split, number in num_sharing(listing.videos).items()})
    table = new_table("by split, label and method", columns, right=(3, 4, 5), caption=caption)
    groups: dict[tuple[str, int, str], list[Video]] = defaultdict(list)
    for video in listing.videos:
        groups[video.split or "none", int(video.label), video.method].append(video)
    order = [*Split, "none"]
    for split, label, method in sorted(groups, key=lambda key: (order.index(key[0]), *key[1:])):
        members = groups[split, label, method]
        people = {person for video in members for person in video.identities}
        size = sum(sizes[video.video_id] for video in members)
        add_row(table, (split, "fake" if label else "real", method, len(members), len(people) or "", f"{size:.2f}"))
    return table


def _print_facts(name: str, listing: Listing, size: float) -> None:
    say(f"corpus       {name}, protocol {listing.protocol}, fingerprint {fingerprint(listing.videos)}")
    say(f"on disk      {len(listing.videos)} videos, {size:.2f} GB; {listing.num_extra} other files ignored")
    say(f"in no split  {listing.num_dropped} videos")
    for note in listing.notes:
        say(f"note         {note}")


def _write_missing(missing: tuple[str, ...], output: Path) -> Path:
    output.mkdir(parents=True, exist_ok=True)
    path = output / "missing.csv"
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("missing",), *((video,) for video in missing)])
    write_atomic(path, text.getvalue().encode())
    return path


def _print_missing(missing: tuple[str, ...], path: Path, verbose: bool) -> None:
    if not missing:
        say("missing      nothing that the lists name")
        return
    first = missing if verbose else missing[:_NUM_SHOWN]
    say(f"missing      {len(missing)} videos, all in {path}")
    for video in first:
        say(f"             {video}")
    if len(first) < len(missing):
        say(f"             and {len(missing) - len(first)} more (-v shows all)")


def _print_audit(findings: Audit, listing: Listing, content: bool) -> None:
    fatal = findings.fatal(listing.protocol)
    for overlap in findings.overlaps:
        say(f"audit        {'STOPS TRAINING: ' if overlap in fatal else ''}{overlap}")
    if not findings.overlaps:
        say(f"audit        the splits share no {', no '.join(_compared(listing.videos))}")
    for sentence in unknown(listing.videos):
        say(f"audit        {sentence}")
    if not content:
        say("audit        file contents were not compared (content=true does)")


def _compared(videos: tuple[Video, ...]) -> list[str]:
    """What the names say enough of for an audit."""
    compared = ["video"]
    if any(video.real_id for video in videos) or all(video.label == Label.REAL for video in videos):
        compared.append("source video")
    if any(video.identities for video in videos):
        compared.append("person")
    return compared
