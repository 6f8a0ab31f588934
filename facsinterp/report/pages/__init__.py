"""One module for each kind of page: what it says, arranged for its template."""
