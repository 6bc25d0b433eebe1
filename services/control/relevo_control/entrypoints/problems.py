"""The kinds of problems of the control API (RFC 9457): what is raised, and what its document describes."""

from relevo_runtime.problems import Kind

UNKNOWN_CALLER = Kind(401, "not-authentic", "Who asks is not known")
NOT_ALLOWED = Kind(403, "not-allowed", "This is not allowed")
NOT_KNOWN = Kind(404, "not-known", "It is not known")
REFUSED = Kind(409, "refused", "It can't be done as things are")
OUTDATED = Kind(412, "outdated", "It has changed meanwhile")
INVALID_BODY = Kind(422, "invalid-body", "The body is not valid")
TOO_MANY_FAILURES = Kind(429, "too-many-failures", "Too many failed log-ins")
TRY_AGAIN = Kind(503, "try-again", "Try again")
