"""How a head is seen: camera, rasteriser, lamps, lens and sensor."""
