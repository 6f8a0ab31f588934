"""What the pages know of a run, read once: claims, faces, and what each filter answers to."""
