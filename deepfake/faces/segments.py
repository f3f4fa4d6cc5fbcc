"""Which frames of a video are looked at. Pure index arithmetic."""


def segment_frames(num_frames: int, num_segments: int, segment_length: int) -> list[range]:
    """Segments of consecutive frames, spread evenly: the video is cut into equal parts, one in the middle of each.

    A video too short for all of them gets as many as fit without overlap, so no frame is taken twice.

    Args:
        num_frames: of the video.
        num_segments: wanted.
        segment_length: frames in each.

    Returns:
        Ascending, disjoint ranges of frame indices; empty if not even one fits.

    Example:
        >>> segment_frames(100, 4, 8)
        [range(8, 16), range(33, 41), range(58, 66), range(83, 91)]
        >>> segment_frames(20, 4, 8)
        [range(1, 9), range(11, 19)]
        >>> segment_frames(7, 4, 8)
        []
    """
    count = min(num_segments, num_frames // segment_length)
    starts = [(num_frames * (2 * i + 1) - segment_length * count) // (2 * count) for i in range(count)]
    return [range(start, start + segment_length) for start in starts]
