"""Comparing a module before and after each pass, on calls: in the reference interpreter and in machine
code; and finding the pass, the function, the operation and the change that makes a difference."""
