"""How long a release takes."""
