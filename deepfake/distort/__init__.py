"""Distortions: pure functions on frames, (T, 3, H, W) uint8 RGB, for augmentation and for tests of robustness.

Their strength is a parameter. What is random comes from a `torch.Generator` that the caller gives, so the same seed
gives the same pixels. A function that draws nothing treats all frames alike; noise is new in every frame.
"""
