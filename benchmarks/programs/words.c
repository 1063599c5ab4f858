// Count words, numbers and sentences of a text by classes of characters.
#include "bench.h"

static unsigned char text[1 << 18];
enum { SPACE = 1, LETTER = 2, DIGIT = 4, END = 8 };
static unsigned char classes[256];

static int is(unsigned char c, int class) { return (classes[c] & class) != 0; }
static int lower(int c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }

static uint64_t word(const unsigned char **p) {
    uint64_t hash = 14695981039346656037u;
    while (is(**p, LETTER)) hash = mix(hash, (uint64_t)lower(*(*p)++));
    return hash;
}

RUN(n) {
    static const char alphabet[] = "etaoinshrdluETAO   \n0123..!?";
    uint64_t words = 0, numbers = 0, sentences = 0, hash = 0;
    random_start();
    for (size_t i = 0; i < sizeof text - 1; i++) text[i] = alphabet[random_next() % (sizeof alphabet - 1)];
    for (int c = 1; c < 256; c++) {
        classes[c] = (unsigned char)((c <= ' ' ? SPACE : 0) | (lower(c) >= 'a' && lower(c) <= 'z' ? LETTER : 0) |
                                     (c >= '0' && c <= '9' ? DIGIT : 0) | (strchr(".!?", c) ? END : 0));
    }
    for (uint32_t round = 0; round < n; round++) {
        const unsigned char *p = text;
        while (*p) {
            if (is(*p, LETTER)) {
                words++;
                hash ^= word(&p);
            } else if (is(*p, DIGIT)) {
                numbers++;
                while (is(*p, DIGIT)) p++;
            } else {
                sentences += is(*p, END) && is(p[1], SPACE);
                p++;
            }
        }
    }
    return hash ^ words ^ numbers << 20 ^ sentences << 40;
}
