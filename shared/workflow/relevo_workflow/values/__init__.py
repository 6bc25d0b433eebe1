"""Values that a workflow writes: literals, expressions and Liquid texts; read, checked and computed.

What a text sees of a customer is only what it names.
Tested in `tests/workflow/test_texts.py`, `tests/workflow/test_emitted_amounts.py`, `tests/workflow/test_products.py`.
"""
