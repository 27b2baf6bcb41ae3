"""What the program would build, found out without an engine, an account or a network."""
