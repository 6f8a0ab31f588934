"""What a sceptic asks: dead filters and other checks on the findings."""
