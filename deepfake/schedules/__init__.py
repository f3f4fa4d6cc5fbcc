"""Schedules of the learning rate, counted in epochs and moved by step or by epoch.

Each is a function or a class whose first argument is the optimizer. One that takes `steps_per_epoch` has an option
`by`, which says whether it moves after every step or after every epoch; PyTorch's own move after every epoch.
"""
