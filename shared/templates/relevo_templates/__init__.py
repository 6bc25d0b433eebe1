"""The one renderer: what `check` accepts, a test shows, staff reads, a call carries and a customer gets.

Pure: no IO and no clock. `messages` renders whole messages, `texts` single texts and addresses, `checks` finds what
could never be rendered. Anything that can't be rendered raises `TemplateError`, and nothing else.
"""
