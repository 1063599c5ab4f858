// Relax a grid of doubles with a five-point stencil.
#include "../programs/bench.h"

enum { SIZE = 250 };
static double a[SIZE][SIZE], b[SIZE][SIZE];

RUN(n) {
    random_start();
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) a[i][j] = b[i][j] = random_next() % 1000;
    for (uint32_t round = 0; round < n; round++) {
        for (int i = 1; i < SIZE - 1; i++)
            for (int j = 1; j < SIZE - 1; j++) b[i][j] = 0.2 * (a[i][j] + a[i][j - 1] + a[i][j + 1] + a[i + 1][j] + a[i - 1][j]);
        for (int i = 1; i < SIZE - 1; i++)
            for (int j = 1; j < SIZE - 1; j++) a[i][j] = 0.2 * (b[i][j] + b[i][j - 1] + b[i][j + 1] + b[i + 1][j] + b[i - 1][j]);
    }
    return bits(a[SIZE / 2][SIZE / 3]);
}
