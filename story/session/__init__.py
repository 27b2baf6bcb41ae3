"""Access to running tasks: exec, logs and port-forward."""
