"""What the page takes of its visitors."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from deepfake.ranges import Count

MEGABYTE = 2**20  # bytes, as Gradio counts them in its own messages

# Each visitor who waits holds one of the 40 places that Gradio has for functions at work.
Waiting = Annotated[int, Field(ge=0, le=30)]


@dataclass(frozen=True, slots=True)
class Limits:
    """What is taken.

    Attributes:
        max_megabytes: size of a file, in `MEGABYTE`.
        max_seconds: length of a video by its container.
        max_waiting: files that wait while another one is scored.
    """

    max_megabytes: Count = 200
    max_seconds: Count = 600
    max_waiting: Waiting = 8

    @property
    def max_bytes(self) -> int:
        """Size of a file."""
        return self.max_megabytes * MEGABYTE

    @property
    def longest(self) -> str:
        """Length of a video in words.

        Example:
            >>> Limits(max_seconds=600).longest, Limits(max_seconds=90).longest
            ('10 minutes', '90 seconds')
        """
        minutes, seconds = divmod(self.max_seconds, 60)
        number, unit = (self.max_seconds, "second") if seconds else (minutes, "minute")
        return f"{number} {unit}{'' if number == 1 else 's'}"
