"""Which corpora have real videos in common: a test on the one shows no new reals to a detector of the other.

The fakes of DeeperForensics are made of FaceForensics++'s reals, whichever reals are tested beside them, and Celeb-DF
v2 has the reals of v1.
"""

KIN = (frozenset({"ffpp", "dfo"}), frozenset({"celebdf", "celebdf_v1"}))  # names as in conf/data


def share_reals(one: str, other: str) -> bool:
    """Return whether two different corpora have real videos in common.

    Example:
        >>> share_reals("ffpp", "dfo"), share_reals("ffpp", "celebdf"), share_reals("ffpp", "ffpp")
        (True, False, False)
    """
    return one != other and any({one, other} <= kin for kin in KIN)
