"""What can be asked of a store: faces of a filter, filters of a face, filters alike."""
