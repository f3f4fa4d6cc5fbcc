"""The scoring rule of a run: chosen for training, noted in the card, and from then on the one of that detector."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from deepfake.errors import CheckpointError, ConfigError
from deepfake.options import fault, types_of
from deepfake.scoring import AGGREGATION, ScoringRule

log = logging.getLogger(__name__)
CARRIED = "checkpoint"  # the value of an option that is to be as in the checkpoint
CLIPS, TRACKS, MAIN_FACE = "sampling.eval_clips_per_track", "data.tracks", "data.main_face"
NAMES = {CLIPS: "clips_per_track", TRACKS: "tracks", MAIN_FACE: "main_face"}  # of the options, in `ScoringRule`

Differences = dict[str, dict[str, Any]]


def rule_card(rule: ScoringRule) -> dict[str, Any]:
    """A rule as plain data, for cards and `metrics.json`."""
    return {**asdict(rule), "aggregation": AGGREGATION}


def chosen_rule(cfg: Mapping[str, Any]) -> ScoringRule:
    """That of a training run.

    Args:
        cfg: composed; where it has no group `sampling` or `data`, as for imported weights, the defaults count.

    Raises:
        ConfigError: an option is none of its choices.
    """
    default = ScoringRule()
    values = {name: getattr(default, field) for name, field in NAMES.items()}
    for name in NAMES:
        group, option = name.split(".")
        if group in cfg:
            values[name] = cfg[group].get(option)
    return _checked(values)


def data_options(rule: ScoringRule) -> dict[str, Any]:
    """What a `ClipDataModule` has to know of it."""
    return {
        "eval_clips_per_track": rule.clips_per_track,
        "main_track": rule.tracks == "main",
        "main_face": rule.main_face,
    }


def settled_rule(card: Mapping[str, Any], given: Mapping[str, Any], source: Any) -> tuple[ScoringRule, Differences]:
    """The rule of a checkpoint, with the options that are given put in one by one; what differs is said.

    Args:
        card: of the checkpoint; one of before rules were noted has them in its config.
        given: option -> its value, `CARRIED` for the checkpoint's.
        source: the checkpoint's path, for messages.

    Returns:
        The rule; and what differs from the card, option -> its value here and there.

    Raises:
        CheckpointError: the card's rule is none.
        ConfigError: an option is none of its choices.
    """
    noted = card.get("scoring")
    try:
        theirs = chosen_rule(card.get("config") or {}) if noted is None else _of_card(noted)
    except (ConfigError, TypeError, AttributeError, KeyError) as error:
        raise CheckpointError(f"{source} has a scoring rule that is none: {error}") from error
    values = {name: getattr(theirs, field) for name, field in NAMES.items()}
    rule = _checked({**values, **{name: value for name, value in given.items() if value != CARRIED}})
    there = rule_card(theirs) if noted is None else {**rule_card(theirs), "aggregation": noted.get("aggregation")}
    here = rule_card(rule)
    differing = {
        name: {"here": here[field], "checkpoint": there[field]}
        for name, field in {**NAMES, "aggregation": "aggregation"}.items()
        if here[field] != there[field]
    }
    for name, pair in differing.items():
        log.warning(
            "%s is %s, and %s in the checkpoint: the numbers cannot be compared with its own",
            name,
            *("null" if value is None else value for value in (pair["here"], pair["checkpoint"])),
        )
    return rule, differing


def _of_card(noted: Any) -> ScoringRule:
    return _checked({name: noted[field] for name, field in NAMES.items()})


def _checked(values: Mapping[str, Any]) -> ScoringRule:
    kinds = types_of(ScoringRule)
    if found := [line for name, field in NAMES.items() if (line := fault(name, values[name], kinds[field]))]:
        raise ConfigError("; ".join(found))
    return ScoringRule(**{field: values[name] for name, field in NAMES.items()})
