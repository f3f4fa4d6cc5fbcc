"""Gathers runs and evaluations into one matrix: what was trained in rows, what it was tested on in columns."""

from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from deepfake.atomic import write_atomic
from deepfake.command.entry import entry_point
from deepfake.errors import ConfigError
from deepfake.report.matrix import (
    Leaderboard,
    Matrix,
    board_latex,
    board_markdown,
    build_matrix,
    latex,
    leaderboards,
    markdown,
    read_results,
    show_leaderboard,
    show_matrix,
    tidy,
    unfinished,
    write_matrix_page,
)
from deepfake.report.page.run_files import command_of
from deepfake.report.tables import print_line, show_paths
from deepfake.screen import from_here


@entry_point
def report(cfg: DictConfig) -> None:
    """Print matrix and leaderboards, and write them into the run's folder.

    Raises:
        ConfigError: a folder does not exist, or there is nothing to show.
    """
    folders, folder = [Path(each) for each in cfg.runs], Path(cfg.paths.output_dir)
    results, boards = read_results(folders), leaderboards(folders)
    if not results and not boards:
        raise ConfigError(f"no result of a test, and no two trainings, in {', '.join(map(from_here, folders))}")
    missing = unfinished(folders)
    notes = (
        [f"without a result (failed, stopped, or still at work): {', '.join(map(from_here, missing))}"]
        if missing
        else []
    )
    matrix = build_matrix(results) if results else None
    if matrix:
        show_matrix(matrix, *notes)
    for board in boards:
        show_leaderboard(board)
    if not matrix:
        for note in notes:
            print_line(note)
    paths = {"page": write_matrix_page(folder, matrix, boards, notes, command_of(folder))}
    show_paths({**paths, **_write_tables(folder, matrix, boards, notes)})


def _write_tables(
    folder: Path, matrix: Matrix | None, boards: Sequence[Leaderboard], notes: Sequence[str]
) -> dict[str, Path]:
    texts = {}
    if matrix:
        texts["matrix.csv"] = tidy(matrix).to_csv(index=False)
        texts["matrix.md"] = markdown(matrix, *notes)
        texts["matrix.tex"] = latex(matrix, *notes)
    for place, board in enumerate(boards):
        name = "leaderboard" if len(boards) == 1 else f"leaderboard_{place}"
        texts[f"{name}.csv"] = board.jobs.to_csv(index=False)
        texts[f"{name}.md"] = board_markdown(board, *notes)
        texts[f"{name}.tex"] = board_latex(board, *notes)
    for name, text in texts.items():
        write_atomic(folder / name, text.encode())
    return {name: folder / name for name in texts}
