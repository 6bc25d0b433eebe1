"""Moving a shop to another cell: hold it, let what is under way end, copy its rows, and serve it there.

`move` has the order of the steps, `parking` what would begin something by itself, `draining` what is under way,
`copying` the rows. Which step is next is read from both databases, so that a move that was interrupted goes on.
"""
