// Sort records with the C library's qsort: a call through a pointer for each comparison.
#include "bench.h"

typedef struct { uint32_t key; float weight; uint64_t id; } record;

static int by_key(const void *a, const void *b) {
    const record *x = a, *y = b;
    return x->key != y->key ? (x->key < y->key ? -1 : 1) : (x->id < y->id ? -1 : x->id > y->id);
}

static int by_weight(const void *a, const void *b) {
    const record *x = a, *y = b;
    return x->weight != y->weight ? (x->weight < y->weight ? -1 : 1) : by_key(a, b);
}

RUN(n) {
    enum { RECORDS = 20000 };
    static record records[RECORDS];
    uint64_t hash = 0;
    random_start();
    for (uint32_t round = 0; round < n; round++) {
        for (uint32_t i = 0; i < RECORDS; i++)
            records[i] = (record){random_next() % 5000, (float)(random_next() % 100000) / 7, i};
        qsort(records, RECORDS, sizeof *records, round % 2 ? by_weight : by_key);
        for (uint32_t i = 0; i < RECORDS; i += 7) hash = mix(hash, records[i].id);
    }
    return hash;
}
