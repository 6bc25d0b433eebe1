"""What goes into decisions and what comes out: a customer's state, inputs, effects, decisions. Plain frozen values."""
