"""What control keeps in its own schema: tokens, plans with approvals, the audit log, answers to repeated posts."""
