"""Part 1 of the exercise, "From scratch": what a convolutional network computes, in NumPy.

A file for each call. What is expected is computed here by other means than a student would
take, on purpose independent of `utils.sizes`, and without Keras, whose import takes seconds;
the tests compare it with Keras and with the course's own arithmetic.
"""
