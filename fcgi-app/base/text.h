/* text: strict reading of foreign text, and showing it; and numbers as text, for what is
 * written at each request: by printf they took a quarter of a read's instructions. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads a decimal number that has digits only and no leading zero, within min..max (min >= 0).
 * False, and *out untouched, for anything else: a sign, a space, an empty text. */
bool text_number(const char *text, size_t len, int64_t min, int64_t max, int64_t *out);

enum { TEXT_DECIMAL_SIZE = 21, TEXT_HEX_SIZE = 17 };

/* Writes a number in decimal, as "%lld" would; returns its length. */
size_t text_decimal(int64_t number, char out[TEXT_DECIMAL_SIZE]);

/* Writes a number in 16 hexadecimal digits, in lower case. */
void text_hex(uint64_t number, char out[TEXT_HEX_SIZE]);

/* Writes the last count decimal digits of a number, zeros in front, without a NUL; returns their
 * end. */
char *text_digits(uint64_t number, int count, char *out);

/* The length of the UTF-8 sequence at the start of the bytes, 1 to 4; 0 if it is not valid.
 * Overlong forms, surrogates and code points over U+10FFFF are not (RFC 3629). */
size_t text_utf8_length(const unsigned char *bytes, size_t len);

/* Tells whether the bytes are valid UTF-8 throughout. */
bool text_is_utf8(const char *bytes, size_t len);

/* Tells whether the UTF-8 sequence of len bytes is a control character: U+0000 to U+001F, U+007F to
 * U+009F (Unicode's category Cc). With a len of 0, which no sequence has: false. */
bool text_is_control(const char *bytes, size_t len);

/* Tells whether the text holds a control character. */
bool text_has_control(const char *bytes, size_t len);

/* FNV-1a, 64 bits (the Internet-Draft "The FNV Non-Cryptographic Hash Algorithm"). */
uint64_t text_hash(const char *text);

/* One step of it, by a number in the place of a byte; another number makes another hash. */
uint64_t text_hash_on(uint64_t hash, uint64_t part);

/* Copies a text that a stranger chose so that it can stand in a message: each control character,
 * and each byte that is not UTF-8, is replaced by "?". What exceeds the size, at least 1 with its
 * NUL, is cut off, at a character's border. */
void text_show(const char *text, char *out, size_t size);

#endif
