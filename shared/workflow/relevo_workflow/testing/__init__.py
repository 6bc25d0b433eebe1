"""The tests beside a workflow: scenarios, virtual time, expectations, coverage.

Other packages import from here, not from the modules behind it.
Tested in `tests/workflow/test_malformed_tests.py`, `tests/workflow/test_answers.py`,
`tests/workflow/test_exit_labels.py`, `tests/workflow/test_expected_of_run.py`, `tests/workflow/test_library.py`.
"""

from relevo_workflow.testing.contacting import contacted
from relevo_workflow.testing.coverage import Coverage
from relevo_workflow.testing.policy_cases import POLICY_TESTS, run_policy_tests
from relevo_workflow.testing.rendered import MessageReader, Previews, as_seen_by
from relevo_workflow.testing.runner import SuiteResult, TestResult, perform, run_scenario, run_tests
from relevo_workflow.testing.scenario import Scenario, read_scenarios
from relevo_workflow.testing.scenario_event import CUSTOMER_KEY
from relevo_workflow.testing.simulation import Simulation, due_wakeup

__all__ = [
    "CUSTOMER_KEY",
    "POLICY_TESTS",
    "Coverage",
    "MessageReader",
    "Previews",
    "Scenario",
    "Simulation",
    "SuiteResult",
    "TestResult",
    "as_seen_by",
    "contacted",
    "due_wakeup",
    "perform",
    "read_scenarios",
    "run_policy_tests",
    "run_scenario",
    "run_tests",
]
