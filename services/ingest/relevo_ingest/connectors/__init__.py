"""What each shop platform says, and how to read it: one folder a platform."""
