"""What the sample run showed, to be shown again: see `remake`."""
