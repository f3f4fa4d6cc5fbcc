"""Read a corpus's lists and tables whole, or raise an error that names the file and the cure."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from deepfake.errors import CorpusError
from deepfake.names import quoted


def read_text(path: Path, cure: str) -> str:
    """Read a text file.

    Args:
        path: the file.
        cure: what to do if the file cannot be used, for the message.

    Raises:
        CorpusError: the file is missing, unreadable, not valid text, or empty.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise CorpusError(f"{path} is missing; {cure}") from None
    except OSError as error:
        raise CorpusError(f"{path} cannot be read ({error.strerror or error}); {cure}") from None
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path} is not UTF-8 text (byte {error.start} is invalid); {cure}") from None
    if not text.strip():
        raise CorpusError(f"{path} is empty; {cure}")
    return text


def read_json(path: Path, cure: str) -> Any:
    """Read a JSON file.

    Raises:
        CorpusError: see `read_text`; or the file is not JSON.
    """
    try:
        return json.loads(read_text(path, cure))
    except RecursionError:
        raise CorpusError(f"{path} is malformed (nested too deeply); {cure}") from None
    except ValueError as error:
        raise CorpusError(f"{path} is malformed (not JSON: {error}); {cure}") from None


def read_rows(path: Path, columns: Sequence[str], cure: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Read a CSV: yield the number of each row's last line, and its stripped cells by column.

    Args:
        path: the file.
        columns: the required columns; a row may leave out trailing ones.
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
    except csv.Error as error:  # for example, a field with more than 131,072 characters
        raise CorpusError(f"{path} line {lines.line_num + 1} is malformed ({error}); {cure}") from None
