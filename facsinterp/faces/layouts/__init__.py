"""Drawn faces laid out as data sets are: their folders, names, sheets and known faults.

For trying a loader, or a whole study, without the licensed data. Each module writes one
layout and names the quirks of the real data set that it can build in.
"""
