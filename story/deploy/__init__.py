"""Releases: deploy, rollback and migrate."""
