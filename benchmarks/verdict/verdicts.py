"""Times the way from a file to its verdict, beside its parts and beside commands of one file (benchmark=predict)."""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from omegaconf import DictConfig

import benchmarks
from benchmarks.cells import cell, quotient, short
from benchmarks.faces.clips import clips
from benchmarks.faces.parts import time_parts
from benchmarks.faces.setting import Setting, fresh_store, make_setting, timed_extraction, video_seconds
from benchmarks.growth import Growth, measure_growth
from benchmarks.record import Record
from benchmarks.verdict.files import copies, untrained
from deepfake.config.plain import plain
from deepfake.cores import num_cores
from deepfake.errors import ExtractionError
from deepfake.extraction import ExtractOptions
from deepfake.progress import progress
from deepfake.report.tables import show
from deepfake.threads import one_thread
from deepfake.verdict import Predictor, load_predictor
from deepfake.verdict.predictor import passing_recipe
from deepfake.verdict.tracks import score_tracks

FORWARD = "load and forward"
APART = ("decode", "detect", FORWARD)  # what a verdict cannot do without
SCRIPT = Path(benchmarks.__path__[0]).parent / "scripts" / "predict.py"


def measure_verdicts(cfg: DictConfig, record: Record) -> None:
    """Measure part after part and fill the record."""
    setting, numbers = make_setting(cfg, plain(cfg.faces)), record.numbers
    with tempfile.TemporaryDirectory(prefix="deepfake-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        paths = clips(cfg, folder)
        checkpoint = untrained(cfg.verdict.model, setting, folder / "untrained.ckpt")
        numbers["setting"] = _describe(cfg, setting, paths)
        try:
            predictor = load_predictor(
                checkpoint,
                device=cfg.device,
                weights_dir=cfg.paths.weights_dir,
                extract=ExtractOptions(**{**plain(cfg.extract), "num_workers": setting.num_workers}),
            )
            with record.part("from file to verdict"):
                numbers["verdicts"] = {}
                _time_verdicts(predictor, setting, paths, folder, numbers["verdicts"])
            with record.part("parts of a file's time"):
                numbers["parts"] = _time_parts(predictor, setting, paths, folder)
            with record.part("commands"):
                numbers["commands"] = {}
                _time_commands(cfg, checkpoint, paths, folder, numbers["commands"])
        finally:
            conclude(numbers)


def _describe(cfg: DictConfig, setting: Setting, paths: Sequence[Path]) -> dict[str, Any]:
    return {
        "model": cfg.verdict.model,
        "finder": setting.faces["finder"]["_target_"].rpartition(".")[2],
        "device": setting.device,
        "cores": num_cores(),
        "num_workers": setting.num_workers,
        "num_videos": len(paths),
        "video_seconds": sum(map(video_seconds, paths)) / len(paths),
        "repeats": setting.repeats,
    }


def _time_verdicts(
    predictor: Predictor, setting: Setting, paths: list[Path], folder: Path, numbers: dict[str, Any]
) -> None:
    """Time growing numbers of files in this process, each with workers that are started anew."""
    counts = [len(paths) * times for times in setting.sizes]
    files = copies(paths, counts[-1], folder / "verdicts")
    _judge(predictor, files[:1])  # starts the server of the workers

    def run(number: int) -> float:
        return _judge(predictor, files[: counts[number]])

    def keep(growth: Growth) -> None:
        numbers.update(growth.as_dict())

    measure_growth("verdicts", counts, setting.repeats, run, keep)


def _judge(predictor: Predictor, files: Sequence[Path]) -> float:
    """Return the seconds until all files have a verdict.

    Raises:
        ExtractionError: a file has no score; its time would mean nothing.
    """
    start = time.perf_counter()
    for result in predictor.predict_many(files):
        if result.score is None:
            raise ExtractionError(f"{result.path} has no score ({result.because}): use clips of people")
    return time.perf_counter() - start


def _time_parts(predictor: Predictor, setting: Setting, paths: Sequence[Path], folder: Path) -> dict[str, float]:
    """Return processor seconds per file of each part, one after the other; the median of the repeats."""
    faces = passing_recipe(setting.faces)
    setting = replace(setting, faces=faces, recipe=replace(setting.recipe, image_format=faces["image_format"]))
    store = fresh_store(setting, folder)
    timed_extraction(setting, {f"{number:03}": path for number, path in enumerate(paths)}, store)
    stored = [file for number in range(len(paths)) if (file := store.stored(f"{number:03}")) is not None]
    rounds = []
    for _ in range(setting.repeats):
        parts = time_parts(setting, paths, folder)
        with one_thread():
            start = time.process_time()
            (alone,) = predictor.scorers
            score_tracks(
                stored, store, alone.detector, alone.rule, batch_size=32, num_workers=0, device=predictor.device
            )
            parts[FORWARD] = (time.process_time() - start) / len(paths)
        rounds.append(parts)
    return {name: median(each[name] for each in rounds) for name in rounds[0]}


def _time_commands(cfg: DictConfig, checkpoint: Path, paths: list[Path], folder: Path, numbers: dict[str, Any]) -> None:
    """Time `--help`, commands with one file each, and one command with many."""
    options, extract = cfg.verdict, [f"extract.{name}={value}" for name, value in plain(cfg.extract).items()]
    of_all = [f"checkpoint={checkpoint}", f"device={cfg.device}", f"paths.weights_dir={cfg.paths.weights_dir}"]
    of_all += [each.replace("=None", "=null") for each in extract]
    numbers["help"] = [_command(["--help"], folder) for _ in range(cfg.repeats)]
    numbers["one"] = []
    for i in progress(range(options.calls), "commands of one file", "commands"):
        given = [*of_all, f"input={paths[i % len(paths)]}", f"output={folder / f'one-{i}'}"]
        numbers["one"].append(_command(given, folder))
    many = copies(paths, options.files, folder / "many")
    given = [*of_all, f"input={many[0].parent}", f"output={folder / 'all'}"]
    numbers["many"] = {**_command(given, folder), "files": len(many)}


def _command(arguments: Sequence[str], folder: Path) -> dict[str, float]:
    """Return the seconds and processor seconds of one command of predict.

    Raises:
        ExtractionError: it failed.
    """
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([sys.executable, str(SCRIPT), *arguments], cwd=folder, capture_output=True, text=True)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise ExtractionError(f"predict.py ended with {done.returncode}: {done.stderr.strip().splitlines()[-1:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "cpu_seconds": cpu}


def conclude(numbers: dict[str, Any]) -> None:
    """Add what follows from the measured times.

    `floor` is the least time for a file if decoding, detection and the network overlap as well as can be: they share
    the cores, and on a GPU the slowest of them counts.
    """
    parts, setting = numbers.get("parts"), numbers["setting"]
    if parts:
        apart = [parts[name] for name in APART]
        numbers["floor"] = sum(apart) / setting["cores"] if setting["device"] == "cpu" else max(apart)
    numbers["verdict_to_floor"] = quotient(numbers.get("verdicts", {}).get("seconds_per_video"), numbers.get("floor"))
    commands = numbers.get("commands", {})
    if commands.get("one") and "many" in commands:
        one = median(each["seconds"] for each in commands["one"])
        commands["one_to_many"] = quotient(one, commands["many"]["seconds"] / commands["many"]["files"])


def show_verdicts(numbers: dict[str, Any]) -> None:
    """Show the tables of what was measured."""
    setting, verdicts = numbers["setting"], numbers.get("verdicts")
    if verdicts:
        rows = zip(verdicts["counts"], verdicts["medians"], strict=True)
        show(
            f"from file to verdict: clips of {setting['video_seconds']:.1f} s, {setting['finder']}, "
            f"{setting['model']}, {setting['device']}, {setting['num_workers']} workers, {setting['cores']} cores",
            ["clips", "s, median"],
            [[str(count), short(seconds)] for count, seconds in rows],
            f"s a clip: {cell(verdicts, 'seconds_per_video')}; start of the workers: {cell(verdicts, 'start_up_s')} s",
        )
    if "parts" in numbers:
        show(
            "one after the other on one thread",
            ["part", "s of CPU a clip"],
            [[name, short(seconds)] for name, seconds in numbers["parts"].items()],
            f"decode, detect and {FORWARD} overlapped: {short(numbers['floor'])} s a clip; from file to verdict takes "
            f"{short(numbers['verdict_to_floor'])} times as long",
        )
    commands = numbers.get("commands", {})
    if commands.get("one"):
        many = commands.get("many")
        show(
            "commands",
            ["command", "files", "s", "s of CPU"],
            [
                [name, files, *(short(median(each[key] for each in times)) for key in ("seconds", "cpu_seconds"))]
                for name, files, times in [
                    ("--help", "", commands["help"]),
                    ("one file", "1", commands["one"]),
                    *([("many files", str(many["files"]), [many])] if many else []),
                ]
            ],
            f"a file takes {cell(commands, 'one_to_many')} times as long in a command of its own",
        )
