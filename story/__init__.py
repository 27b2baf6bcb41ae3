"""The `story` command."""
