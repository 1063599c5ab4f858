"""What compiled code and its runtime agree on, as data: no room below this one imports another."""
