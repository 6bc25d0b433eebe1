"""CEL: the shapes of values, expressions checked against them and evaluated at one decision.

Whatever an expression may name begins as a shape here. An evaluation never raises.
Tested in `tests/workflow/test_expressions.py`, `tests/workflow/test_cel_advice.py`,
`tests/workflow/test_order_windows.py`.
"""
