// The same kinds of loops compiled with -msimd128: vectors in the WebAssembly, too.
#include "vectors.c"
