"""The generated demo corpus: paints people, forges their faces and encodes the clips. No real person's likeness."""
