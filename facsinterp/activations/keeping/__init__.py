"""How a store lies on disk: its layout and place, writing by blocks, whether it is whole."""
