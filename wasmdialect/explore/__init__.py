"""Pages that show functions at every stage of their way to machine code."""
