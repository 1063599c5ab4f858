// A command-line program: word counts of its standard input, or a greeting of its arguments.
// It shows arguments, environment, standard streams and exit codes; see examples/README.md.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 4096

typedef struct { char word[32]; unsigned count; } Entry;
static Entry entries[SLOTS];

static Entry *find(const char *word) {
  unsigned hash = 5381;
  for (const char *c = word; *c; c++) hash = hash * 33 + (unsigned char)*c;
  while (entries[hash % SLOTS].count && strcmp(entries[hash % SLOTS].word, word)) hash++;
  return &entries[hash % SLOTS];
}

static int by_count(const void *a, const void *b) {
  const Entry *x = a, *y = b;
  if (x->count != y->count) return x->count < y->count ? 1 : -1;
  return strcmp(x->word, y->word);
}

int main(int argc, char **argv) {
  if (argc > 1) {
    const char *greeting = getenv("GREETING");
    for (int i = 1; i < argc; i++) printf("%s, %s!\n", greeting ? greeting : "Hello", argv[i]);
    return argc - 1;
  }
  char word[32];
  unsigned words = 0;
  while (scanf("%31s", word) == 1) {
    Entry *entry = find(word);
    strcpy(entry->word, word);
    entry->count++;
    if (++words > SLOTS / 2) break;
  }
  qsort(entries, SLOTS, sizeof(Entry), by_count);
  for (int i = 0; i < 10 && entries[i].count; i++) printf("%6u %s\n", entries[i].count, entries[i].word);
  fprintf(stderr, "%u words\n", words);
  return 0;
}
