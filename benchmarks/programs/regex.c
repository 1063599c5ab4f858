// Match regular expressions by backtracking: characters, classes, `.`, `*`, `+`, `?` and anchors.
#include "bench.h"

static char text[1 << 13];

static int one(const char *pattern, char c) {
    switch (*pattern) {
    case '.': return c != 0;
    case '\\':
        if (pattern[1] == 'd') return c >= '0' && c <= '9';
        if (pattern[1] == 'w') return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        return c == ' ';
    default: return *pattern == c;
    }
}

static const char *after(const char *pattern) { return pattern + (*pattern == '\\' ? 2 : 1); }

static const char *match(const char *pattern, const char *s) {
    if (!*pattern) return s;
    if (*pattern == '$' && !pattern[1]) return *s ? NULL : s;
    const char *next = after(pattern);
    if (*next == '*' || *next == '+') {
        const char *end = s;
        while (*end && one(pattern, *end)) end++;
        for (const char *least = s + (*next == '+'); end >= least; end--) {
            const char *found = match(next + 1, end);
            if (found) return found;
        }
        return NULL;
    }
    if (*next == '?') {
        const char *found = *s && one(pattern, *s) ? match(next + 1, s + 1) : NULL;
        return found ? found : match(next + 1, s);
    }
    return *s && one(pattern, *s) ? match(next, s + 1) : NULL;
}

RUN(n) {
    static const char alphabet[] = "abcde  01@.";
    static const char *const patterns[] = {"\\w+@\\w+.\\w+", "a.*b", "ab?c+\\d*", "\\d\\d+\\s\\w+\\sa", "e\\w*e$"};
    uint64_t hash = 0;
    random_start();
    for (size_t i = 0; i < sizeof text - 1; i++) text[i] = alphabet[random_next() % (sizeof alphabet - 1)];
    for (size_t i = 200; i < sizeof text - 1; i += 200) text[i] = 0;
    for (uint32_t round = 0; round < n; round++) {
        for (const char *line = text; line < text + sizeof text - 1; line += 201 - (line == text)) {
            for (int p = 0; p < 5; p++) {
                for (const char *s = line; *s; s++) {
                    const char *end = match(patterns[p], s);
                    if (end) hash = mix(hash, (uint64_t)(end - s));
                }
            }
        }
    }
    return hash;
}
