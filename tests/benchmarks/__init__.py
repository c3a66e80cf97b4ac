"""The same work side by side in one run: ours, the floor, and what one would otherwise write."""
