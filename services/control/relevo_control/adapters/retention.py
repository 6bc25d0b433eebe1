"""What control forgets: plans that were kept long enough, answers that nobody asks for again, counts of old tasks."""

from relevo_runtime.postgres import Statements

PLANS = Statements.load("relevo_control.adapters", "retention.sql")
ANSWERS = Statements.load("relevo_control.adapters", "answers_retention.sql")
ANSWER_DAYS = 1
TASK_ANSWERS = Statements.load("relevo_control.adapters", "task_answers_retention.sql")
TASK_ANSWER_DAYS = 90
