"""Writes the tables of the documentation."""
