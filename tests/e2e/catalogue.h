/* catalogue: products as a file to import. */
#ifndef TESTS_E2E_CATALOGUE_H
#define TESTS_E2E_CATALOGUE_H

#include <stddef.h>
#include <stdint.h>

#define CATALOGUE_HEADER "id,name,description,price,quantity\n"

/* A whole file with one product, 1, of which the text says how many there are. */
#define CATALOGUE_NUTS(stock) CATALOGUE_HEADER "1,Nut,,0.10," stock "\n"

/* Writes the line of a product that costs catalogue_cents(id). Returns its length; it must fit. */
size_t catalogue_line(char *out, size_t size, int64_t id, int64_t stock);
int64_t catalogue_cents(int64_t id);

/* A whole file of products whose list is longer than what a socket holds: who answers it waits for
 * its reader. */
const char *catalogue_large(void);

/* Writes a whole file: products 1 to count, so many of each. It must fit. */
void catalogue_write(char *out, size_t size, int64_t count, int64_t stock);

#endif
