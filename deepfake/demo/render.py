"""Render people in a room: light their textures, warp them to the pose of a frame and lay them over each other.

Images here are torch tensors `(C, H, W)` float32, RGB in [0, 1], since `grid_sample` is the fastest warp available.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import grid_sample

from deepfake.demo.canvas import EXTENT
from deepfake.demo.features import paint_features
from deepfake.demo.head import Head
from deepfake.demo.motion import Expression, Light, Motion, Pose
from deepfake.demo.scenery import BODY_ZOOM


@dataclass(frozen=True, slots=True)
class Actor:
    """A person in a clip.

    Attributes:
        head: the painted head.
        body: (4, h, w), colour multiplied by coverage, and coverage.
        motion: their movement.
        centre: (2,) x, y in pixels of the middle of the head at rest.
        size: pixels in half a head's height.
    """

    head: Head
    body: torch.Tensor
    motion: Motion
    centre: tuple[float, float]
    size: float


def layer(colour: np.ndarray, alpha: np.ndarray) -> torch.Tensor:
    """Return (4, h, w): colour multiplied by coverage, and coverage, so that interpolation leaves no dark fringe."""
    return torch.from_numpy(np.concatenate((colour * alpha, alpha), axis=2)).permute(2, 0, 1)


def light_head(head: Head, expression: Expression, light: Light, frame: int) -> torch.Tensor:
    """Return the colour of a head in the light of one frame, (3, TEXELS, TEXELS)."""
    direction = light.direction[frame]
    half = direction + np.array((0, 0, 1), np.float32)
    half /= np.linalg.norm(half)
    shade = 0.54 + 0.62 * _facing(head.normals, direction)
    gloss = _facing(head.normals, half)
    for _ in range(4):  # to the power of 16, at a quarter of the cost of `**`
        gloss *= gloss
    lit = (paint_features(head, expression, frame) * shade + head.shine * gloss) * light.colour[frame]
    return torch.from_numpy(np.clip(lit, 0, 1)).permute(2, 0, 1)


def _facing(normals: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Return the cosine between normals (h, w, 3) and a direction (3,), at least 0: (h, w, 1)."""
    x, y, z = (normals[..., i : i + 1] * direction[i] for i in range(3))
    return np.maximum(x + y + z, 0)


def face_plane(actor: Actor, frame: int, height: int, width: int, jitter: np.ndarray | None = None) -> torch.Tensor:
    """Return the point of the face plane that each pixel shows: (H, W, 2) u, v.

    Yaw and pitch are a parallax: the nearer a part is to the camera, the further it moves, which approximates a
    perspective camera for small turns. `jitter` (3,) is an alignment error: right, down (units) and scale.
    """
    pose: Pose = actor.motion.pose
    right, down, grow = (0.0, 0.0, 0.0) if jitter is None else jitter.tolist()
    size = actor.size * float(pose.scale[frame]) * (1 + grow)
    x0 = actor.centre[0] + actor.size * (float(pose.shift[frame, 0]) + right)
    y0 = actor.centre[1] + actor.size * (float(pose.shift[frame, 1]) + down)
    cos, sin = float(np.cos(pose.roll[frame])) / size, float(np.sin(pose.roll[frame])) / size
    x = torch.arange(width, dtype=torch.float32) + (0.5 - x0)
    y = torch.arange(height, dtype=torch.float32)[:, None] + (0.5 - y0)
    u, v = x * cos + y * sin, y * cos - x * sin
    person = actor.head.person
    near = (1 - (u / person.head_width).square() - v.square()).clamp_(min=0)
    near = near + 0.5 * torch.exp(-(u / 0.12).square() - ((v - person.nose_length + 0.08) / 0.16).square())
    yaw, pitch = (float(x) for x in pose.turn[frame])
    return torch.stack((u - yaw * near, v - pitch * near), dim=-1)


def sample(texture: torch.Tensor, plane: torch.Tensor) -> torch.Tensor:
    """Return (C, H, W): a texture that covers [-1, 1] in both directions, sampled at `plane` (H, W, 2)."""
    return grid_sample(texture[None], plane[None], mode="bilinear", padding_mode="zeros", align_corners=False)[0]


def over(below: torch.Tensor, above: torch.Tensor) -> torch.Tensor:
    """Lay a layer (4, H, W) over a picture (3, H, W)."""
    return below * (1 - above[3:]) + above[:3]


def render(room: torch.Tensor, actors: tuple[Actor, ...], frame: int) -> torch.Tensor:
    """Return one frame of the clip as a perfect camera would see it, (3, H, W)."""
    picture = room
    height, width = room.shape[1:]
    for actor in actors:
        picture = over(picture, _body(actor, frame, height, width))
        lit = light_head(actor.head, actor.motion.expression, actor.motion.light, frame)
        alpha = torch.from_numpy(actor.head.alpha).permute(2, 0, 1)
        plane = face_plane(actor, frame, height, width)
        picture = over(picture, sample(torch.cat((lit * alpha, alpha)), plane / EXTENT))
    return picture


def _body(actor: Actor, frame: int, height: int, width: int) -> torch.Tensor:
    """Return neck and shoulders, which follow half of the head's movement: (4, H, W)."""
    shift = actor.motion.pose.shift[frame]
    x0, y0 = (actor.centre[axis] + 0.5 * actor.size * float(shift[axis]) for axis in (0, 1))
    x = (torch.arange(width, dtype=torch.float32) + (0.5 - x0)) / actor.size
    y = (torch.arange(height, dtype=torch.float32) + (0.5 - y0)) / actor.size
    body = sample(actor.body, torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1) / (EXTENT * BODY_ZOOM))
    gain = torch.from_numpy(actor.motion.light.colour[frame])[:, None, None]
    return torch.cat((body[:3] * gain, body[3:]))
