"""Options of a test of robustness -> the distortions that it applies."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from deepfake.distort.catalogue import GROUPS, KINDS
from deepfake.distort.deeperforensics import LEVELS, SETS, is_set
from deepfake.distort.distortion import Distortion, Reencode
from deepfake.errors import ConfigError
from deepfake.ranges import Seed, Word

_Level = Annotated[int, Field(ge=LEVELS.start, le=LEVELS.stop - 1)]
Names = Annotated[
    Word | Annotated[Sequence[Word], Field(min_length=1)],
    Field(description="all, a type, a set, or a list of these, as in distort=[CS,GB]"),
]
Levels = Annotated[
    _Level | Annotated[Sequence[_Level], Field(min_length=1)],
    Field(description="a level from 1 to 5, or a list of them, as in level=[1,3,5]"),
]


def chosen_distortions(
    distort: Names | None = None, level: Levels | None = None, reencode: Reencode = "none", seed: Seed = 0
) -> list[Distortion]:
    """Return what a test applies: every chosen type at every chosen level, and every chosen set.

    Args:
        distort: groups (`GROUPS`), types (`KINDS`) or sets; None for none.
        level: levels of the types; None for all five.
        reencode: whether frames are encoded afterwards as DeeperForensics' files are.
        seed: of what is drawn.

    Raises:
        ConfigError: a name is unknown, something is chosen twice, or an option has no effect.

    Example:
        >>> [each.slug for each in chosen_distortions(["CS", "mix_3"], [1, 5])]
        ['dfo_CS_1', 'dfo_CS_5', 'dfo_mix_3']
    """
    if distort is None:
        for option, value, default in (("level", level, None), ("reencode", reencode, "none")):
            if value != default:
                raise ConfigError(
                    f"{option}={_written(value)} has no effect without distort: add distort=all, or leave it out"
                )
        return []
    given = [distort] if isinstance(distort, str) else list(distort)
    names = [kind for name in given for kind in _kinds_of(name)]
    levels = [level] if isinstance(level, int) else list(LEVELS if level is None else level)
    for option, values in (("distort", names), ("level", levels)):
        if twice := [value for i, value in enumerate(values) if value in values[:i]]:
            raise ConfigError(f"{option} has {twice[0]} twice: give it once")
    if level is not None and all(map(is_set, names)):
        raise ConfigError(
            f"level={_written(level)} has no effect on {', '.join(names)}, which draws its own levels: leave it out, "
            "or give a type as well"
        )
    if reencode != "none" and names == ["VC"]:
        raise ConfigError(f"reencode={reencode} has no effect on VC, which is an encoding itself: leave it out")
    return [Distortion(name, each, seed, reencode) for name in names for each in ([None] if is_set(name) else levels)]


def _kinds_of(name: str) -> Sequence[str]:
    if name in GROUPS:
        return GROUPS[name]
    if name in KINDS or is_set(name):
        return [name]
    raise ConfigError(
        f"distort is {name!r}, which is no distortion: choose {', '.join(GROUPS)}, a type ({', '.join(KINDS)}), or a "
        f"set ({SETS})"
    )


def _written(value: Any) -> str:
    return (
        f"[{','.join(map(str, value))}]" if isinstance(value, Sequence) and not isinstance(value, str) else f"{value}"
    )
