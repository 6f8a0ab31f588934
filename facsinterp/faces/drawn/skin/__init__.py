"""What the skin looks like: its tone and hairs, and the furrows that the units bring up."""
