"""How a person logs in at a control API: at the OpenID provider, in a browser that comes back to this machine."""
