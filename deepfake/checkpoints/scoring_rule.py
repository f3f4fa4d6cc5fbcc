"""The scoring rule of a run: chosen for training, recorded in the card, and from then on used for that detector."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from deepfake.errors import CheckpointError, ConfigError
from deepfake.options import fault, types_of
from deepfake.scoring import ScoringRule

log = logging.getLogger(__name__)
CARRIED = "checkpoint"  # an option with this value takes the checkpoint's
CLIPS, TRACKS, MAIN_FACE = "sampling.eval_clips_per_track", "data.tracks", "data.main_face"
AGGREGATE = "aggregate"
# option -> field of `ScoringRule`
NAMES = {CLIPS: "clips_per_track", TRACKS: "tracks", MAIN_FACE: "main_face", AGGREGATE: "aggregate"}

Differences = dict[str, dict[str, Any]]


def rule_card(rule: ScoringRule) -> dict[str, Any]:
    """Return a rule as plain data, for cards and `metrics.json`."""
    return {**asdict(rule), "aggregation": rule.aggregation}


def chosen_rule(cfg: Mapping[str, Any]) -> ScoringRule:
    """Return the scoring rule of a training run.

    Args:
        cfg: the composed config; without a group `sampling` or `data`, as for imported weights, defaults apply.

    Raises:
        ConfigError: an option has an invalid value.
    """
    default = ScoringRule()
    values = {name: getattr(default, field) for name, field in NAMES.items()}
    for name in NAMES:
        group, _, option = name.rpartition(".")
        if not group:
            values[name] = cfg.get(option, values[name])
        elif group in cfg:
            values[name] = cfg[group].get(option)
    return _checked(values)


def data_options(rule: ScoringRule) -> dict[str, Any]:
    """Return the options of `ClipDataModule` that follow from a rule."""
    return {
        "eval_clips_per_track": rule.clips_per_track,
        "main_track": rule.tracks == "main",
        "main_face": rule.main_face,
    }


def settled_rule(
    card: Mapping[str, Any],
    given: Mapping[str, Any],
    source: Any,
    called: Mapping[str, str] = MappingProxyType({}),
) -> tuple[ScoringRule, Differences]:
    """Return a checkpoint's rule with the given options applied one by one, and log the differences.

    Args:
        card: the checkpoint's; an older card has no rule, and its config has the options.
        given: option -> its value, `CARRIED` for the checkpoint's.
        source: the checkpoint's path, for messages.
        called: option -> its name in this command, where that is another, for messages.

    Returns:
        The rule, and the differences from the card, as option -> its value here and there.

    Raises:
        CheckpointError: the card's rule is invalid.
        ConfigError: an option has an invalid value.
    """
    recorded = card.get("scoring")
    try:
        theirs = chosen_rule(card.get("config") or {}) if recorded is None else _recorded_rule(recorded)
    except (ConfigError, TypeError, AttributeError, KeyError) as error:
        raise CheckpointError(f"{source} has an invalid scoring rule: {error}") from error
    values = {name: getattr(theirs, field) for name, field in NAMES.items()}
    rule = _checked({**values, **{name: value for name, value in given.items() if value != CARRIED}}, called)
    there, here = rule_card(theirs), rule_card(rule)
    compared = dict(NAMES)
    if recorded is not None and rule.aggregate == theirs.aggregate:  # earlier versions may have aggregated otherwise
        there["aggregation"] = recorded.get("aggregation")
        compared["aggregation"] = "aggregation"
    differing = {
        name: {"here": here[field], "checkpoint": there[field]}
        for name, field in compared.items()
        if here[field] != there[field]
    }
    for name, pair in differing.items():
        log.warning(
            "%s is %s, but %s in the checkpoint: the numbers cannot be compared with the checkpoint's own",
            called.get(name, name),
            *("null" if value is None else value for value in (pair["here"], pair["checkpoint"])),
        )
    return rule, differing


def _recorded_rule(recorded: Any) -> ScoringRule:
    older = {"aggregate": "mean"}  # cards of before 2026-11-27 know of no other
    return _checked({name: {**older, **recorded}[field] for name, field in NAMES.items()})


def _checked(values: Mapping[str, Any], called: Mapping[str, str] = MappingProxyType({})) -> ScoringRule:
    kinds = types_of(ScoringRule)
    faults = (fault(called.get(name, name), values[name], kinds[field]) for name, field in NAMES.items())
    if found := [line for line in faults if line]:
        raise ConfigError("; ".join(found))
    return ScoringRule(**{field: values[name] for name, field in NAMES.items()})
