"""How AWS is called: one client, with retrying and caching."""
