"""What `signwatch bench` measures with, and what it measures beside ours: what a user would take instead."""
