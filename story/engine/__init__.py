"""Pulumi's engine: its command, and what its previews and events say."""
