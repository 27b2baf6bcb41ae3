"""AWS on this machine: moto, with what it lacks for this project, behind one port and wholly in memory."""
