// Passes over arrays: scaled sum, inner product, prefix sums, histogram, strided copy.
#include "../programs/bench.h"

enum { SIZE = 1 << 14 };
static float x[SIZE], y[SIZE];
static uint32_t keys[SIZE], sums[SIZE], counts[256];

RUN(n) {
    double total = 0;
    uint64_t hash = 0;
    random_start();
    for (int i = 0; i < SIZE; i++) x[i] = (float)(random_next() % 100), y[i] = (float)(random_next() % 100), keys[i] = random_next();
    for (uint32_t round = 0; round < n; round++) {
        float scale = 1 / (float)(1 + round), product = 0;
        uint32_t sum = 0;
        for (int i = 0; i < SIZE; i++) y[i] = x[i] * scale + y[i] * 0.5f;
        for (int i = 0; i < SIZE; i++) product += x[i] * y[i];
        for (int i = 0; i < SIZE; i++) sums[i] = sum += keys[i];
        for (int i = 0; i < SIZE; i++) counts[keys[i] >> 24]++;
        for (int i = 0; i < SIZE / 4; i++) keys[i] = sums[4 * i] ^ keys[i + SIZE / 2];
        total += product;
        hash = mix(hash, sums[SIZE - 1] ^ counts[round % 256]);
    }
    return hash ^ bits(total);
}
