// Encode to base64 and decode again.
#include "bench.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static uint8_t values[256], data[3 << 14], again[3 << 14];
static char text[4 << 14];

static void encode(void) {
    char *out = text;
    for (const uint8_t *in = data; in < data + sizeof data; in += 3) {
        uint32_t word = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
        for (int shift = 18; shift >= 0; shift -= 6) *out++ = digits[word >> shift & 63];
    }
}

static void decode(void) {
    uint8_t *out = again;
    for (const char *in = text; in < text + sizeof text; in += 4) {
        uint32_t word = 0;
        for (int i = 0; i < 4; i++) word = word << 6 | values[(uint8_t)in[i]];
        *out++ = (uint8_t)(word >> 16);
        *out++ = (uint8_t)(word >> 8);
        *out++ = (uint8_t)word;
    }
}

RUN(n) {
    uint64_t hash = 0;
    random_start();
    for (size_t i = 0; i < 64; i++) values[(uint8_t)digits[i]] = (uint8_t)i;
    for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)random_next();
    for (uint32_t round = 0; round < n; round++) {
        encode();
        decode();
        if (memcmp(data, again, sizeof data)) return 0;
        data[round % sizeof data]++;
        hash = mix(hash, (uint8_t)text[round % sizeof text]);
    }
    return hash;
}
