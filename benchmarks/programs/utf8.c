// Decode and check UTF-8, and count characters by width.
#include "bench.h"

static uint8_t text[1 << 17];

static int decode(const uint8_t **p, uint32_t *code) {
    const uint8_t *s = *p;
    int more = *s < 0x80 ? 0 : *s < 0xC2 ? -1 : *s < 0xE0 ? 1 : *s < 0xF0 ? 2 : *s < 0xF5 ? 3 : -1;
    if (more < 0) return -1;
    uint32_t c = more ? *s & (0x3Fu >> more) : *s;
    for (int i = 1; i <= more; i++) {
        if ((s[i] & 0xC0) != 0x80) return -1;
        c = c << 6 | (s[i] & 0x3F);
    }
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (c < least[more] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) return -1;
    *p = s + more + 1;
    *code = c;
    return more;
}

RUN(n) {
    uint64_t hash = 0, counts[5] = {0};
    size_t at = 0;
    random_start();
    while (at < sizeof text - 8) {
        uint32_t kind = random_next() % 8, c = random_next();
        if (kind < 5) {
            text[at++] = (uint8_t)(32 + c % 90);
        } else if (kind == 5) {
            text[at++] = (uint8_t)(0xC2 + c % 30);
            text[at++] = (uint8_t)(0x80 + c / 64 % 64);
        } else if (kind == 6) {
            text[at++] = (uint8_t)(0xE1 + c % 12);
            text[at++] = (uint8_t)(0x80 + c / 64 % 64);
            text[at++] = (uint8_t)(0x80 + c / 4096 % 64);
        } else {
            text[at++] = (uint8_t)(c % 16 ? 0xF1 : 0xFF);
            text[at++] = (uint8_t)(0x80 + c / 64 % 64);
            text[at++] = (uint8_t)(0x80 + c / 4096 % 64);
            text[at++] = 0x80;
        }
    }
    for (uint32_t round = 0; round < n; round++) {
        const uint8_t *p = text;
        while (p < text + at) {
            uint32_t code;
            int width = decode(&p, &code);
            counts[width + 1]++;
            if (width < 0) p++;
            else hash += code;
        }
    }
    for (int i = 0; i < 5; i++) hash = mix(hash, counts[i]);
    return hash;
}
