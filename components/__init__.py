"""What the program builds: one component per room of the architecture."""
