"""Pictures of the project's screens for the documentation, made by `make screens` and never by hand."""
