"""From pictures of any size to pixels of one: crops, detectors, and the decoded array."""
