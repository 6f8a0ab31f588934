"""How the units move a head: muscles, jaw, lids and lips."""
