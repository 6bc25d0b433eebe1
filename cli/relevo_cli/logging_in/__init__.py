"""How a person logs in at a control API: at the OpenID provider, in a browser.

`code_flow` with `redirect` where the browser is on this machine, `device_flow` where it is on another one.
"""
