"""A rehearsal on this machine, against an emulated AWS."""
