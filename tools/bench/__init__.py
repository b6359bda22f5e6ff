"""Measurements of speed and size behind what the course claims: `make bench`."""
