"""The stages, a file each: scripts call them."""
