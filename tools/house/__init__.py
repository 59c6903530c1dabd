"""tools/house: the rules that tools/tidy checks, one file per kind of rule."""
