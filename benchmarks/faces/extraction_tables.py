"""Shows the tables of the benchmark `extraction`, also if some numbers were not measured."""

from typing import Any

from benchmarks.cells import UNKNOWN, cell, short
from deepfake.report.tables import show

GROWTHS = {"ours": "ours", "decode": "decoding alone", "fakes": "fakes with their reals' boxes"}


def show_extraction(numbers: dict[str, Any]) -> None:
    """Show all tables; a missing part has cells that say so, or no table."""
    _show_speeds(numbers)
    _show_growth(numbers)
    _show_costs(numbers)


def _show_speeds(numbers: dict[str, Any]) -> None:
    setting = numbers["setting"]
    processes = "1 process" if setting["num_workers"] == 1 else f"{setting['num_workers']} processes"
    ways = {"plain": "plain loop", "ours": f"ours, {processes}", "decode": f"decoding alone, {processes}"}
    show(
        f"{setting['num_videos']} videos of {setting['video_seconds']:.1f} s, {setting['width']}x{setting['height']}, "
        f"{setting['frames_of_the_first']} frames of each",
        ["", "way", "s of video per s", "s per video", "start-up s"],
        [
            [
                letter,
                name,
                cell(row, "video_seconds_per_second"),
                cell(row, "seconds_per_video"),
                "" if way == "plain" else cell(row, "start_up_s"),
            ]
            for letter, (way, name) in zip("abc", ways.items(), strict=True)
            for row in [numbers.get(way, {})]
        ],
    )
    faces, ratios = numbers.get("faces", {}), numbers["ratios"]
    found = faces.get("share_found", 0.0)
    show(
        "ratios",
        ["b / a", "b / c", "faces in a", "also in b"],
        [
            [
                *(short(ratios[name]) for name in ("ours_to_plain", "ours_to_decode")),
                cell(faces, "plain", "d"),
                "no face" if found is None else cell(faces, "share_found", ".2%"),
            ]
        ],
    )


def _show_growth(numbers: dict[str, Any]) -> None:
    growths = {name: numbers[key] for key, name in GROWTHS.items() if "medians" in numbers.get(key, {})}
    if growths:
        show(
            "seconds for growing numbers of videos",
            ["way", "videos", "s", "off the line"],
            [
                [
                    name,
                    ", ".join(map(str, part["counts"])),
                    ", ".join(f"{seconds:.2f}" for seconds in part["medians"]),
                    cell(part, "largest_deviation", ".1%"),
                ]
                for name, part in growths.items()
            ],
        )
    flat = [name for name, part in growths.items() if part["seconds_per_video"] is None]
    if flat:
        print(
            f"The cost of a video is {UNKNOWN} for {', '.join(flat)}: more videos took no more time; raise num_videos "
            "or repeats."
        )
    if fakes := numbers.get("fakes"):
        show(
            "a fake whose real is in the store (faces.reuse_boxes=true)",
            ["s per fake", "over decoding alone", "took the real's boxes"],
            [
                [
                    cell(fakes, "seconds_per_video"),
                    cell(fakes, "over_decoding", "+.1%"),
                    cell(fakes, "share_reused", ".0%"),
                ]
            ],
        )


def _show_costs(numbers: dict[str, Any]) -> None:
    if parts := numbers.get("parts"):
        total = sum(parts.values())
        show(
            "where the time of a video goes, one thread",
            ["part", "processor s", "share"],
            [[name, short(seconds), f"{seconds / total:.1%}"] for name, seconds in parts.items()],
        )
    if memory := numbers.get("memory"):
        show(
            "peak memory, one worker",
            ["video", "its process MiB", "all processes MiB", "file MB"],
            [
                [name, round(row["largest"] / 2**20), round(row["total"] / 2**20), short(row["file_bytes"] / 1e6)]
                for name, row in memory.items()
            ],
        )
    if formats := numbers.get("formats"):
        show(
            "a crop in each format",
            ["format", "bytes", "encode ms", "decode ms"],
            [
                [name, round(row["bytes"]), short(row["encode_ms"]), short(row["decode_ms"])]
                for name, row in formats.items()
            ],
        )
