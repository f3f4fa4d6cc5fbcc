"""Draws people, forges their faces and encodes the clips: the generated demo corpus. No real person's likeness."""
