"""Run time: what an input does to a customer's facts and runs. Never imports `compiler`."""
