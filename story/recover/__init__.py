"""Repairs a stack after an update that was killed."""
