"""Runs LaTeX, for tests of what is written for it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

WITH_LATEX = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex")


def compiled(folder: Path, *texts: str) -> Path:
    """Return a PDF of these texts, which pdflatex makes without an error."""
    page = folder / "page.tex"
    text = "\n".join(texts)
    page.write_text(rf"\documentclass{{article}}\usepackage{{booktabs}}\begin{{document}}{text}\end{{document}}")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", page.name]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    assert ended.returncode == 0, ended.stdout[-1000:]
    return page.with_suffix(".pdf")


_SIGNS = {
    r"\textbackslash{}": "\\",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\textbar{}": "|",
    r"\textquotesingle{}": "'",
    r"\textasciigrave{}": "`",
    r"{\ttfamily\char34}": '"',
    r"\mbox{}": "",
    r"$\pm$": "±",
    r"$\approx$": "≈",
    **{f"\\{sign}": sign for sign in "&%$#_{}"},
    **dict.fromkeys("{}", ""),
}


def read_rows(text: str) -> list[list[str]]:
    """Return the cells of a table's rows, its heads first, as LaTeX shows them."""
    (body,) = re.findall(r"\\toprule\n(.*?)\\bottomrule\n", text, re.DOTALL)
    lines = [line for line in body.splitlines() if line != r"\midrule"]
    assert all(line.endswith(r" \\") for line in lines)
    return [[_read(cell) for cell in line.removesuffix(r" \\").split(" & ")] for line in lines]


def _read(cell: str) -> str:
    *pairs, rest = re.split(f"({'|'.join(map(re.escape, _SIGNS))})", cell)
    plain, signs = [*pairs[::2], rest], [*pairs[1::2], ""]
    assert not re.search(r"[\\&%$#_^~'\"`]|--|,,", " ".join(plain)), "a sign with a meaning is left"
    return "".join(text + _SIGNS.get(sign, "") for text, sign in zip(plain, signs, strict=True))
