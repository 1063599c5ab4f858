// Shortest paths between all pairs of points (Floyd and Warshall).
#include "../programs/bench.h"

enum { SIZE = 200 };
static int32_t distance[SIZE][SIZE];

RUN(n) {
    uint64_t hash = 0;
    random_start();
    for (uint32_t round = 0; round < n; round++) {
        for (int i = 0; i < SIZE; i++)
            for (int j = 0; j < SIZE; j++) distance[i][j] = i == j ? 0 : 1 + (int32_t)(random_next() % 10000);
        for (int k = 0; k < SIZE; k++)
            for (int i = 0; i < SIZE; i++)
                for (int j = 0; j < SIZE; j++) {
                    int32_t through = distance[i][k] + distance[k][j];
                    if (through < distance[i][j]) distance[i][j] = through;
                }
        hash = mix(hash, (uint64_t)distance[3][SIZE - 1]);
    }
    return hash;
}
