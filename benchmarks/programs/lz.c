// Compress with a hash table of earlier positions, and decompress again.
#include "bench.h"

static uint8_t plain[1 << 17], packed[1 << 18], again[1 << 17];
static uint32_t table[1 << 14];

static uint32_t word_at(const uint8_t *p) {
    uint32_t word;
    memcpy(&word, p, 4);
    return word;
}

static size_t compress(size_t size) {
    size_t at = 0, out = 0, literals = 0;
    memset(table, 0xFF, sizeof table);
    while (at + 4 < size) {
        uint32_t word = word_at(plain + at), slot = word * 2654435761u >> 18;
        size_t before = table[slot];
        table[slot] = (uint32_t)at;
        if (before != 0xFFFFFFFF && at - before < 65536 && word_at(plain + before) == word && literals < 128) {
            size_t length = 4;
            while (at + length < size && length < 131 && plain[before + length] == plain[at + length]) length++;
            packed[out++] = (uint8_t)literals;
            memcpy(packed + out, plain + at - literals, literals);
            out += literals;
            packed[out++] = (uint8_t)(length - 4);
            packed[out++] = (uint8_t)(at - before);
            packed[out++] = (uint8_t)((at - before) >> 8);
            at += length;
            literals = 0;
        } else {
            at++;
            if (++literals == 128) {
                packed[out++] = 128;
                memcpy(packed + out, plain + at - 128, 128);
                out += 128;
                literals = 0;
            }
        }
    }
    packed[out++] = (uint8_t)literals;
    memcpy(packed + out, plain + at - literals, literals);
    return out + literals;
}

static size_t decompress(size_t size) {
    size_t in = 0, out = 0;
    while (in < size) {
        size_t literals = packed[in++];
        memcpy(again + out, packed + in, literals);
        in += literals, out += literals;
        if (literals == 128 || in >= size) continue;
        size_t length = packed[in] + 4u, back = packed[in + 1] | (size_t)packed[in + 2] << 8;
        for (in += 3; length > 0; length--, out++) again[out] = again[out - back];
    }
    return out;
}

RUN(n) {
    uint64_t hash = 0;
    random_start();
    for (size_t i = 0; i < sizeof plain;) {
        size_t length = 1 + random_next() % 20, from = i > 4096 && random_next() % 3 ? i - 1 - random_next() % 4095 : i;
        for (; length > 0 && i < sizeof plain; length--, i++, from++)
            plain[i] = from < i ? plain[from] : (uint8_t)(random_next() % 64);
    }
    for (uint32_t round = 0; round < n; round++) {
        size_t size = compress(sizeof plain), whole = decompress(size);
        hash = mix(hash, size);
        if (memcmp(plain, again, whole)) return 0;
    }
    return hash;
}
