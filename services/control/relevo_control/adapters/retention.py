"""What control forgets: plans that were kept long enough, and answers that nobody asks for again."""

from relevo_runtime.postgres import Statements

PLANS = Statements.load("relevo_control.adapters", "retention.sql")
ANSWERS = Statements.load("relevo_control.adapters", "answers_retention.sql")
ANSWER_DAYS = 1
