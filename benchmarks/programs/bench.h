// What the programs share: numbers that look random, and the export.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define RUN(n) __attribute__((export_name("run"), visibility("default"))) uint64_t run(uint32_t n)

static uint64_t random_state;

static inline void random_start(void) { random_state = 0x9E3779B97F4A7C15u; }

static inline uint32_t random_next(void) {  // xorshift64*
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)(random_state * 0x2545F4914F6CDD1Du >> 32);
}

static inline uint64_t mix(uint64_t hash, uint64_t value) { return (hash ^ value) * 0x100000001B3u; }

static inline uint64_t bits(double value) {
    uint64_t result;
    memcpy(&result, &value, sizeof result);
    return result;
}
