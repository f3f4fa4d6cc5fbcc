"""What extraction and the finders cost on this machine: one stage, several benchmarks by name."""

import json
import os
import platform
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig
from rich.console import Console

from deepfake.atomic import write_atomic
from deepfake.errors import ConfigError
from deepfake.report.tables import show_paths
from deepfake.run.benchmarks.extraction import measure_extraction
from deepfake.run.benchmarks.finders import compare_finders
from deepfake.run.entry import entry_point
from deepfake.run.faces import pick_device

BENCHMARKS: Mapping[str, Callable[[DictConfig], dict[str, Any]]] = {
    "extraction": measure_extraction,
    "finders": compare_finders,
}


@entry_point
def benchmark(cfg: DictConfig) -> None:
    """Run `cfg.benchmark`, which shows its tables, and write all its numbers to `benchmark.json`.

    Raises:
        ConfigError: there is no such benchmark.
    """
    measure = BENCHMARKS.get(cfg.benchmark)
    if measure is None:
        names = ", ".join(BENCHMARKS)
        raise ConfigError(f"benchmark={cfg.benchmark}: choose one of {names}, as in scripts/benchmark.py extraction")
    machine = describe_machine(pick_device(cfg.extract.device))
    Console().print(", ".join(f"{name} {value}" for name, value in machine.items()), highlight=False, soft_wrap=True)
    numbers = {"benchmark": cfg.benchmark, "machine": machine, **measure(cfg)}
    output = Path(cfg.paths.output_dir)
    output.mkdir(parents=True, exist_ok=True)
    write_atomic(output / "benchmark.json", json.dumps(numbers, indent=1).encode())
    show_paths({"benchmark": output / "benchmark.json"})


def describe_machine(device: str) -> dict[str, Any]:
    """What the numbers were measured on, and when."""
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
    """Its name, which on Linux `platform` does not know."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
