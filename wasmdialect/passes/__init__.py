"""Passes: one file each, named as the pass; `registry` finds them, `pipeline` runs them."""
