"""Lists and tables of a corpus: read whole, or one error that names the file and the cure."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from deepfake.errors import CorpusError
from deepfake.names import quoted


def read_text(path: Path, cure: str) -> str:
    """Reads a list.

    Args:
        path: the file.
        cure: what to do if it cannot be used, for the message.

    Raises:
        CorpusError: it is not there, is no text, or is empty.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise CorpusError(f"{path} is missing; {cure}") from None
    except OSError as error:
        raise CorpusError(f"{path} cannot be read ({error.strerror or error}); {cure}") from None
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path} is no text in UTF-8 (byte {error.start} is none); {cure}") from None
    if not text.strip():
        raise CorpusError(f"{path} is empty; {cure}")
    return text


def read_json(path: Path, cure: str) -> Any:
    """Reads a JSON file.

    Raises:
        CorpusError: see `read_text`; or it is no JSON.
    """
    try:
        return json.loads(read_text(path, cure))
    except RecursionError:
        raise CorpusError(f"{path} is malformed (nested too deeply); {cure}") from None
    except ValueError as error:
        raise CorpusError(f"{path} is malformed (no JSON: {error}); {cure}") from None


def read_rows(path: Path, columns: Sequence[str], cure: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Reads a CSV: the number of each row's last line, and its cells by column, without blanks around them.

    Args:
        path: the file.
        columns: that it must have; a row may end before the others.
        cure: see `read_text`.

    Raises:
        CorpusError: see `read_text`; or a column is missing, or a row is malformed.
    """
    lines = csv.DictReader(io.StringIO(read_text(path, cure), newline=""), restval="")
    try:
        if missing := [column for column in columns if column not in (lines.fieldnames or ())]:
            raise CorpusError(f"{path} is malformed (no column {missing[0]} in {quoted(lines.fieldnames)}); {cure}")
        for line in lines:
            if None in line:
                raise CorpusError(
                    f"{path} line {lines.line_num} is malformed (it has more than {len(lines.fieldnames or ())} "
                    f"columns; a cell with a comma goes in quotes); {cure}"
                )
            cells = {column: cell.strip() for column, cell in line.items()}
            if any("\0" in cell for cell in cells.values()):
                raise CorpusError(f"{path} line {lines.line_num} is malformed (it has a zero byte); {cure}")
            yield lines.line_num, cells
    except csv.Error as error:  # as of a field with more than 131,072 characters
        raise CorpusError(f"{path} line {lines.line_num + 1} is malformed ({error}); {cure}") from None
