"""What belongs to single step types."""
