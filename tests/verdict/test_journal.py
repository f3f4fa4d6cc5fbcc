"""The journal: what is on the disk after a kill, and what another command may go on with."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deepfake.errors import ConfigError
from deepfake.store import facts
from deepfake.verdict import ClipScore, Cut, Explanation, Journal
from deepfake.verdict.journal import Other, Taken, others_below
from deepfake.verdict.result import as_plain, from_plain
from tests.disk import no_file_beyond
from tests.verdict.made import FACELESS, FAILED, PERSON, SCORED

IDENTITY = {"checkpoint": "12ab" * 16, "rule": {"tracks": "all", "aggregate": "mean"}}


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Files to score, with names of all kinds."""
    made = [tmp_path / name for name in ("a.mp4", "a\nb\udcff.mp4", '<img src=x onerror="alert(1)">.mp4')]
    for path in made:
        path.write_text(path.name.encode("utf-8", "replace").decode())
    return made


def noted(folder: Path, files: list[Path], identity: Mapping[str, Any] = IDENTITY) -> Journal:
    journal = Journal(folder, identity)
    for path, result in zip(files, (SCORED, FACELESS, FAILED), strict=True):
        journal.append(result, facts(path))
    return journal


def test_clips_faces_and_maps_come_back_and_older_lines_lack_them() -> None:
    person = replace(
        PERSON, clips=(ClipScore(1, 2, 0.04, 0.12, 0.5, (1.0, 2.0, 3.0, 4.0)),), thumbnail="abc", looks_like=3
    )
    why = Explanation(True, 1, 0.04, 0.5, 0.25, 1.0, True, "a", "b")
    result = replace(SCORED, persons=(person,), explanations=(why,), cuts=(Cut(60, 2.4),), fps=25.0)
    plain = json.loads(json.dumps(as_plain(result)))
    assert from_plain(plain) == result
    assert from_plain({**plain, "cuts": []}).cuts == ()  # none were seen, which is not the same as None
    for name in ("explanations", "cuts", "fps"):
        del plain[name]
    for name in ("clips", "thumbnail", "looks_like"):
        del plain["persons"][0][name]
    assert from_plain(plain) == replace(SCORED, persons=(replace(person, clips=(), thumbnail="", looks_like=None),))


def test_results_come_back_as_they_were_in_the_order_of_the_files(tmp_path: Path, files: list[Path]) -> None:
    noted(tmp_path, files)
    journal = Journal(tmp_path, IDENTITY)
    assert list(journal.results(reversed(files))) == [FAILED, FACELESS, SCORED]
    assert [journal.is_done(path) for path in files] == [True, True, False]  # what failed is tried again


def test_a_file_that_changed_is_judged_again_and_its_last_line_counts(tmp_path: Path, files: list[Path]) -> None:
    journal = noted(tmp_path, files)
    os.utime(files[0], (1, 1))
    files[1].write_text("longer than before")
    assert not journal.is_done(files[0]) and not journal.is_done(files[1])
    better = replace(SCORED, score=0.25)
    journal.append(better, facts(files[0]))
    assert journal.is_done(files[0])
    assert list(Journal(tmp_path, IDENTITY).results(files[:1])) == [better]


@pytest.mark.parametrize("cut", [1, 10, 300])
def test_a_line_that_a_kill_cut_off_costs_only_itself(tmp_path: Path, files: list[Path], cut: int) -> None:
    path = noted(tmp_path, files).path
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    journal = Journal(tmp_path, IDENTITY)
    assert list(journal.results(files)) == [SCORED, FACELESS]
    journal.append(FAILED, facts(files[2]))
    assert path.read_bytes() == whole


def test_another_checkpoint_or_rule_is_refused_and_named(tmp_path: Path, files: list[Path]) -> None:
    noted(tmp_path, files)
    other = {**IDENTITY, "rule": {"tracks": "main", "aggregate": "mean"}}
    with pytest.raises(ConfigError, match=r"with other options \(tracks is main, there all\): .*overwrite=true"):
        Journal(tmp_path, other)
    with pytest.raises(ConfigError, match="checkpoint is 34cd34cd34cd, there 12ab12ab12ab"):
        Journal(tmp_path, {**IDENTITY, "checkpoint": "34cd" * 16})
    with pytest.raises(ConfigError, match="checkpoint is a, b, there 12ab12ab12ab\\)"):
        Journal(tmp_path, {"checkpoint": {"a": "12ab" * 16, "b": "34cd" * 16}, "weights": {"a": 0.5, "b": 0.5}})
    assert list(Journal(tmp_path, other, overwrite=True).results(files)) == []


