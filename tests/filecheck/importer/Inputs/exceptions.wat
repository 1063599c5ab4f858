(module (tag))
