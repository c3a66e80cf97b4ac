"""Where rows come from: files, and the mapping that says which column of a table each one fills."""
