"""What the emulated services are built on: the control file, the requests kept, faults, and changes to moto."""
