"""What the program would build, without an engine, an account or a network."""
