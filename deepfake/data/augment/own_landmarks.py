"""Landmarks by a function of the user's, whose hull is the mask of a self-blended image, as the authors draw it."""

from pkgutil import resolve_name

import numpy as np
from scipy.spatial import ConvexHull, QhullError
from torch import Tensor

from deepfake.errors import ConfigError


class OwnLandmarks:
    """Calls a function that finds the landmarks of a face, such as dlib's 68 or 81 points.

    The function gets a crop (S, S, 3), uint8 RGB, with S the side of the network's input, and returns (N, 2), x and y
    in pixels of the crop. It must return as many points for every crop, also where it finds no face: what to fall back
    to is its own choice. It is called in the loader's workers, for every frame of a blend.

    Args:
        name: dotted name of the function, as in `mypackage.landmarks`.

    Raises:
        ConfigError: it cannot be imported.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        try:
            self._find = resolve_name(name)
        except Exception as error:  # of whatever kind the user's own module raises
            raise self._not_there(f"{type(error).__name__}: {error}") from error
        if not callable(self._find):
            raise self._not_there(f"it is of type {type(self._find).__name__}")

    def __call__(self, clip: Tensor) -> np.ndarray:
        """(T, 3, S, S) uint8 -> (T, N, 2) float64, in pixels.

        Raises:
            ConfigError: what the function returns is no set of points that encloses an area, or their number changes.
        """
        frames = [self._points(frame) for frame in clip.permute(0, 2, 3, 1).numpy()]
        if numbers := sorted({len(points) for points in frames[1:]} - {len(frames[0])}):
            raise self._refused(f"{len(frames[0])} points for one frame of a clip and {numbers[0]} for another")
        return np.stack(frames)

    def _points(self, frame: np.ndarray) -> np.ndarray:
        found = self._find(np.ascontiguousarray(frame))
        try:
            points = np.asarray(found, np.float64)
        except (TypeError, ValueError):
            points = np.empty(0)
        if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
            is_array = points.size > 1
            raise self._refused(f"{type(found).__name__} of shape {points.shape}" if is_array else repr(found)[:60])
        try:
            ConvexHull(points)
        except (QhullError, ValueError) as error:
            raise self._refused(f"{len(points)} points that enclose no area") from error
        return points

    def _not_there(self, why: str) -> ConfigError:
        return ConfigError(
            f"augment.landmark_model={self.name} is no function that can be imported ({' '.join(why.split())}): "
            "give its module and name, as in mypackage.landmarks, and put the folder that holds mypackage on PYTHONPATH"
        )

    def _refused(self, what: str) -> ConfigError:
        return ConfigError(
            f"augment.landmark_model={self.name} returned {what}: it must return x and y in pixels of at least three "
            "points, (N, 2), as many for each crop"
        )


def hull(points: np.ndarray) -> np.ndarray:
    """Return the corners of the convex hull of (N, 2), in order."""
    return np.asarray(points[ConvexHull(points).vertices])
