"""Optimizers beside PyTorch's, and how learning rates differ over the parts of a detector."""
