// ChaCha20 (RFC 8439) over a buffer.
#include "bench.h"

static uint32_t rotate(uint32_t x, int n) { return x << n | x >> (32 - n); }

static void quarter(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d) {
    *a += *b, *d = rotate(*d ^ *a, 16);
    *c += *d, *b = rotate(*b ^ *c, 12);
    *a += *b, *d = rotate(*d ^ *a, 8);
    *c += *d, *b = rotate(*b ^ *c, 7);
}

RUN(n) {
    static uint8_t data[1 << 14];
    uint32_t start[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    random_start();
    for (int i = 4; i < 16; i++) start[i] = random_next();
    for (uint32_t round = 0; round < n; round++) {
        for (size_t at = 0; at < sizeof data; at += 64) {
            uint32_t x[16];
            memcpy(x, start, sizeof x);
            for (int i = 0; i < 10; i++) {
                for (int j = 0; j < 4; j++) quarter(x + j, x + 4 + j, x + 8 + j, x + 12 + j);
                for (int j = 0; j < 4; j++) quarter(x + j, x + 4 + (j + 1) % 4, x + 8 + (j + 2) % 4, x + 12 + (j + 3) % 4);
            }
            for (int i = 0; i < 16; i++) {
                uint32_t word = x[i] + start[i];
                for (int byte = 0; byte < 4; byte++) data[at + 4 * (size_t)i + (size_t)byte] ^= (uint8_t)(word >> 8 * byte);
            }
            start[12]++;
        }
    }
    uint64_t hash = 0;
    for (size_t i = 0; i < sizeof data; i++) hash = mix(hash, data[i]);
    return hash;
}
