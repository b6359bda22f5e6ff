"""What the notebooks of the course import: data, figures, networks, checks, explorers."""
