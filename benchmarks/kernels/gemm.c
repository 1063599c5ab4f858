// Multiply matrices of doubles.
#include "../programs/bench.h"

enum { SIZE = 160 };
static double a[SIZE][SIZE], b[SIZE][SIZE], c[SIZE][SIZE];

RUN(n) {
    random_start();
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) a[i][j] = random_next() % 100, b[i][j] = random_next() % 100 / 64.0, c[i][j] = 0;
    for (uint32_t round = 0; round < n; round++)
        for (int i = 0; i < SIZE; i++)
            for (int k = 0; k < SIZE; k++)
                for (int j = 0; j < SIZE; j++) c[i][j] += a[i][k] * b[k][j];
    return bits(c[3][5] + c[SIZE - 1][SIZE - 1]);
}
