// Read JSON by recursive descent; the values are counted, numbers added up.
#include "bench.h"

static char text[1 << 18];
static char *out;
static const char *in;
static uint64_t count, total;

static void put(const char *s) {
    while (*s) *out++ = *s++;
}

static void generate(int depth) {
    uint32_t kind = depth > 4 ? 2 + random_next() % 4 : random_next() % 6;
    uint32_t size = random_next() % 6;
    switch (kind) {
    case 0:
        *out++ = '[';
        for (uint32_t i = 0; i <= size; i++) {
            if (i) put(", ");
            generate(depth + 1);
        }
        *out++ = ']';
        break;
    case 1:
        *out++ = '{';
        for (uint32_t i = 0; i <= size; i++) {
            if (i) *out++ = ',';
            put("\"key\\n\": ");
            generate(depth + 1);
        }
        *out++ = '}';
        break;
    case 2: put(size & 1 ? "true" : "false"); break;
    case 3: put("null"); break;
    case 4:
        *out++ = '"';
        for (uint32_t i = 0; i < 4 * size; i++) *out++ = (char)('a' + i);
        *out++ = '"';
        break;
    default:
        for (uint32_t i = 0; i <= size; i++) *out++ = (char)('1' + random_next() % 9);
    }
}

static void space(void) {
    while (*in == ' ' || *in == '\n' || *in == '\t') in++;
}

static int literal(const char *word) {
    size_t length = strlen(word);
    if (strncmp(in, word, length)) return 0;
    in += length;
    return 1;
}

static int string(void) {
    for (in++; *in != '"'; in++) {
        if (!*in) return 0;
        if (*in == '\\') in++;
        total = mix(total, (uint64_t)*in);
    }
    in++;
    return 1;
}

static int value(void) {
    count++;
    space();
    switch (*in) {
    case '[':
        do {
            in++;
            if (!value()) return 0;
            space();
        } while (*in == ',');
        return *in++ == ']';
    case '{':
        do {
            in++;
            space();
            if (!string()) return 0;
            space();
            if (*in++ != ':' || !value()) return 0;
            space();
        } while (*in == ',');
        return *in++ == '}';
    case '"': return string();
    case 't': return literal("true");
    case 'f': return literal("false");
    case 'n': return literal("null");
    default: {
        uint64_t number = 0;
        if (*in < '0' || *in > '9') return 0;
        while (*in >= '0' && *in <= '9') number = number * 10 + (uint64_t)(*in++ - '0');
        total += number;
        return 1;
    }
    }
}

RUN(n) {
    random_start();
    out = text;
    *out++ = '[';
    while (out < text + sizeof text - 65536) {
        generate(0);
        *out++ = ',';
    }
    put("0]");
    *out = 0;
    count = total = 0;
    for (uint32_t round = 0; round < n; round++) {
        in = text;
        if (!value()) return 0;
    }
    return total ^ count << 32;
}
