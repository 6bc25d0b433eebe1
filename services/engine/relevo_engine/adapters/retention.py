"""Deletes runs that ended and tasks that closed long ago. Nothing reads them any more but who asks what happened."""

from relevo_runtime.postgres import Statements

STATEMENTS = Statements.load("relevo_engine.adapters", "retention.sql")
