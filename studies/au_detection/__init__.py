"""Detectors of action units on the frozen features of a network that learnt emotions."""
