"""A second implementation of the contract, to compare `workbench` with."""
