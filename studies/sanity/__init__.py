"""Sanity of pictures: do attributions stay as they are when the weights are random?"""
