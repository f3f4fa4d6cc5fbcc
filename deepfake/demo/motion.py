"""A person's movement through a clip: pose, expression and light of every frame, as smooth random curves.

All random numbers are drawn before the curves are evaluated, so the first frames of a performance do not depend on its
length, and a reenacted face can borrow another clip's expression for any number of frames.
"""

from dataclasses import dataclass

import numpy as np

_SWAY = 0.25  # how far the lamp swings to the sides
_DIM, _PULSE = 0.88, 0.29  # how bright it is in the middle, and how much brighter and darker it becomes


@dataclass(frozen=True, slots=True)
class Pose:
    """Position of the head, (N, ...) float32.

    Attributes:
        shift: (N, 2) right and down, in units of half a head's height.
        scale: (N,) size relative to the clip's own, near 1.
        roll: (N,) radians.
        turn: (N, 2) yaw and pitch: how far the middle of the face moves relative to its outline, in units.
    """

    shift: np.ndarray
    scale: np.ndarray
    roll: np.ndarray
    turn: np.ndarray


@dataclass(frozen=True, slots=True)
class Expression:
    """Expression of the face, (N, ...) float32.

    Attributes:
        eyes: (N,) 0 closed, 1 open.
        gaze: (N, 2) right and down, in units.
        brows: (N,) how far the brows are raised, in units.
        mouth: (N,) 0 closed, 1 wide open.
        smile: (N,) -1 sad to 1 smiling.
    """

    eyes: np.ndarray
    gaze: np.ndarray
    brows: np.ndarray
    mouth: np.ndarray
    smile: np.ndarray


@dataclass(frozen=True, slots=True)
class Light:
    """Light on the face.

    Attributes:
        direction: (N, 3) float32 unit vectors towards the light: right, down, towards the camera.
        colour: (N, 3) float32 gain per RGB channel, near 1.
    """

    direction: np.ndarray
    colour: np.ndarray


@dataclass(frozen=True, slots=True)
class Motion:
    """Everything that changes from frame to frame; N frames each."""

    pose: Pose
    expression: Expression
    light: Light


def out_of_order(light: Light, rng: np.random.Generator, fps: int) -> Light:
    """Return the light of the same frames in a wrong order; they are mixed within each second, so none goes far."""
    num_frames = len(light.colour)
    seconds = np.split(np.arange(num_frames), range(fps, num_frames, fps))
    order = np.concatenate([rng.permutation(second) for second in seconds])
    return Light(light.direction[order], light.colour[order])


def perform(rng: np.random.Generator, num_frames: int, fps: int) -> Motion:
    """Draw one performance of `num_frames` frames."""
    time = np.arange(num_frames) / fps
    pose = Pose(
        shift=np.stack((_drift(rng, time, 0.10, 0.5), _drift(rng, time, 0.05, 0.6)), axis=1),
        scale=1 + _drift(rng, time, 0.025, 0.3),
        roll=rng.normal(0, 0.04) + _drift(rng, time, 0.06, 0.5),
        turn=np.stack((rng.normal(0, 0.05) + _drift(rng, time, 0.09, 0.5), _drift(rng, time, 0.05, 0.6)), axis=1),
    )
    return Motion(pose, _expression(rng, time), _light(rng, time))


def _drift(rng: np.random.Generator, time: np.ndarray, amount: float, rate: float) -> np.ndarray:
    """Draw a smooth curve with standard deviation `amount` and most of its movement near `rate` Hz: (N,) float32."""
    rates = rate * rng.uniform(0.3, 1.7, 4)
    phases = rng.uniform(0, 2 * np.pi, 4)
    weights = rng.dirichlet(np.full(4, 2.0)) ** 0.5
    waves = np.sin(2 * np.pi * rates * time[:, None] + phases)
    return (amount * 2**0.5 * (waves * weights).sum(axis=1)).astype(np.float32)


def _expression(rng: np.random.Generator, time: np.ndarray) -> Expression:
    blinks = np.cumsum(rng.uniform(1.2, 3.5, 20)) - rng.uniform(0.5, 1.2)
    closed = np.exp(-0.5 * ((time[:, None] - blinks) / 0.06) ** 2).max(axis=1)
    wide = rng.uniform(0.75, 1.0)
    # Syllables come at 3 to 5 per second, in phrases of about a second.
    syllables = 0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(3, 5) * time + _drift(rng, time, 1.2, 1.0))
    phrases = np.clip(0.45 + _drift(rng, time, 0.5, 0.7), 0, 1)
    return Expression(
        eyes=(wide * (1 - np.clip(1.1 * closed, 0, 1))).astype(np.float32),
        gaze=np.stack((_drift(rng, time, 0.014, 0.6), _drift(rng, time, 0.006, 0.6)), axis=1),
        brows=_drift(rng, time, 0.018, 0.7),
        mouth=(syllables * phrases * rng.uniform(0.5, 0.9)).astype(np.float32),
        smile=np.clip(rng.uniform(0.0, 0.6) + _drift(rng, time, 0.25, 0.4), -0.5, 1),
    )


def _light(rng: np.random.Generator, time: np.ndarray) -> Light:
    # A lamp swings two to three times a second. In eight frames it passes through most of its range, so frames in a
    # wrong order have the same levels as in the right one, and only their order tells.
    swing = np.sin(2 * np.pi * (rng.uniform(2, 3) * time + rng.uniform()))
    side = rng.choice((-1, 1)) * rng.uniform(0.15, 0.7) + _drift(rng, time, 0.12, 0.3) + _SWAY * swing
    height = rng.uniform(-0.65, -0.25) + _drift(rng, time, 0.06, 0.3)
    direction = np.stack((side, height, np.ones_like(side)), axis=1)
    warmth = rng.normal(0, 0.035)
    gain = (rng.uniform(0.88, 1.08) + _drift(rng, time, 0.03, 0.5)) * (_DIM + _PULSE * swing)
    colour = gain[:, None] * np.array((1 + warmth, 1.0, 1 - warmth))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    return Light(direction.astype(np.float32), colour.astype(np.float32))
