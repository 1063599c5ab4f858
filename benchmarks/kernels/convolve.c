// Blur and sharpen an image of bytes with a 3 by 3 window.
#include "../programs/bench.h"

enum { SIZE = 512 };
static uint8_t image[SIZE][SIZE], result[SIZE][SIZE];

RUN(n) {
    uint64_t hash = 0;
    random_start();
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) image[i][j] = (uint8_t)random_next();
    for (uint32_t round = 0; round < n; round++) {
        for (int i = 1; i < SIZE - 1; i++)
            for (int j = 1; j < SIZE - 1; j++) {
                int around = image[i - 1][j] + image[i + 1][j] + image[i][j - 1] + image[i][j + 1];
                int corners = image[i - 1][j - 1] + image[i - 1][j + 1] + image[i + 1][j - 1] + image[i + 1][j + 1];
                result[i][j] = (uint8_t)((4 * image[i][j] + 2 * around + corners) >> 4);
            }
        memcpy(image, result, sizeof image);
        image[round % SIZE][round % SIZE] ^= 255;
    }
    for (int i = 0; i < SIZE; i++) hash = mix(hash, image[i][i]);
    return hash;
}
