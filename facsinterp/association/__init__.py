"""What a filter's answers mean: its association with each action unit."""
