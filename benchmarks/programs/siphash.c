// SipHash-2-4 (Aumasson and Bernstein, 2012) of short keys.
#include "bench.h"

static uint64_t rotate(uint64_t x, int n) { return x << n | x >> (64 - n); }

static void rounds(uint64_t v[4], int count) {
    for (; count > 0; count--) {
        v[0] += v[1], v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0], v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1], v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2], v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

static uint64_t siphash(const uint8_t *data, size_t size, uint64_t k0, uint64_t k1) {
    uint64_t v[4] = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u};
    uint64_t word, last = (uint64_t)size << 56;
    size_t at = 0;
    for (; at + 8 <= size; at += 8) {
        memcpy(&word, data + at, 8);
        v[3] ^= word;
        rounds(v, 2);
        v[0] ^= word;
    }
    for (int shift = 0; at < size; at++, shift += 8) last |= (uint64_t)data[at] << shift;
    v[3] ^= last;
    rounds(v, 2);
    v[0] ^= last;
    v[2] ^= 0xFF;
    rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

RUN(n) {
    static uint8_t keys[4096];
    uint64_t hash = 0;
    random_start();
    for (size_t i = 0; i < sizeof keys; i++) keys[i] = (uint8_t)random_next();
    for (uint32_t i = 0; i < n; i++) hash ^= siphash(keys + i % 4000, 5 + i % 60, i, hash);
    return hash;
}
