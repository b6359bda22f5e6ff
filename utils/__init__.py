"""The helper package of the course: data, figures, networks and the tools that build it."""
