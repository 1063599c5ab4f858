// Multiply a point of Curve25519 (RFC 7748): five limbs of 51 bits, products of 128 bits.
#include "bench.h"

typedef unsigned __int128 u128;
typedef struct { uint64_t limb[5]; } field;
#define MASK ((1ull << 51) - 1)

static field add(const field *a, const field *b) {
    field r;
    for (int i = 0; i < 5; i++) r.limb[i] = a->limb[i] + b->limb[i];
    return r;
}

static field subtract(const field *a, const field *b) {
    field r;
    for (int i = 0; i < 5; i++) r.limb[i] = a->limb[i] + 2 * (i ? MASK : MASK - 18) - b->limb[i];
    return r;
}

static field reduce(u128 t[5]) {
    field r;
    for (int i = 0; i < 4; i++) {
        t[i + 1] += t[i] >> 51;
        r.limb[i] = (uint64_t)t[i] & MASK;
    }
    r.limb[4] = (uint64_t)t[4] & MASK;
    r.limb[0] += (uint64_t)(t[4] >> 51) * 19;
    r.limb[1] += r.limb[0] >> 51;
    r.limb[0] &= MASK;
    return r;
}

static field multiply(const field *a, const field *b) {
    u128 t[5];
    for (int i = 0; i < 5; i++) {
        t[i] = 0;
        for (int j = 0; j < 5; j++) t[i] += (u128)a->limb[j] * (b->limb[(i - j + 5) % 5] * (j > i ? 19 : 1));
    }
    return reduce(t);
}

static field times(const field *a, uint64_t factor) {
    u128 t[5];
    for (int i = 0; i < 5; i++) t[i] = (u128)a->limb[i] * factor;
    return reduce(t);
}

static field invert(const field *a) {  // a^(2^255 - 21)
    field r = *a;
    for (int bit = 253; bit >= 0; bit--) {
        r = multiply(&r, &r);
        if (bit != 2 && bit != 4) r = multiply(&r, a);
    }
    return r;
}

static void swap(field *a, field *b, uint64_t yes) {
    for (int i = 0; i < 5; i++) {
        uint64_t difference = (a->limb[i] ^ b->limb[i]) & (0 - yes);
        a->limb[i] ^= difference;
        b->limb[i] ^= difference;
    }
}

static field ladder(const uint8_t scalar[32], const field *u) {
    field x2 = {{1}}, z2 = {{0}}, x3 = *u, z3 = {{1}};
    uint64_t swapped = 0;
    for (int at = 254; at >= 0; at--) {
        uint64_t bit = scalar[at / 8] >> at % 8 & 1;
        swap(&x2, &x3, swapped ^ bit);
        swap(&z2, &z3, swapped ^ bit);
        swapped = bit;
        field a = add(&x2, &z2), b = subtract(&x2, &z2), c = add(&x3, &z3), d = subtract(&x3, &z3);
        field aa = multiply(&a, &a), bb = multiply(&b, &b), e = subtract(&aa, &bb);
        field da = multiply(&d, &a), cb = multiply(&c, &b), sum = add(&da, &cb), difference = subtract(&da, &cb);
        x3 = multiply(&sum, &sum);
        difference = multiply(&difference, &difference);
        z3 = multiply(u, &difference);
        x2 = multiply(&aa, &bb);
        field part = times(&e, 121665);
        part = add(&aa, &part);
        z2 = multiply(&e, &part);
    }
    swap(&x2, &x3, swapped);
    swap(&z2, &z3, swapped);
    z2 = invert(&z2);
    return multiply(&x2, &z2);
}

RUN(n) {
    uint8_t scalar[32];
    field point = {{9}};
    random_start();
    for (uint32_t round = 0; round < n; round++) {
        for (int i = 0; i < 32; i++) scalar[i] = (uint8_t)random_next();
        scalar[0] &= 248;
        scalar[31] = (scalar[31] & 127) | 64;
        point = ladder(scalar, &point);
    }
    uint64_t hash = 0;
    for (int i = 0; i < 5; i++) hash = mix(hash, point.limb[i]);
    return hash;
}
