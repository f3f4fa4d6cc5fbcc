"""Means of a test of robustness against a plain loop, and what a detector was trained with."""

import json
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from deepfake.distort.catalogue import GROUPS, KINDS
from deepfake.distort.distortion import Distortion
from deepfake.metrics.estimate import Estimate, Method, without_value
from deepfake.robustness.table import COLUMNS, summary, trained_with


def table_of(names: Sequence[str], levels: Sequence[int], sets: Sequence[str] = ()) -> pd.DataFrame:
    """Return a table with AUCs that are drawn."""
    draw = np.random.default_rng(0)
    rows = [("clean", None, "")]
    rows += [(name, level, "blur" if name == "GB" else "") for name in names for level in levels]
    rows += [(name, None, "unknown") for name in sets]
    table = pd.DataFrame([dict(zip(("type", "level", "trained_with"), row, strict=True)) for row in rows])
    aucs = {name: draw.uniform(0.4, 1, len(table)) for name in ("video_auc", "clip_auc")}
    ends = {"video_auc_low": aucs["video_auc"] - 0.1, "video_auc_high": aucs["video_auc"] + 0.1}
    return table.assign(**aucs, **ends).reindex(columns=COLUMNS).astype({"level": "Int64"})


def mean_of(rows: Sequence[int]) -> Estimate:
    """In place of a bootstrap: ends that tell how many rows the mean is of, and which is the first."""
    return Estimate(0.5, float(len(rows)), float(rows[0]), Method.BOOTSTRAP, "")


def test_means_are_those_of_a_plain_loop() -> None:
    names, levels = GROUPS["all"], range(1, 6)
    table = table_of(names, levels, ["mix_3"])
    found = summary(table, mean_of)
    for metric, column in (("video/auc", "video_auc"), ("clip/auc", "clip_auc")):
        of_type = {}
        for name in names:
            rows = [row for _, row in table.iterrows() if row["type"] == name]
            of_type[name] = sum(row[column] for row in rows) / 5
            assert found["types"][name]["mean"][metric] == pytest.approx(of_type[name], abs=1e-12)
            for row in rows:
                assert found["types"][name]["levels"][str(row["level"])][metric] == row[column]
        assert found["mean"][metric] == pytest.approx(sum(of_type.values()) / 12, abs=1e-12)
        seven = sum(of_type[name] for name in GROUPS["deeperforensics"]) / 7
        assert found["deeperforensics_mean"][metric] == pytest.approx(seven, abs=1e-12)
        assert found["clean"][metric] == table[column].iloc[0]
        assert found["sets"]["mix_3"][metric] == table[column].iloc[-1]
    assert found["types"]["GB"]["trained_with"] == "blur" and found["sets"]["mix_3"]["trained_with"] == "unknown"
    json.dumps(found, allow_nan=False)
    second = found["types"][names[0]]["levels"]["2"]
    ends = [table[f"video_auc_{end}"].iloc[2] for end in ("low", "high")]
    assert [second["video/auc_low"], second["video/auc_high"]] == ends
    for mean, (number, first) in {
        "mean": (60, 1),
        "deeperforensics_mean": (35, names.index(GROUPS["deeperforensics"][0]) * 5 + 1),
    }.items():
        assert (found[mean]["video/auc_low"], found[mean]["video/auc_high"]) == (number, first)
    third = found["types"][names[2]]["mean"]
    assert (third["video/auc_low"], third["video/auc_high"]) == (5, 11)


@pytest.mark.parametrize(
    ("names", "levels"), [(GROUPS["deeperforensics"][1:], range(1, 6)), (GROUPS["deeperforensics"], (1, 2, 3, 5))]
)
def test_the_mean_of_the_protocol_needs_seven_types_and_five_levels(names: list[str], levels: list[int]) -> None:
    assert "deeperforensics_mean" not in summary(table_of(names, levels), mean_of)


def test_sets_alone_have_no_mean_of_types() -> None:
    found = summary(table_of([], [], ["random_level"]), mean_of)
    assert found.keys() == {"clean", "types", "sets"} and found["types"] == {}


def test_what_does_not_exist_is_null_in_every_mean_that_it_is_part_of() -> None:
    table = table_of(["CS", "GB"], [1, 2])
    table.loc[1, ["video_auc", "clip_auc"]] = math.nan
    found = summary(table, lambda rows: without_value("it needs both classes") if 1 in rows else mean_of(rows))
    nothing = dict.fromkeys(("video/auc", "clip/auc", "video/auc_low", "video/auc_high"))
    assert found["types"]["CS"]["mean"] == nothing == found["mean"]
    assert found["types"]["GB"]["mean"]["video/auc"] is not None


@pytest.mark.parametrize(
    ("distortion", "known", "expected"),
    [
        (Distortion("GB", 1), ("blur", "jpeg"), "blur"),
        (Distortion("blur", 1), ("blur", "jpeg"), "blur"),
        (Distortion("jpeg", 1), ("blur", "jpeg"), "jpeg"),
        (Distortion("JPEG", 1), ("jpeg",), ""),  # it is no JPEG
        (Distortion("JPEG", 1), ("resize",), "resize"),
        (Distortion("VC", 1), ("h264",), "h264"),
        (Distortion("CS", 1), ("h264",), ""),
        (Distortion("CS", 1, reencode="dfo"), ("h264",), "h264"),
        (Distortion("mix_3"), ("noise", "blur", "jpeg"), "blur,noise"),
        (Distortion("BW", 1), (), ""),
        (Distortion("BW", 1), None, "unknown"),
    ],
)
def test_what_it_was_trained_with(distortion: Distortion, known: Sequence[str] | None, expected: str) -> None:
    assert trained_with(distortion, known) == expected


def test_augmentations_call_distortions_by_names_that_are_known_here() -> None:
    """A name that no type resembles is one of those for which there is no test of robustness."""
    from deepfake.data.augment.basic import BasicAugmentation
    from deepfake.data.augment.degrade import DegradeAugmentation
    from deepfake.data.augment.dfdc import DfdcAugmentation
    from deepfake.data.augment.gend import GendAugmentation
    from deepfake.data.augment.heavy import HeavyAugmentation
    from deepfake.data.augment.sbi import SbiAugmentation

    resembled = frozenset().union(*(kind.resembles for kind in KINDS.values()))
    recipes = BasicAugmentation, DegradeAugmentation, DfdcAugmentation, GendAugmentation, HeavyAugmentation
    for recipe in (*recipes, SbiAugmentation):
        assert len(resembled & {*recipe.distortions}) >= 3
