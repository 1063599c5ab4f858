// SHA-256 (FIPS 180-4) of a buffer.
#include "bench.h"

static uint32_t constants[64], state[8];
static uint8_t data[1 << 12];

static uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

static uint32_t fraction(double root) { return (uint32_t)((root - (double)(uint64_t)root) * 4294967296.0); }

static double power_root(double value, int cube) {
    double x = value;
    for (int i = 0; i < 60; i++) x = cube ? (2 * x + value / (x * x)) / 3 : (x + value / x) / 2;
    return x;
}

static void start(void) {
    int found = 0;
    for (int p = 2; found < 64; p++) {
        int prime = 1;
        for (int d = 2; d * d <= p; d++) prime &= p % d != 0;
        if (!prime) continue;
        constants[found] = fraction(power_root(p, 1));
        if (found < 8) state[found] = fraction(power_root(p, 0));
        found++;
    }
}

static void block(const uint8_t *p) {
    uint32_t w[64], s[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[i - 7] + (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
    memcpy(s, state, sizeof s);
    for (int i = 0; i < 64; i++) {
        uint32_t e = s[4], a = s[0];
        uint32_t t = s[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & s[5]) ^ (~e & s[6])) + constants[i] + w[i];
        uint32_t u = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += t;
        s[0] = t + u;
    }
    for (int i = 0; i < 8; i++) state[i] += s[i];
}

RUN(n) {
    start();
    random_start();
    for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)random_next();
    for (uint32_t round = 0; round < n; round++)
        for (size_t at = 0; at < sizeof data; at += 64) block(data + at);
    uint64_t hash = 0;
    for (int i = 0; i < 8; i++) hash = mix(hash, state[i]);
    return hash;
}
