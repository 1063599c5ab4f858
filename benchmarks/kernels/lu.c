// Factorise matrices of doubles.
#include "../programs/bench.h"

enum { SIZE = 150 };
static double a[SIZE][SIZE];

RUN(n) {
    double total = 0;
    random_start();
    for (uint32_t round = 0; round < n; round++) {
        for (int i = 0; i < SIZE; i++)
            for (int j = 0; j < SIZE; j++) a[i][j] = random_next() % 100 + (i == j ? 10000 : 0);
        for (int k = 0; k < SIZE; k++)
            for (int i = k + 1; i < SIZE; i++) {
                a[i][k] /= a[k][k];
                for (int j = k + 1; j < SIZE; j++) a[i][j] -= a[i][k] * a[k][j];
            }
        total += a[SIZE - 1][SIZE - 1];
    }
    return bits(total);
}
