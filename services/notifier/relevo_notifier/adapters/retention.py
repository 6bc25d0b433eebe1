"""Deletes deliveries and calls that are over and old. Until then a row tells that its message was sent already."""

from relevo_runtime.postgres import Statements

STATEMENTS = Statements.load("relevo_notifier.adapters", "retention.sql")
