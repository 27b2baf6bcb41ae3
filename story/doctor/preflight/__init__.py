"""`story doctor --before`: what would stop an update, read from the stack's file and from the account."""
