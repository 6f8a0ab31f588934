"""The built-in faces: a procedural head with exact action units."""
