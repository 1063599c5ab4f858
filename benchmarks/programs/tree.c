// Insert into and search a treap with nodes from malloc.
#include "bench.h"

typedef struct node { struct node *left, *right; uint32_t key, priority, count; } node;

static node *rotate_right(node *n) {
    node *top = n->left;
    n->left = top->right;
    top->right = n;
    return top;
}

static node *rotate_left(node *n) {
    node *top = n->right;
    n->right = top->left;
    top->left = n;
    return top;
}

static node *insert(node *n, uint32_t key) {
    if (!n) {
        n = calloc(1, sizeof *n);
        n->key = key, n->priority = random_next(), n->count = 1;
    } else if (key == n->key) {
        n->count++;
    } else if (key < n->key) {
        n->left = insert(n->left, key);
        if (n->left->priority > n->priority) n = rotate_right(n);
    } else {
        n->right = insert(n->right, key);
        if (n->right->priority > n->priority) n = rotate_left(n);
    }
    return n;
}

static uint64_t release(node *n, uint64_t hash) {
    if (!n) return hash;
    hash = mix(release(n->left, hash), n->key ^ (uint64_t)n->count << 32);
    hash = release(n->right, hash);
    free(n);
    return hash;
}

RUN(n) {
    node *root = NULL;
    uint64_t found = 0;
    random_start();
    for (uint32_t i = 0; i < n; i++) {
        root = insert(root, random_next() % (n / 2 + 1));
        uint32_t wanted = random_next() % (n / 2 + 1);
        node *at = root;
        while (at && at->key != wanted) at = wanted < at->key ? at->left : at->right;
        found += at != NULL;
    }
    return release(root, found);
}
