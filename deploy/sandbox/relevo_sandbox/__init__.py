"""Where messages go when nobody is to be written to: a mail sink and an SMS sandbox in one process.

It is an outside system to Relevo, as a mail server and an SMS provider are: it imports nothing of the services.
"""
