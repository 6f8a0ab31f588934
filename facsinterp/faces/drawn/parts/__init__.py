"""What is attached to the skin of the face: eyes, teeth, tongue, ears, neck, lashes and hair."""
