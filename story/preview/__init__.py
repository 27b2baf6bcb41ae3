"""What an update would change: summaries of previews, and drift."""
