// Raise to a power modulo a 1024-bit number, as RSA does (Montgomery multiplication, 32-bit limbs).
#include "bench.h"

enum { LIMBS = 32 };

static uint32_t modulus[LIMBS], inverse;

static void multiply(uint32_t *r, const uint32_t *a, const uint32_t *b) {
    uint32_t t[LIMBS + 2] = {0};
    for (int i = 0; i < LIMBS; i++) {
        uint64_t carry = 0;
        for (int j = 0; j < LIMBS; j++) {
            carry += (uint64_t)a[j] * b[i] + t[j];
            t[j] = (uint32_t)carry;
            carry >>= 32;
        }
        carry += t[LIMBS];
        t[LIMBS] = (uint32_t)carry;
        t[LIMBS + 1] = (uint32_t)(carry >> 32);
        uint32_t m = t[0] * inverse;
        carry = ((uint64_t)m * modulus[0] + t[0]) >> 32;
        for (int j = 1; j < LIMBS; j++) {
            carry += (uint64_t)m * modulus[j] + t[j];
            t[j - 1] = (uint32_t)carry;
            carry >>= 32;
        }
        carry += t[LIMBS];
        t[LIMBS - 1] = (uint32_t)carry;
        t[LIMBS] = t[LIMBS + 1] + (uint32_t)(carry >> 32);
    }
    uint64_t borrow = 0;
    uint32_t reduced[LIMBS];
    for (int i = 0; i < LIMBS; i++) {
        uint64_t difference = (uint64_t)t[i] - modulus[i] - borrow;
        reduced[i] = (uint32_t)difference;
        borrow = difference >> 63;
    }
    memcpy(r, t[LIMBS] >= borrow ? reduced : t, LIMBS * sizeof *r);
}

RUN(n) {
    uint32_t base[LIMBS], power[LIMBS];
    uint64_t hash = 0;
    random_start();
    for (int i = 0; i < LIMBS; i++) modulus[i] = random_next(), base[i] = random_next();
    modulus[0] |= 1;
    modulus[LIMBS - 1] |= 0x80000000;
    base[LIMBS - 1] >>= 2;
    inverse = 1;
    for (int i = 0; i < 5; i++) inverse *= 2 - modulus[0] * inverse;
    inverse = 0 - inverse;
    for (uint32_t round = 0; round < n; round++) {
        uint32_t exponent = random_next() | 0x80000000;
        memcpy(power, base, sizeof power);
        for (int bit = 30; bit >= 0; bit--) {
            multiply(power, power, power);
            if (exponent >> bit & 1) multiply(power, power, base);
        }
        hash = mix(hash, power[0] ^ (uint64_t)power[LIMBS - 1] << 32);
    }
    return hash;
}
