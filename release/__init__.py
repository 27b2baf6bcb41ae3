"""The steps of a release, which run inside `pulumi up`."""
