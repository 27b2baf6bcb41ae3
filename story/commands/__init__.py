"""The subcommands, their options and their help; each imports what it runs when it runs."""
