"""What other weights would draw: pictures of filters held against those of random networks."""
