// Compute-bound kernels for tools/bench.py: each export takes a size and returns a checksum.
// No imports and no library: the build command is in examples/README.md.

#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name)))

static uint32_t random_state;

static uint32_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state;
}

// --- calls

__attribute__((noinline)) static int32_t fib_of(int32_t n) {
  return n < 2 ? n : fib_of(n - 1) + fib_of(n - 2);
}

EXPORT(fib) int32_t fib(int32_t n) { return fib_of(n); }

// --- bytes: primes below n

static uint8_t composite[1 << 23];

EXPORT(sieve) int32_t sieve(int32_t n) {
  int32_t count = 0;
  for (int32_t i = 0; i < n; i++) composite[i] = 0;
  for (int32_t i = 2; i < n; i++) {
    if (composite[i]) continue;
    count++;
    for (int64_t j = (int64_t)i * i; j < n; j += i) composite[j] = 1;
  }
  return count;
}

// --- floating point: the energy of a planetary system after n steps

#define BODIES 5
typedef struct { double x, y, z, vx, vy, vz, mass; } Body;
static Body bodies[BODIES];

static double square_root(double x) { return __builtin_sqrt(x); }

static void set_up_bodies(void) {
  random_state = 42;
  for (int i = 0; i < BODIES; i++) {
    Body *b = &bodies[i];
    b->x = next_random() % 1000 / 100.0;
    b->y = next_random() % 1000 / 100.0;
    b->z = next_random() % 1000 / 100.0;
    b->vx = next_random() % 1000 / 10000.0;
    b->vy = next_random() % 1000 / 10000.0;
    b->vz = next_random() % 1000 / 10000.0;
    b->mass = i ? 0.01 : 40.0;
  }
}

EXPORT(nbody) double nbody(int32_t steps) {
  const double dt = 0.001;
  set_up_bodies();
  for (int32_t step = 0; step < steps; step++) {
    for (int i = 0; i < BODIES; i++) {
      Body *a = &bodies[i];
      for (int j = i + 1; j < BODIES; j++) {
        Body *b = &bodies[j];
        double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
        double distance2 = dx * dx + dy * dy + dz * dz + 0.01;
        double magnitude = dt / (distance2 * square_root(distance2));
        a->vx -= dx * b->mass * magnitude;
        a->vy -= dy * b->mass * magnitude;
        a->vz -= dz * b->mass * magnitude;
        b->vx += dx * a->mass * magnitude;
        b->vy += dy * a->mass * magnitude;
        b->vz += dz * a->mass * magnitude;
      }
    }
    for (int i = 0; i < BODIES; i++) {
      bodies[i].x += dt * bodies[i].vx;
      bodies[i].y += dt * bodies[i].vy;
      bodies[i].z += dt * bodies[i].vz;
    }
  }
  double energy = 0;
  for (int i = 0; i < BODIES; i++) {
    Body *b = &bodies[i];
    energy += 0.5 * b->mass * (b->vx * b->vx + b->vy * b->vy + b->vz * b->vz);
  }
  return energy;
}

// --- floating point and branches: iterations over an n by n picture

EXPORT(mandelbrot) int32_t mandelbrot(int32_t n) {
  int32_t total = 0;
  for (int32_t row = 0; row < n; row++) {
    for (int32_t column = 0; column < n; column++) {
      double cx = 3.0 * column / n - 2.0, cy = 2.0 * row / n - 1.0, x = 0, y = 0;
      int32_t count = 0;
      while (count < 100 && x * x + y * y < 4.0) {
        double next = x * x - y * y + cx;
        y = 2 * x * y + cy;
        x = next;
        count++;
      }
      total += count;
    }
  }
  return total;
}

// --- floating point and memory: n by n matrices

#define LARGEST_MATRIX 256
static double left[LARGEST_MATRIX][LARGEST_MATRIX], right[LARGEST_MATRIX][LARGEST_MATRIX],
    product[LARGEST_MATRIX][LARGEST_MATRIX];

EXPORT(matmul) double matmul(int32_t n) {
  for (int32_t i = 0; i < n; i++)
    for (int32_t j = 0; j < n; j++) {
      left[i][j] = i + j * 0.5;
      right[i][j] = i - j * 0.25;
      product[i][j] = 0;
    }
  for (int32_t i = 0; i < n; i++)
    for (int32_t k = 0; k < n; k++)
      for (int32_t j = 0; j < n; j++) product[i][j] += left[i][k] * right[k][j];
  double trace = 0;
  for (int32_t i = 0; i < n; i++) trace += product[i][i];
  return trace;
}

// --- 32-bit integers: n blocks of SHA-256

static const uint32_t sha_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

EXPORT(sha256) int32_t sha256(int32_t blocks) {
  uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  random_state = 7;
  for (int32_t block = 0; block < blocks; block++) {
    uint32_t w[64], v[8];
    for (int i = 0; i < 16; i++) w[i] = next_random();
    for (int i = 16; i < 64; i++) {
      uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
      uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    for (int i = 0; i < 8; i++) v[i] = h[i];
    for (int i = 0; i < 64; i++) {
      uint32_t s1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
      uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
      uint32_t t1 = v[7] + s1 + choice + sha_constants[i] + w[i];
      uint32_t s0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
      uint32_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
      v[7] = v[6], v[6] = v[5], v[5] = v[4], v[4] = v[3] + t1;
      v[3] = v[2], v[2] = v[1], v[1] = v[0], v[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) h[i] += v[i];
  }
  return (int32_t)(h[0] ^ h[7]);
}

// --- memory and branches: heap sort of n numbers

static uint32_t numbers[1 << 20];

static void sift_down(int32_t root, int32_t end) {
  for (;;) {
    int32_t child = 2 * root + 1;
    if (child >= end) return;
    if (child + 1 < end && numbers[child] < numbers[child + 1]) child++;
    if (numbers[root] >= numbers[child]) return;
    uint32_t swapped = numbers[root];
    numbers[root] = numbers[child];
    numbers[child] = swapped;
    root = child;
  }
}

EXPORT(sort) int32_t sort(int32_t n) {
  random_state = 99;
  for (int32_t i = 0; i < n; i++) numbers[i] = next_random();
  for (int32_t i = n / 2 - 1; i >= 0; i--) sift_down(i, n);
  for (int32_t end = n - 1; end > 0; end--) {
    uint32_t largest = numbers[0];
    numbers[0] = numbers[end];
    numbers[end] = largest;
    sift_down(0, end);
  }
  return (int32_t)(numbers[0] ^ numbers[n / 2] ^ numbers[n - 1]);
}

// --- table lookups: CRC-32 of n bytes

EXPORT(crc32) int32_t crc32(int32_t n) {
  static uint32_t table[256];
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int k = 0; k < 8; k++) c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
    table[i] = c;
  }
  uint32_t crc = ~0u;
  random_state = 3;
  for (int32_t i = 0; i < n; i++) crc = table[(crc ^ (uint8_t)(i * 7 + (i >> 8))) & 0xff] ^ crc >> 8;
  return (int32_t)~crc;
}
