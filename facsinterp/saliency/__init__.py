"""What moved a filter: attributions of its answer to the pixels of a face."""
