"""What we look at: faces with their codes, their pixels, and who is in which fold."""
