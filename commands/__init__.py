"""The subcommands of `story`. Each brings its own imports, so that `story --help` answers at once."""
