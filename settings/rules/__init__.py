"""Rules about single values, and about several settings at once."""
