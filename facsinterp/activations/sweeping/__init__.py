"""How a sweep computes: passes of the network, reduction of maps, who does the work."""