def test_another_set_of_detectors_is_refused_and_named(tmp_path: Path, files: list[Path]) -> None:
    several = {"checkpoint": {"a": "12" * 32, "b": "34" * 32}, "weights": {"a": 0.5, "b": 0.5}, "explain": False}
    noted(tmp_path, files, several)
    assert len(list(Journal(tmp_path, {**several, "checkpoint": {"b": "34" * 32, "a": "12" * 32}}).results(files))) == 3
    for change, words in (
        ({"checkpoint": {"a": "12" * 32, "c": "34" * 32}}, "checkpoint is a, c, there a, b"),
        ({"checkpoint": {"a": "12" * 32, "b": "56" * 32}}, "b is 565656565656, there 343434343434"),
        ({"weights": {"a": 0.75, "b": 0.25}}, "a is 0.75, there 0.5, b is 0.25, there 0.5"),
        ({"checkpoint": "12" * 32}, "checkpoint is 121212121212, there a, b"),
    ):
        with pytest.raises(ConfigError, match=f"with other options \\({words}\\)"):
            Journal(tmp_path, {**several, **change})


@pytest.mark.parametrize("content", ["", "no json\n", "[1]\n", '{"schema_version": 1}\n', '{"schema_version": 0}\n'])
def test_what_is_no_journal_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "predictions.jsonl").write_text(content)
    with pytest.raises(ConfigError, match=r"predictions.jsonl (is no journal|was written by another).*overwrite=true"):
        Journal(tmp_path, IDENTITY)


def test_a_damaged_line_is_not_passed_over(tmp_path: Path, files: list[Path]) -> None:
    path = noted(tmp_path, files).path
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], b"{}\n", *lines[3:]]))
    with pytest.raises(ConfigError, match="is damaged"):
        Journal(tmp_path, IDENTITY)


def test_each_line_is_json(tmp_path: Path, files: list[Path]) -> None:
    lines = noted(tmp_path, files).path.read_text().splitlines()
    assert [sorted(json.loads(line)) for line in lines] == [
        ["identity", "schema_version"],
        *[["again", "result", "source"]] * 3,
    ]


def test_a_full_disk_costs_the_line_that_did_not_fit_and_no_other(tmp_path: Path, files: list[Path]) -> None:
    journal = Journal(tmp_path, IDENTITY)
    journal.append(SCORED, facts(files[0]))
    whole = journal.path.read_bytes()
    with no_file_beyond(len(whole) + 100), pytest.raises(OSError, match="File too large"):
        journal.append(FACELESS, facts(files[1]))
    assert journal.path.read_bytes() == whole
    journal.append(FACELESS, facts(files[1]))
    assert list(Journal(tmp_path, IDENTITY).results(files[:2])) == [SCORED, FACELESS]


def test_what_could_not_be_opened_is_tried_again_also_if_the_file_stays_as_it_is(
    tmp_path: Path, files: list[Path]
) -> None:
    Journal(tmp_path, IDENTITY).append(FACELESS, facts(files[0]), again=True)
    assert not Journal(tmp_path, IDENTITY).is_done(files[0])


def test_files_of_earlier_commands_are_kept_apart(tmp_path: Path, files: list[Path]) -> None:
    journal = noted(tmp_path, files)
    assert list(journal.named(journal.others(files[:1]))) == [FACELESS, FAILED]


def others(folder: Path, *given: Path) -> list[Other]:
    return others_below(given, folder, IDENTITY)


def journals(tmp_path: Path, *names: str) -> list[Journal]:
    folders = [tmp_path / "runs" / name for name in names]
    for folder in folders:
        folder.mkdir(parents=True)
    return [Journal(folder, IDENTITY) for folder in folders]


