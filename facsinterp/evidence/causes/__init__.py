"""What moves a filter, and what depends on it: units switched, filters silenced."""
