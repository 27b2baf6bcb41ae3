"""What each service adds to moto. Every module has one `install()`, which `emulator.server` calls by name."""
