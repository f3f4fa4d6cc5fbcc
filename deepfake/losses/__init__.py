"""Losses beside PyTorch's: the logits (B,) of a batch and its labels (B,), 1 for fake, and for some its features."""
