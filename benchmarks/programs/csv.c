// Parse comma-separated values with quotes, and add up a column of numbers.
#include "bench.h"

static char text[1 << 18];

static size_t generate(void) {
    size_t at = 0;
    random_start();
    while (at < sizeof text - 64) {
        at += 1;
        text[at - 1] = 'a' + random_next() % 26;
        if (random_next() % 4 == 0) {
            memcpy(text + at, ",\"x, \"\"y\"\"\",", 12);
            at += 12;
        } else {
            text[at++] = ',';
        }
        for (int digits = 1 + random_next() % 6; digits > 0; digits--) text[at++] = '0' + random_next() % 10;
        text[at++] = '\n';
    }
    return at;
}

static const char *field(const char *p, const char *end, char *out, size_t *length) {
    size_t n = 0;
    if (p < end && *p == '"') {
        for (p++; p < end; p++) {
            if (*p == '"') {
                if (p + 1 >= end || p[1] != '"') break;
                p++;
            }
            out[n++] = *p;
        }
        p++;
    } else {
        while (p < end && *p != ',' && *p != '\n') out[n++] = *p++;
    }
    *length = n;
    return p;
}

RUN(n) {
    uint64_t total = 0;
    size_t size = generate();
    char buffer[256];
    for (uint32_t round = 0; round < n; round++) {
        const char *p = text, *end = text + size;
        while (p < end) {
            size_t length;
            p = field(p, end, buffer, &length);
            uint64_t number = 0;
            int is_number = length > 0;
            for (size_t i = 0; i < length; i++) {
                is_number &= buffer[i] >= '0' && buffer[i] <= '9';
                number = number * 10 + (uint64_t)(buffer[i] - '0');
            }
            total = is_number ? total + number : mix(total, length);
            p++;
        }
    }
    return total;
}
