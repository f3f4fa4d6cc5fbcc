"""Read what an offline run of wandb would send from the file that wandb has written."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wandb.proto.wandb_internal_pb2 import Record

from deepfake.loggers.wandb import reset


def records(folder: Path) -> list[Record]:
    """Return everything that would be sent, as wandb has recorded it."""
    reset()  # wandb's service writes the end of the file only when it stops
    found = []
    for path in sorted(folder.rglob("*.wandb")):
        for data in _log_entries(path.read_bytes()):
            found.append(Record())
            found[-1].ParseFromString(data)
    return found


def _log_entries(content: bytes) -> Iterator[bytes]:
    """Yield the entries of a log in LevelDB's format, which follows wandb's own header.

    The log has blocks of 32 KiB. Before each part of an entry are its checksum, its length and its kind (1 whole, 2
    first, 3 middle, 4 last).
    """
    block, place, entry = 1 << 15, 7, b""
    while place + 7 <= len(content):
        if block - place % block < 7:
            place += block - place % block
            continue
        length, kind = int.from_bytes(content[place + 4 : place + 6], "little"), content[place + 6]
        entry += content[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):
            yield entry
            entry = b""


def exit_codes(folder: Path) -> list[int]:
    return [r.exit.exit_code for r in records(folder) if r.WhichOneof("record_type") == "exit"]


def run_ids(folder: Path) -> set[str]:
    """Return the ids of the runs below a folder."""
    return {r.run.run_id for r in records(folder) if r.WhichOneof("record_type") == "run"}


def run_names(folder: Path) -> set[str]:
    """Return the names of the runs below a folder."""
    return {r.run.display_name for r in records(folder) if r.WhichOneof("record_type") == "run"}


def places(folder: Path) -> tuple[str, str]:
    """Group and job type of the one run below a folder."""
    run = next(r.run for r in records(folder) if r.WhichOneof("record_type") == "run")
    return run.run_group, run.job_type


def logged(folder: Path) -> dict[str, Any]:
    """Return what the one run below a folder has logged: the last value of each key, of media the fields of a file."""
    found: dict[str, Any] = {}
    for record in records(folder):
        kind = record.WhichOneof("record_type")
        for item in record.history.item if kind == "history" else record.summary.update if kind == "summary" else ():
            key, *rest = item.nested_key or [item.key]
            value = json.loads(item.value_json)
            if rest:
                found.setdefault(key, {})[".".join(rest)] = value
            else:
                found[key] = value
    return found


def labels(folder: Path) -> tuple[list[str], str]:
    """Tags and notes of the one run below a folder."""
    run = next(r.run for r in records(folder) if r.WhichOneof("record_type") == "run")
    return list(run.tags), run.notes
