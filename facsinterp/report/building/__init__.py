"""From pages to a site that stands whole: rendering, keeping what is unchanged, and the swap."""
