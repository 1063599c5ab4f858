// Insert into, look up in and delete from a hash table with open addressing.
#include "bench.h"

enum { SLOTS = 1 << 16 };
typedef struct { uint64_t key, value; } entry;

static entry *table;

static uint64_t hashed(uint64_t key) {
    key = (key ^ key >> 33) * 0xff51afd7ed558ccdu;
    return key ^ key >> 29;
}

static entry *find(uint64_t key) {
    uint64_t slot = hashed(key) % SLOTS;
    while (table[slot].key && table[slot].key != key) slot = (slot + 1) % SLOTS;
    return table + slot;
}

static void forget(uint64_t key) {
    uint64_t hole = (uint64_t)(find(key) - table), slot = hole;
    if (!table[hole].key) return;
    for (;;) {
        slot = (slot + 1) % SLOTS;
        if (!table[slot].key) break;
        uint64_t home = hashed(table[slot].key) % SLOTS;
        if ((slot - home) % SLOTS >= (slot - hole) % SLOTS) table[hole] = table[slot], hole = slot;
    }
    table[hole].key = 0;
}

RUN(n) {
    uint64_t hash = 0;
    table = calloc(SLOTS, sizeof *table);
    random_start();
    for (uint32_t i = 0; i < n; i++) {
        uint64_t key = 1 + random_next() % (SLOTS / 2);
        entry *found = find(key);
        if (random_next() % 4 == 0) {
            forget(key);
        } else {
            found->key = key;
            found->value += i;
            hash = mix(hash, found->value);
        }
    }
    free(table);
    return hash;
}
