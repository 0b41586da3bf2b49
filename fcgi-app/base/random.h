/* random: random bytes for ids, which the kernel gives in blocks. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

enum { RANDOM_BYTES = 8 };

/* Takes bytes that nobody was given before; a child does not get those of its parent. Ends the
 * process if the kernel gives none; Linux always does once it has booted. */
void random_take(unsigned char out[RANDOM_BYTES]);

#endif
