"""Times all numbers with their intervals, beside scikit-learn and a plain bootstrap loop (benchmark=evaluation)."""

import resource
import sys
import time
from statistics import median
from typing import Any

from omegaconf import DictConfig

from benchmarks.cells import cell, quotient, short
from benchmarks.evaluation.drawn import draw_clips
from benchmarks.evaluation.plain import time_plain
from benchmarks.growth import Growth, measure_growth
from benchmarks.record import Record
from deepfake.cores import num_cores
from deepfake.metrics.estimate import Estimate
from deepfake.metrics.measurement import measure
from deepfake.report.tables import show


def measure_evaluation(cfg: DictConfig, record: Record) -> None:
    """Time growing numbers of videos, then the plain loop on the largest, and fill the record."""
    options, numbers = cfg.evaluation, record.numbers
    numbers["setting"] = {
        "clips_per_video": options.clips_per_video,
        "replicates": options.replicates,
        "plain_replicates": options.plain_replicates,
        "cores": num_cores(),
    }
    counts = sorted(options.num_videos)
    found: dict[str, Estimate] = {}
    numbers["memory_bytes"] = {"imports": _peak_bytes()}
    numbers["cpu_seconds"] = {str(count): [] for count in counts}

    def run(number: int) -> float:
        clips = draw_clips(counts[number], options.clips_per_video)
        start, cpu = time.perf_counter(), time.process_time()
        found.update(measure(clips.scores, clips.labels, clusters=clips.videos, replicates=options.replicates))
        seconds = time.perf_counter() - start
        numbers["cpu_seconds"][str(counts[number])].append(time.process_time() - cpu)
        numbers["memory_bytes"].setdefault(str(counts[number]), _peak_bytes())
        return seconds

    def keep(growth: Growth) -> None:
        numbers["ours"] = growth.as_dict()

    with record.part("all numbers with intervals"):
        measure_growth("evaluation", counts, cfg.repeats, run, keep)
    with record.part("plain loop"):
        seconds, values = time_plain(draw_clips(counts[-1], options.clips_per_video), options.plain_replicates)
        numbers["plain"] = {"seconds_of_replicates": seconds, "seconds": median(seconds) * options.replicates}
        numbers["largest_difference"] = max(abs(value - found[name].value) for name, value in values.items())
    ours = numbers.get("ours", {}).get("medians", [None])[-1]
    numbers["plain_to_ours"] = quotient(numbers.get("plain", {}).get("seconds"), ours)


def _peak_bytes() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def show_evaluation(numbers: dict[str, Any]) -> None:
    """Show the tables of what was measured."""
    setting, ours = numbers["setting"], numbers.get("ours")
    if ours:
        memory = numbers["memory_bytes"]
        show(
            f"all numbers with intervals; {setting['replicates']} replicates, {setting['cores']} cores",
            ["videos", "clips", "s, median", "s of CPU", "us a clip", "peak memory, MB"],
            [
                [
                    f"{count:,}",
                    f"{count * setting['clips_per_video']:,}",
                    short(seconds),
                    short(median(numbers["cpu_seconds"][str(count)])),
                    short(seconds / count / setting["clips_per_video"] * 1e6),
                    short(memory[str(count)] / 1e6),
                ]
                for count, seconds in zip(ours["counts"], ours["medians"], strict=True)
            ],
            f"imports alone take {short(memory['imports'] / 1e6)} MB",
            f"largest deviation from a line: {cell(ours, 'largest_deviation', '.0%')}",
        )
    if "plain" in numbers:
        show(
            f"scikit-learn and a plain loop on the largest, on one core; scaled from {setting['plain_replicates']} of "
            f"{setting['replicates']} replicates",
            ["s", "times ours", "largest difference of a number"],
            [
                [
                    short(numbers["plain"]["seconds"]),
                    cell(numbers, "plain_to_ours"),
                    cell(numbers, "largest_difference", ".1g"),
                ]
            ],
        )
