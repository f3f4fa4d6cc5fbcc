"""Losses beside PyTorch's: from the logits (B,) of a batch and its labels (B,), 1 for fake, to one number."""
