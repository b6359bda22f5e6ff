"""Part 3 of the exercise: the highest accuracy. One module for each call, and what they need."""
