"""Part 2 of the exercise, "Your own CNN": the split, the network, its training, its mistakes.

A file for each call. Keras is imported inside the functions.
"""