def test_results_of_other_journals_are_taken_over_once(tmp_path: Path, files: list[Path]) -> None:
    one, other, mine = journals(tmp_path, "a", "b", "mine")
    one.append(SCORED, facts(files[0]))
    one.append(replace(SCORED, score=0.5), facts(files[0]))  # the last line of a file counts
    other.append(FACELESS, facts(files[1]))
    other.append(SCORED, facts(files[0]))
    runs = tmp_path / "runs"
    found = others(mine.path.parent, runs / "b" / ".." / "a", runs, runs / "a")
    assert [each.path for each in found] == [one.path, other.path]  # neither twice nor the own one
    assert mine.take(found) == Taken(new=2, several=1)
    assert mine.take(found) == Taken(new=0, several=1)
    again = Journal(mine.path.parent, IDENTITY)
    assert list(again.results(files)) == list(mine.results(files)) == [replace(SCORED, score=0.5), FACELESS]
    assert again.is_done(files[0]) and again.has(files[0]) and not again.has(files[2])


def test_of_several_results_the_first_of_the_file_as_it_is_counts(tmp_path: Path, files: list[Path]) -> None:
    old, failed, good, mine = journals(tmp_path, "a", "b", "c", "mine")
    for journal in (old, failed):
        for path in files[:2]:
            journal.append(FAILED if journal is failed else SCORED, facts(path))
    os.utime(files[0], (1, 1))
    good.append(FACELESS, facts(files[0]))
    assert mine.take(others(mine.path.parent, tmp_path / "runs")) == Taken(new=2, several=2)
    assert list(mine.results(files)) == [FACELESS, SCORED]
    mine.append(replace(SCORED, score=0.5), facts(files[0]))  # what is here comes before all others
    mine.take(others(mine.path.parent, tmp_path / "runs"))
    assert list(mine.results(files[:1])) == [replace(SCORED, score=0.5)]
    os.utime(files[0], (2, 2))
    good.append(FACELESS, facts(files[0]))
    taken = mine.take(others(mine.path.parent, good.path.parent))
    assert (taken.new, taken.replaced) == (0, (facts(files[0])["path"],))
    assert list(mine.results(files[:1])) == [FACELESS]


def test_a_journal_that_is_being_written_is_read_to_its_last_whole_line(tmp_path: Path, files: list[Path]) -> None:
    live, mine = journals(tmp_path, "live", "mine")
    live.append(SCORED, facts(files[0]))
    live.append(FACELESS, facts(files[1]))
    live.path.write_bytes(live.path.read_bytes()[:-7])
    before = live.path.read_bytes()
    assert mine.take(others(mine.path.parent, live.path.parent)) == Taken(new=1, several=0)
    assert live.path.read_bytes() == before


def test_what_cannot_be_taken_over_is_named(tmp_path: Path, files: list[Path]) -> None:
    one, mine = journals(tmp_path, "one", "mine")
    with pytest.raises(ConfigError, match=r"mine/none holds no predictions.jsonl.*leave it out of merge="):
        others(mine.path.parent, mine.path.parent / "none")
    with pytest.raises(ConfigError, match="holds no results but those of output="):
        others(mine.path.parent, mine.path.parent)
    other = {**IDENTITY, "rule": {"tracks": "main", "aggregate": "mean"}}
    with pytest.raises(ConfigError, match=r"one/predictions.jsonl has .*\(tracks is main, there all\): leave it out"):
        others_below([one.path.parent], mine.path.parent, other)
    one.path.write_bytes(one.path.read_bytes() + b"{}\n")
    with pytest.raises(ConfigError, match="one/predictions.jsonl is no journal of predictions, or is damaged: leave"):
        others(mine.path.parent, one.path.parent)


def test_a_full_disk_ends_with_a_whole_line_that_was_taken_over(tmp_path: Path, files: list[Path]) -> None:
    one, mine = journals(tmp_path, "one", "mine")
    noted(one.path.parent, files)
    found = others(mine.path.parent, one.path.parent)
    size = one.path.stat().st_size
    with no_file_beyond(size - 10), pytest.raises(OSError, match="File too large"):
        mine.take(found)
    assert list(Journal(mine.path.parent, IDENTITY).results(files)) == [SCORED, FACELESS]
    assert mine.path.read_bytes().endswith(b"\n")
