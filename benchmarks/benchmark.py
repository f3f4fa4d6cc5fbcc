"""Measures what extraction, finders, training, store, evaluation and verdicts cost here, one benchmark for each."""

import os
import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig

from benchmarks.evaluation.evaluation import measure_evaluation, show_evaluation
from benchmarks.faces.extraction import measure_extraction
from benchmarks.faces.extraction_tables import show_extraction
from benchmarks.faces.finders import compare_finders, show_finders
from benchmarks.record import Record
from benchmarks.store.store import measure_store, show_store
from benchmarks.training.training import measure_training, show_training
from benchmarks.verdict.verdicts import measure_verdicts, show_verdicts
from deepfake.command.entry import entry_point
from deepfake.device import pick_device
from deepfake.report.tables import print_line, show_paths

INTERRUPTED = 130  # the exit status of a command that Ctrl-C ended


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One benchmark.

    Attributes:
        measure: takes the config and a record, and makes every part of it a `record.part`.
        show: prints tables of the numbers that were measured.
    """

    measure: Callable[[DictConfig, Record], None]
    show: Callable[[dict[str, Any]], None]


BENCHMARKS: Mapping[str, Benchmark] = {
    "extraction": Benchmark(measure_extraction, show_extraction),
    "training": Benchmark(measure_training, show_training),
    "store": Benchmark(measure_store, show_store),
    "evaluation": Benchmark(measure_evaluation, show_evaluation),
    "predict": Benchmark(measure_verdicts, show_verdicts),
    "finders": Benchmark(compare_finders, show_finders),
}


@entry_point
def benchmark(cfg: DictConfig) -> None:
    """Run `cfg.benchmark`, write its numbers to `benchmark.json` and show its tables, even if some parts failed.

    Raises:
        MissingPartsError: a part failed.
    """
    chosen = BENCHMARKS[cfg.benchmark]
    machine = describe_machine(pick_device(cfg.device))
    print_line(", ".join(f"{name} {value}" for name, value in machine.items()), indent=2)
    path = Path(cfg.paths.output_dir) / "benchmark.json"
    record = Record(path, {"benchmark": cfg.benchmark, "machine": machine})
    try:
        chosen.measure(cfg, record)
    except KeyboardInterrupt:
        record.numbers["interrupted"] = record.current
        sys.stderr.write(f"\ninterrupted during {record.current or 'preparation'}: only earlier parts were measured\n")
        raise SystemExit(INTERRUPTED) from None
    finally:
        if record.begun:
            record.write()
            chosen.show(record.numbers)
            show_paths({"benchmark": path})
    record.require_whole()


def describe_machine(device: str) -> dict[str, Any]:
    """Describe the machine and the time of the measurement."""
    return {
        "device": torch.cuda.get_device_name(device) if device.startswith("cuda") else device,
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _processor() -> str:
    """Return the name of the processor, which `platform` does not know on Linux."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
