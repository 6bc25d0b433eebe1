"""Receives what shops and storefronts say, makes canonical events of it and publishes them.

`core` holds the rules (pure), `connectors` one shop platform a folder, `app` one use case a module, `adapters` one
outside system each, `entrypoints` the HTTP surface and how it is started.
"""
