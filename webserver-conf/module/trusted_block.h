/* trusted_block: which blocks of addresses may be trusted to speak the PROXY protocol. */
#ifndef MODULE_TRUSTED_BLOCK_H
#define MODULE_TRUSTED_BLOCK_H

#include <stdbool.h>

/* Tells whether the text is ADDRESS/BITS: IPv4 of 8 bits or more, or IPv6 of 16 or more. It must
 * leave out 127.0.0.1 and ::1. mod_extforward takes plain HTTP from no trusted peer, so the health
 * check on loopback would fail. */
bool trusted_block_is_valid(const char *text);

#endif
